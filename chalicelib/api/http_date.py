"""HTTP's dates (RFC 9110, 5.6.7): the preferred form, RFC 850's and asctime's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_DAY: Final = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY: Final = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME: Final = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FORMS: Final = (
    re.compile(rf"{_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"),
    re.compile(rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),
    re.compile(rf"{_DAY} {_MONTH} (?P<day>[0-9 ][0-9]) {_TIME} (?P<year>[0-9]{{4}})"),
)


def parse(text: str) -> datetime | None:
    """Return the moment that `text` names; `None` where it is no HTTP date."""
    text = text.strip(" \t")
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _moment(match)
    return None


def _moment(date: re.Match[str]) -> datetime | None:
    month = _MONTHS.index(date["month"]) + 1
    second = 59 if date["second"] == "60" else int(date["second"])  # a leap second
    clock = int(date["hour"]), int(date["minute"]), second
    try:
        return datetime(_year(date["year"]), month, int(date["day"]), *clock, tzinfo=UTC)
    except ValueError:
        return None


def _year(digits: str) -> int:
    """Return the year. Two digits name the last such year that is at most 50 years ahead."""
    if len(digits) == 4:
        return int(digits)
    latest = datetime.now(UTC).year + 50
    return latest - (latest - int(digits)) % 100
