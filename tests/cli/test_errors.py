"""Errors: one clean line, the right exit code, and nothing left behind."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aimcodec.errors import InternalError, OutOfMemoryError
from aimcodec.syntax.nnc import iter_units, write_units

from ..conformance.cases import Case, case_parameters, has_certain_place
from .command import DATA, STREAM, TOPOLOGY, Command, Result, changed, environment, run_python

AGGREGATE_UNIT = changed(STREAM, (TOPOLOGY + 2, 6 << 2 | 2))  # nnr_unit_type 6 in place of the topology
ESCAPE_SEQUENCE = "\x1b]0;owned\x07\x1b[31m\u202e[bold red]"


def assert_one_line(result: Result) -> None:
    assert result.err.startswith("aimc: ")
    assert result.err.count("\n") == 1
    assert result.err[:-1].isprintable()


@pytest.mark.parametrize("case", case_parameters("invalid"))
def test_refused_streams_leave_nothing_behind(case: Case, aimc: Command, tmp_path: Path) -> None:
    output = tmp_path / "out.safetensors"
    output.write_bytes(b"what was there before")
    result = aimc("decode", case.steps[0].file, "-o", output)
    assert result.code == (4 if "huge" in case.entry["id"] and "codebook" in case.entry["id"] else 3)
    assert result.out == ""
    assert_one_line(result)
    assert str(case.steps[0].file) in result.err
    assert output.read_bytes() == b"what was there before"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize("case", case_parameters("invalid"))
def test_every_command_survives_damage(case: Case, aimc: Command) -> None:
    file = case.steps[0].file
    assert aimc("info", file).code in {0, 3, 4}
    assert aimc("validate", "--all", file).code in {3, 4}
    assert aimc("inspect", file).code in {0, 3, 4}
    assert aimc("inspect", file, "--bins", "3").code in {0, 2, 3, 4}


@pytest.mark.parametrize("case", [p for p in case_parameters("invalid") if has_certain_place(p.values[0])])
def test_validate_names_place_and_clause(case: Case, aimc: Command) -> None:
    file = case.steps[0].file
    result = aimc("validate", "--json", file)
    (error,) = json.loads(result.out)["errors"]
    expect = case.steps[0].expect
    assert error["bit_offset"] == expect["bit_offset"]
    assert error["byte_bit"] == f"{error['bit_offset'] // 8}.{error['bit_offset'] % 8}"
    assert expect["element"] is None or expect["element"] in error["path"]
    assert error["clause"]


@pytest.mark.parametrize("case", case_parameters("invalid"))
def test_the_command_that_validate_gives_shows_the_place(case: Case, aimc: Command) -> None:
    file = case.steps[0].file
    (error,) = json.loads(aimc("validate", "--json", file).out)["errors"]
    program, *arguments = shlex.split(error["inspect"])
    assert program == "aimc"
    shown = aimc(*arguments)
    assert shown.code in {0, 3, 4}
    assert shown.out or not case.steps[0].data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (STREAM, 0),
        (STREAM[:-1], 3),
        (changed(STREAM, (3, 9)), 3),
        (changed(STREAM, (34, STREAM[34] ^ 0x40)), 3),
        (AGGREGATE_UNIT, 4),
        (changed(STREAM, (DATA + 2, 5 << 2 | 3)), 4),  # partial_data_counter_present_flag
    ],
    ids=["good", "truncated", "out of range", "codeword", "aggregate", "partial"],
)
def test_exit_codes_of_streams(data: bytes, code: int, aimc: Command, tmp_path: Path) -> None:
    file = tmp_path / "x.nnc"
    file.write_bytes(data)
    assert aimc("validate", file).code == code
    assert aimc("decode", file, "-o", tmp_path / "x.safetensors").code == code
    assert (tmp_path / "x.safetensors").exists() == (code == 0)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["frobnicate"], 2),
        (["decode"], 2),
        (["decode", "FILE"], 2),
        (["info", "FILE", "--frobnicate"], 2),
        (["--isa", "mmx", "info", "FILE"], 2),
        (["decode", "FILE", "-o", "out", "--threads", "0"], 2),
        (["inspect", "FILE", "--at-bit", "99999"], 2),
        (["inspect", "FILE", "--path", "units[9]"], 2),
        (["inspect", "FILE", "--bins", "nobody"], 2),
        (["inspect", "FILE", "--bins", "w", "--range", "7"], 2),
        (["inspect", "FILE", "--depth", "0"], 2),
        (["info", "missing.nnc"], 6),
        (["info", "."], 6),
        (["decode", "FILE", "-o", "missing/out.safetensors"], 6),
        (["decode", "FILE", "-o", "out", "--base", "missing.safetensors"], 6),
        (["encode", "missing.safetensors", "-o", "out"], 6),
        (["encode", "FILE", "-o", "out"], 3),
        (["decode", "FILE", "-o", "/dev/null"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_exit_codes_of_usage(
    arguments: list[str], code: int, aimc: Command, stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stream.parent)
    result = aimc(*[stream if a == "FILE" else a for a in arguments])
    assert result.code == code
    assert_one_line(result)
    assert list(stream.parent.iterdir()) == [stream]


def test_all_violations_are_listed(aimc: Command, tmp_path: Path) -> None:
    file = tmp_path / "x.nnc"
    file.write_bytes(changed(STREAM, (15, 0xFF), (16, 0xFF), (30, STREAM[30] | 0x0F)))
    first = json.loads(aimc("validate", "--json", file).out)["errors"]
    every = json.loads(aimc("validate", "--json", "--all", file).out)["errors"]
    assert [e["bit_offset"] for e in first] == [120]
    assert [e["bit_offset"] for e in every][:3] == [120, 128, 244]


def test_validate_takes_many_and_tells_each(aimc: Command, stream: Path) -> None:
    bad = stream.with_name("bad.nnc")
    bad.write_bytes(STREAM[:-1])
    result = aimc("validate", stream, bad, stream)
    assert result.code == 3
    assert [line for line in result.lines if not line.startswith(" ")] == [
        f"{stream}: ok",
        f"{bad}: truncated: the data end 1 bytes before the unit does",
        f"{stream}: ok",
    ]


def with_name(name: str) -> bytes:
    units = list(iter_units(STREAM))
    del units[3].fields["nnr_unit_size"], units[3].fields["nnr_unit_size_flag"]
    units[3].fields["nnr_compressed_data_unit_header"]["topology_elem_id"] = name
    return write_units(units)


def test_names_cannot_write_to_the_terminal(aimc: Command, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.nnc", tmp_path / "bad.nnc"
    good.write_bytes(with_name(ESCAPE_SEQUENCE))
    bad.write_bytes(changed(good.read_bytes(), (-8, 0)))
    shown = "\\x1b[31m\\u202e[bold red]"
    assert shown in aimc("info", good).out
    assert shown in aimc("inspect", good).out
    for arguments in (["info"], ["inspect"], ["inspect", "--bins", "3"], ["validate"], ["info", "--json"]):
        for file in (good, bad):
            result = aimc(*arguments, file)
            assert all(line.isprintable() for line in [*result.lines, *result.err.splitlines()])
    twice = tmp_path / "twice.nnc"
    unit = good.read_bytes()[DATA:]
    twice.write_bytes(good.read_bytes() + unit)
    result = aimc("validate", twice)  # the rule broken names the tensor
    assert result.code == 3
    assert shown in result.out
    assert all(line.isprintable() for line in result.lines)


@pytest.mark.parametrize(
    ("error", "code"),
    [(RuntimeError("a\nb\x1b"), 70), (InternalError("x"), 70), (MemoryError(), 4), (OutOfMemoryError("x"), 4)],
    ids=repr,
)
def test_defects_and_memory(
    error: Exception, code: int, aimc: Command, stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("aimcodec.cli.info_nnc.summarize", fails)
    result = aimc("info", stream)
    assert result.code == code
    assert_one_line(result)


def test_a_closed_pipe_ends_quietly(conformance_streams: Path) -> None:
    large = max(conformance_streams.glob("valid/nnc/model/*/stream.nnc"), key=lambda f: f.stat().st_size)
    command = [sys.executable, "-m", "aimcodec.cli", "inspect", str(large), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_missing_extras_are_named(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from aimcodec.cli import main; sys.exit(main())"
    result = run_python("-c", program)
    assert result.code == 4
    assert result.err == f"aimc: {missing} is not installed; pip install 'aimcodec[cli]' brings it\n"


def test_a_terminal_without_the_character_gets_an_escape(tmp_path: Path) -> None:
    file = tmp_path / "x.nnc"
    file.write_bytes(with_name("gewicht-ß"))
    result = run_python("-m", "aimcodec.cli", "info", file, PYTHONIOENCODING="ascii")
    assert result.code == 0
    assert "gewicht-\\xdf" in result.out
