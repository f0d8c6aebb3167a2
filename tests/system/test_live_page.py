"""The live page's server accepts only its own page, and its buttons control Redis."""

import http.client
import signal
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import redis

from dev.faults.timeline import Timeline
from dev.stack.servers import Valkey
from dev.watch.redis_reach import RedisReach
from dev.watch.refused import CommandRefused
from dev.watch.server import PageServer
from tests import examples
from tests.running_stack import HttpResponse, eventually


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
    server = PageServer(0, watch)
    server.start()
    yield server
    server.stop()


def request(server: PageServer, method: str, path: str, **headers: str) -> HttpResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return HttpResponse(response.status, response.headers, response.read())
    finally:
        connection.close()


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


def reach(valkey: Valkey, own: Valkey | None, timeline: Timeline | None = None) -> RedisReach:
    settings = examples.settings(REDIS_HOST=valkey.host, REDIS_PORT=str(valkey.port))
    return RedisReach(settings, own, timeline or Timeline())


def test_a_pause_is_recorded_and_can_be_resumed(own_valkey: Valkey) -> None:
    """The timeline contains the outage, from before its begin to after its end."""
    timeline = Timeline()
    redis_reach = reach(own_valkey, own_valkey, timeline)
    redis_reach.check()
    assert redis_reach.answers

    redis_reach.pause()
    redis_reach.check()
    assert not redis_reach.answers
    redis_reach.check()
    redis_reach.resume()
    eventually(lambda: (redis_reach.check(), redis_reach.answers)[1])

    (window,) = timeline.windows
    assert window.outage
    assert window.started < window.ended < float("inf")


def test_an_external_pause_is_detected(own_valkey: Valkey) -> None:
    """At the end Redis is resumed."""
    redis_reach = reach(own_valkey, own_valkey)

    own_valkey.signal(signal.SIGSTOP)
    redis_reach.check()
    assert not redis_reach.answers

    redis_reach.resume_if_owned()
    eventually(lambda: (redis_reach.check(), redis_reach.answers)[1])


def test_a_flush_empties_redis(own_valkey: Valkey) -> None:
    """While Redis hangs the flush is refused with the reason."""
    client = redis.Redis(own_valkey.host, own_valkey.port)
    client.set("key", "value")
    redis_reach = reach(own_valkey, own_valkey)

    redis_reach.flush()
    assert 0 == client.dbsize()

    redis_reach.pause()
    with pytest.raises(CommandRefused, match="does not answer"):
        redis_reach.flush()


def test_an_external_redis_is_not_changed(valkey: Valkey) -> None:
    """It may belong to other users."""
    redis_reach = reach(valkey, own=None)
    redis_reach.check()

    for button in (redis_reach.pause, redis_reach.resume, redis_reach.flush):
        with pytest.raises(CommandRefused, match="REDIS_HOST"):
            button()
    assert (True, False) == (redis_reach.answers, redis_reach.is_owned)
