"""Graphs for Graphviz: what dot reads out of the text is the graph, whatever its names are."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from aimcodec.errors import LimitExceededError
from aimcodec.model import Attribute, AttributeKind, Graph, OperatorNode, Tensor, VariableNode
from aimcodec.model.dot import to_dot
from aimcodec.model.parameters import ParameterInfo
from aimcodec.model.text import from_text

from .strategies import HOSTILE, graphs, names

STRING = r'"(?:[^"\\\n]|\\[^\n])*"'
ATTRIBUTES = rf"\[(?:(?:[a-z]+)=(?:[a-z0-9]+|{STRING})(?:, )?)+\]"
# All lines that DOT has here: heads, defaults, nodes, edges, boxes and their labels, ends.
LINE = re.compile(
    rf" *(?:digraph {STRING} {{|(?:node|edge) {ATTRIBUTES};|n[0-9]+ {ATTRIBUTES};|n[0-9]+ -> n[0-9]+ {ATTRIBUTES};"
    rf"|subgraph cluster_n[0-9]+_[0-9]+ {{|label={STRING};|}})"
)

EXAMPLE = """\
aim structure 1
graph main {
  input x: FLOAT32[N, 3]
  output y: FLOAT32[N, 4]
  parameter w: FLOAT32[3, 4] @ w
  h = MatMul(x, w)
  y = If(c) {then_branch = graph then {output a a = Relu(h)}, else_branch = graph else {output b b = Neg(h)}}
}
"""


def run_dot(text: str) -> dict[str, object]:
    """What dot reads: nodes and edges as JSON."""
    dot = shutil.which("dot")
    if dot is None:
        pytest.skip("Graphviz is not installed")
    done = subprocess.run([dot, "-Tdot_json"], input=text.encode(), capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    read: dict[str, object] = json.loads(done.stdout)
    return read


@given(graphs())
@settings(max_examples=30)
def test_grammar(graph: Graph) -> None:
    lines = to_dot(graph).splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    assert all(line.isprintable() for line in lines)
    assert sum(line.endswith("{") for line in lines) == sum(line.strip() == "}" for line in lines)


@given(names)
@settings(max_examples=100)
def test_names_are_labels_only(name: str) -> None:
    node = OperatorNode(name, [name], ["y"], domain=name, name=name)
    text = to_dot(Graph("g", [node], [VariableNode(name)], [VariableNode("y")]))
    outside = re.sub(STRING, "", text)
    assert re.fullmatch(r"[a-z0-9 \[\]{}=,;>\-_\n]*", outside)


def test_example() -> None:
    infos = {"w": ParameterInfo("lossless", 48, 12, "sha256:0")}
    read = run_dot(to_dot(from_text(EXAMPLE).graph, infos))
    nodes = {item["_gvid"]: item for item in read["objects"] if "nodes" not in item}  # type: ignore[attr-defined]
    labels = {number: html.unescape(item["label"]) for number, item in nodes.items()}
    edges = {(labels[e["tail"]], labels[e["head"]], e.get("label", "")) for e in read["edges"]}  # type: ignore[attr-defined]
    multiply = "MatMul\\nw: FLOAT32[3, 4] lossless 12 bytes (0.250)"
    assert edges == {
        ("x\\nFLOAT32[N, 3]", multiply, "x: FLOAT32[N, 3]"),
        (multiply, "Relu", "h"),
        (multiply, "Neg", "h"),
        ("Relu", "a", "a"),
        ("Neg", "b", "b"),
        ("If", "a", ""),
        ("If", "b", ""),
        ("If", "y", "y: FLOAT32[N, 4]"),
    }
    boxes = {item["label"] for item in read["objects"] if item["name"].startswith("cluster")}  # type: ignore[attr-defined]
    assert boxes == {"then_branch: then", "else_branch: else"}


def test_hostile_names() -> None:
    """Row 33 of the threats: quotes, markup, entities, control characters, right-to-left marks."""
    hostile = [*HOSTILE, '"];evil [label="', "\\", "\\N", "&#x41;", "</svg><script>", "a\0b", "\\" * 3 + '"']
    nodes = [OperatorNode("Relu", [name], [f"y{place}"], name=name) for place, name in enumerate(hostile)]
    text = to_dot(Graph("g", nodes))
    labels = [item["label"] for item in run_dot(text)["objects"]]  # type: ignore[attr-defined]
    assert len(labels) == len(hostile)
    assert all("<" not in label and ">" not in label for label in labels)
    shown = [html.unescape(label).replace("\\\\", "\\") for label in labels]
    for name, label in zip(hostile, shown, strict=True):
        visible = "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in name)
        assert label == (f"Relu {visible}" if name else "Relu")


@given(hs.data())
@settings(max_examples=10)
def test_dot_reads_any_graph(data: hs.DataObject) -> None:
    run_dot(to_dot(data.draw(graphs())))


def test_deep_graphs() -> None:
    graph = Graph("g", parameters=[Tensor("w", "INT8", (), "w")])
    for _ in range(5000):
        graph = Graph("g", [OperatorNode("If", attributes=[Attribute("a", AttributeKind.GRAPH, graph)])])
    with pytest.raises(LimitExceededError):
        to_dot(graph)
