"""aimc convert between everything: what goes along, what is told to be left out, files under other names."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import aimcodec
from aimcodec.bridges.formats import FORMATS, find_format
from aimcodec.cli.app import run
from aimcodec.cli.models import open_model

onnx = pytest.importorskip("onnx")
gguf = pytest.importorskip("gguf")

Arrays = dict[str, Any]
DATA = Path(__file__).parent / "data"
WRITTEN = (".aim", ".safetensors", ".safetensors.index.json", ".npz", ".gguf")


def weights() -> Arrays:
    random = np.random.default_rng(3)
    return {
        "layer.weight": random.normal(size=(8, 6)).astype(np.float32),
        "layer.half": random.normal(size=(5,)).astype(np.float16),
        "ids": np.arange(4, dtype=np.int64),
    }


def read_all(file: Path) -> Arrays:
    with open_model(str(file)) as model:
        return {tensor.name: np.array(model.read(tensor.name)) for tensor in model.tensors}


def same(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name]) for name in one
    )


def convert(*arguments: object) -> int:
    return run(["convert", *map(str, arguments)])


def write_onnx_by_hand(file: Path) -> None:
    """x @ w, with a text of metadata."""
    helper = onnx.helper
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 3])],
        [onnx.numpy_helper.from_array(values, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(model, {"author": "é"})
    onnx.save(model, file)


@pytest.mark.parametrize("last", WRITTEN)
@pytest.mark.parametrize("first", WRITTEN)
def test_tensors_go_from_each_format_to_each(first: str, last: str, tmp_path: Path) -> None:
    safetensors.numpy.save_file(weights(), tmp_path / "in.safetensors")
    one, other = tmp_path / f"one{first}", tmp_path / f"other{last}"
    assert convert(tmp_path / "in.safetensors", one) == 0
    assert convert(one, other) == 0
    assert same(read_all(other), weights())


def test_texts_go_along_where_they_can(tmp_path: Path) -> None:
    texts = {"general.architecture": "bert", "note": "é\n"}
    safetensors.numpy.save_file(weights(), tmp_path / "a.safetensors", metadata=texts)
    for one, other in (("a.safetensors", "b.gguf"), ("b.gguf", "c.aim"), ("c.aim", "d.safetensors")):
        assert convert(tmp_path / one, tmp_path / other) == 0
    with safetensors.safe_open(tmp_path / "d.safetensors", "numpy") as file:
        assert file.metadata() == texts


def test_onnx_through_a_package_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_onnx_by_hand(tmp_path / "m.onnx")
    assert convert(tmp_path / "m.onnx", tmp_path / "m.aim") == 0
    assert convert(tmp_path / "m.aim", tmp_path / "back.onnx") == 0
    assert not capsys.readouterr().err
    before, after = onnx.load(tmp_path / "m.onnx"), onnx.load(tmp_path / "back.onnx")
    assert [node.op_type for node in after.graph.node] == ["MatMul"]
    assert onnx.numpy_helper.to_array(after.graph.initializer[0]).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert before.graph.input == after.graph.input
    assert before.metadata_props == after.metadata_props


def test_texts_of_a_package_reach_onnx(tmp_path: Path) -> None:
    write_onnx_by_hand(tmp_path / "m.onnx")
    assert run(["encode", str(tmp_path / "m.onnx"), "-o", str(tmp_path / "m.aim"), "--metadata", "more=1"]) == 0
    assert convert(tmp_path / "m.aim", tmp_path / "back.onnx") == 0
    texts = {entry.key: entry.value for entry in onnx.load(tmp_path / "back.onnx").metadata_props}
    assert texts == {"author": "é", "more": "1"}


@pytest.mark.parametrize(
    ("suffix", "lost"),
    [(".npz", ["metadata (1)", "the structure"]), (".safetensors", ["the structure"]), (".gguf", ["the structure"])],
)
def test_what_is_left_out_is_told(
    suffix: str, lost: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_onnx_by_hand(tmp_path / "m.onnx")
    assert convert(tmp_path / "m.onnx", tmp_path / f"m{suffix}", "--json") == 0
    out, err = capsys.readouterr()
    told = json.loads(out)["losses"]
    assert [line.split(",")[0] for line in told] == lost
    assert all(f"not carried: {line}" in err for line in told)


def test_what_only_packages_hold_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with aimcodec.Writer(tmp_path / "m.aim") as writer:
        writer.add_license("MIT")
        writer.add_asset("vocab.txt", b"a")
        writer.add_variant("half")
        writer.add_tensor("w", np.zeros(3, np.float32))
        writer.add_alias("tied", "w")
        writer.add_tensor("w", np.ones(3, np.float16), variant="half")
    assert convert(tmp_path / "m.aim", tmp_path / "m.safetensors") == 0
    err = capsys.readouterr().err
    for words in ("1 licences", "1 other variants", "assets (vocab.txt)", "ties (1)"):
        assert words in err
    assert convert(tmp_path / "m.aim", tmp_path / "h.safetensors", "--variant", "half") == 0
    assert read_all(tmp_path / "h.safetensors")["w"].tolist() == [1, 1, 1]
    assert convert(tmp_path / "m.aim", tmp_path / "n.aim", "--variant", "half") == 2
    assert convert(tmp_path / "h.safetensors", tmp_path / "n.npz", "--variant", "half") == 2


def test_onnx_needs_a_structure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    safetensors.numpy.save_file(weights(), tmp_path / "a.safetensors")
    assert convert(tmp_path / "a.safetensors", tmp_path / "a.onnx") == 4
    assert "need a structure" in capsys.readouterr().err
    assert not (tmp_path / "a.onnx").exists()


def test_blocks_of_others_become_no_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with aimcodec.Writer(tmp_path / "q.aim") as writer:
        writer.add_opaque("q", bytes(36), (2, 32), "gguf:Q4_0", 32, 18)
    for suffix in (".safetensors", ".npz", ".nnc"):
        assert convert(tmp_path / "q.aim", tmp_path / f"q{suffix}") == 4
        assert "'q'" in capsys.readouterr().err
        assert not (tmp_path / f"q{suffix}").exists()
    assert convert(tmp_path / "q.aim", tmp_path / "q.gguf") == 0
    assert gguf.GGUFReader(tmp_path / "q.gguf").tensors[0].tensor_type.name == "Q4_0"


@pytest.mark.parametrize("suffix", [".pt", ".keras", ".tflite", ".pdparams"])
def test_formats_that_are_only_read_are_not_written(suffix: str, tmp_path: Path) -> None:
    safetensors.numpy.save_file(weights(), tmp_path / "a.safetensors")
    assert convert(tmp_path / "a.safetensors", tmp_path / f"a{suffix}") == 4
    assert convert(tmp_path / "a.safetensors", tmp_path / "a.unknown") == 2


def as_npz(file: Path) -> None:
    with file.open("wb") as opened:
        np.savez(opened, w=np.zeros(2))


def as_gguf(file: Path) -> None:
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_tensor("w", np.zeros(2, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def as_package(file: Path) -> None:
    with aimcodec.Writer(file) as writer:
        writer.add_tensor("w", np.zeros(2))


MAKERS: dict[str, Callable[[Path], None]] = {
    "npz": as_npz,
    "GGUF": as_gguf,
    "safetensors": lambda file: safetensors.numpy.save_file({"w": np.zeros(2)}, file),
    "ONNX": write_onnx_by_hand,
    "package": as_package,
}


@pytest.mark.parametrize(
    "suffix", ["", ".aim", ".npz", ".safetensors", ".gguf", ".onnx", ".pt", ".tflite", ".h5", ".nnc"]
)
@pytest.mark.parametrize("kind", MAKERS)
def test_files_are_told_by_what_is_in_them(kind: str, suffix: str, tmp_path: Path) -> None:
    """Row 32: another name changes nothing."""
    file = tmp_path / f"file{suffix}"
    MAKERS[kind](file)
    assert convert(file, tmp_path / "out.npz") == 0
    assert list(read_all(tmp_path / "out.npz")) == ["w"]


FIXTURES = {
    "functional.keras": "Keras",
    "whole.h5": "Keras",
    "quantised.tflite": "TFLite",
    "state.msgpack": "Flax",
    "linear.pdiparams": "PaddlePaddle",
}


@pytest.mark.parametrize("fixture", FIXTURES)
def test_the_table_knows_the_files_of_frameworks(fixture: str) -> None:
    data = (DATA / fixture).read_bytes()
    found = find_format(data[:512], str(DATA / fixture))
    assert found is not None
    assert found.name == FIXTURES[fixture]
    assert any(fixture.endswith(suffix) for suffix in found.suffixes)


def test_a_paddle_pickle_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.pdparams").write_bytes(b"\x80\x02}q\0.")
    assert convert(tmp_path / "m.pdparams", tmp_path / "m.aim") == 4
    assert "paddle.save" in capsys.readouterr().err


def test_suffixes_belong_to_one_format() -> None:
    suffixes = [suffix for row in FORMATS for suffix in row.suffixes]
    assert len(set(suffixes)) == len(suffixes)


def test_what_is_not_installed_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_onnx_by_hand(tmp_path / "m.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert convert(tmp_path / "m.onnx", tmp_path / "m.aim") == 4
    assert "pip install 'aimcodec[onnx]'" in capsys.readouterr().err
    assert not (tmp_path / "m.aim").exists()


def test_the_file_that_is_there_stays_when_it_fails(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"w": np.zeros(2, np.uint8)}, tmp_path / "a.safetensors")
    as_gguf(tmp_path / "a.gguf")
    before = shutil.copy(tmp_path / "a.gguf", tmp_path / "b.gguf")
    assert convert(tmp_path / "a.safetensors", tmp_path / "a.gguf") == 4  # which has no UINT8
    assert (tmp_path / "a.gguf").read_bytes() == Path(before).read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_info_tells_what_a_conversion_would_carry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_onnx_by_hand(tmp_path / "m.onnx")
    assert run(["info", str(tmp_path / "m.onnx"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert {key: record[key] for key in ("format", "tensors", "parameters", "memory_bytes", "nodes", "metadata")} == {
        "format": "ONNX",
        "tensors": 1,
        "parameters": 6,
        "memory_bytes": 24,
        "nodes": 1,
        "metadata": {"author": "é"},
    }
    safetensors.numpy.save_file(weights(), tmp_path / "a.safetensors", metadata={"\x1b[31m": "\r\n"})
    assert run(["info", str(tmp_path / "a.safetensors")]) == 0
    out = capsys.readouterr().out
    assert "3 tensors, 57 parameters, 234 bytes of memory" in out
    assert r"\x1b[31m: \r\n" in out
