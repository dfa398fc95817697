"""The text form is lossless, and its parser has nothing but typed errors."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from aimcodec.errors import AimcError, LimitExceededError, MalformedError, UnsupportedError
from aimcodec.model import (
    Attribute,
    AttributeKind,
    Dimension,
    Graph,
    ModelStructure,
    OperatorNode,
    SequenceType,
    Tensor,
    TensorType,
    UnknownType,
    VariableNode,
)
from aimcodec.model.text import from_text, to_text

from .strategies import HOSTILE, NANS, structures

EXAMPLE = """\
aim structure 1
model documentation "small" metadata {author = "Ada", "a b" = ""}
format 8
producer "by hand" "1"
domain "org.example"
version 3
contributor "Ada" "author" "" "ada@example.org"
operators "" 17
operators "my.domain" 1
function my.domain.Twice(x) -> (y) attributes (scale) {
  operators "" 17
  y = Add(x, x) {to = reference INT scale}
}
graph main {
  input x: FLOAT32[N, 3 as "CHANNEL", ?] as "IMAGE"
  input list: sequence(map(INT64, optional(FLOAT32)))
  output y: FLOAT16
  parameter w: FLOAT32[64, 3] @ "layer 0"   # a comment
  parameter s: STRING[2] = ["a", b"\\xff"]
  quantization x {SCALE_TENSOR = "w"}
  "", h = my.domain.Twice(x, "") {scale = 1.5, axes = [1, 2], empty = FLOATS []}
  y = If(h) {then_branch = graph then {
      output z
      z = Constant() {value = tensor INT4[3] = [1, -8, 7]}
    }} named "if 1" documentation "why"
}
"""


def structure_of(value: float, kind: AttributeKind = AttributeKind.FLOAT) -> ModelStructure:
    return ModelStructure(Graph(nodes=[OperatorNode("Op", attributes=[Attribute("a", kind, value)])]))


@given(structures())
@settings(max_examples=120)
def test_lossless(structure: ModelStructure) -> None:
    text = to_text(structure)
    assert from_text(text) == structure
    assert to_text(from_text(text)) == text


@given(structures())
@settings(max_examples=30)
def test_nothing_invisible(structure: ModelStructure) -> None:
    assert all(line.isprintable() for line in to_text(structure).split("\n"))


@pytest.mark.parametrize("value", NANS)
def test_bits_of_nans(value: float) -> None:
    back = from_text(to_text(structure_of(value))).graph.nodes[0].attributes[0].value
    assert struct.pack("<f", back) == struct.pack("<f", value)


@given(hs.floats(width=32, allow_nan=False))
def test_floats(value: float) -> None:
    back = from_text(to_text(structure_of(value))).graph.nodes[0].attributes[0].value
    assert struct.pack("<f", back) == struct.pack("<f", value)


@given(hs.lists(hs.sampled_from(NANS) | hs.floats(width=32), min_size=1, max_size=3))
def test_tensors_with_nans(values: list[float]) -> None:
    data = struct.pack(f"<{len(values)}f", *values)
    structure = ModelStructure(Graph(parameters=[Tensor("t", "FLOAT32", (len(values),), None, data)]))
    assert from_text(to_text(structure)) == structure


def test_reading() -> None:
    structure = from_text(EXAMPLE)
    graph = structure.graph
    assert (structure.documentation, structure.metadata) == ("small", {"author": "Ada", "a b": ""})
    assert (structure.format_version, structure.model_version, structure.domain) == (8, 3, "org.example")
    assert structure.contributors[0].contact == "ada@example.org"
    assert [(s.domain, s.version) for s in structure.operator_sets] == [("", 17), ("my.domain", 1)]
    assert (structure.functions[0].domain, structure.functions[0].name) == ("my.domain", "Twice")
    assert structure.functions[0].nodes[0].attributes == [Attribute("to", AttributeKind.INT, None, "scale")]
    size = (Dimension(symbol="N"), Dimension(3, denotation="CHANNEL"), Dimension())
    assert graph.inputs[0] == VariableNode("x", TensorType("FLOAT32", size, "IMAGE"))
    assert graph.parameters == [
        Tensor("w", "FLOAT32", (64, 3), "layer 0"),
        Tensor("s", "STRING", (2,), None, (b"a", b"\xff")),
    ]
    first, second = graph.nodes
    assert (first.domain, first.operator, first.inputs, first.outputs) == ("my.domain", "Twice", ["x", ""], ["", "h"])
    assert [(a.kind, a.value) for a in first.attributes] == [
        (AttributeKind.FLOAT, 1.5),
        (AttributeKind.INTS, [1, 2]),
        (AttributeKind.FLOATS, []),
    ]
    assert (second.name, second.documentation) == ("if 1", "why")
    inner = second.attributes[0].value
    assert (inner.name, inner.outputs[0].type) == ("then", None)
    # Elements of four bits, the first one in the low bits: 1, -8 = 8, 7.
    assert inner.nodes[0].attributes[0].value.data == bytes([0x81, 0x07])
    assert from_text(to_text(structure)) == structure


@pytest.mark.parametrize("name", [*HOSTILE, "graph", "documentation", "true", "b", "\0", "Ω", "::", "a:b", "9"])
def test_any_name_anywhere(name: str) -> None:
    node = OperatorNode(name, [name], [name], [Attribute(name, AttributeKind.STRING, name.encode())], name, name, name)
    graph = Graph(name, [node, OperatorNode(name)], [VariableNode(name)], [], [VariableNode(name, UnknownType(name))])
    structure = ModelStructure(graph, documentation=name, metadata={name: name})
    assert from_text(to_text(structure)) == structure


@pytest.mark.parametrize(
    ("text", "place", "error"),
    [
        ("", "line 1, column 1", MalformedError),
        ("aim structure 2", "version 2", UnsupportedError),
        ("aim structure 1\ngraph g {\n  x = }", "line 3, column 7", MalformedError),
        ("aim structure 1\ngraph g {", "line 2, column 10", MalformedError),
        ('aim structure 1\ngraph "g\n"{}', "line 2, column 7", MalformedError),
        ('aim structure 1\ngraph "\\q" {}', "line 2, column 7", MalformedError),
        ('aim structure 1\ngraph "\\u{110000}" {}', "line 2, column 7", MalformedError),
        ("aim structure 1\nformat 99999999999999999999", "line 2, column 8", MalformedError),
        ("aim structure 1\nformat 1\nformat 1\ngraph g {}", "line 3, column 1", MalformedError),
        ("aim structure 1\ngraph g {Op() {a = [1, 2.0]}}", "line 2, column 24", MalformedError),
        ("aim structure 1\ngraph g {Op() {a = 1e39}}", "line 2, column 20", MalformedError),
        ("aim structure 1\ngraph g {Op() {a = tensor INT8[1] = [128]}}", "line 2, column 37", MalformedError),
        ("aim structure 1\ngraph g {Op() {a = tensor INT8[2] = [1]}}", "line 2, column 37", MalformedError),
        ("aim structure 1\ngraph g {Op() {a = tensor BOOL[1] = [2]}}", "line 2, column 37", MalformedError),
        ('aim structure 1\ngraph g {Op() {a = tensor INT8[2] = base64 "*"}}', "line 2, column 37", MalformedError),
        ("aim structure 1\ngraph g {} graph h {}", "line 2, column 12", MalformedError),
        ("aim structure 1\nmodel metadata {a = 1}", "line 2, column 21", MalformedError),
        ('aim structure 1\nmodel metadata {a = "1", a = "2"}', "line 2, column 26", MalformedError),
    ],
)
def test_errors_have_a_place(text: str, place: str, error: type[AimcError]) -> None:
    with pytest.raises(error, match=place):
        from_text(text)


@given(hs.integers(0, len(EXAMPLE)), hs.integers(0, 9), hs.text(max_size=3))
def test_damaged_text(place: int, left_out: int, put_in: str) -> None:
    try:
        structure = from_text(EXAMPLE[:place] + put_in + EXAMPLE[place + left_out :])
    except AimcError:
        return
    assert from_text(to_text(structure)) == structure


@given(hs.text())
def test_any_text(text: str) -> None:
    with pytest.raises(MalformedError, match=r"^line 1, column 1: expected"):
        from_text("!" + text)


@pytest.mark.parametrize("opening", ["sequence(", "graph g {Op() {a = ", "[", "{", '"', "("])
def test_deep_nesting(opening: str) -> None:
    for head in ("", "aim structure 1\n", "aim structure 1\ngraph g {input x: "):
        with pytest.raises((MalformedError, LimitExceededError)):
            from_text(head + opening * 100_000)


def nested_graphs(depth: int) -> Graph:
    graph = Graph("g")
    for _ in range(depth - 1):
        graph = Graph("g", [OperatorNode("If", attributes=[Attribute("a", AttributeKind.GRAPH, graph)])])
    return graph


def test_graphs_in_graphs() -> None:
    structure = ModelStructure(nested_graphs(64))
    assert from_text(to_text(structure)) == structure
    with pytest.raises(LimitExceededError):
        to_text(ModelStructure(nested_graphs(65)))
    with pytest.raises(LimitExceededError):
        to_text(ModelStructure(nested_graphs(10_000)))


def test_types_in_types() -> None:
    kind = UnknownType()
    for _ in range(10_000):
        kind = SequenceType(kind)
    with pytest.raises(LimitExceededError):
        to_text(ModelStructure(Graph(inputs=[VariableNode("x", kind)])))
