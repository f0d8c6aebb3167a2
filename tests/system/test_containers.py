"""
The containers of `localstack-compose.yml`, run as by `make up`, with Docker or Podman.

Their environment also has settings of another Redis, another account and a proxy.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running_stack import JSON, StackClient, eventually
from tests.system.containers import Containers, Engine, NoEngine, engine

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
FOREIGN_SETTINGS = {
    "REDIS_HOST": "redis.example",
    "REDIS_TLS": "true",
    "REDIS_CLUSTER": "true",
    "REDIS_USERNAME": "other",
    "REDIS_PASSWORD": "secret",
    "REDIS_CA_FILE": "/etc/ssl/redis.pem",
    "REDIS_DB": "3",
    "AWS_PROFILE": "company",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    "API_HOST": "127.0.0.1",
    "STAGE": "prod",
}
PROJECT_SERVICES = ("prepare", "api", "stream")
RUNNING = ("localstack", "redis", "api", "stream")
KILLED = 137


@pytest.fixture(scope="module")
def container_engine() -> Iterator[Engine]:
    """Return the container engine of this machine."""
    try:
        with engine() as found:
            yield found
    except NoEngine as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def stack(
    container_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Containers]:
    """Start the stack, and remove it afterwards in every case."""
    containers = Containers(
        container_engine, tmp_path_factory.mktemp("containers"), FOREIGN_SETTINGS
    )
    try:
        containers.compose("build")
        containers.compose("up", "--detach")
        eventually(lambda: containers.is_healthy("api"), seconds=60)
        yield containers
    except (subprocess.SubprocessError, AssertionError):
        containers.compose("logs", "--tail", "20")
        sys.stderr.write(containers.log.read_text())
        raise
    finally:
        if containers.leftovers():
            containers.compose("down", "--volumes")


def _expect(api: StackClient, product_id: str, x_cache: str, seconds: float = 10) -> None:
    """Read until `X-Cache` has the given value."""
    eventually(lambda: api.x_cache(product_id) == x_cache, seconds)


def _cached(api: StackClient) -> str:
    """Return the id of a cached product whose creation the stream has delivered."""
    product_id: str = api.create().json["id"]
    eventually(lambda: _is_hit_for_a_second(api, product_id), seconds=30)
    return product_id


def _is_hit_for_a_second(api: StackClient, product_id: str) -> bool:
    for _ in range(10):
        if api.x_cache(product_id) != "HIT":
            return False
        time.sleep(0.1)
    return True


def _status_fields(stack: Containers, service: str) -> dict[str, str]:
    text = stack.execute(service, "cat", "/proc/1/status")
    return dict(re.findall(r"(?m)^(\w+):\s+(.*)$", text))


def test_every_service_is_up(stack: Containers) -> None:
    """Services with a health check are healthy, and `prepare` has succeeded."""
    assert all(stack.is_healthy(service) for service in ("localstack", "redis", "api"))
    assert 0 == stack.exit_status("prepare")
    health = stack.request("GET", "/health").json
    assert ("connected", "connected") == (health["redis"], health["dynamodb"])
    assert stack.request("GET", "/products").json["items"]


def test_ports_are_open_to_this_machine_only(stack: Containers) -> None:
    """Each port is published on 127.0.0.1, as the settings say."""
    published = {
        (service, binding["HostIp"], int(binding["HostPort"]))
        for service in RUNNING
        for bindings in stack.inspect(service)["HostConfig"]["PortBindings"].values()
        for binding in bindings or []  # none for a port that is not published
    }

    assert {
        ("localstack", "127.0.0.1", stack.aws_port),
        ("redis", "127.0.0.1", stack.redis_port),
        ("api", "127.0.0.1", stack.port),
    } == published


def test_foreign_settings_are_not_passed_on(stack: Containers) -> None:
    """A `.env` file with other settings has no effect."""
    for service in PROJECT_SERVICES:
        given = dict(each.split("=", 1) for each in stack.inspect(service)["Config"]["Env"])
        leaked = {name for name, value in FOREIGN_SETTINGS.items() if given.get(name) == value}
        assert set() == leaked


@pytest.mark.parametrize("service", ["api", "stream"])
def test_containers_have_no_privileges(stack: Containers, service: str) -> None:
    """Not root, no capabilities, no new privileges, and a read-only file system except /tmp."""
    process = _status_fields(stack, service)

    assert {"10001"} == set(process["Uid"].split())
    assert {"10001"} == set(process["Gid"].split())
    assert {"0"} == {process[name].strip("0") or "0" for name in ("CapEff", "CapPrm", "CapBnd")}
    assert "1" == process["NoNewPrivs"]
    tried = "for place in / /app /venv; do touch $place/x 2>&1 && exit 1; done; touch /tmp/x"
    assert 3 == stack.execute(service, "sh", "-c", tried).count("Read-only file system")


def test_the_image_contains_only_what_it_runs(stack: Containers) -> None:
    """The packages of its lock and the local server, without other commands or pip's cache."""
    locked = re.findall(r"(?m)^([a-z0-9-]+)==", (ROOT / "requirements" / "image.lock").read_text())
    listed = "from importlib.metadata import distributions as d; print(*(x.name for x in d()))"
    installed = stack.execute("api", "python", "-c", listed).lower().replace("_", "-").split()
    folders = stack.execute("api", "find", "/app", "-mindepth", "1", "-type", "d").splitlines()

    assert set() == set(installed) - set(locked)
    assert {"chalice", "boto3", "redis", "pydantic"} <= set(installed)
    assert {"chalicelib", "dev", "infra"} <= {each.split("/")[2] for each in folders}
    unwanted = re.compile(r".*(test|deploy|freshness|fuzzing|transfer|watch|benchmark|\.git)")
    assert [] == [each for each in folders if unwanted.match(each)]
    caches = "find / -xdev -path '*/.cache/pip' 2>/dev/null; true"
    assert "" == stack.execute("api", "sh", "-c", caches, user="0")


