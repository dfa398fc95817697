"""aimc inspect --against: the trace of another codec, as a file of JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .command import STREAM, Command


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "theirs.jsonl"


def ours(aimc: Command, stream: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in aimc("inspect", stream, "--json").lines]


def write(file: Path, lines: list[dict[str, object]]) -> None:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def test_our_own_trace_agrees(aimc: Command, stream: Path, trace: Path) -> None:
    write(trace, ours(aimc, stream))
    result = aimc("inspect", stream, "--against", trace)
    assert (result.code, result.err) == (0, "")
    assert result.lines == [f"{trace}: agrees with the stream"]
    assert json.loads(aimc("inspect", stream, "--against", trace, "--json").out) == {"agrees": True}


def test_the_first_difference_with_what_is_before_it(aimc: Command, stream: Path, trace: Path) -> None:
    lines = ours(aimc, stream)
    index = next(i for i, line in enumerate(lines) if str(line["path"]).endswith("tensor_dimensions[0]"))
    assert lines[index]["value"] == 2
    lines[index]["value"] = lines[-2]["value"] = 3
    write(trace, lines)
    result = aimc("inspect", stream, "--against", trace)
    assert result.code == 1
    assert result.lines[0] == f"{trace}: line {index + 1}: value is 3, the stream has 2"
    shown = [line for line in result.lines if "u(" in line or "ue(" in line]
    assert [line.startswith(">") for line in shown] == [False] * 5 + [True]
    assert "tensor_dimensions[0]" in shown[-1]
    record = json.loads(aimc("inspect", stream, "--against", trace, "--json").out)
    assert (record["agrees"], record["line"], record["field"]) == (False, index + 1, "value")
    assert record["theirs"]["value"] == 3
    assert record["ours"]["bit_offset"] == 218


def test_a_trace_that_ends_early(aimc: Command, stream: Path, trace: Path) -> None:
    write(trace, ours(aimc, stream)[:10])
    result = aimc("inspect", stream, "--against", trace)
    assert result.code == 1
    assert "at its end: the trace ends before units[1]" in result.lines[0]


def test_a_damaged_stream(aimc: Command, tmp_path: Path, trace: Path) -> None:
    file = tmp_path / "cut.nnc"
    file.write_bytes(STREAM)
    write(trace, ours(aimc, file))
    file.write_bytes(STREAM[:-4])
    result = aimc("inspect", file, "--against", trace)
    assert result.code == 1
    assert "the stream cannot be read here" in result.lines[0]
    write(trace, ours(aimc, file)[:1])
    assert aimc("inspect", file, "--against", trace).code == 1


@pytest.mark.parametrize(("text", "code"), [("[]", 3), ("{", 3), ('{"value": 1}', 3), ('{"bit_offset": "x"}', 3)])
def test_what_is_no_trace(text: str, code: int, aimc: Command, stream: Path, trace: Path) -> None:
    trace.write_text(text, "utf-8")
    result = aimc("inspect", stream, "--against", trace)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(f"aimc: {trace}: line 1")


def test_use(aimc: Command, stream: Path, trace: Path) -> None:
    assert aimc("inspect", stream, "--against", trace).code == 6
    write(trace, [])
    assert aimc("inspect", stream, "--against", trace, "--bins", "w").code == 1  # of no bins
