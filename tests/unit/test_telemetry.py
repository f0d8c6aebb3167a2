"""Log lines in both formats, and the times of a request."""

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
def restored_log() -> Iterator[None]:
    """Restore the log."""
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
    """Time, level, message, the request's ids, and fields."""
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
def test_a_record_is_one_line_with_any_value(value: object) -> None:
    """Also with line breaks, and with values that JSON cannot encode."""
    stream = _configured()

    telemetry.warning("odd", value=value)

    (line,) = stream.getvalue().split("\n")[:-1]
    assert "WARNING" == json.loads(line)["level"]


def test_without_a_request_there_are_no_ids() -> None:
    """Missing ids are left out."""
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
def test_an_exception_is_logged_with_its_traceback(form: str) -> None:
    """With the types of all causes, but without messages, which may contain client data."""
    stream = _configured(LOG_FORMAT=form, STAGE="prod")
    try:
        _fail()
    except LookupError:
        telemetry.exception("unexpected error")

    text = stream.getvalue().replace("\\n", "\n")
    assert ["ValueError", "LookupError"] == re.findall(r"(?m)^(\w+Error)\b", text)
    assert "in _fail" in text
    assert "invalid literal" not in text


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_exception_is_logged_with_its_message_locally(form: str) -> None:
    """On a developer's machine."""
    stream = _configured(LOG_FORMAT=form)
    try:
        _fail()
    except LookupError:
        telemetry.exception("unexpected error")

    assert "Traceback" in stream.getvalue()
    assert "ValueError: invalid literal" in stream.getvalue()


def test_the_text_format() -> None:
    """Local time, level, message, then the ids and fields by name."""
    stream = _configured(LOG_FORMAT="text")
    telemetry.begin(request_id="request-1", product_id=SOME_ID)

    telemetry.info("cache hit", negative=False)

    clock, level, rest = stream.getvalue().split(maxsplit=2)
    assert datetime.strptime(clock, "%H:%M:%S.%f")  # noqa: DTZ007 — a time of day
    assert "INFO" == level
    assert f"cache hit         request_id=request-1  product_id={SOME_ID}  negative=False\n" == rest


def test_each_configuration_replaces_the_one_before() -> None:
    """Two calls do not log each line twice."""
    first, second = _configured(), _configured()

    telemetry.info("once")

    assert ("", 1) == (first.getvalue(), second.getvalue().count("once"))


@pytest.mark.parametrize(
    ("variables", "levels"),
    [
        ({}, {"INFO", "WARNING"}),
        ({"LOG_LEVEL": "WARNING"}, {"WARNING"}),
        ({"LOG_LEVEL": "ERROR"}, set()),
        ({"LOG_LEVEL": "ERROR", "DEBUG": "true"}, {"INFO", "WARNING"}),
    ],
)
def test_the_level_is_the_setting(variables: dict[str, str], levels: set[str]) -> None:
    """LOG_LEVEL, or everything with DEBUG."""
    stream = _configured(**variables)

    telemetry.info("x")
    telemetry.warning("x")

    assert levels == {json.loads(line)["level"] for line in stream.getvalue().splitlines()}


def test_server_timing_has_the_time_of_each_part() -> None:
    """The rest is the app's."""
    trace = telemetry.begin(request_id="request-1")
    trace.started -= 1
    telemetry.spent("cache", 0.1)
    telemetry.spent("db", 0.25)
    telemetry.spent("cache", 0.1)

    cache, db, app = trace.server_timing().split(", ")

    assert ("cache;dur=200.00", "db;dur=250.00") == (cache, db)
    assert float(app.removeprefix("app;dur=")) >= 550


def test_the_time_of_a_request_starts_at_zero() -> None:
    """Each request has its own times."""
    telemetry.begin(request_id="request-1")
    telemetry.spent("db", 5)

    assert "db;dur=0.00" in telemetry.begin(request_id="request-2").server_timing()
