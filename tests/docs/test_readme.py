"""The examples of the README run: Python in one go, commands with their output."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .console import ROOT, blocks, examples, run

TEXT = (ROOT / "README.md").read_text("utf-8")
# Lines that show a time differ from run to run.
TIMED = re.compile(r"\d s, |\d ms, ")


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conformance_streams").symlink_to(ROOT / "conformance_streams")
    code = "\n".join(blocks(TEXT, "python"))
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own text
    # Others set up the project.
    commands = [example for example in examples(TEXT) if example.command.startswith("aimc ")]
    assert len(commands) >= 5
    for command, shown in commands:
        ended, printed = run(command, tmp_path)
        assert ended == (3 if "/invalid/" in command else 0), printed
        expected = [line for line in shown.splitlines() if line and not TIMED.search(line)]
        assert [line for line in expected if line not in printed.splitlines()] == [], f"{command} printed:\n{printed}"
