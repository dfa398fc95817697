"""`aimc graph` and `aimc validate --model`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import aimcodec
from aimcodec.model.text import from_text

from .command import Command

TEXT = """\
aim structure 1
model metadata {"\\u{1b}[31m" = "\\u{202e}"}
format 8
producer "by hand" "1"
operators "" 17
operators "my" 1
function my.Twice(a) -> (b) {
  operators "" 17
  b = Add(a, a)
}
graph main {
  input x: FLOAT32[N, 3]
  input flag: BOOL[]
  output y: FLOAT32[N, 4]
  parameter w: FLOAT32[3, 4] @ "layer.w"
  h = MatMul(x, w) named "\\u{1b}[31m\\u{202e}<b>"
  y = If(flag) {then_branch = graph then {
      output a
      a = my.Twice(h)
    }, else_branch = graph else {
      output b
      b = Neg(h)
    }}
}
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return make(tmp_path / "m.aim", TEXT)


def make(file: Path, text: str) -> Path:
    with aimcodec.Writer(file) as writer:
        writer.add_tensor("layer.w", np.arange(12, dtype=np.float32).reshape(3, 4))
        writer.set_model(from_text(text))
    return file


def test_text(aimc: Command, package: Path) -> None:
    result = aimc("graph", package)
    assert result.code == 0
    with aimcodec.open(package) as opened:
        assert from_text(result.out) == opened.model
    assert all(line.isprintable() for line in result.out.split("\n"))


def test_one_graph(aimc: Command, package: Path) -> None:
    assert aimc("graph", package, "--graph", "else").lines == ["graph else {", "  output b", "  b = Neg(h)", "}"]
    assert aimc("graph", package, "--graph", "Twice").lines[-2:] == ["  b = Add(a, a)", "}"]
    by_path = aimc("graph", package, "--graph", "graph.nodes[1].then_branch")
    assert by_path.lines[-2:] == ["  a = my.Twice(h)", "}"]
    missing = aimc("graph", package, "--graph", "\x1b[31m")
    assert missing.code == 2
    assert "\x1b" not in missing.err
    assert missing.out == ""


def test_dot(aimc: Command, package: Path) -> None:
    result = aimc("graph", package, "--dot", "--graph", "else")
    assert result.code == 0
    assert result.lines[0] == 'digraph "else" {'
    assert "<b>" not in aimc("graph", package, "--dot").out


def test_netron(aimc: Command, package: Path, tmp_path: Path) -> None:
    file = tmp_path / "m.netron"
    result = aimc("graph", package, "--netron", "-o", file)
    assert (result.code, result.out) == (0, "")
    assert file.read_bytes().startswith(b'{"signature": "netron:aim",')
    attributes = json.loads(file.read_text())["modules"][0]["nodes"][0]["attributes"]
    with aimcodec.open(package) as opened:
        info = opened.info("layer.w")
        digest = opened.units[info.units[0]].digest.hex()
    assert {item["name"]: item["value"] for item in attributes} == {
        "w coding": "lossless",
        "w bytes": "48",
        "w coded bytes": str(info.coded_bytes),
        "w ratio": f"{info.coded_bytes / 48:.4f}",
        "w digest": f"sha256:{digest}",
    }
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix == ".part"] == []


def test_list(aimc: Command, package: Path) -> None:
    record = json.loads(aimc("graph", package, "--json").out)
    assert record["operators"] == {"MatMul": 1, "If": 1, "my.Twice": 1, "Neg": 1}
    assert (record["nodes"], record["parameters"], record["bytes"]) == (4, 1, 48)
    assert record["inputs"] == {"x": "FLOAT32[N, 3]", "flag": "BOOL[]"}
    assert list(record["graphs"].values()) == ["main", "Twice", "then", "else"]
    lines = aimc("graph", package, "--list").lines
    assert lines[0] == "graph main, format 8, by by hand 1"
    assert "  y: FLOAT32[N, 4]" in lines
    assert lines[-1].split() == ["all", "4"]


def test_wrong_use(aimc: Command, package: Path, tmp_path: Path) -> None:
    assert aimc("graph", package, "--dot", "--netron").code == 2
    assert aimc("graph", package, "--list", "-o", tmp_path / "x").code == 2
    assert aimc("graph", tmp_path / "none.aim").code == 6
    plain = tmp_path / "plain.aim"
    aimcodec.save_file({"w": np.zeros(1)}, plain)
    assert aimc("graph", plain).code == 2
    assert aimc("validate", "--model", plain).code == 2
    assert aimc("validate", "--model", "--all", plain).code == 2


def test_damaged_source(aimc: Command, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    file = tmp_path / "bad.onnx"
    file.write_bytes(b"\x08\x08\x3a\xff\xff\x03")
    for command in (("graph",), ("validate", "--model")):
        result = aimc(*command, file)
        assert result.code == 3
        assert result.out == ""
        assert str(file) in result.err


def test_validate_good(aimc: Command, package: Path) -> None:
    result = aimc("validate", "--model", package)
    assert result.code == 0
    assert result.lines[-1] == f"{package}: ok"


def test_validate_bad(aimc: Command, tmp_path: Path) -> None:
    text = TEXT.replace("w: FLOAT32[3, 4]", "w: FLOAT32[4, 4]").replace("Neg(h)", 'Neg("\\u{1b}[31m\\u{202e}")')
    file = make(tmp_path / "bad.aim", text)
    result = aimc("validate", "--model", file)
    assert result.code == 1
    assert f"{file}: error: name.undefined: graph.nodes[1].attributes[1].value.nodes[0].inputs[0]: " in result.out
    assert f"{file}: error: parameter.shape: graph.parameters[0]: " in result.out
    assert all(line.isprintable() for line in result.lines)
    good = make(tmp_path / "good.aim", TEXT)
    result = aimc("validate", "--model", "--json", file, good)
    bad, fine = map(json.loads, result.lines)
    assert result.code == 1
    assert (bad["ok"], fine["ok"], fine["errors"]) == (False, True, [])
    assert {finding["rule"] for finding in bad["errors"]} == {"name.undefined", "parameter.shape"}
    assert set(bad["errors"][0]) == {"rule", "severity", "path", "message"}


def test_onnx_file(aimc: Command, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    ends = [helper.make_tensor_value_info(name, kind, ["N", 3]) for name in "xy"]
    weights = helper.make_tensor("w", kind, [3, 3], np.zeros(9))
    model = helper.make_model(helper.make_graph([node], "g", ends[:1], ends[1:], [weights]))
    file = tmp_path / "m.onnx"
    onnx.save(model, file)
    assert "  y = MatMul(x, w)" in aimc("graph", file).lines
    assert aimc("validate", "--model", file).code == 0
