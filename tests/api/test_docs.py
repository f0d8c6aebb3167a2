"""The pages of Swagger UI and ReDoc, and their files."""

import json
import re
from urllib.parse import urljoin

import pytest

from chalicelib.api import docs
from tests.doubles.api import ApiClient
from tests.doubles.wiring import Wire


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc", "/assets/docs.js"])
def test_an_unversioned_file_is_revalidated(api: ApiClient, path: str) -> None:
    """A file without a version in its name is requested each time, but sent once."""
    first = api.get(path)
    again = api.get(path, If_None_Match=first.headers["etag"])

    assert "no-cache" == first.headers["cache-control"]
    assert (304, b"") == (again.status, again.body)
    assert first.headers["etag"] == again.headers["etag"]


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_every_file_of_a_page_is_served(api: ApiClient, page: str) -> None:
    """Links are relative, so they work under a stage. Large files are cached permanently."""
    links = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', api.get(page).body.decode())

    answers = {link: api.get(f"/{link}") for link in links}

    assert 3 == len(answers)
    assert {200} == {answer.status for answer in answers.values()}
    for link, answer in answers.items():
        kept = "immutable" in answer.headers["cache-control"]
        assert bool(re.search(r"\d", link)) == kept


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_has_one_path(api: ApiClient, page: str) -> None:
    """API Gateway ignores a slash at the end, but relative links would break. It redirects."""
    answer = api.get(f"{page}/")

    location = urljoin(f"https://host/api{page}/", answer.headers["location"])
    assert (308, f"https://host/api{page}") == (answer.status, location)


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_loads_only_its_own_files(api: ApiClient, page: str) -> None:
    """The policy names no host, and forbids inline scripts and `eval`."""
    policy = api.get(page).headers["content-security-policy"]

    scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert "script-src 'self'" == scripts
    assert "default-src 'none'" in policy
    assert "://" not in policy


def test_other_responses_keep_the_strict_policy(api: ApiClient) -> None:
    """Only the pages may load files."""
    policy = api.get("/health").headers["content-security-policy"]

    assert "default-src 'none'; frame-ancestors 'none'" == policy


@pytest.mark.parametrize("name", docs.ASSETS)
def test_each_file_fits_into_a_lambda_response(api: ApiClient, name: str) -> None:
    """Lambda's limit is 6 MB for the JSON around the response."""
    answer = api.get(f"/assets/{name}")

    assert 200 == answer.status
    assert len(json.dumps(answer.body.decode())) < 6 * 1000 * 1000


@pytest.mark.parametrize("name", ["docs.html", "missing.js", "..%2Fdocs.py", "README.md"])
def test_no_other_file_is_served(api: ApiClient, name: str) -> None:
    answer = api.get(f"/assets/{name}")

    assert (404, 404) == (answer.status, answer.json["status"])


def test_head_returns_the_headers_of_get(api: ApiClient) -> None:
    got, head = api.get("/docs"), api.send("HEAD", "/docs")

    assert b"" == head.body
    for name in ("content-type", "etag", "content-security-policy", "cache-control"):
        assert got.headers[name] == head.headers[name]


@pytest.mark.parametrize(
    "path",
    ["/openapi.json", "/docs", "/docs/", "/redoc", *(f"/assets/{each}" for each in docs.ASSETS)],
)
def test_with_documentation_off_its_files_are_404(api: ApiClient, wire: Wire, path: str) -> None:
    """`DOCS=off` answers as for a file that does not exist; the products stay."""
    wire(DOCS="off")

    assert (404, "No such file") == ((answer := api.get(path)).status, answer.json["detail"])
    assert 200 == api.get("/products").status
