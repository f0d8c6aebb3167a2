"""What ships: the functions' zip and the templates, as `make package` makes them."""

from __future__ import annotations

import json
import marshal
import os
import re
import struct
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

import pytest

from dev.deploy import build as building
from dev.deploy.build import build
from dev.deploy.package import pack
from dev.deploy.runtime import Runtime, of_this_machine
from tests.deploy.deployment import ORIGIN, STAGE, package
from tests.examples import ENVIRONMENT

_MACHINES = {"arm64": 0xB7, "x86_64": 0x3E}
"""The processors' numbers in ELF."""
_FUNCTION = "AWS::Serverless::Function"
_BODY_BYTES = 51_200
_OBJECT_BYTES = 1_000_000
"""CloudFormation's limits for a template in a request, and for one in S3."""


@pytest.fixture(scope="module")
def code() -> zipfile.ZipFile:
    """Open the functions' zip."""
    return zipfile.ZipFile(package().code)


def test_the_package_contains_only_what_the_functions_need(code: zipfile.ZipFile) -> None:
    """The app and what requirements/functions.lock pins, in 10 MB: no tests, no tools."""
    names = code.namelist()
    top = {name.split("/")[0] for name in names}
    wheels = {name for name in top if name.endswith(".dist-info")}
    files = {
        line.split("/")[0]
        for wheel in wheels
        for line in code.read(f"{wheel}/RECORD").decode().split()
    }
    services = {name.split("/")[2] for name in names if re.match(r"botocore/data/[^/]+/", name)}

    assert {wheel.removesuffix(".dist-info") for wheel in wheels} <= _pinned()
    assert {"redis", "boto3", "botocore", "pydantic"} < top
    assert top - {"app.py", "chalice", "chalicelib", "__pycache__"} <= {
        name.split(",")[0] for name in files
    }
    assert {"chalice/__init__.py", "chalice/app.py"} == {
        name for name in names if name.startswith("chalice/") and name.endswith(".py")
    }
    assert set(building.SERVICES) == services
    assert 10_000_000 > package().code.stat().st_size


def test_the_package_can_reach_every_service_that_the_functions_call(
    code: zipfile.ZipFile, tmp_path: Path
) -> None:
    """By its own boto3 and botocore's data: no other package is on the path."""
    code.extractall(tmp_path)
    program = (
        "import boto3\n"
        "from chalicelib.dynamodb.client import connect\n"
        "from chalicelib.settings import Settings\n"
        f"settings = Settings.from_env({ENVIRONMENT!r})\n"
        "print(boto3.__file__)\n"
        f"for service in {building.SERVICES!r}:\n"
        "    print(connect(service, settings).meta.endpoint_url)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert [
        str(tmp_path / "boto3" / "__init__.py"),
        *(f"https://{service}.eu-central-1.amazonaws.com" for service in building.SERVICES),
    ] == done.stdout.splitlines()


def test_every_module_is_compiled_for_lambda(code: zipfile.ZipFile) -> None:
    """
    Byte code is validated by the source's hash, since all dates in the zip are of 1980.

    Tracebacks have Lambda's paths, not those of the machine that packs.
    """
    shipped = [name for name in code.namelist() if name.endswith(".py")]

    assert len(shipped) > 150
    assert {"app.py", "chalice/app.py"} < set(shipped)
    for name in shipped:
        compiled = code.read(cache_from_source(name))
        flags = struct.unpack("<I", compiled[4:8])[0]
        assert (MAGIC_NUMBER, 0b11) == (compiled[:4], flags), name
        assert source_hash(code.read(name)) == compiled[8:16], name
    path = "chalicelib/caching/protocol.py"
    module = marshal.loads(code.read(cache_from_source(path))[16:])  # noqa: S302 — our own
    assert f"/var/task/{path}" == module.co_filename


@pytest.mark.parametrize("architecture", _MACHINES)
def test_wheels_are_for_the_given_processor(tmp_path: Path, architecture: str) -> None:
    """Whatever the processor of this machine."""
    build(Runtime(sys.version_info.minor, architecture), tmp_path / "built", tmp_path)
    libraries = list((tmp_path / "built" / "vendor").rglob("*.so"))

    assert "pydantic_core" in {library.parent.name for library in libraries}
    for library in libraries:
        assert _MACHINES[architecture] == struct.unpack("<H", library.read_bytes()[18:20])[0]


def test_packing_is_reproducible(tmp_path: Path) -> None:
    """From the same source, so a deployment without a change updates no function."""
    again = pack(STAGE, of_this_machine(), {"CorsAllowOrigin": ORIGIN}, tmp_path)

    assert package().code.read_bytes() == again.code.read_bytes()


def test_the_templates_are_small_and_complete() -> None:
    """
    CloudFormation accepts them: the data stack's in a request, the app's from the bucket in S3.

    The functions have 1,769 MB, which is one vCPU. Each throttled method exists: API Gateway
    refuses others. The placeholders used for packing are not included.
    """
    resources = package().app["Resources"]
    functions = [each for each in resources.values() if each["Type"] == _FUNCTION]
    api = resources["RestAPI"]["Properties"]
    paths = api["DefinitionBody"]["paths"]

    assert len(json.dumps(package().data, separators=(",", ":"))) < _BODY_BYTES
    assert len(json.dumps(package().app)) < _OBJECT_BYTES / 2
    assert [1769, 1769] == [each["Properties"]["MemorySize"] for each in functions]
    for each in api["MethodSettings"][1:]:
        path = each["ResourcePath"].removeprefix("/").replace("~1", "/")
        assert each["HttpMethod"].lower() in paths[path], path
    assert "stand-in" not in json.dumps(package().app)


def _pinned() -> set[str]:
    """Return the packages of the lock, by the names of their wheels' directories."""
    pins = re.findall(r"(?m)^([a-z0-9.-]+)==([^ ;]+)", (building.ROOT / building.LOCK).read_text())
    return {f"{name.replace('-', '_')}-{version}" for name, version in pins}
