"""Graphs for the viewer Netron: what its own reader reads is the graph."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aimcodec.model import ModelStructure
from aimcodec.model.netron import to_netron
from aimcodec.model.parameters import ParameterInfo
from aimcodec.model.text import from_text

from .strategies import HOSTILE, structures

EXAMPLE = """\
aim structure 1
model metadata {"a\\u{202e}b" = "<b>"}
format 8
operators "" 17
function my.Twice(a) -> (b) {b = Add(a, a)}
graph main {
  input x: FLOAT32[N, ?, 3]
  output y: FLOAT32[N, 4]
  parameter w: FLOAT32[3, 4] @ "layer.w"
  h = MatMul(x, w)
  y = If(h) {then_branch = graph then {output a a = Relu(h)}, big = 9007199254740993, axes = [1, -2]} named "if\\n1"
}
"""
INFOS = {"layer.w": ParameterInfo("lossless", 48, 12, "sha256:00")}

# Runs the reader as Netron does, and prints what is in its objects.
READER = """
import fs from 'fs';
const { ModelFactory } = await import(process.argv[2]);
const data = fs.readFileSync(process.argv[3]);
const stream = { length: data.length, peek: (size) => data.subarray(0, size) };
const set = (type, value) => { context.value = value; return type; };
const context = { stream, peek: async () => JSON.parse(data), set };
const factory = new ModelFactory();
if (!await factory.match(context)) throw new Error('no match');
const model = await factory.open(context);
const shown = (value) => [value.name, String(value.type), Boolean(value.initializer)];
const values = (argument) => argument.value.map(shown);
const record = (argument) => [argument.name, values(argument)];
console.log(JSON.stringify({ format: model.format, metadata: model.metadata.map((item) => [item.name, item.value]),
  modules: model.modules.map((module) => ({ inputs: module.inputs.map(record), outputs: module.outputs.map(record),
    nodes: module.nodes.map((node) => ({ name: node.name, type: node.type.name, inputs: node.inputs.map(record),
      outputs: node.outputs.map(record),
      attributes: node.attributes.map((item) => [item.name, item.type, item.value]) })) })) }));
"""


def check(record: dict[str, Any]) -> None:
    """Every number of a value is one of its module."""
    for module in record["modules"]:
        lists = [module["inputs"], module["outputs"]]
        lists += [node[key] for node in module["nodes"] for key in ("inputs", "outputs")]
        for argument in (argument for found in lists for argument in found):
            assert all(0 <= number < len(module["values"]) for number in argument["value"])


@given(structures())
@settings(max_examples=30)
def test_form(structure: ModelStructure) -> None:
    text = to_netron(structure)
    assert text.startswith('{"signature": "netron:aim",')
    assert text.isascii()
    record = json.loads(text, parse_constant=pytest.fail)
    check(record)
    graph = record["modules"][0]
    assert [node["type"]["name"] for node in graph["nodes"]] == [
        "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in node.operator)
        for node in structure.graph.nodes
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str) -> None:
    """Row 33 of the threats: nothing invisible reaches the viewer."""
    structure = from_text(EXAMPLE)
    structure.graph.name = structure.graph.nodes[0].name = structure.graph.nodes[0].operator = name
    structure.metadata[name] = name

    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for pair in value.items() for one in pair for text in texts(one)]
        return [text for one in value for text in texts(one)] if isinstance(value, list) else [str(value)]

    assert all(text.isprintable() for text in texts(json.loads(to_netron(structure))))


@pytest.mark.slow
def test_reader_of_netron(tmp_path: Path) -> None:
    netron = pytest.importorskip("netron")
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    script, reader, file = tmp_path / "script.mjs", tmp_path / "reader.mjs", tmp_path / "model.netron"
    script.write_text(READER, "utf-8")
    shutil.copyfile(Path(netron.__file__).parent / "message.js", reader)
    file.write_text(to_netron(from_text(EXAMPLE), INFOS), "utf-8")
    done = subprocess.run([node, script, reader, file], capture_output=True, text=True, check=True, timeout=60)
    read = json.loads(done.stdout)
    assert read["format"] == "AIM structure, ONNX IR v8"
    assert read["metadata"] == [["operators of ai.onnx", "17"], ["a\\u202eb", "<b>"]]
    main, function, then = read["modules"]
    assert main["inputs"] == [["x", [["x", "float32[N,?,3]", False]]]]
    assert main["outputs"] == [["y", [["y", "float32[N,4]", False]]]]
    multiply, condition = main["nodes"]
    assert [title for title, _ in multiply["inputs"]] == ["A", "B"]  # ONNX, MatMul
    assert multiply["inputs"][1][1] == [["w", "float32[3,4]", True]]
    assert multiply["attributes"] == [
        ["w coding", "string", "lossless"],
        ["w bytes", "string", "48"],
        ["w coded bytes", "string", "12"],
        ["w ratio", "string", "0.2500"],
        ["w digest", "string", "sha256:00"],
    ]
    assert condition["name"] == "if\\n1"
    assert condition["attributes"][1:] == [["big", "string", "9007199254740993"], ["axes", "int64[]", [1, -2]]]
    assert [node["type"] for node in (*function["nodes"], *then["nodes"])] == ["Add", "Relu"]
