"""The tables of the AIM text are those of the syntax, and the text names every rule's error."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from aimcodec import errors

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec"
TEXT = (SPEC / "aim-bitstream.md").read_text("utf-8")


def test_tables_are_current() -> None:
    run = subprocess.run([sys.executable, SPEC / "generate.py", "--check"], check=False)
    assert run.returncode == 0, "run docs/spec/generate.py"


def test_every_table_is_there() -> None:
    tables = re.findall(r"<!-- generated: (\w+) -->\n\| \1 \| descriptor \|\n(.*?)<!-- end -->", TEXT, re.DOTALL)
    assert len(tables) == TEXT.count("<!-- generated") == 24
    assert all(body.count("\n") >= 2 for _, body in tables)


def test_errors_are_those_of_the_package() -> None:
    clause = TEXT[TEXT.index("## 11 ") : TEXT.index("## 12 ")]
    named = set(re.findall(r"\w+Error", clause))
    assert named <= set(errors.__all__)
    assert {"TruncatedError", "MalformedError", "OutOfRangeError", "InconsistentError", "UnsupportedError"} <= named
