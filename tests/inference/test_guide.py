"""docs/inference.md: its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

from aimcodec.inference import capabilities

from ..docs.console import ROOT, blocks, examples, run

TEXT = (ROOT / "docs" / "inference.md").read_text("utf-8")


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    code = "\n".join(blocks(TEXT, "python"))
    names: dict[str, object] = {}
    exec(compile(code, "inference.md", "exec"), names)  # noqa: S102 - our own text
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"{engine} [18. 22. 26.]" for engine in ("onnxruntime", "reference", "torch")]
    assert lines[3] == "{'x': 'FLOAT32 [batch, 4]'} {'MatMul': 1} 48"
    assert lines[4] == "x float32 ('batch', 4)"
    assert "from [1, 4] to [8, 4]; given is [9, 4]" in lines[5]
    assert lines[6:] == ["(2, 3)", "1 ['open', 'prepare']"]
    result = names["result"]
    assert result.tolist() == [[36, 44, 52]] * 2  # type: ignore[attr-defined]  # of x after it grew
    for example, ended in zip(examples(TEXT), (0, 2), strict=True):
        exit_code, printed = run(example.command, tmp_path)
        shown = re.escape(example.shown).replace(r"\.\.\.", ".*")
        assert re.fullmatch(shown, printed), printed
        assert exit_code == ended


def test_table_of_settings() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| (yes|no) \| ([^|]+) \|$", TEXT, re.MULTILINE)
    found = capabilities()
    assert [row[0] for row in rows] == list(found)
    for name, settings, stops, threads in rows:
        assert set(settings.strip().split(", ")) == found[name].settings
        assert (stops == "yes") == found[name].stops
        assert (threads.strip() == "run together") == found[name].parallel_runs
