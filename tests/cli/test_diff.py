"""aimc diff: models of any formats, element by element where both have elements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import aimcodec
from aimcodec import nnc

from .command import Command, changed

MODEL: dict[str, NDArray[Any]] = {
    "w": np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6),
    "b": np.arange(6, dtype=np.float32),
}


def write(file: Path, tensors: dict[str, NDArray[Any]]) -> Path:
    if file.suffix == ".aim":
        aimcodec.save_file(tensors, file)
    elif file.suffix == ".nnc":
        file.write_bytes(nnc.encode(tensors, qp=-16))
    elif file.suffix == ".npz":
        np.savez(file, **tensors)
    else:
        from safetensors.numpy import save_file

        save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, file)
    return file


@pytest.fixture(params=[".aim", ".nnc", ".npz", ".safetensors"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


other_kind = pytest.mark.parametrize("other", [".aim", ".nnc", ".npz", ".safetensors"])


@other_kind
def test_tensors_of_any_two_formats(kind: str, other: str, aimc: Command, tmp_path: Path) -> None:
    """NNC is lossy: what its stream decodes to is what the others get."""
    decoded = nnc.decode(write(tmp_path / "m.nnc", MODEL).read_bytes())
    tensors = MODEL if kind == other == ".nnc" else decoded
    one = write(tmp_path / f"a{kind}", MODEL if kind == ".nnc" else tensors)
    two = write(tmp_path / f"b{other}", MODEL if other == ".nnc" else tensors)
    result = aimc("diff", one, two, "--only", "tensors", "--json")
    record = json.loads(result.out)
    assert (result.code, record["structure"]) == (0, None)
    assert sorted((t["name"], t["what"]) for t in record["tensors"]) == [("b", "equal"), ("w", "equal")]


@other_kind
def test_a_value_that_differs(other: str, aimc: Command, tmp_path: Path) -> None:
    decoded = nnc.decode(write(tmp_path / "m.nnc", MODEL).read_bytes())
    edited = {**decoded, "w": decoded["w"].copy()}
    edited["w"][2, 3] += 8
    one = write(tmp_path / "a.npz", edited)
    two = write(tmp_path / f"b{other}", MODEL if other == ".nnc" else decoded)
    result = aimc("diff", one, two, "--json")
    (found,) = [t for t in json.loads(result.out)["tensors"] if t["what"] != "equal"]
    assert result.code == 1
    assert (found["name"], found["diff"]["max_error"], found["diff"]["changed"]) == ("w", 8.0, 1)
    assert found["diff"]["first"] == [2, 3]
    line = next(line for line in aimc("diff", one, two).lines if line.startswith("w "))
    assert "4.1667%" in line


def test_elements_and_tensors(aimc: Command, tmp_path: Path) -> None:
    one = write(tmp_path / "a.aim", MODEL)
    two = write(tmp_path / "b.aim", {**MODEL, "b": MODEL["b"].astype(np.int16), "n": np.zeros(3, np.int8)})
    result = aimc("diff", one, two)
    assert result.code == 1
    assert result.lines[0] == "units: 2 the same, 3 changed, 1 only in B"
    assert "tensors: 1 equal, 1 of equal values, 1 only in B" in result.lines
    record = json.loads(aimc("diff", one, two, "--json").out)
    unit = next(u for u in record["structure"]["units"] if "'b'" in u["label"])
    types = next(e for e in unit["elements"] if e["path"] == "tensor_header.data_type")
    assert (types["a"]["symbol"], types["b"]["symbol"]) == ("FLOAT32", "INT16")
    assert one.read_bytes()[types["a"]["bit_offset"] // 8] == types["a"]["value"]


def test_the_same_file(kind: str, aimc: Command, tmp_path: Path) -> None:
    file = write(tmp_path / f"a{kind}", MODEL)
    result = aimc("diff", file, file)
    assert (result.code, result.err) == (0, "")
    assert result.lines[-1] == "tensors: 2 equal"


def test_equal_tensors_coded_otherwise_differ_in_structure_only(aimc: Command, tmp_path: Path) -> None:
    one, two = tmp_path / "a.aim", tmp_path / "b.aim"
    aimcodec.save_file(MODEL, one, coding="raw")
    aimcodec.save_file(MODEL, two)
    assert aimc("diff", one, two).code == 1
    assert aimc("diff", one, two, "--only", "structure").code == 1
    assert aimc("diff", one, two, "--only", "tensors").code == 0


@pytest.mark.parametrize("suffix", [".aim", ".nnc"])
def test_damaged_files_are_compared_as_far_as_they_go(suffix: str, aimc: Command, tmp_path: Path) -> None:
    good = write(tmp_path / f"a{suffix}", MODEL)
    data = good.read_bytes()
    bad = tmp_path / f"b{suffix}"
    bad.write_bytes(data[: len(data) * 3 // 4])
    for files in ((good, bad), (bad, good)):
        result = aimc("diff", *files)
        assert result.code == 3
        assert result.lines[0].startswith("units: ")
        assert all(line.startswith("aimc: ") and str(bad) in line for line in result.err.splitlines())
        assert f"aimc inspect {bad} --at-bit" in result.err
    assert aimc("diff", bad, bad).code == 3


def test_a_damaged_payload(aimc: Command, tmp_path: Path) -> None:
    good = write(tmp_path / "a.npz", MODEL)
    data = write(tmp_path / "b.aim", MODEL).read_bytes()
    place = data.index(b"\x89AIM", 64) + 64 + 8  # in the first payload
    bad = tmp_path / "b.aim"
    bad.write_bytes(changed(data, (place + 64, data[place + 64] ^ 1)))
    result = aimc("diff", good, bad)
    assert (result.code, result.out) == (3, "")
    assert str(bad) in result.err


def test_use(aimc: Command, tmp_path: Path) -> None:
    one = write(tmp_path / "a.aim", MODEL)
    two = write(tmp_path / "a.npz", MODEL)
    assert aimc("diff", one, two, "--only", "structure").code == 2
    assert aimc("diff", one, tmp_path / "none.aim").code == 6
    assert aimc("diff", one).code == 2
