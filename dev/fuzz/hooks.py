"""Hooks that schemathesis calls, for the rules that a schema cannot express."""

from __future__ import annotations

from typing import Any

import schemathesis

from dev.fuzz import allowed, requests


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Correct a request that is meant to be valid. Do not change one meant to be invalid."""
    if case.meta is not None and case.meta.generation.mode.is_positive:
        requests.correct(case)


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Return whether a failure counts: it is not on the list of allowed ones."""
    return not allowed.is_allowed(failure, case, response)
