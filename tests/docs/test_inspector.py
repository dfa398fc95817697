"""The examples of docs/inspector.md: what is shown there is what the commands print."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "inspector.md").read_text("utf-8")
EXAMPLE = re.compile(r"^\$ aimc (.*)\n((?:(?!\$ |```).*\n)*)", re.MULTILINE)
CODES = {"damaged.aim": 3, "--against": 1, "diff ": 1}


def examples() -> list[tuple[str, str]]:
    return EXAMPLE.findall(TEXT)


def test_there_are_examples() -> None:
    assert len(examples()) == TEXT.count("\n$ ") == 6


@pytest.mark.parametrize(("command", "shown"), examples())
def test_examples(command: str, shown: str, tmp_path: Path) -> None:
    for folder in ("conformance_streams", "tests"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (trace,) = re.findall(r"^```json\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    (tmp_path / "theirs.jsonl").write_text(trace, "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "aimcodec.cli", *shlex.split(command)],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "160"},
    )
    assert run.returncode == next((code for part, code in CODES.items() if part in command), 0)
    assert (run.stdout + run.stderr).strip("\n") == shown.strip("\n")
