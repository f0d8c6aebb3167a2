"""Generated requests: no request gets a 5xx."""

import json
import string
from urllib.parse import quote

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.doubles.api import ApiClient
from tests.examples import SOME_ID, a_body

MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HEADER = st.text(string.printable.strip() + ' "\\ü', max_size=40) | st.from_regex(
    r'((W/)?"[0-9]{0,20}"[, ]*){0,5}', fullmatch=True
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["If_Match", "If_None_Match", "X_Request_Id", "Content_Type", "Idempotency_Key", "Accept"]
    ),
    HEADER,
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
BODY = (
    st.dictionaries(st.sampled_from(sorted(a_body())), VALUE).map(json.dumps)
    | VALUE.map(json.dumps)
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace").decode())
)
METHOD = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
NAME = st.text(max_size=50).map(lambda text: quote(text.encode("utf-8", "replace"), safe=""))
PATH = st.sampled_from(["/products", f"/products/{SOME_ID}", "/health"]) | NAME.map(
    "/products/{}".format
)
NAMES = ["limit", "cursor", "category", "min_price", "max_price", "sort", "ids", "x"]
QUERY = st.lists(st.tuples(st.sampled_from(NAMES), NAME), max_size=4).map(
    lambda pairs: "&".join(map("=".join, pairs))
)


@MANY
@given(METHOD, PATH, QUERY, HEADERS, BODY)
@example("GET", "/products", "", {}, "")
@example("TRACE", "/products", "", {}, "")
def test_no_request_gets_a_5xx(
    api: ApiClient, method: str, path: str, query: str, headers: dict[str, str], body: str
) -> None:
    """For any method, path, parameters, headers and body."""
    answer = api.send(method, f"{path}?{query}", body, **headers)

    assert answer.status < 500, answer


@MANY
@given(st.sampled_from(["PUT", "PATCH"]), HEADERS, BODY)
def test_an_update_is_complete_or_refused(
    api: ApiClient, method: str, headers: dict[str, str], body: str
) -> None:
    """200 means that the update is stored, 4xx that it is not."""
    path, created = api.create()

    answer = api.send(method, path, body, **headers)

    assert 200 == answer.status or 400 <= answer.status < 500, answer
    expected = answer if answer.status == 200 else created
    assert expected.body == api.get(path).body
    assert expected.body == api.get(path).body
