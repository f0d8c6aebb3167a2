"""The live page's server: it obeys its own page only. And Redis, as the page's buttons find it."""

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


class Recorded:
    """What stands behind the page, in this test."""

    def __init__(self) -> None:
        self.done: list[Mapping[str, str]] = []
        self.actions = {"/pause": self.done.append, "/flush": self._refuse}

    def shown(self) -> dict[str, Any]:
        return {"saved": len(self.done)}

    def _refuse(self, _: Mapping[str, str]) -> None:
        raise CommandRefused("not now")


@pytest.fixture
def watch() -> Recorded:
    return Recorded()


@pytest.fixture
def server(watch: Recorded) -> Iterator[PageServer]:
    """Serve on a free port."""
    server = PageServer(0, watch)
    server.start()
    yield server
    server.stop()


def ask(server: PageServer, method: str, path: str, **headers: str) -> HttpResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return HttpResponse(response.status, response.headers, response.read())
    finally:
        connection.close()


def test_the_page_loads_nothing_from_elsewhere(server: PageServer) -> None:
    """Its three files are there, and its policy forbids other hosts and other pages' frames."""
    for path in ("/", "/watch.css", "/watch.js"):
        answer = ask(server, "GET", path)
        assert 200 == answer.status
        policy = answer.headers["Content-Security-Policy"]
        assert {"default-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))


def test_other_paths_are_not_there(server: PageServer) -> None:
    """Nor are other files, other buttons, other methods."""
    origin = {"Origin": server.url}

    assert 404 == ask(server, "GET", "/../server.py").status
    assert 404 == ask(server, "POST", "/shutdown", **origin).status
    assert 501 == ask(server, "DELETE", "/pause", **origin).status


def test_a_button_of_the_page_works(server: PageServer, watch: Recorded) -> None:
    """Under each name of this machine, with what its address says."""
    for name in ("localhost", "127.0.0.1"):
        host = f"{name}:{server.server_port}"
        answer = ask(server, "POST", "/pause?rate=20", Host=host, Origin=f"http://{host}")
        assert 204 == answer.status

    assert [{"rate": "20"}] * 2 == watch.done


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", None])
def test_another_page_s_button_does_not(
    server: PageServer, watch: Recorded, origin: str | None
) -> None:
    """A browser tells which page asks; who does not tell is refused too."""
    answer = ask(server, "POST", "/pause", **({"Origin": origin} if origin else {}))

    assert 403 == answer.status
    assert [] == watch.done


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_name_for_this_machine_is_refused(
    server: PageServer, watch: Recorded, method: str
) -> None:
    """Else a page of that name could read and press all (DNS rebinding)."""
    host = f"evil.example:{server.server_port}"
    path = {"GET": "/events", "POST": "/pause"}[method]

    assert 403 == ask(server, method, path, Host=host, Origin=f"http://{host}").status
    assert [] == watch.done


def test_a_refusal_is_told(server: PageServer) -> None:
    """In words for the page."""
    answer = ask(server, "POST", "/flush", Origin=server.url)

    assert (409, b"not now") == (answer.status, answer.body)


def test_events_tell_what_is_so_now(server: PageServer, watch: Recorded) -> None:
    """A few times a second, until the page is closed or the server is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", "/events")
    events = connection.getresponse()
    assert "text/event-stream" == events.headers["Content-Type"]
    assert b'data: {"saved": 0}\n' == events.readline()

    watch.done.append({})
    lines = iter(events.readline, b"")
    eventually(lambda: next(lines) == b'data: {"saved": 1}\n')

    server.ended.set()
    events.read()  # returns, where the stream ends


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """Start one that may be paused."""
    with Valkey() as server:
        yield server


def reach(valkey: Valkey, ours: Valkey | None, timeline: Timeline | None = None) -> RedisReach:
    settings = examples.settings(REDIS_HOST=valkey.host, REDIS_PORT=str(valkey.port))
    return RedisReach(settings, ours, timeline or Timeline())


def test_a_paused_redis_is_seen_and_goes_on(own_valkey: Valkey) -> None:
    """The time that it was out of reach is on the timeline, from before it began to after it."""
    timeline = Timeline()
    seen = reach(own_valkey, own_valkey, timeline)
    seen.check()
    assert seen.answers

    seen.pause()
    seen.check()
    assert not seen.answers
    seen.check()
    seen.resume()
    eventually(lambda: (seen.check(), seen.answers)[1])

    (window,) = timeline.windows
    assert window.outage
    assert window.started < window.ended < float("inf")


def test_a_pause_from_elsewhere_is_seen_too(own_valkey: Valkey) -> None:
    """The page shows what is so, not what its buttons did; at the end nothing stays paused."""
    seen = reach(own_valkey, own_valkey)

    own_valkey.signal(signal.SIGSTOP)
    seen.check()
    assert not seen.answers

    seen.resume_if_owned()
    eventually(lambda: (seen.check(), seen.answers)[1])


def test_a_flush_empties_redis(own_valkey: Valkey) -> None:
    """While it hangs that is refused, with the reason."""
    client = redis.Redis(own_valkey.host, own_valkey.port)
    client.set("key", "value")
    seen = reach(own_valkey, own_valkey)

    seen.flush()
    assert 0 == client.dbsize()

    seen.pause()
    with pytest.raises(CommandRefused, match="does not answer"):
        seen.flush()


def test_a_redis_that_is_not_ours_is_left_alone(valkey: Valkey) -> None:
    """It may be somebody's."""
    seen = reach(valkey, ours=None)
    seen.check()

    for button in (seen.pause, seen.resume, seen.flush):
        with pytest.raises(CommandRefused, match="REDIS_HOST"):
            button()
    assert (True, False) == (seen.answers, seen.is_owned)
