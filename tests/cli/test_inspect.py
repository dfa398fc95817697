"""What info and inspect print, against the tables of section 17."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..conformance.cases import Case, case_parameters
from ..reference.annotated import PLAIN, TABLES, UPDATE, Annotated
from .command import STREAM, Command, changed

each_table = pytest.mark.parametrize("table", TABLES, ids=[t["section"] for t in TABLES])


def write(table: dict[str, Any], folder: Path) -> Path:
    file = folder / "stream.nnc"
    file.write_bytes(bytes.fromhex(table["stream"]))
    return file


@each_table
def test_the_tree_has_the_lines_of_the_tables(table: dict[str, Any], aimc: Command, tmp_path: Path) -> None:
    result = aimc("inspect", write(table, tmp_path))
    assert result.code == 0
    printed = {line.split()[0]: line.split()[1:] for line in result.lines if line.split()[1] != "0"}
    for place, name, descriptor, bits, value in table["header"]:
        length, kind, raw, element, *rest = printed[place]
        assert (int(length), raw) == (len(bits), bits)
        assert kind == {"st": "st(v)"}.get(descriptor, descriptor)
        assert element.partition("[")[0] == name.partition("[")[0].partition(" ")[0]
        assert value is None or rest[0] == (repr(value) if isinstance(value, str) else str(value))


@pytest.mark.parametrize("annotated", PLAIN, ids=[a.table["section"] for a in PLAIN])
def test_bins_have_the_lines_of_the_tables(annotated: Annotated, aimc: Command, tmp_path: Path) -> None:
    heading, *lines = aimc("inspect", write(annotated.table, tmp_path), "--bins", "w").lines
    assert heading.split() == ["#", "P", "element", "context", "S", "R", "O", "rL", "bin", "R'", "O'", "a", "b"]
    expected = ["".join("" if v is None else str(v) for v in row) for row in annotated.table["bins"]]
    assert ["".join(line.split()) for line in lines] == ["".join(row.split()) for row in expected]


def test_ranges_of_bins(aimc: Command, stream: Path) -> None:
    def numbers(*arguments: str) -> list[int]:
        return [
            json.loads(line)["number"] for line in aimc("inspect", stream, "--bins", "w", "--json", *arguments).lines
        ]

    assert numbers("--range", "70:76") == list(range(70, 76))
    assert numbers("--range", "108:") == [108, 109, 110]
    assert numbers("--range", "-2:") == [109, 110]
    assert numbers("--range", ":3") == [0, 1, 2]
    assert numbers() == list(range(111))


def test_bins_of_an_update_take_the_streams_before_it(aimc: Command, conformance_streams: Path) -> None:
    folder = conformance_streams / "valid/nnc/update/update-tca"
    alone = aimc("inspect", folder / "stream-1.nnc", "--bins", "units[3]")
    after = aimc("inspect", folder / "stream-1.nnc", "--bins", "units[3]", "--after", folder / "stream-0.nnc")
    assert after.code == 0
    assert alone.out != after.out
    assert any(context in line.split() for line in after.lines for context in ("51", "52"))  # SIGN_T


def test_bins_of_a_damaged_payload(aimc: Command, tmp_path: Path) -> None:
    file = tmp_path / "x.nnc"
    file.write_bytes(changed(STREAM, (34, STREAM[34] ^ 0x40)))
    result = aimc("inspect", file, "--bins", "w")
    assert result.code == 3
    assert len(result.lines) > 10
    assert result.err.count("\n") == 1


def test_the_tree_of_a_damaged_stream_goes_on(aimc: Command, tmp_path: Path) -> None:
    file = tmp_path / "x.nnc"
    file.write_bytes(changed(STREAM, (15, 0xFF)))
    result = aimc("inspect", file)
    assert result.code == 3
    assert [line.split()[2] for line in result.lines if " units[" in line] == [f"units[{i}]" for i in range(4)]
    assert any("not readable: topology_storage_format is 255" in line for line in result.lines)
    assert "15.0" in result.err


def test_at_bit(aimc: Command, stream: Path) -> None:
    result = aimc("inspect", stream, "--at-bit", 220)
    assert [line.split()[1:5] for line in result.lines if line.startswith(">")] == [["27.2", "8", "ue(7)", "10000010"]]
    assert result.lines[-2] == (
        "bit 220 is bit 2 of units[3].nnr_compressed_data_unit_header.tensor_dimensions[0], clause 4.1"
    )
    assert result.lines[-1] == "tensor_dimensions[0]: a dimension"
    assert aimc("inspect", stream, "--at-bit", "27.4").out == result.out
    found = json.loads(aimc("inspect", stream, "--at-bit", 220, "--json").out)
    assert (found["bit_offset"], found["doc"]) == (218, "a dimension")


@pytest.mark.parametrize("place", ["-1", "27.8", "x", "1.2.3", "", "1e3"])
def test_places_that_are_none(place: str, aimc: Command, stream: Path) -> None:
    result = aimc("inspect", stream, f"--at-bit={place}")
    assert (result.code, result.out) == (2, "")


def test_path_and_depth(aimc: Command, stream: Path) -> None:
    assert len(aimc("inspect", stream, "--depth", 1).lines) == 1 + 4
    path = "units[1].nnr_model_parameter_set_unit_payload.mps_q"
    names = [json.loads(line)["path"] for line in aimc("inspect", stream, "--path", path, "--json").lines]
    assert [name.rpartition(".")[2] for name in names] == [
        "mps_quantization_method_flags",
        "mps_qp_density",
        "mps_quantization_parameter",
    ]


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", slow_beyond=100_000))
def test_all_json_parses(case: Case, aimc: Command) -> None:
    for step in case.steps:
        elements = [json.loads(line) for line in aimc("inspect", step.file, "--json").lines]
        assert sum(element["bit_length"] for element in elements) == 8 * len(step.data)
        summary = json.loads(aimc("info", step.file, "--json").out)
        assert summary["bytes"] == len(step.data)


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", "invalid", slow_beyond=100_000))
@pytest.mark.parametrize("columns", [80, pytest.param(160, marks=pytest.mark.slow)])
def test_lines_fit_the_terminal(case: Case, columns: int, aimc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for arguments in (["info"], ["inspect"], ["inspect", "--range", ":200", "--bins", "3"]):
        for line in aimc(*arguments, case.steps[0].file).lines:
            assert len(line) <= columns


def test_info(aimc: Command, tmp_path: Path) -> None:
    result = aimc("info", write(UPDATE, tmp_path))
    assert result.lines[:2] == [
        "NNC edition 2, 39 bytes, units: 1 STR, 1 MPS, 1 TPL, 1 NDU",
        "1 tensors, 6 elements, 52.000 bits per element",
    ]
    words = " ".join(result.lines[-1].split())
    assert words == "3 w 2 x 3 float update, temporal contexts, row skipping -12 21 28.000"


def test_nothing_asked_for_shows_the_help(aimc: Command) -> None:
    result = aimc()
    assert result.code == 2
    assert all(command in result.out + result.err for command in ("encode", "decode", "info", "validate", "inspect"))
    assert "aimc:" not in result.err


def test_version(aimc: Command) -> None:
    import aimcodec

    result = aimc("--version")
    assert result.code == 0
    assert aimcodec.__version__ in result.out
    assert aimcodec.isa() in result.out