def test_a_proxy_in_the_environment_is_not_used(stack: Containers) -> None:
    """Docker passes its user's proxy to containers. It cannot reach the other services."""
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    check = stack.inspect("api")["Config"]["Healthcheck"]["Test"]

    stack.execute("api", "python", "-m", "dev.stack.prepare", **proxies)
    assert "CMD" == check[0]
    stack.execute("api", *check[1:], **proxies)


def test_a_foreign_host_name_is_refused(stack: Containers) -> None:
    """In the container the API listens on every address."""
    assert 403 == stack.request("GET", "/products", headers={"Host": "shop.example"}).status
    assert 200 == stack.request("GET", "/products", headers={"Host": "localhost:8080"}).status


def test_a_read_is_a_miss_then_a_hit(stack: Containers) -> None:
    """After the stream has delivered the product's creation."""
    product_id = _cached(stack)
    stack.request("PATCH", f"/products/{product_id}", b'{"stock_quantity": 4}', JSON)

    assert "MISS" == stack.x_cache(product_id)
    _expect(stack, product_id, "HIT")


def test_a_write_without_the_api_is_read(stack: Containers) -> None:
    """The stream container deletes the product's key."""
    product_id = _cached(stack)

    _write_without_the_api(stack, product_id)

    eventually(lambda: stack.request("GET", f"/products/{product_id}").json["stock_quantity"] == 77)


def _write_without_the_api(stack: Containers, product_id: str) -> None:
    stack.table().update_item(
        Key={"id": product_id},
        UpdateExpression="SET stock_quantity = :n",
        ExpressionAttributeValues={":n": 77},
    )


def test_reads_work_without_redis(stack: Containers) -> None:
    """Also without its host name. Reads are bypasses, soon fast, and then hits again."""
    product_id = _cached(stack)
    stack.compose("stop", "redis")

    times = []
    for _ in range(10):
        started = time.monotonic()
        assert "BYPASS" == stack.x_cache(product_id)
        times.append(time.monotonic() - started)
    stack.compose("start", "redis")

    sys.stdout.write(f"Reads without Redis, in s: {[round(each, 3) for each in times]}\n")
    assert max(times) < 2
    assert sorted(times)[5] < 0.25
    _expect(stack, product_id, "HIT", seconds=20)


def test_a_restarted_redis_is_used_again(stack: Containers) -> None:
    """It is empty, so the first read is a miss."""
    product_id = _cached(stack)

    stack.compose("restart", "redis")

    _expect(stack, product_id, "MISS")
    _expect(stack, product_id, "HIT")


def test_a_restarted_emulator_is_filled_again(stack: Containers) -> None:
    """It has lost the table: no 500 meanwhile, then samples, and the new stream."""
    statuses: set[int] = set()

    def has_samples() -> bool:
        answer = stack.request("GET", "/products")
        statuses.add(answer.status)
        return answer.status == 200 and bool(answer.json["items"])

    stack.compose("restart", "localstack")
    eventually(has_samples, seconds=60)

    assert statuses <= {200, 503}
    product_id = _cached(stack)
    _write_without_the_api(stack, product_id)
    eventually(lambda: stack.request("GET", f"/products/{product_id}").json["stock_quantity"] == 77)


@pytest.mark.parametrize("service", ["redis", "api", "stream"])
def test_a_container_stops_on_sigterm(stack: Containers, service: str) -> None:
    """Without a SIGKILL after 10 s."""
    started = time.monotonic()
    stack.engine.output("stop", *stack.all(service))
    seconds = time.monotonic() - started
    status = stack.exit_status(service)
    stack.compose("start", service)

    sys.stdout.write(f"{service} ended within {seconds:.1f} s, with status {status}\n")
    assert KILLED != status
    assert seconds < 8


def test_down_removes_everything(stack: Containers) -> None:
    """No container, no network, no volume."""
    assert 6 <= len(stack.leftovers())

    stack.compose("down", "--volumes")

    assert [] == stack.leftovers()
