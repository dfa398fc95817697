"""The examples of docs/inspector.md: what is shown there is what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from .console import ROOT, Example, blocks, examples, fits, run

TEXT = (ROOT / "docs" / "inspector.md").read_text("utf-8")
CODES = {"damaged.aim": 3, "--against": 1, "diff ": 1}


def test_there_are_examples() -> None:
    assert len(examples(TEXT)) == TEXT.count("\n$ ") == 9


@pytest.mark.parametrize("example", examples(TEXT))
def test_examples(example: Example, tmp_path: Path) -> None:
    for folder in ("conformance_streams", "tests"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (trace,) = blocks(TEXT, "json")
    (tmp_path / "theirs.jsonl").write_text(trace, "utf-8")
    code, printed = run(example.command, tmp_path)
    assert code == next((code for part, code in CODES.items() if part in example.command), 0)
    assert fits(printed, example.shown), printed
