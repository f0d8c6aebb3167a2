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
from click.testing import CliRunner

from dev.deploy import build as building
from dev.deploy.__main__ import cli
from dev.deploy.build import build
from dev.deploy.package import pack
from dev.deploy.runtime import Runtime, of_this_machine
from tests.deploy.deployment import ORIGIN, STAGE, package
from tests.examples import ENVIRONMENT

_MACHINES = {"arm64": 0xB7, "x86_64": 0x3E}
"""As ELF numbers them."""
_BODY_BYTES = 51_200
_OBJECT_BYTES = 1_000_000
"""The longest template that CloudFormation takes in a request, and from S3."""


@pytest.fixture(scope="module")
def code() -> zipfile.ZipFile:
    """Open the functions' zip."""
    return zipfile.ZipFile(package().code)


def test_only_what_the_functions_need_ships(code: zipfile.ZipFile) -> None:
    """The app and what requirements/functions.lock pins: no tests, no tools."""
    names = code.namelist()
    top = {name.split("/")[0] for name in names}
    wheels = {name for name in top if name.endswith(".dist-info")}
    files = {
        line.split("/")[0]
        for wheel in wheels
        for line in code.read(f"{wheel}/RECORD").decode().split()
    }

    assert {wheel.removesuffix(".dist-info") for wheel in wheels} <= _pinned()
    assert {"redis", "boto3", "botocore", "pydantic"} < top
    assert top - {"app.py", "chalice", "chalicelib", "__pycache__"} <= {
        name.split(",")[0] for name in files
    }
    assert {"chalice/__init__.py", "chalice/app.py"} == {
        name for name in names if name.startswith("chalice/") and name.endswith(".py")
    }


def test_the_package_is_small(code: zipfile.ZipFile) -> None:
    """Under 10 MB: all of botocore's data alone would be 17."""
    services = {
        name.split("/")[2] for name in code.namelist() if re.match(r"botocore/data/[^/]+/", name)
    }

    assert set(building.SERVICES) == services
    assert 10_000_000 > package().code.stat().st_size


def test_the_package_can_reach_every_service_that_the_functions_call(
    code: zipfile.ZipFile, tmp_path: Path
) -> None:
    """By its own boto3 and that boto3's data: no other package is on the path."""
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


def test_every_module_is_compiled_and_valid_by_its_sources_hash(code: zipfile.ZipFile) -> None:
    """A zip's dates are of 1980, so only a hash can tell Python that byte code fits its source."""
    names = set(code.namelist())
    shipped = [name for name in names if name.endswith(".py")]

    assert len(shipped) > 150
    assert {"app.py", "chalice/app.py"} < set(shipped)
    for name in shipped:
        compiled = code.read(_cached(name))
        flags = struct.unpack("<I", compiled[4:8])[0]
        assert (MAGIC_NUMBER, 0b11) == (compiled[:4], flags), name
        assert source_hash(code.read(name)) == compiled[8:16], name


def test_tracebacks_name_files_as_lambda_has_them(code: zipfile.ZipFile) -> None:
    """No path of the machine that packs is in what ships."""
    compiled = code.read(_cached("chalicelib/caching/protocol.py"))

    assert "/var/task/chalicelib/caching/protocol.py" == marshal.loads(compiled[16:]).co_filename  # noqa: S302 — our own


@pytest.mark.parametrize("architecture", _MACHINES)
def test_wheels_are_of_the_processor_asked_for(tmp_path: Path, architecture: str) -> None:
    """Whatever machine packs: the compiled parts run on Lambda's."""
    build(Runtime(sys.version_info.minor, architecture), tmp_path / "built", tmp_path)
    libraries = list((tmp_path / "built" / "vendor").rglob("*.so"))

    assert "pydantic_core" in {library.parent.name for library in libraries}
    for library in libraries:
        assert _MACHINES[architecture] == struct.unpack("<H", library.read_bytes()[18:20])[0]


def test_the_same_source_packs_to_the_same_bytes(tmp_path: Path) -> None:
    """So a deployment of what is there already changes no function."""
    again = pack(STAGE, of_this_machine(), {"CorsAllowOrigin": ORIGIN}, tmp_path)

    assert package().code.read_bytes() == again.code.read_bytes()


def test_the_data_stack_fits_into_a_request_and_the_app_stack_into_an_object() -> None:
    """The data stack makes the bucket. With CORS, the app's is near what a request takes."""
    assert len(json.dumps(package().data, separators=(",", ":"))) < _BODY_BYTES
    assert len(json.dumps(package().app)) < _OBJECT_BYTES / 2


def test_each_limit_is_of_a_method_that_the_api_has() -> None:
    """API Gateway refuses a stage that names another."""
    properties = package().app["Resources"]["RestAPI"]["Properties"]
    paths = properties["DefinitionBody"]["paths"]

    for each in properties["MethodSettings"][1:]:
        path = each["ResourcePath"].removeprefix("/").replace("~1", "/")
        assert each["HttpMethod"].lower() in paths[path], path


def test_both_functions_have_a_whole_vcpu() -> None:
    """At 1,769 MB: what a container imports at first use runs inside of the handler."""
    resources = package().app["Resources"].values()
    functions = [each for each in resources if each["Type"] == "AWS::Serverless::Function"]

    assert [1769, 1769] == [each["Properties"]["MemorySize"] for each in functions]


def test_no_stand_in_is_in_the_package() -> None:
    """What `app.py` had to be told to be packed stays behind."""
    assert "stand-in" not in json.dumps(package().app)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Lambda takes this Python")
def test_a_python_that_lambda_no_longer_takes_packs_nothing() -> None:
    """`make deploy` on Python 3.11 ends with one line, before anything is made."""
    result = CliRunner().invoke(cli, ["up", "--stage", "prod"])

    assert 1 == result.exit_code
    assert "Error: Lambda takes functions of Python 3.12 to 3.14" in result.output


def _pinned() -> set[str]:
    """Return what the lock pins, as the directories of its wheels are named."""
    pins = re.findall(r"(?m)^([a-z0-9.-]+)==([^ ;]+)", (building.ROOT / building.LOCK).read_text())
    return {f"{name.replace('-', '_')}-{version}" for name, version in pins}


def _cached(name: str) -> str:
    return cache_from_source(name)
