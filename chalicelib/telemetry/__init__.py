"""
Log lines and metrics: one line a request, with its ids, its times and its metrics.

`begin` starts a request, or a batch of the stream; events in it are counted on its `Trace`;
`answered` or `invalidated` ends it with its one line. Only warnings for an operator get a line of
their own.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Final

from chalicelib.telemetry.lines import Json, Record, Text
from chalicelib.telemetry.metrics import Tally, latency_of
from chalicelib.telemetry.sampling import Sampling
from chalicelib.telemetry.trace import Trace, current

if TYPE_CHECKING:
    from chalicelib.settings import Settings

_log: Final = logging.getLogger("catalog")
_COUNTED: Final = {
    "hit": ("CacheHits",),
    "negative hit": ("CacheHits", "NegativeHits"),
    "miss": ("CacheMisses",),
    "bypass": ("CacheBypasses",),
}


class _Output:
    """How lines are written; `configure` puts another in its place."""

    def __init__(self, *, metrics: bool = False, share_of_hits: float = 1.0) -> None:
        self.metrics = metrics
        self.sampling = Sampling(share_of_hits)
        self.is_cold = True

    def write(self, message: str, fields: dict[str, Any], tally: Tally) -> None:
        """Write a line that ends a piece of work: with metrics at any level, else as an INFO."""
        self.sampling.hand_over(tally)
        if not (self.metrics or _log.isEnabledFor(logging.INFO)):
            return
        _log.handle(Record(_log.name, message, fields, tally if self.metrics else None))


_output = _Output()


def configure(settings: Settings) -> None:
    """Send log lines to standard output, as the settings require. Call once, at the start."""
    global _output  # noqa: PLW0603 — one per process, as the logger that it is for
    is_json = settings.log_format == "json"
    stream = logging.StreamHandler(sys.stdout)
    stream.setFormatter(Json(settings.stage) if is_json else Text(settings.stage))
    _log.handlers = [stream]
    _log.setLevel("DEBUG" if settings.debug else settings.log_level)
    _log.propagate = False
    _output = _Output(metrics=settings.metrics and is_json, share_of_hits=settings.log_hits)


def begin(**ids: str) -> Trace:
    """Start a request or batch. What this thread logs from now on has its ids."""
    trace = Trace(**{name: value for name, value in ids.items() if value})
    current.set(trace)
    return trace


def add_ids(**ids: str) -> None:
    """Add ids to the lines of the current work, where its start did not know them."""
    current.get().ids.update(ids)


def spent(part: str, seconds: float) -> None:
    """Add to the time that the current work spent in `part`."""
    parts = current.get().spent
    parts[part] = parts.get(part, 0.0) + seconds


def count(name: str, number: float = 1) -> None:
    """Add to one of the current work's counts: `metrics.COUNTS` has their names."""
    current.get().tally.count(name, number)


def looked_up(outcome: str, reason: str = "") -> None:
    """Record the outcome of a cache read: `hit`, `negative hit`, `miss`, `bypass`, and why."""
    trace = current.get()
    trace.fields["cache"] = outcome
    if reason:
        trace.fields["reason"] = reason
    for name in _COUNTED[outcome]:
        trace.tally.count(name)


def looked_up_many(
    *, hits: int = 0, negative_hits: int = 0, misses: int = 0, bypasses: int = 0, reason: str = ""
) -> None:
    """As `looked_up`, for many items at once; `hits` includes `negative_hits`."""
    add_fields(
        hits=hits, misses=misses, bypasses=bypasses, **({"reason": reason} if reason else {})
    )
    count("CacheHits", hits)
    count("NegativeHits", negative_hits)
    count("CacheMisses", misses)
    count("CacheBypasses", bypasses)


def add_fields(**fields: Any) -> None:
    """Add fields to the line of the current work."""
    current.get().fields.update(fields)


def answered(method: str, route: str | None, status: int) -> None:
    """End a request with its line, unless it is a hit that sampling leaves out."""
    trace = current.get()
    times = trace.times()
    trace.tally.time(latency_of(method, trace.fields.get("cache")), times["ms"])
    trace.tally.count("ServerErrors", status >= 500)
    if _needs_line(trace):
        fields = {"method": method, "route": route, "status": status, **trace.fields, **times}
        _write(trace, "answered", fields)


def invalidated(lag_seconds: float | None, **fields: Any) -> None:
    """End a batch of the stream with its line; `lag_seconds` is the age of its oldest record."""
    trace = current.get()
    if lag_seconds is not None:
        trace.tally.time("InvalidationLag", round(lag_seconds * 1000, 3))
    if _needs_line(trace):
        _write(trace, "invalidated", {**fields, **trace.fields, **trace.times()})


def _needs_line(trace: Trace) -> bool:
    """Return whether to write a line. Most hits of a busy stage need none, nor its fields."""
    return _output.is_cold or not _output.sampling.passes_over(trace.tally)


def _write(trace: Trace, message: str, fields: dict[str, Any]) -> None:
    if _output.is_cold:
        _output.is_cold = False
        trace.tally.count("ColdStarts")
        fields["cold_start"] = True
    _output.write(message, {**trace.ids, **fields}, trace.tally)


def debug(message: str, **fields: Any) -> None:
    """Log a step, for debugging."""
    _log_fact(logging.DEBUG, message, fields)


def info(message: str, **fields: Any) -> None:
    """Log a fact."""
    _log_fact(logging.INFO, message, fields)


def warning(message: str, **fields: Any) -> None:
    """Log a fact that an operator may have to act on."""
    _log_fact(logging.WARNING, message, fields)


def exception(message: str, **fields: Any) -> None:
    """Log the exception being handled, with its traceback: a bug."""
    _log.exception(message, extra={"fields": {**current.get().ids, **fields}})


def _log_fact(level: int, message: str, fields: dict[str, Any]) -> None:
    if _log.isEnabledFor(level):
        _log.log(level, message, extra={"fields": {**current.get().ids, **fields}})
