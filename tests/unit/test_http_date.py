"""HTTP dates: three forms, and invalid dates."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api import http_date

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        " Sun, 06 Nov 1994 08:49:37 GMT ",
    ],
)
def test_each_form_is_parsed(text: str) -> None:
    """IMF-fixdate, RFC 850 and asctime: the examples of RFC 9110, 5.6.7."""
    assert MOMENT == http_date.parse(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_sent_date_is_parsed(moment: datetime) -> None:
    """`Last-Modified` of any year."""
    second = moment.replace(microsecond=0)

    assert second == http_date.parse(format_datetime(second, usegmt=True))


@pytest.mark.parametrize("ahead", [0, 1, 50, 51, 99])
def test_a_two_digit_year_is_at_most_50_years_ahead(ahead: int) -> None:
    """A later year is in the past (RFC 9110, 5.6.7)."""
    year = datetime.now(UTC).year + ahead
    expected = year if ahead <= 50 else year - 100

    parsed = http_date.parse(f"Monday, 01-Jan-{year % 100:02} 00:00:00 GMT")

    assert datetime(expected, 1, 1, tzinfo=UTC) == parsed


def test_a_leap_second_is_valid() -> None:
    """It is parsed as the second before it."""
    end = datetime(2017, 1, 1, tzinfo=UTC) - timedelta(seconds=1)

    assert end == http_date.parse("Sat, 31 Dec 2016 23:59:60 GMT")


@pytest.mark.parametrize(
    "text",
    ["", "0", "now", "2026-11-22T16:11:21Z", "Sun, 06 Nov 1994 08:49:37", "1795363200",
     "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
     "sun, 06 nov 1994 08:49:37 gmt", "Sun, 31 Nov 1994 08:49:37 GMT",
     "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
     "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
     "Sun, 06 Nov 0000 08:49:37 GMT",
     "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
     "Sun, 06 Nov 1994 08:49:37 GMT\n", "Sunday, 06-Nov-1994 08:49:37 GMT",
     "Sun, ٠٦ Nov 1994 08:49:37 GMT"],
)  # fmt: skip
def test_other_text_is_no_date(text: str) -> None:
    """`None`, so the header is ignored."""
    assert http_date.parse(text) is None


@given(st.text())
def test_no_text_raises(text: str) -> None:
    """For any header of a client."""
    http_date.parse(text)
