"""aimc run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

import ml_dtypes
from onnx import TensorProto, helper

import aimcodec

from ..inference.models import model_of, package_of, parts, perceptron, value
from .command import Command

X = np.random.default_rng(1).standard_normal((3, 64), np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "m.aim"
    file.write_bytes(package_of(perceptron()))
    return file


@pytest.fixture
def x(tmp_path: Path) -> Path:
    file = tmp_path / "x.npy"
    np.save(file, X)
    return file


def before() -> Any:
    _, arrays = parts(perceptron())
    return X @ arrays["w"] + arrays["b"]


@pytest.mark.parametrize("engine", ["onnxruntime", "reference", "torch"])
def test_outputs(aimc: Command, model: Path, x: Path, tmp_path: Path, engine: str) -> None:
    result = aimc("run", model, "--input", x, "--engine", engine, "-o", tmp_path / "out", "--repeat", 3)
    assert result.code == 0, result.err
    assert [line.split(":")[0] for line in result.lines] == ["y", "before", f"{engine} {version(engine)}", "3 runs"]
    assert "float32 3x64: min" in result.lines[1]
    np.testing.assert_allclose(np.load(tmp_path / "out" / "before.npy"), before(), rtol=1e-4, atol=1e-4)
    assert np.load(tmp_path / "out" / "y.npy").shape == (3, 8)


def version(engine: str) -> str:
    return aimcodec.inference.capabilities()[engine].version


def test_json_and_one_file(aimc: Command, model: Path, x: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.npy"
    result = aimc("run", model, "--input", f"x={x}", "-o", f"before={file}", "--json", "--threads", 1)
    report = json.loads(result.out)
    assert [output["name"] for output in report["outputs"]] == ["y", "before"]
    told = report["outputs"][1]
    assert (told["dtype"], told["shape"], told["file"]) == ("float32", [3, 64], str(file))
    numbers = before()
    for key, number in (("min", numbers.min()), ("max", numbers.max()), ("mean", numbers.mean())):
        assert told[key] == pytest.approx(number, rel=1e-4, abs=1e-5)
    assert report["seconds"]["runs"] == 1
    assert np.load(file).shape == (3, 64)


def test_onnx_file(aimc: Command, x: Path, tmp_path: Path) -> None:
    file = tmp_path / "m.onnx"
    file.write_bytes(perceptron().SerializeToString())
    assert aimc("run", file, "--input", x).code == 0


def test_inputs_that_are_missing_are_listed(aimc: Command, model: Path) -> None:
    result = aimc("run", model)
    assert result.code == 2
    assert "'x' (FLOAT32 [batch, 64])" in result.err


def test_fill(aimc: Command, model: Path) -> None:
    shapes = []
    for arguments in (["zeros"], ["random"], ["random", "--size", "batch=5"], ["random", "--seed", 2]):
        result = aimc("run", model, "--fill", *arguments, "--json")
        assert result.code == 0, result.err
        shapes.append(json.loads(result.out)["outputs"][1])
    assert [output["shape"] for output in shapes] == [[1, 64], [1, 64], [5, 64], [1, 64]]
    assert len({output["mean"] for output in shapes}) == 4
    assert shapes[0]["mean"] == pytest.approx(float(parts(perceptron())[1]["b"].mean()), rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--input", "x=no.npy"], 6, "no.npy"),
        (["--input", "q=x.npy"], 2, "'x'"),
        (["--input", "x.npy", "--input", "x=x.npy"], 2, "second time"),
        (["--input", "bad.npy"], 3, "bad.npy: not a .npy file"),
        (["--input", "wide.npy"], 2, "[batch, 64]"),
        (["--input", "objects.npy"], 3, "not a .npy file"),
        (["--input", "short.npy"], 3, "not a .npy file"),
        (["--input", "x.npy", "--engine", "steam"], 2, "steam"),
        (["--input", "x.npy", "-o", "out", "-o", "y=y.npy"], 2, "one folder"),
        (["--input", "x.npy", "-o", "q=y.npy"], 2, "'before'"),
        (["--input", "x.npy", "--size", "batch=many"], 2, "SYMBOL=N"),
        (["--input", "x.npy", "--engine", "torch", "--threads", 2], 4, "threads"),
        (["--input", "x.npy", "--variant", "none"], 2, "none"),
    ],
)
def test_errors(
    aimc: Command, model: Path, x: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: str
) -> None:
    monkeypatch.chdir(x.parent)
    Path("bad.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xff{")
    np.save("wide.npy", np.ones((3, 65), np.float32))
    np.save("objects.npy", np.array([{}], object), allow_pickle=True)
    Path("short.npy").write_bytes(x.read_bytes()[:-4])
    result = aimc("run", model, *arguments)
    assert result.code == code, result.err
    assert words in result.err
    assert not Path("out").is_file()


def test_package_without_structure(aimc: Command, tmp_path: Path) -> None:
    file = tmp_path / "t.aim"
    aimcodec.save_file({"w": np.ones(3)}, file)
    result = aimc("run", file)
    assert (result.code, "no structure" in result.err) == (4, True)


def test_damaged(aimc: Command, model: Path) -> None:
    data = bytearray(model.read_bytes())
    data[-40] ^= 1
    model.write_bytes(data)
    assert aimc("run", model, "--fill", "zeros").code == 3


def test_names_of_outputs_become_no_paths(aimc: Command, tmp_path: Path) -> None:
    names = ["../../up", "/etc/x", "..", "A", "a", "li\x1b[31mne\n"]
    nodes = [helper.make_node("Add", ["x", "x"], [name]) for name in names]
    outputs = [value(name, TensorProto.FLOAT, 2) for name in names]
    file = tmp_path / "m.aim"
    file.write_bytes(package_of(model_of(nodes, [value("x", TensorProto.FLOAT, 2)], outputs, {})))
    folder = tmp_path / "deep" / "out"
    result = aimc("run", file, "--fill", "zeros", "-o", folder, "--engine", "reference")
    assert result.code == 0, result.err
    assert len(list(folder.iterdir())) == len(names)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    assert "\x1b" not in result.out


def test_types_that_npy_files_do_not_name(aimc: Command, tmp_path: Path) -> None:
    kind = TensorProto.BFLOAT16
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    file, given, taken = tmp_path / "m.aim", tmp_path / "x.npy", tmp_path / "y.npy"
    file.write_bytes(package_of(model_of(nodes, [value("x", kind, 3)], [value("y", kind, 3)], {})))
    x = np.array([1, -2, 3]).astype(ml_dtypes.bfloat16)
    np.save(given, x.view("V2"))
    result = aimc("run", file, "--input", given, "-o", f"y={taken}", "--engine", "reference")
    assert result.code == 0, result.err
    assert np.load(taken).view(ml_dtypes.bfloat16).tolist() == [1, -2, 3]


def test_output_that_cannot_be_written(aimc: Command, model: Path, x: Path, tmp_path: Path) -> None:
    (tmp_path / "y.npy").mkdir()
    assert aimc("run", model, "--input", x, "-o", f"y={tmp_path / 'y.npy'}").code == 2
    assert os.listdir(tmp_path / "y.npy") == []
    assert aimc("run", model, "--input", x, "-o", f"y={tmp_path / 'nowhere' / 'y.npy'}").code == 6
