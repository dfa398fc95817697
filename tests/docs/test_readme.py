"""The examples of the README run, from top to bottom: Python, and commands with their output."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .console import BLOCK, EXAMPLE, ROOT, run

TEXT = (ROOT / "README.md").read_text("utf-8")
# Lines that show a time differ from run to run.
TIMED = re.compile(r"\d s, |\d ms, ")


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conformance_streams").symlink_to(ROOT / "conformance_streams")
    names: dict[str, object] = {}
    typed = 0
    for kind, body in BLOCK.findall(TEXT):
        if kind == "python":
            exec(compile(body, "README.md", "exec"), names)  # noqa: S102 - our own text
        for command, shown in EXAMPLE.findall(body) if kind == "console" else []:
            if command.startswith("aimc "):  # others set up the project
                check(command, shown, tmp_path)
                typed += 1
    assert typed >= 5


def check(command: str, shown: str, folder: Path) -> None:
    ended, printed = run(command, folder)
    assert ended == (3 if "/invalid/" in command else 0), printed
    expected = [line for line in shown.splitlines() if line and not TIMED.search(line)]
    assert [line for line in expected if line not in printed.splitlines()] == [], f"{command} printed:\n{printed}"
