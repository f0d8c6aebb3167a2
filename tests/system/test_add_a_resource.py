"""`docs/add-a-resource.md`, performed on a copy of the project."""

from __future__ import annotations

import json

import pytest

from tests.guide import Copy, steps

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

STEPS = steps("docs/add-a-resource.md")
CHECKS = STEPS[-1]
COPIED = {
    "dev/openapi/reviews.yaml",
    "dev/stack/samples/reviews.ndjson",
    "infra/tables/reviews.yaml",
    "tests/api/test_reviews.py",
}
FILES, LINES = 12, 5
"""The promise of the guide: other files, and the lines that each of them gains or loses."""
GENERATED = "chalicelib/api/openapi.json"

_PROGRAM = """
import json, sys, tempfile, time, urllib.request
from pathlib import Path
from dev.stack import scratch

def send(method, path, body=None):
    request = urllib.request.Request(api.url + path, body, {"Content-Type": "application/json"})
    request.method = method
    answer = urllib.request.urlopen(request)
    return json.load(answer), answer.headers.get("X-Cache")

review = {"product_id": "550e8400-e29b-41d4-a716-446655440000", "stars": 4, "text": "Good"}
with tempfile.TemporaryDirectory() as logs, scratch.stack(Path(logs)) as api:
    created, _ = send("POST", "/reviews", json.dumps(review).encode())
    reads = [send("GET", f"/reviews/{created['id']}") for _ in range(2)]
    health, _ = send("GET", "/health")
    listed, _ = send("GET", f"/reviews?product_id={review['product_id']}&min_stars=4")
print(json.dumps([created, reads, health, listed["items"]]))
"""

_DEPLOYED = """
import json, sys, tempfile
from pathlib import Path
from tests.deploy.deployment import deployed

review = {"product_id": "550e8400-e29b-41d4-a716-446655440000", "stars": 4, "text": "Good"}
with tempfile.TemporaryDirectory() as logs, deployed(Path(logs)) as site:
    shop = site.caller("shop", "execute-api:Invoke")
    created = shop.ask("POST", "/reviews", review)
    reads = [shop.ask("GET", f"/reviews/{created.json['id']}") for _ in range(2)]
    listed = shop.ask("GET", f"/reviews?product_id={review['product_id']}")
    deleted = shop.ask("DELETE", f"/reviews/{created.json['id']}")
    mappings = site.aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
statuses = [each.status for each in (created, *reads, listed, deleted)]
functions = sorted(each["FunctionArn"].rpartition(":")[2] for each in mappings)
json.dump([statuses, [each.headers["X-Cache"] for each in reads], functions], sys.stderr)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Copy the project, and follow the guide up to its checks."""
    copy = Copy(tmp_path_factory.mktemp("resource") / "project")
    for step in STEPS[:-1]:
        copy.perform(step)
    return copy


def test_the_guide_touches_at_most_twelve_other_files(copy: Copy) -> None:
    """Beside the copied folder and the copied files. Each is changed by a few lines."""
    changed = copy.changed_lines()
    others = {
        name: lines
        for name, lines in changed.items()
        if name not in COPIED and not name.startswith("chalicelib/reviews/")
    }

    assert COPIED < changed.keys()
    assert len(others) <= FILES, others
    assert {} == {name: n for name, n in others.items() if n > LINES and name != GENERATED}


def test_the_copy_serves_reviews(copy: Copy) -> None:
    """Over real servers: stored, cached, listed by product, and part of the health check."""
    created, reads, health, listed = json.loads(copy.run(".venv/bin/python -", _PROGRAM))

    assert [[created, "MISS"], [created, "HIT"]] == reads
    assert ("connected", "connected") == (health["redis"], health["dynamodb"])
    assert [created] == listed


@pytest.mark.deployment
def test_the_copy_is_deployed(copy: Copy) -> None:
    """To an emulated AWS that enforces rights: written, cached, listed; each stream is read."""
    printed = copy.run(".venv/bin/python - 2>&1 >/dev/null", _DEPLOYED)
    statuses, caches, functions = json.loads(printed.splitlines()[-1])

    assert ([201, 200, 200, 200, 204], ["MISS", "HIT"]) == (statuses, caches)
    assert ["Invalidate", "InvalidateReviews"] == [name.split("-")[-2] for name in functions]


def test_the_checks_of_the_guide_pass(copy: Copy) -> None:
    """Format, lint, types and import rules; the tests of reviews, and those of products."""
    assert " passed" in copy.perform(CHECKS)
