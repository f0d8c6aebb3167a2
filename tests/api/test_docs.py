"""The pages of Swagger UI and ReDoc, and their files, as the API serves them."""

import json
import re
from urllib.parse import urljoin

import pytest

from chalicelib.api import docs
from tests.doubles.api import Api
from tests.doubles.wiring import Wire


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc", "/assets/docs.js"])
def test_a_browser_asks_again_and_is_told_that_it_has_it(api: Api, path: str) -> None:
    """A file whose name says no version is asked for each time, but sent once."""
    first = api.get(path)
    again = api.get(path, If_None_Match=first.headers["etag"])

    assert "no-cache" == first.headers["cache-control"]
    assert (304, b"") == (again.status, again.body)
    assert first.headers["etag"] == again.headers["etag"]


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_consists_of_files_that_are_served(api: Api, page: str) -> None:
    """Links are relative, so they hold under a stage; the big files are kept for good."""
    links = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', api.get(page).body.decode())

    answers = {link: api.get(f"/{link}") for link in links}

    assert 3 == len(answers)
    assert {200} == {answer.status for answer in answers.values()}
    for link, answer in answers.items():
        kept = "immutable" in answer.headers["cache-control"]
        assert bool(re.search(r"\d", link)) == kept


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_has_one_path(api: Api, page: str) -> None:
    """With a slash behind it, which API Gateway passes over, its links would lead nowhere."""
    answer = api.get(f"{page}/")

    location = urljoin(f"https://host/api{page}/", answer.headers["location"])
    assert (308, f"https://host/api{page}") == (answer.status, location)


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_may_load_only_what_is_ours(api: Api, page: str) -> None:
    """No host is named, and no script that stands in the page or comes from `eval` is run."""
    policy = api.get(page).headers["content-security-policy"]

    scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert "script-src 'self'" == scripts
    assert "default-src 'none'" in policy
    assert "://" not in policy


def test_an_answer_of_the_catalog_keeps_the_strict_policy(api: Api) -> None:
    """Only the pages need more than nothing."""
    policy = api.get("/health").headers["content-security-policy"]

    assert "default-src 'none'; frame-ancestors 'none'" == policy


@pytest.mark.parametrize("name", docs.ASSETS)
def test_each_file_fits_into_the_answer_of_a_lambda(api: Api, name: str) -> None:
    """Lambda's limit is 6 MB, of the JSON that the answer is wrapped in."""
    answer = api.get(f"/assets/{name}")

    assert 200 == answer.status
    assert len(json.dumps(answer.body.decode())) < 6 * 1000 * 1000


@pytest.mark.parametrize("name", ["docs.html", "nothing.js", "..%2Fdocs.py", "README.md"])
def test_no_other_file_can_be_had(api: Api, name: str) -> None:
    """Only those on the list, whatever lies beside them."""
    answer = api.get(f"/assets/{name}")

    assert (404, 404) == (answer.status, answer.json["status"])


def test_head_tells_what_get_would(api: Api) -> None:
    """The same headers, no body."""
    got, head = api.get("/docs"), api.send("HEAD", "/docs")

    assert b"" == head.body
    for name in ("content-type", "etag", "content-security-policy", "cache-control"):
        assert got.headers[name] == head.headers[name]


@pytest.mark.parametrize(
    "path",
    ["/openapi.json", "/docs", "/docs/", "/redoc", *(f"/assets/{each}" for each in docs.ASSETS)],
)
def test_with_documentation_off_its_files_are_404(api: Api, wire: Wire, path: str) -> None:
    """`DOCS=off` answers as for a file that does not exist; the products stay."""
    wire(DOCS="off")

    assert (404, "No such file") == ((answer := api.get(path)).status, answer.json["detail"])
    assert 200 == api.get("/products").status
