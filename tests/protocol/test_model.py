"""The explorer's model of the scripts matches the scripts, on fakeredis and on Valkey."""

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
KEPT = st.sampled_from(VALUES)
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
    "invalidate": st.one_of(st.just(()), st.tuples(KEPT)),
    "invalidate except leases": st.tuples(KEPT),
    "delete": st.just(()),
}


class ScriptedRedis:
    """One key of a server, in the model's terms."""

    def __init__(self, client: Recorder) -> None:
        self.client = client
        self.store = RedisStore(client)

    def content(self) -> Content:
        """Return the content of the key. A fence has no deadlines."""
        raw = self.store.get(KEY)
        if raw is None or raw[:1] != FENCE:
            return raw
        marks = re.findall(rb"(\d+):(\w+)", raw)
        return model.fence_of(frozenset(token for deadline, token in marks if int(deadline) > 1))

    def expire(self, token: bytes) -> None:
        """Expire one writer's token, or the whole key if it is the last."""
        left = self.content() != model.fence_of(frozenset({token}))
        raw = self.store.get(KEY) or b""
        if left:
            self.client.set(KEY, re.sub(rb"\d+:" + token, b"1:" + token, raw), keepttl=True)
        else:
            self.client.delete(KEY)


@pytest.fixture(scope="module", params=["fakeredis", "valkey"])
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedRedis]:
    """Return each kind of Redis in turn."""
    if request.param == "fakeredis":
        yield ScriptedRedis(RecordingFakeRedis())
        return
    with Valkey() as valkey:
        client = RecordingRedis(host="127.0.0.1", port=valkey.port, socket_timeout=5, protocol=2)
        yield ScriptedRedis(client)
        client.close()


def commands(scripts: Mapping[str, Script]) -> st.SearchStrategy[list[Call]]:
    """Return sequences of scripts with arguments, and of `add`."""
    calls = [st.tuples(st.just(text), ARGUMENTS[script.name]) for text, script in scripts.items()]
    adds = st.tuples(st.just("add"), st.tuples(st.sampled_from(LEASES)))
    return st.lists(st.one_of(adds, *calls), min_size=1, max_size=12)


def run_both(
    server: ScriptedRedis, scripts: Mapping[str, Script], call: Call, content: Content
) -> Content:
    """Run a command on server and model, compare the results, and return the new content."""
    command, args = call
    if command == "add":
        expected, content = model.add(content, *args)
        answer: int = server.store.add(KEY, *args, ttl_ms=5_000)
    else:
        expected, content = scripts[command].model(content, *args)
        assert expected in scripts[command].returns
        answer = server.store.run(command, KEY, *args)
    assert (expected, content) == (answer, server.content())
    return content


@given(sequence=commands(model.SCRIPTS))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_model_matches_the_scripts(server: ScriptedRedis, sequence: list[Call]) -> None:
    """After every command both agree, and the key has a TTL."""
    server.client.flushall()
    content = None
    for call in sequence:
        content = run_both(server, model.SCRIPTS, call, content)
        assert content is None or server.client.pttl(KEY) > 0


@given(sequence=commands(model.SCRIPTS), expiring=st.sampled_from(TOKENS))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_an_expired_token_equals_a_removed_one(
    server: ScriptedRedis, sequence: list[Call], expiring: bytes
) -> None:
    """Scripts ignore a token after its deadline."""
    server.client.flushall()
    content = None
    for call in sequence:
        if expiring in model.tokens(content):
            server.expire(expiring)
            content = model.fence_of(model.tokens(content) - {expiring})
        content = run_both(server, model.SCRIPTS, call, content)


@given(sequence=commands(WEAKENED))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_the_weakened_models_match_their_scripts(
    server: ScriptedRedis, sequence: list[Call]
) -> None:
    """A weakened protocol that breaks in the explorer breaks with Redis."""
    server.client.flushall()
    content = None
    for call in sequence:
        content = run_both(server, WEAKENED, call, content)
