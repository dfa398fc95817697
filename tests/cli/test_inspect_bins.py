"""aimc inspect --bins of packages, --levels, --stats and --against for bins."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import aimcodec

from .command import STREAM, Command


@pytest.fixture
def package(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).normal(size=(30, 40)).astype("f2")
    file = tmp_path / "m.aim"
    aimcodec.save_file({"t": values}, file)
    return file


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    file = tmp_path / "s.nnc"
    file.write_bytes(STREAM)
    return file


def test_steps_of_a_package(aimc: Command, package: Path) -> None:
    result = aimc("inspect", package, "--bins", "t", "--range", "-3:")
    assert result.code == 0
    assert result.lines[0].startswith("block 0: planes, 1200 records of 2 bytes, units[1]")
    assert result.lines[2].split()[:4] == ["#", "step", "state", "x"]
    assert len(result.lines) == 6
    rows = [json.loads(line) for line in aimc("inspect", package, "--bins", "t", "--range", "-3:", "--json").lines]
    assert [row["step"] for row in rows] == [1197, 1198, 1199]
    assert [str(row["state_before"]) for row in rows] == [line.split()[3] for line in result.lines[3:]]


def test_a_long_trace_says_how_to_see_more(aimc: Command, package: Path) -> None:
    result = aimc("inspect", package, "--bins", "t", "--json")
    assert len(result.lines) == 500
    assert "--range" in result.err


@pytest.mark.parametrize(
    "arguments", [["--block", "1"], ["--levels", "0:1"], ["--range", "x"], ["--after", "s"], ["--bins", "none"]]
)
def test_use_for_packages(arguments: list[str], aimc: Command, package: Path, stream: Path) -> None:
    places = [str(stream) if argument == "s" else argument for argument in arguments]
    assert aimc("inspect", package, "--bins", "t", *places).code == 2


@pytest.mark.parametrize("arguments", [["--block", "0"], ["--levels", "3"], ["--levels", "-1:2"]])
def test_use_for_streams(arguments: list[str], aimc: Command, stream: Path) -> None:
    assert aimc("inspect", stream, "--bins", "w", *arguments).code == 2


def test_levels(aimc: Command, stream: Path) -> None:
    rows = [json.loads(x) for x in aimc("inspect", stream, "--bins", "w", "--levels", "2:4", "--json").lines]
    assert {row["position"] for row in rows} == {2, 3}
    assert rows[0]["element"] == "sig_flag"


def test_against(aimc: Command, stream: Path, tmp_path: Path) -> None:
    trace = tmp_path / "theirs.jsonl"
    lines = aimc("inspect", stream, "--bins", "w", "--json").lines
    trace.write_text("\n".join(lines), "utf-8")
    result = aimc("inspect", stream, "--bins", "w", "--against", trace)
    assert (result.code, result.lines) == (0, [f"{trace}: agrees with the payload"])

    lines[90] = json.dumps({**json.loads(lines[90]), "context": 7})
    trace.write_text("\n".join(lines), "utf-8")
    result = aimc("inspect", stream, "--bins", "w", "--against", trace)
    assert result.code == 1
    assert result.lines[0].startswith(f"{trace}: line 91: context is 7, the stream has ")
    shown = [line[0] for line in result.lines[2:]]
    assert shown == [" "] * 5 + [">", "<"]
    (record,) = aimc("inspect", stream, "--bins", "w", "--against", trace, "--json").lines
    assert json.loads(record)["ours"]["number"] == 90

    window = aimc("inspect", stream, "--bins", "w", "--range", "40:50", "--json").lines
    trace.write_text("\n".join(window), "utf-8")
    assert aimc("inspect", stream, "--bins", "w", "--range", "40:50", "--against", trace).code == 0
    assert aimc("inspect", stream, "--bins", "w", "--against", trace).code == 1


def test_stats(aimc: Command, package: Path, stream: Path) -> None:
    for file, table in ((package, "planes[1]"), (stream, "sig_flag state 0 after 0")):
        result = aimc("inspect", file, "--stats")
        assert result.code == 0
        assert result.lines[0] == f"{8 * file.stat().st_size} bits"
        assert table in result.out
        rows = [json.loads(line) for line in aimc("inspect", file, "--stats", "--json").lines]
        assert sum(row["bits"] for row in rows if row["row"] == "share") == 8 * file.stat().st_size


def test_stats_of_damage(aimc: Command, stream: Path) -> None:
    data = bytearray(STREAM)
    data[-3] ^= 0x10
    stream.write_bytes(data)
    result = aimc("inspect", stream, "--stats")
    assert result.code == 3
    assert "not decoded" in result.out
    assert "--bins 'units[3]'" in result.err
