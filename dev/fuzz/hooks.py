"""What schemathesis imports: our two answers to what a schema cannot say."""

from __future__ import annotations

from typing import Any

import schemathesis

from dev.fuzz import allowed, requests


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Mend a request that is meant to be valid. One meant to be invalid stays as it is."""
    if case.meta is not None and case.meta.generation.mode.is_positive:
        requests.mend(case)


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Tell whether a failure is one, or on the list."""
    return not allowed.is_allowed(failure, case, response)
