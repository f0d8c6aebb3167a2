"""The live page's server accepts only its own page, and its buttons control Redis."""

import http.client
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from dev.faults.timeline import Timeline
from dev.stack.servers import Valkey
from dev.watch.live_page import LivePage
from dev.watch.redis_reach import RedisReach
from dev.watch.server import CommandRefused, PageServer
from dev.watch.state import State
from tests import examples
from tests.running_stack import HttpResponse, eventually, own_port


class RecordingWatch:
    """Records the actions of the page."""

    def __init__(self) -> None:
        self.done: list[Mapping[str, str]] = []
        self.actions = {"/pause": self.done.append, "/flush": self._refuse}

    def shown(self) -> dict[str, Any]:
        return {"saved": len(self.done)}

    def _refuse(self, _: Mapping[str, str]) -> None:
        raise CommandRefused("not now")


@pytest.fixture
def watch() -> RecordingWatch:
    return RecordingWatch()


@pytest.fixture
def server(watch: RecordingWatch) -> Iterator[PageServer]:
    """Serve on a free port."""
    server = PageServer(0, watch.shown, watch.actions)
    server.start()
    yield server
    server.stop()


def request(page: PageServer | LivePage, method: str, path: str, **headers: str) -> HttpResponse:
    with closing(http.client.HTTPConnection(urlsplit(page.url).netloc, timeout=10)) as connection:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return HttpResponse(response.status, response.headers, response.read())


def test_the_page_loads_only_its_own_files(server: PageServer) -> None:
    """Its policy forbids other hosts, and frames in other pages."""
    for path in ("/", "/watch.css", "/watch.js"):
        answer = request(server, "GET", path)
        assert 200 == answer.status
        policy = answer.headers["Content-Security-Policy"]
        assert {"default-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))


def test_other_paths_are_refused(server: PageServer) -> None:
    """Also other files, buttons and methods."""
    origin = {"Origin": server.url}

    assert 404 == request(server, "GET", "/../server.py").status
    assert 404 == request(server, "POST", "/shutdown", **origin).status
    assert 501 == request(server, "DELETE", "/pause", **origin).status


def test_a_button_of_the_page_works(server: PageServer, watch: RecordingWatch) -> None:
    """Under each host name of this machine, with its query."""
    for name in ("localhost", "127.0.0.1"):
        host = f"{name}:{server.server_port}"
        answer = request(server, "POST", "/pause?rate=20", Host=host, Origin=f"http://{host}")
        assert 204 == answer.status

    assert [{"rate": "20"}] * 2 == watch.done


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", None])
def test_a_button_of_another_page_is_refused(
    server: PageServer, watch: RecordingWatch, origin: str | None
) -> None:
    """Browsers set `Origin`. A request without it is refused too."""
    answer = request(server, "POST", "/pause", **({"Origin": origin} if origin else {}))

    assert 403 == answer.status
    assert [] == watch.done


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_host_name_is_refused(
    server: PageServer, watch: RecordingWatch, method: str
) -> None:
    """It would allow DNS rebinding."""
    host = f"evil.example:{server.server_port}"
    path = {"GET": "/events", "POST": "/pause"}[method]

    assert 403 == request(server, method, path, Host=host, Origin=f"http://{host}").status
    assert [] == watch.done


def test_a_refusal_contains_the_reason(server: PageServer) -> None:
    """As text for the page."""
    answer = request(server, "POST", "/flush", Origin=server.url)

    assert (409, b"not now") == (answer.status, answer.body)


def test_events_contain_the_current_values(server: PageServer, watch: RecordingWatch) -> None:
    """Several times a second, until the page or the server is closed."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", "/events")
    events = connection.getresponse()
    assert "text/event-stream" == events.headers["Content-Type"]
    assert b'data: {"saved": 0}\n' == events.readline()

    watch.done.append({})
    lines = iter(events.readline, b"")
    eventually(lambda: next(lines) == b'data: {"saved": 1}\n')

    server.ended.set()
    events.read()  # returns at the end of the stream


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """Start a Valkey that can be paused."""
    with Valkey() as server:
        yield server


@contextmanager
def page_of(valkey: Valkey, own: Valkey | None) -> Iterator[LivePage]:
    """Serve the live page of a stack without an API."""
    settings = examples.settings(REDIS_HOST=valkey.host, REDIS_PORT=str(valkey.port))
    with LivePage(settings, State(), "http://127.0.0.1:1", own, port=own_port()) as page:
        yield page


def press(page: LivePage, button: str) -> tuple[int, str]:
    """Press a button; return the status and the reason of a refusal."""
    answer = request(page, "POST", f"/{button}", Origin=page.url)
    return answer.status, answer.body.decode()


def test_redis_can_be_paused_resumed_and_flushed(own_valkey: Valkey) -> None:
    """Also a pause by another program. Redis is resumed when the page ends."""
    client = redis.Redis(own_valkey.host, own_valkey.port, socket_timeout=10)
    client.set("key", "value")
    with page_of(own_valkey, own_valkey) as page:
        assert page.shown()["redis"] == {"answers": True, "owned": True}

        assert (204, "") == press(page, "pause")
        assert not page.shown()["redis"]["answers"]
        assert (409, "The stack's own Redis does not answer, so it was not flushed") == press(
            page, "flush"
        )
        assert (204, "") == press(page, "resume")
        eventually(lambda: page.shown()["redis"]["answers"])
        assert 1 == client.dbsize()
        assert (204, "") == press(page, "flush")
        assert 0 == client.dbsize()

        own_valkey.signal(signal.SIGSTOP)
        eventually(lambda: not page.shown()["redis"]["answers"])

    assert client.ping()


def test_an_outage_excuses_late_reads(own_valkey: Valkey) -> None:
    """The timeline contains it, from before its begin to after its end."""
    timeline = Timeline()
    settings = examples.settings(REDIS_HOST=own_valkey.host, REDIS_PORT=str(own_valkey.port))
    reach = RedisReach(settings, timeline)
    reach.check()
    before = time.monotonic()
    own_valkey.signal(signal.SIGSTOP)
    reach.check()
    reach.check()
    own_valkey.signal(signal.SIGCONT)
    after = time.monotonic()
    eventually(lambda: (reach.check(), reach.answers)[1])

    (window,) = timeline.windows
    assert window.outage
    assert window.started < before < after < window.ended < float("inf")


def test_an_external_redis_is_not_changed(valkey: Valkey) -> None:
    """It may belong to other users."""
    with page_of(valkey, own=None) as page:
        for button in ("pause", "resume", "flush"):
            status, reason = press(page, button)
            assert (409, True) == (status, "REDIS_HOST" in reason)
        assert {"answers": True, "owned": False} == page.shown()["redis"]


def test_an_impossible_load_is_refused(own_valkey: Valkey) -> None:
    """Another rate than the page's, and an API that refuses products."""
    with page_of(own_valkey, own_valkey) as page:
        assert (409, "The rate must be one of 20, 100, 400") == press(page, "load?rate=1000000")
        assert (409, "http://127.0.0.1:1 refuses new products") == press(page, "load?rate=20")
