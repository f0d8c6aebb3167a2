"""What the stages say, and which Pythons may deploy them."""

import pytest

from dev.deploy import runtime, settings, stages, templates
from dev.deploy.failure import DeployFailed


def test_every_stage_sets_only_what_a_template_has() -> None:
    """A misspelt parameter would do nothing, so each name is checked."""
    for stage in ("dev", "prod", "emulator"):
        stages.check(stages.read(stage), (templates.data(), templates.app()))


def test_a_stage_that_there_is_not_is_refused() -> None:
    """The refusal names those that there are."""
    with pytest.raises(DeployFailed, match=r"'production'.*dev, prod, emulator"):
        stages.read("production")


def test_a_parameter_that_no_template_has_is_refused() -> None:
    """A word of the command line that does nothing is a mistake."""
    with pytest.raises(DeployFailed, match="RedisHots"):
        stages.check({"RedisHots": "x"}, (templates.data(), templates.app()))


def test_a_word_without_a_value_is_refused() -> None:
    """Parameters are Name=Value."""
    assert {"RedisHost": "a=b"} == stages.given(["RedisHost=a=b"])
    with pytest.raises(DeployFailed, match="Name=Value"):
        stages.given(["RedisHost"])


def test_a_template_is_given_what_it_has_and_the_later_source_wins() -> None:
    """The command line stands after the stage, and the stage after the data stack."""
    template = {"Parameters": {"Cache": {}, "Stage": {}}}

    taken = stages.of_template(template, {"Cache": "nodes", "Other": "x"}, {"Cache": "external"})

    assert {"Cache": "external"} == taken


def test_writes_are_signed_unless_a_stage_says_open() -> None:
    """Only the stage of the emulator is open to anybody's writes."""
    assert "iam" == templates.app()["Parameters"]["WriteAccess"]["Default"]
    assert {"emulator"} == {
        stage
        for stage in ("dev", "prod", "emulator")
        if stages.read(stage).get("WriteAccess") == "open"
    }


def test_a_word_that_nobody_knows_packs_nothing() -> None:
    """It is told by the setting's rule, before anything is made."""
    with pytest.raises(DeployFailed, match="WRITE_ACCESS must be one of iam, cognito, key, open"):
        settings.when_packed(templates.app(), {"WriteAccess": "public"})
    with pytest.raises(DeployFailed, match="COGNITO_POOL_ARN is missing"):
        settings.when_packed(templates.app(), {"ReadAccess": "cognito"})


def test_what_is_packed_takes_no_other_words() -> None:
    """A template that was packed open cannot be deployed as one that asks for signatures."""
    app = templates.app()
    settings.pin(app, {"WriteAccess": "key"})

    pinned = {name: app["Parameters"][name] for name in settings.ACCESS}
    assert ["key"] == pinned["WriteAccess"]["AllowedValues"]
    assert ["open"] == pinned["ReadAccess"]["AllowedValues"]
    assert all([each["Default"]] == each["AllowedValues"] for each in pinned.values())


def test_prod_keeps_its_table_from_deletion() -> None:
    """What is not said is protected."""
    assert "true" == templates.data()["Parameters"]["Protected"]["Default"]
    assert "Protected" not in stages.read("prod")


@pytest.mark.parametrize("minor", [11, 15])
def test_a_python_that_lambda_does_not_take_is_refused_in_one_line(minor: int) -> None:
    """The line names this Python, those that go, and the command to take."""
    with pytest.raises(DeployFailed) as refused:
        runtime.of_lambda("arm64", minor)

    assert 1 == len(str(refused.value).splitlines())
    assert f"3.{minor}" in str(refused.value)
    assert "3.12 to 3.14" in str(refused.value)
    assert "make VENV=" in str(refused.value)


@pytest.mark.parametrize("minor", [12, 13, 14])
def test_pythons_that_lambda_takes_go(minor: int) -> None:
    """From 3.12 to 3.14, on either processor."""
    assert (minor, "arm64") == runtime.of_lambda("arm64", minor)
    assert "manylinux2014_aarch64" in runtime.of_lambda("arm64", minor).platforms
    assert "manylinux2014_x86_64" in runtime.of_lambda("x86_64", minor).platforms


def test_another_processor_is_refused() -> None:
    """Lambda has two."""
    with pytest.raises(DeployFailed, match="riscv"):
        runtime.of_lambda("riscv", 13)
