"""`make switch` refuses what can be seen to be wrong before it asks AWS for anything."""

import pytest
from click.testing import CliRunner

from dev.deploy import switch
from dev.deploy.__main__ import cli


def test_switches_stand_for_settings() -> None:
    """In the words of each."""
    words = ["CACHE=off", "LOG_HITS=0.5", "LOG_LEVEL=DEBUG"]

    changes = {"CACHE_ENABLED": "false", "LOG_HITS": "0.5", "LOG_LEVEL": "DEBUG"}
    assert changes == switch.settings(words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["LOG_HITS=7"], "LOG_HITS must be a number from 0.01 to 1.0"),
        (["LOG_LEVEL=LOUD"], "LOG_LEVEL must be one of INFO, DEBUG, WARNING, ERROR"),
        (
            ["CACHE=off", "--stage", "production"],
            "No stage 'production' in infra/stages.yaml: dev,",
        ),
        (["CACHE=off", "--stage", ""], "No stage '' in infra/stages.yaml: dev,"),
    ],
)
def test_a_mistake_is_refused_without_aws(words: list[str], told: str) -> None:
    """No network is there for this test, and none is needed."""
    result = CliRunner().invoke(cli, ["switch", *words])

    assert 1 == result.exit_code
    assert told in result.output
