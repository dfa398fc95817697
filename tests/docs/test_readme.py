"""The examples of the README run: Python in one go, commands with their output."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Lines that show a time differ from run to run.
TIMED = re.compile(r"\d s, ")
# Tables give up columns on narrow terminals.
WIDE = {**os.environ, "COLUMNS": "160"}


def blocks(kind: str) -> list[str]:
    return [body for found, body in BLOCK.findall((ROOT / "README.md").read_text()) if found == kind]


def commands() -> list[tuple[str, list[str]]]:
    """(command, lines shown below it) of all console blocks, without those that set up the project."""
    result: list[tuple[str, list[str]]] = []
    for line in "".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            result.append((line[2:], []))
        else:
            result[-1][1].append(line)
    return [(command, lines) for command, lines in result if command.startswith("aimc ")]


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conformance_streams").symlink_to(ROOT / "conformance_streams")
    code = "\n".join(blocks("python"))
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own text
    assert len(commands()) >= 5
    for command, shown in commands():
        arguments = [sys.executable, "-m", "aimcodec.cli", *shlex.split(command)[1:]]
        run = subprocess.run(arguments, check=False, capture_output=True, text=True, env=WIDE)
        assert run.returncode == (3 if "/invalid/" in command else 0), run.stderr
        printed = (run.stdout + run.stderr).splitlines()
        expected = [line for line in shown if line and not TIMED.search(line)]
        assert [line for line in expected if line not in printed] == [], f"{command} printed:\n{run.stdout}{run.stderr}"
