"""Log lines in both forms, and where a request's time went."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import datetime

import pytest

from chalicelib import telemetry
from tests.examples import SOME_ID, settings


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Put the log back as it was."""
    log = logging.getLogger("catalog")
    handlers, level, propagate = log.handlers, log.level, log.propagate
    yield
    log.handlers, log.propagate = handlers, propagate
    log.setLevel(level)


def _configured(**variables: str) -> io.StringIO:
    with redirect_stdout(io.StringIO()) as stream:
        telemetry.configure(settings(**variables))
    return stream


def test_a_line_is_json() -> None:
    """Time, level, message, the request's ids, and what the fact is about."""
    stream = _configured()
    telemetry.begin(request_id="request-1", product_id=SOME_ID)

    telemetry.info("cache hit", negative=True)

    line = json.loads(stream.getvalue())
    assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
    assert {
        "level": "INFO",
        "message": "cache hit",
        "request_id": "request-1",
        "product_id": SOME_ID,
        "negative": True,
    } == line


@pytest.mark.parametrize("value", ['"', "\n", "\x00", "ü 🐭", "\u2028", 1.5, None, [1], object()])
def test_a_line_is_one_line_whatever_is_told(value: object) -> None:
    """A value may hold what breaks lines, and what JSON does not know."""
    stream = _configured()

    telemetry.warning("odd", value=value)

    (line,) = stream.getvalue().split("\n")[:-1]
    assert "WARNING" == json.loads(line)["level"]


def test_outside_a_request_there_are_no_ids() -> None:
    """What is not known is left out."""
    stream = _configured()
    telemetry.begin(request_id="", product_id="")

    telemetry.info("start")

    assert not {"request_id", "product_id"} & set(json.loads(stream.getvalue()))


def _fail() -> None:
    try:
        int("inside")
    except ValueError as error:
        raise LookupError("inside") from error


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_exception_is_told_with_where_it_came_from(form: str) -> None:
    """By its kind, and those that led to it; their texts may hold what a client has sent."""
    stream = _configured(LOG_FORMAT=form, STAGE="prod")
    try:
        _fail()
    except LookupError:
        telemetry.exception("unexpected error")

    told = stream.getvalue().replace("\\n", "\n")
    assert ["ValueError", "LookupError"] == re.findall(r"(?m)^(\w+Error)\b", told)
    assert "in _fail" in told
    assert "invalid literal" not in told


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_exception_is_told_to_its_developer_with_its_text(form: str) -> None:
    """On a machine of their own."""
    stream = _configured(LOG_FORMAT=form)
    try:
        _fail()
    except LookupError:
        telemetry.exception("unexpected error")

    assert "Traceback" in stream.getvalue()
    assert "ValueError: invalid literal" in stream.getvalue()


def test_text_is_for_people() -> None:
    """Clock time, level, message, then the ids and fields by name."""
    stream = _configured(LOG_FORMAT="text")
    telemetry.begin(request_id="request-1", product_id=SOME_ID)

    telemetry.info("cache hit", negative=False)

    clock, level, rest = stream.getvalue().split(maxsplit=2)
    assert datetime.strptime(clock, "%H:%M:%S.%f")  # noqa: DTZ007 — a time of day
    assert "INFO" == level
    assert f"cache hit         request_id=request-1  product_id={SOME_ID}  negative=False\n" == rest


def test_each_configuration_replaces_the_one_before() -> None:
    """Two calls do not tell each fact twice."""
    first, second = _configured(), _configured()

    telemetry.info("once")

    assert ("", 1) == (first.getvalue(), second.getvalue().count("once"))


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, {"INFO", "WARNING"}),
        ({"LOG_LEVEL": "WARNING"}, {"WARNING"}),
        ({"LOG_LEVEL": "ERROR"}, set()),
        ({"LOG_LEVEL": "ERROR", "DEBUG": "true"}, {"INFO", "WARNING"}),
    ],
)
def test_the_level_is_the_setting_s(variables: dict[str, str], told: set[str]) -> None:
    """LOG_LEVEL, or all of it with DEBUG."""
    stream = _configured(**variables)

    telemetry.info("x")
    telemetry.warning("x")

    assert told == {json.loads(line)["level"] for line in stream.getvalue().splitlines()}


def test_time_is_told_by_part() -> None:
    """Server-Timing sums each part, and the rest is the app's."""
    trace = telemetry.begin(request_id="request-1")
    trace.started -= 1
    telemetry.spent("cache", 0.1)
    telemetry.spent("db", 0.25)
    telemetry.spent("cache", 0.1)

    cache, db, app = trace.server_timing().split(", ")

    assert ("cache;dur=200.00", "db;dur=250.00") == (cache, db)
    assert float(app.removeprefix("app;dur=")) >= 550


def test_a_request_s_time_is_its_own() -> None:
    """A new request starts at nothing."""
    telemetry.begin(request_id="request-1")
    telemetry.spent("db", 5)

    assert "db;dur=0.00" in telemetry.begin(request_id="request-2").server_timing()
