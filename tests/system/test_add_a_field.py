"""`docs/add-a-field.md`, performed on a copy of the project."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chalicelib import bootstrap
from chalicelib.products.model import SCHEMA
from chalicelib.resources.idempotency import id_from
from dev.stack.servers import Emulator
from tests import examples
from tests.doubles.recording import RecordingFakeRedis, RecordingTable
from tests.examples import a_draft
from tests.guide import Copy, steps

STEPS = steps("docs/add-a-field.md")
CHECKS = STEPS[-1]
FILES = 6
"""The promise of the guide."""
KEY = "5f3e9c1a-order-17"

_REPEAT = """
import json, os, sys
import fakeredis
from chalicelib.bootstrap import Container
from chalicelib.dynamodb.client import connect
from chalicelib.products.schemas import ProductDraft, parse
from chalicelib.settings import Settings
from tests.examples import a_draft

settings = Settings.from_env(os.environ)
catalog = Container(settings, fakeredis.FakeRedis(), connect("dynamodb", settings)).products.catalog
draft = parse(ProductDraft, a_draft()).model_dump()
made = catalog.create(draft, sys.argv[1])
print(json.dumps([sorted(draft), made.brand, made.version, catalog.get(made.id).item.body]))
"""
"""What the copy does with a key: it repeats the request, and reads the product."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Copy the project, and follow the guide up to its checks."""
    copy = Copy(tmp_path_factory.mktemp("field") / "project")
    for step in STEPS[:-1]:
        copy.perform(step)
    return copy


def test_the_guide_touches_at_most_six_files(copy: Copy) -> None:
    """Generated files included."""
    changed = copy.changed_files()

    assert len(changed) <= FILES, changed
    assert {"chalicelib/products/schemas.py", "chalicelib/api/openapi.json"} < set(changed)


def test_the_openapi_document_has_the_field(copy: Copy) -> None:
    """In what is sent and in what is returned, with its example in the example of a product."""
    document = json.loads((copy.place / "chalicelib/api/openapi.json").read_text("utf-8"))
    schemas = document["components"]["schemas"]

    assert 60 == schemas["Product"]["properties"]["brand"]["maxLength"]
    assert "Acme" == schemas["ProductDraft"]["examples"][0]["brand"]
    assert "brand" in schemas["ProductChanges"]["properties"]


def test_a_key_used_before_the_field_existed_still_answers(
    copy: Copy, emulated_table: RecordingTable, emulator: Emulator, fake_redis: RecordingFakeRedis
) -> None:
    """Today's code creates the product; the copy repeats the request, and reads the product."""
    place = {"PRODUCTS_TABLE": emulated_table.name, "AWS_ENDPOINT_URL": emulator.url}
    container = bootstrap.Container(examples.settings(**place), fake_redis, emulated_table.client)
    created = container.products.catalog.create(a_draft(), KEY)

    variables = {**examples.ENVIRONMENT, **emulator.credentials.environment(), **place}
    printed = copy.run(f".venv/bin/python -c '{_REPEAT}' {KEY}", **variables)

    fields, brand, version, body = json.loads(printed)
    assert "brand" in fields
    assert (None, created.version) == (brand, version)
    assert id_from(KEY) == json.loads(body)["id"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_field_without_a_new_schema_number_fails_a_test(tmp_path: Path) -> None:
    """The last release's golden file is there, and the bytes are not its bytes."""
    copy = Copy(tmp_path / "project")
    for step in STEPS:
        if step.kind == "diff":
            copy.perform(step)
    model = copy.place / "chalicelib" / "products" / "model.py"
    model.write_text(re.sub(r"SCHEMA: Final = \d+", f"SCHEMA: Final = {SCHEMA}", model.read_text()))

    test = "test_the_bytes_match_the_golden_file"
    with pytest.raises(AssertionError, match=f"FAILED .*{test}"):
        copy.run(f".venv/bin/python -m pytest tests/unit/test_product_cache.py::{test}")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_checks_of_the_guide_pass(copy: Copy) -> None:
    """Format, lint, types, and the tests of the field, the cached bytes and the API."""
    assert " passed" in copy.perform(CHECKS)
