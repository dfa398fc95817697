"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .command import STREAM, Command


@pytest.fixture
def aimc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("COLUMNS", "160")
    return Command(capsys)


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    """The file of a good stream with one tensor "w"."""
    file = tmp_path / "good.nnc"
    file.write_bytes(STREAM)
    return file
