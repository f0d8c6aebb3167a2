"""The explorer's model of the scripts does what they do, on the fake and on a real server."""

import re
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.caching.entries import FENCE
from chalicelib.caching.scripts import FILL_SCRIPT, INVALIDATE_SCRIPT
from chalicelib.redis_store import RedisStore
from dev.stack.servers import Valkey
from tests.doubles.recording import Recorder, RecordingFakeRedis, RecordingRedis
from tests.protocol import model, weakened
from tests.protocol.model import Content, Script

Call = tuple[str, tuple[bytes, ...]]

KEY = "product:1"
TTL = b"60000"
VALUES = (b"V1", b"V2", b"N")
SPARED = st.sampled_from(VALUES)
TOKENS = (b"A00", b"B00", b"C10")
LEASES = (b"LA00", b"LB01")
WEAKENED = {
    **weakened.SCRIPTS,
    **{script: model.SCRIPTS[script] for script in (FILL_SCRIPT, INVALIDATE_SCRIPT)},
}
ARGUMENTS = {
    "fence": st.tuples(st.sampled_from(TOKENS)),
    "release": st.tuples(st.sampled_from(TOKENS)),
    "fill": st.tuples(st.sampled_from(LEASES), st.sampled_from(VALUES), st.just(TTL)),
    "set": st.tuples(st.sampled_from(VALUES), st.just(TTL)),
    "invalidate": st.one_of(st.just(()), st.tuples(SPARED)),
    "invalidate but leases": st.tuples(SPARED),
    "delete": st.just(()),
}


class ScriptedRedis:
    """A server's one key, told in the model's terms."""

    def __init__(self, client: Recorder) -> None:
        self.client = client
        self.store = RedisStore(client)

    def content(self) -> Content:
        """Return what the key holds, a fence without the deadlines of its tokens."""
        raw = self.store.get(KEY)
        if raw is None or raw[:1] != FENCE:
            return raw
        marks = re.findall(rb"(\d+):(\w+)", raw)
        return model.fence_of(frozenset(token for deadline, token in marks if int(deadline) > 1))

    def expire(self, token: bytes) -> None:
        """Let the deadline of one writer pass; with the last one, the whole key expires."""
        left = self.content() != model.fence_of(frozenset({token}))
        raw = self.store.get(KEY) or b""
        if left:
            self.client.set(KEY, re.sub(rb"\d+:" + token, b"1:" + token, raw), keepttl=True)
        else:
            self.client.delete(KEY)


@pytest.fixture(scope="module", params=["fakeredis", "valkey"])
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedRedis]:
    """Give each kind of Redis in turn."""
    if request.param == "fakeredis":
        yield ScriptedRedis(RecordingFakeRedis())
        return
    with Valkey() as valkey:
        client = RecordingRedis(host="127.0.0.1", port=valkey.port, socket_timeout=5, protocol=2)
        yield ScriptedRedis(client)
        client.close()


def commands(scripts: Mapping[str, Script]) -> st.SearchStrategy[list[Call]]:
    """Return sequences of scripts with arguments, and of leases added."""
    calls = [st.tuples(st.just(text), ARGUMENTS[script.name]) for text, script in scripts.items()]
    adds = st.tuples(st.just("add"), st.tuples(st.sampled_from(LEASES)))
    return st.lists(st.one_of(adds, *calls), min_size=1, max_size=12)


def same(server: ScriptedRedis, scripts: Mapping[str, Script], call: Call, was: Content) -> Content:
    """Do one command on both sides, compare, and return what the key holds now."""
    asked, args = call
    if asked == "add":
        expected, content = model.add(was, *args)
        answer: int = server.store.add(KEY, *args, ttl_ms=5_000)
    else:
        expected, content = scripts[asked].model(was, *args)
        assert expected in scripts[asked].returns
        answer = server.store.run(asked, KEY, *args)
    assert (expected, content) == (answer, server.content())
    return content


@given(sequence=commands(model.SCRIPTS))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_model_does_what_the_scripts_do(server: ScriptedRedis, sequence: list[Call]) -> None:
    """After every command of every sequence, model and server agree, and the key has a TTL."""
    server.client.flushall()
    content = None
    for call in sequence:
        content = same(server, model.SCRIPTS, call, content)
        assert content is None or server.client.pttl(KEY) > 0


@given(sequence=commands(model.SCRIPTS), expiring=st.sampled_from(TOKENS))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_deadline_that_passed_is_a_token_that_is_gone(
    server: ScriptedRedis, sequence: list[Call], expiring: bytes
) -> None:
    """The scripts treat a token past its deadline as the model treats one that is not there."""
    server.client.flushall()
    content = None
    for call in sequence:
        if expiring in model.tokens(content):
            server.expire(expiring)
            content = model.fence_of(model.tokens(content) - {expiring})
        content = same(server, model.SCRIPTS, call, content)


@given(sequence=commands(WEAKENED))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_the_models_of_the_weakened_protocols_do_what_their_scripts_do(
    server: ScriptedRedis, sequence: list[Call]
) -> None:
    """So a weakened protocol that breaks in the explorer breaks over Redis."""
    server.client.flushall()
    content = None
    for call in sequence:
        content = same(server, WEAKENED, call, content)
