"""The page about graphs: its example runs, its text form is read, its table has every rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from aimcodec.model.validate import RULES

from .console import ROOT, examples, fits, run, write_files

PAGE = (ROOT / "docs" / "graphs.md").read_text("utf-8")


@pytest.mark.slow
def test_example(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    write_files(PAGE, tmp_path)
    typed = examples(PAGE)
    assert len(typed) > 5
    for example in typed:
        code, printed = run(example.command, tmp_path)
        assert fits(printed, example.shown), f"$ {example.command}\n{printed}"
        assert code == (1 if "error:" in example.shown else 0)
    assert (tmp_path / "net.netron").read_bytes().startswith(b'{"signature": "netron:aim",')


def test_rules() -> None:
    rows = [f"| `{rule}` | {severity} | {text} |" for rule, (severity, text) in RULES.items()]
    assert [line for line in PAGE.splitlines() if line.startswith("| `")] == rows
