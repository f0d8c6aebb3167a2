"""`make watch` while a stack runs."""

import json
import os
from pathlib import Path

import pytest

from dev.watch.__main__ import main


def test_watch_prints_the_url_of_the_running_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a display no browser is opened: a text browser would hide the log."""
    for screen in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(screen, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.chdir(tmp_path)
    facts = {"pid": os.getpid(), "watch": {"url": "http://localhost:8081"}}
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(facts))

    assert 0 == main()

    assert "Live page   http://localhost:8081\n" == capsys.readouterr().out
