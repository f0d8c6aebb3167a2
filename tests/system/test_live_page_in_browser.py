"""The live page in a real browser: it updates live, and its counts are exact."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.examples import SOME_ID
from tests.running_stack import JSON, RunningStack, eventually, running
from tests.system.browser import Browser, started

_PICTURES = os.environ.get("PICTURES", "")
"""The directory of screenshots: `PICTURES=docs make e2e` renews those of the documents."""
_SIZE = (1000, 1200)
_DARK = "rgb(17, 24, 39)"
_ACTIONS = ("load", "stop", "pause", "resume", "flush")
pytestmark = pytest.mark.browser
soon = partial(eventually, seconds=60)
_FAINT = Path(__file__).with_name("contrast.js").read_text("utf-8")


class LivePageView:
    """The page's visible values and its buttons."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def text(self, name: str) -> str:
        text: str = self.browser.run("return document.getElementById(arguments[0]).innerText", name)
        return text

    def number(self, name: str) -> int:
        return int(self.text(name))

    def counts(self) -> Counter[str]:
        outcomes = ("hit", "miss", "bypass", "write", "other")
        return Counter({name: self.number(f"requests-{name}") for name in outcomes})

    def settled(self) -> Counter[str]:
        """Return the counts when they have not changed for a second."""
        counts, since = self.counts(), time.monotonic()
        while time.monotonic() < since + 1:
            time.sleep(0.1)
            if (now := self.counts()) != counts:
                counts, since = now, time.monotonic()
        return counts

    def press(self, action: str) -> None:
        """Press a button with the keyboard."""
        button = self.browser.focus_by_tab(f"[data-action={action}]")
        button.send_keys(" ")


class CountingClient:
    """A client that counts its requests by the responses' headers."""

    def __init__(self, stack: RunningStack) -> None:
        self._stack = stack
        self.counts: Counter[str] = Counter()

    def read(self, product_id: str) -> str:
        outcome = str(
            self._stack.request("GET", f"/products/{product_id}").headers["X-Cache"]
        ).lower()
        self.counts[outcome] += 1
        return outcome

    def write(self, product_id: str, price: int) -> None:
        body = f'{{"price": {price}}}'.encode()
        assert 200 == self._stack.request("PATCH", f"/products/{product_id}", body, JSON).status
        self.counts["write"] += 1

    def list(self) -> list[str]:
        self.counts["other"] += 1
        return [item["id"] for item in self._stack.request("GET", "/products").json["items"]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Start the stack of `make run`."""
    with running(tmp_path_factory.mktemp("stack")) as started_stack:
        yield started_stack


@pytest.fixture
def page(stack: RunningStack, tmp_path: Path) -> Iterator[LivePageView]:
    """Open the page."""
    with started(tmp_path / "profile") as browser:
        browser.resize(*_SIZE)
        browser.open(stack.facts["watch"]["url"])
        browser.wait(lambda: browser.find("#redis").text == "answers")
        yield LivePageView(browser)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return the directory of screenshots."""
    return Path(_PICTURES) if _PICTURES else tmp_path


def test_the_page_counts_every_request(stack: RunningStack, page: LivePageView) -> None:
    """Also while Redis is paused and after it is resumed."""
    client, before = CountingClient(stack), page.counts()
    ids = client.list()

    _drive(client, ids)
    assert before + client.counts == page.settled()
    assert client.counts["hit"]
    assert client.counts["miss"]

    page.press("pause")
    soon(lambda: page.text("redis").endswith("does not answer"))
    _drive(client, ids)
    assert before + client.counts == page.settled()
    assert client.counts["bypass"] > 3 * len(ids)
    assert page.text("circuit").endswith("open")

    page.press("resume")
    soon(lambda: client.read(ids[0]) == "hit")
    _drive(client, ids)
    assert before + client.counts == page.settled()
    soon(lambda: (page.text("redis"), page.text("circuit")) == ("answers", "closed"))
    assert sum(page.counts().values()) == page.number("requests")
    assert 0 == page.number("errors")


def _drive(client: CountingClient, ids: list[str]) -> None:
    for turn in range(4):
        for product_id in (*ids, SOME_ID):
            client.read(product_id)
        client.write(ids[turn], turn + 1)


def test_the_page_shows_no_stale_reads_or_errors(
    stack: RunningStack, page: LivePageView, pictures: Path
) -> None:
    """Load, pause, resume and flush, with the keyboard only."""
    page.press("load")
    soon(lambda: page.number("checked") > 500)
    page.browser.save(pictures / "watch-calm.png")

    bypasses = page.number("requests-bypass")
    page.press("pause")
    soon(lambda: page.number("requests-bypass") > bypasses + 500)
    assert "Redis does not answer, the circuit is open" in page.text("state")
    page.browser.save(pictures / "watch-paused.png")

    hits, checked = page.number("requests-hit"), page.number("checked")
    page.press("resume")
    soon(lambda: page.number("requests-hit") > hits + 500)
    soon(lambda: "Redis answers, the circuit is closed" in page.text("state"))
    page.browser.prefer("dark")
    page.browser.save(pictures / "watch-resumed.png")

    page.press("flush")
    soon(lambda: "Redis flushed" in page.text("list"))
    page.press("stop")
    soon(lambda: "no load" in page.text("state"))
    assert page.number("checked") > checked
    assert (0, 0) == (page.number("stale"), page.number("errors"))
    assert [] == page.browser.complaints()
    assert {urlsplit(stack.facts["watch"]["url"]).netloc} == page.browser.hosts()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_have_enough_contrast(page: LivePageView, scheme: str) -> None:
    """The system setting selects the scheme."""
    page.browser.prefer(scheme)

    texts, *faint = page.browser.run(_FAINT)

    assert texts > 40
    assert [] == faint
    dark = page.browser.run("return getComputedStyle(document.body).backgroundColor") == _DARK
    assert (scheme == "dark") == dark


def test_every_control_works_with_the_keyboard(page: LivePageView) -> None:
    """Each has a name and a visible focus."""
    names = ["Load", "Start load", "Stop load", "Pause Redis", "Resume Redis", "Flush Redis"]
    controls = ["#rate", *(f"[data-action={name}]" for name in _ACTIONS)]

    reached = [page.browser.focus_by_tab(css) for css in controls]

    assert names == [control.accessible_name for control in reached]
    outline = page.browser.run("return getComputedStyle(arguments[0]).outline", reached[-1])
    assert "solid 3px" in outline
