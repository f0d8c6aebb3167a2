"""
A pytest plugin for the API tests against `chalice local`, with the known differences.

    CATALOG_URL=… CATALOG_PLACE=… pytest -p tests.system.chalice_local.unable tests/api

Leaves out tests that need access to the process (its log, metrics, calls, injected faults). Known
failures of Chalice's server must fail: a test that passes is an error, so the list stays correct.
It also answers an unknown path with AWS's own 403 (after HEAD with a body), reads no chunked
bodies, accepts any `Host`, and runs no event handlers, so `make services` feeds the stream. See
`tests/system/test_chalice_local.py`.
"""

from __future__ import annotations

from typing import Final

import pytest

INSIDE: Final = {"wire", "log", "fake_server", "fake_redis", "real_redis", "redis", "moto_table"}
"""Fixtures that need the API in the same process."""
IN_PROCESS: Final = (
    "test_lambda_events.py",
    "test_log_secrets.py",
    "test_logs.py",
    "test_metrics.py",
    "test_a_retry_after_an_import_is_a_409",
)
UNABLE: Final = {
    "HTTP clients cannot send such a header or path": (
        "test_an_invalid_request_id_is_replaced[*\\n",
        "test_an_invalid_request_id_is_replaced[*\\r",
        "test_an_invalid_key_is_a_422[\\u043a",
        "test_an_invalid_id_is_a_404_without_a_lookup[\\xfc]",
    ),
    "it answers 414, in HTML, to a request line of over 64 KiB": (
        "test_at_most_20_invalid_parameters_are_listed[8000",
    ),
    "it gives 204 and 304 a content type": (
        "test_a_304_has_no_content_type",
        "test_a_deleted_product_is_a_404",
    ),
    "it answers 501, in HTML, to methods that it does not know": (
        "test_an_unsupported_method_is_a_405",
        "test_no_request_gets_a_5xx",
    ),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that need access to the process, and mark known failures."""
    kept = [item for item in items if _needs_only_http(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
    for item in items:
        for reason, patterns in UNABLE.items():
            if any(_matches(item.nodeid, pattern) for pattern in patterns):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def _needs_only_http(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    is_inside = any(each in item.nodeid for each in IN_PROCESS) or INSIDE & fixtures
    return "api" in fixtures and not is_inside


def _matches(nodeid: str, pattern: str) -> bool:
    first, _, rest = pattern.partition("*")
    return first in nodeid and rest in nodeid.partition(first)[2]
