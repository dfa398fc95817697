"""Every rule of the validator finds what breaks it, in its place, and nothing in good models."""

from __future__ import annotations

import copy
import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from aimcodec.errors import MalformedError
from aimcodec.model import Attribute, AttributeKind, Graph, ModelStructure, OperatorNode, SequenceType, UnknownType
from aimcodec.model.schemas import latest_versions, schema_of
from aimcodec.model.text import from_text
from aimcodec.model.validate import RULES, validate_structure

from .strategies import structures

GOOD = """\
aim structure 1
format 8
operators "" 17
operators "my.domain" 1
function my.domain.Twice(a) -> (b) attributes (scale) {
  operators "" 17
  b = Add(a, a)
}
graph main {
  input x: FLOAT32[N, 3]
  input flag: BOOL[]
  output y: FLOAT32[N, 4]
  output q: UINT8[N, 4]
  parameter w: FLOAT32[3, 4] @ "layer.w"
  parameter s: FLOAT32[] = [0.5]
  parameter z: UINT8[] = [128]
  quantization h {SCALE_TENSOR = "s"}
  variable h: FLOAT32[N, 4]
  h = MatMul(x, w) named first
  t = my.domain.Twice(h) {scale = 1}
  y = If(flag) {then_branch = graph then {output a a = Relu(h)}, else_branch = graph else {output b b = Add(t, h)}}
  q = QuantizeLinear(y, s, z)
}
"""
TENSORS: dict[str, tuple[str, tuple[int, ...]]] = {"layer.w": ("FLOAT32", (3, 4))}


def found(structure: ModelStructure, **options: Any) -> set[tuple[str, str]]:
    """Rules and places."""
    findings = validate_structure(structure, options.pop("tensors", TENSORS), **options)
    assert all(finding.severity == RULES[finding.rule][0] for finding in findings)
    assert all(finding.message.isprintable() and finding.message.isascii() for finding in findings)
    return {(finding.rule, finding.path) for finding in findings}


def test_good() -> None:
    pytest.importorskip("onnx")
    assert found(from_text(GOOD)) == set()


# What is changed in the text of the good model, and what must then be found and where; nothing else may be.
CHANGES: list[tuple[str, str, str, str]] = [
    ("graph main", 'graph ""', "graph.name", "graph"),
    ("format 8", "format 0", "model.format-version", "format_version"),
    ("  output q: UINT8[N, 4]\n", "  output q\n", "type.missing", "graph.outputs[1]"),
    ("input x: FLOAT32[N, 3]", "input x: UNDEFINED[N, 3]", "type.missing", "graph.inputs[0]"),
    ("input x: FLOAT32[N, 3]", "input x: unknown()", "type.missing", "graph.inputs[0]"),
    ("variable h: FLOAT32[N, 4]", "variable h: FLOAT99[N, 4]", "type.element", "graph.variables[0].type"),
    ("variable h: FLOAT32[N, 4]", "variable h: map(FLOAT32, INT8)", "type.key", "graph.variables[0].type"),
    ("h: FLOAT32[N, 4]", "h: FLOAT32[N, -4]", "dimension.negative", "graph.variables[0].type.size[1]"),
    ("h: FLOAT32[N, 4]", "h: FLOAT32[-1, 4]", "dimension.unknown", "graph.variables[0].type.size[0]"),
    ("variable h: FLOAT32[N, 4]", "variable y: FLOAT32[N, 5]", "type.conflict", "graph.variables[0]"),
    ("variable h: FLOAT32[N, 4]", "variable y: FLOAT32[N]", "type.conflict", "graph.variables[0]"),
    ("variable h: FLOAT32[N, 4]", "variable y: FLOAT16[N, 4]", "type.conflict", "graph.variables[0]"),
    (
        "variable h: FLOAT32[N, 4]",
        "variable y: FLOAT32[2, 4] variable q: UINT8[3, 4]",
        "symbol.conflict",
        "graph.variables[1]",
    ),
    ("MatMul(x, w)", "MatMul(x, nothing)", "name.undefined", "graph.nodes[0].inputs[1]"),
    ("MatMul(x, w)", "MatMul(x, t)", "name.order", "graph.nodes[0].inputs[1]"),
    ("Relu(h)", "Relu(nothing)", "name.undefined", "graph.nodes[2].attributes[0].value.nodes[0].inputs[0]"),
    ("Relu(h)", "Relu(q)", "name.undefined", "graph.nodes[2].attributes[0].value.nodes[0].inputs[0]"),
    ("b = Add(a, a)", "b = Add(a, x)", "name.undefined", "functions[0].nodes[0].inputs[1]"),
    ("t = my.domain", "x, t = my.domain", "name.duplicate", "graph.nodes[1].outputs[0]"),
    ("parameter s:", "parameter s: FLOAT32[] = [1.0] parameter s:", "name.duplicate", "graph.parameters[2]"),
    ("a a = Relu", "h h = Relu", "name.shadowed", "graph.nodes[2].attributes[0].value.nodes[0].outputs[0]"),
    ("q = Quant", "unused = Relu(y) named first\n q = Quant", "node.name", "graph.nodes[3]"),
    ("output y: ", "output nothing: ", "name.undefined", "graph.outputs[0]"),
    ("quantization h", "quantization nothing", "quantization.variable", "graph.quantization[0]"),
    (
        'operators "" 17\noperators',
        'operators "" 17\noperators "" 17\noperators',
        "operator-set.duplicate",
        "operator_sets[1]",
    ),
    ('operators "my.domain" 1', 'operators "my.domain" 0', "operator-set.version", "operator_sets[1]"),
    ('operators "" 17\noperators', 'operators "" 999\noperators', "operator-set.newer", "operator_sets[0]"),
    ("MatMul(x, w)", "other.MatMul(x, w)", "operator-set.missing", "graph.nodes[0]"),
    ('operators "my.domain" 1\n', "", "operator-set.missing", "graph.nodes[1]"),
    ('"my.domain" 1', '"my.domain" 1\noperators "other" 1', "", ""),
    ("MatMul(x, w)", "my.domain.MatMul(x, w)", "operator.domain", "graph.nodes[0]"),
    ("MatMul(x, w)", "MatMull(x, w)", "operator.unknown", "graph.nodes[0]"),
    ("MatMul(x, w)", '"".""(x, w)', "field.missing", "graph.nodes[0]"),
    ("MatMul(x, w)", "MatMul(x, w, w)", "operator.inputs", "graph.nodes[0]"),
    ("MatMul(x, w)", 'MatMul(x, "")', "operator.inputs", "graph.nodes[0].inputs[1]"),
    ("h = MatMul(x, w)", "h, more = MatMul(x, w)", "operator.outputs", "graph.nodes[0]"),
    ("MatMul(x, w)", "MatMul(x, w) {axis = 1}", "attribute.unknown", "graph.nodes[0].attributes[0]"),
    ("MatMul(x, w)", "Gemm(x, w) {transA = 0.0}", "attribute.kind", "graph.nodes[0].attributes[0]"),
    ("MatMul(x, w)", "Gemm(x, w) {transA = 0, transA = 0}", "attribute.duplicate", "graph.nodes[0].attributes[1]"),
    ("MatMul(x, w)", "MatMul(x, w) {__axis = 1}", "", ""),
    (", else_branch = graph else {output b b = Add(t, h)}", "", "attribute.required", "graph.nodes[2]"),
    ("{scale = 1}", "", "attribute.required", "graph.nodes[1]"),
    ("{scale = 1}", "{scale = 1, bias = 1}", "attribute.unknown", "graph.nodes[1].attributes[1]"),
    ("{scale = 1}", "{scale = reference INT k}", "attribute.reference", "graph.nodes[1].attributes[0]"),
    ("Twice(h)", "Twice(h, h)", "operator.inputs", "graph.nodes[1]"),
    ("t = my", "t, more = my", "operator.outputs", "graph.nodes[1]"),
    (
        "Add(a, a)",
        "Add(a, a) c = Relu(a) {k = reference INT no}",
        "attribute.reference",
        "functions[0].nodes[1].attributes[0]",
    ),
    ("b = Add(a, a)", "b = my.domain.Twice(a) {scale = 1}", "function.recursion", "functions[0]"),
    ("graph main", "function my.domain.Twice() -> () {}\ngraph main", "function.duplicate", "functions[1]"),
    ("attributes (scale)", "attributes (scale, scale)", "attribute.duplicate", "functions[0]"),
    ("my.domain.Twice(a)", '"my.domain".""(a)', "field.missing", "functions[0]"),
    ("s: FLOAT32[] = [0.5]", 's: FLOAT32[] = base64 "AAAA"', "tensor.data", "graph.parameters[1]"),
    ("z: UINT8[] = [128]", "z: UINT8[-1] @ z", "dimension.negative", "graph.parameters[2].shape"),
    ("parameter z", 'parameter p: STRING[2] = [""]\nparameter z', "tensor.data", "graph.parameters[2]"),
    ("parameter z", 'parameter p: BOOL[1] = base64 "Ag=="\nparameter z', "tensor.data", "graph.parameters[2]"),
    ("parameter z", 'parameter p: UINT4[1] = base64 "EA=="\nparameter z', "tensor.data", "graph.parameters[2]"),
    ("parameter z", 'parameter "": INT8[0] = []\nparameter z', "field.missing", "graph.parameters[2]"),
    (
        "quantization",
        "sparse_parameter values p: INT8[1] = [1] indices INT64[2] = [0, 1] shape [9]\nquantization",
        "tensor.sparse",
        "graph.sparse_parameters[0]",
    ),
    ("layer.w", "layer.v", "parameter.missing", "graph.parameters[0]"),
    ("w: FLOAT32[3, 4]", "w: FLOAT16[3, 4]", "parameter.type", "graph.parameters[0]"),
    ("w: FLOAT32[3, 4]", "w: FLOAT32[4, 3]", "parameter.shape", "graph.parameters[0]"),
    ("s: FLOAT32[] = [0.5]", "s: FLOAT32[] = [0.0]", "quantization.scale", "graph.nodes[3].inputs[1]"),
    ("s: FLOAT32[] = [0.5]", "s: FLOAT32[] = [nan]", "quantization.scale", "graph.quantization[0]"),
    ("s: FLOAT32[] = [0.5]", "s: FLOAT32[] = [-inf]", "quantization.scale", "graph.nodes[3].inputs[1]"),
    ("z: UINT8[] = [128]", "z: INT32[] = [1]", "quantization.zero-point", "graph.nodes[3].inputs[2]"),
    ("z: UINT8[] = [128]", "z: UINT8[1] = [128]", "quantization.shape", "graph.nodes[3]"),
    ("x: FLOAT32[N, 3]", "x: FLOAT32[N, 5]", "shape.inference", "graph.nodes[0]"),
    ("x: FLOAT32[N, 3]", "x: INT64[N, 3]", "shape.inference", "graph.nodes[0]"),
]


@pytest.mark.parametrize(("old", "new", "rule", "path"), CHANGES, ids=[f"{c[2]}-{i}" for i, c in enumerate(CHANGES)])
def test_each_rule(old: str, new: str, rule: str, path: str) -> None:
    pytest.importorskip("onnx")
    assert old in GOOD
    findings = found(from_text(GOOD.replace(old, new, 1)))
    if rule:
        assert (rule, path) in findings
    else:
        assert findings == set()


def test_every_rule_has_a_test() -> None:
    tested = {change[2] for change in CHANGES} - {""}
    others = {
        "nesting.depth",
        "attribute.value",
        "operator.deprecated",
        "parameter.unused",
        "parameter.damaged",
        "function.calls",
    }
    assert tested | others | {"check.skipped"} == set(RULES)


def test_one_finding_does_not_hide_another() -> None:
    text = GOOD
    wanted = set()
    for old, new, rule, path in CHANGES:
        if rule in {"graph.name", "operator.unknown", "parameter.missing", "quantization.shape", "operator-set.newer"}:
            text = text.replace(old, new, 1)
            wanted.add((rule, path))
    assert len(wanted) == 5
    assert wanted <= found(from_text(text))


def test_unused_parameters() -> None:
    structure = from_text(GOOD)
    assert found(structure, tensors={**TENSORS, "more": ("INT8", (1,))}) == {("parameter.unused", "")}
    assert found(structure, tensors=None) == set()


def test_withdrawn_operators() -> None:
    pytest.importorskip("onnx")
    # Upsample is deprecated from version 10 on, and Scatter from version 11 on (ONNX, changelog of operators).
    text = GOOD.replace("  h = MatMul", "  u = Upsample(x, s)\n  h = MatMul")
    assert ("operator.deprecated", "graph.nodes[0]") in found(from_text(text))


def test_values_of_another_kind() -> None:
    for kind in AttributeKind:
        for value in (None, "text", [None], object()):
            if kind is AttributeKind.UNDEFINED and value is None:
                continue
            structure = from_text(GOOD)
            structure.graph.nodes[0].attributes.append(Attribute("a", kind, value))
            rules = found(structure)
            assert ("attribute.value", "graph.nodes[0].attributes[0]") in rules


def test_functions_that_multiply() -> None:
    calls = "".join(f"function f.F{i}(a) -> (c) {{b = f.F{i - 1}(a) c = f.F{i - 1}(b)}}\n" for i in range(1, 40))
    text = GOOD.replace("graph main", f'operators "f" 1\nfunction f.F0(a) -> (c) {{}}\n{calls}graph main')
    assert ("function.calls", "functions") in found(from_text(text))


def nested(depth: int) -> ModelStructure:
    graph = Graph("g")
    for _ in range(depth):
        graph = Graph("g", [OperatorNode("If", attributes=[Attribute("a", AttributeKind.GRAPH, graph)])])
    return ModelStructure(graph)


def test_deep_graphs_and_types() -> None:
    assert "nesting.depth" not in {rule for rule, _ in found(nested(63))}
    assert "nesting.depth" in {rule for rule, _ in found(nested(64))}
    assert "nesting.depth" in {rule for rule, _ in found(nested(5000))}
    kind: Any = UnknownType()
    for _ in range(5000):
        kind = SequenceType(kind)
    structure = from_text(GOOD)
    structure.graph.inputs[0].type = kind
    assert ("nesting.depth", "graph.inputs[0]") in found(structure)


@pytest.mark.parametrize(
    ("value", "rules"),
    [(0.25, set()), (-0.25, set()), (0.0, {"quantization.scale"}), (math.inf, {"quantization.scale"}), (None, None)],
)
def test_scales_in_the_package(value: float | None, rules: set[str] | None) -> None:
    """Row 18 of the threats: scales that are no numbers, or make everything 0."""
    text = GOOD.replace("s: FLOAT32[] = [0.5]", "s: FLOAT32[] @ scale")
    tensors = {**TENSORS, "scale": ("FLOAT32", ())}

    def read(name: str) -> NDArray[Any]:
        if value is None:
            raise MalformedError("damaged")
        return np.array(value, np.float32) if name == "scale" else np.zeros((3, 4), np.float32)

    result = {rule for rule, _ in found(from_text(text), tensors=tensors, read=read)}
    assert result == ({"parameter.damaged"} if rules is None else rules)


def test_zero_points() -> None:
    text = """\
aim structure 1
format 8
operators "" 17
graph main {
  input x: UINT8[1, 2, 3, 3]
  output y: UINT8[1, 2, 3, 3]
  parameter w: INT8[2, 2, 1, 1] = [1, 2, 3, 4]
  parameter one: FLOAT32[] = [1.0]
  parameter each: FLOAT32[2] = [1.0, 0.5]
  parameter z: UINT8[] = [0]
  parameter zw: INT8[] = [0]
  y = QLinearConv(x, one, z, w, each, zw, one, z)
}
"""
    assert found(from_text(text), tensors=None) == set()  # one zero point for all channels: ONNX, QLinearConv
    wrong_type = found(from_text(text.replace("zw: INT8[]", "zw: UINT8[]")), tensors=None)
    assert ("quantization.zero-point", "graph.nodes[0].inputs[5]") in wrong_type
    wrong_number = found(from_text(text.replace("zw: INT8[] = [0]", "zw: INT8[3] = [0, 0, 0]")), tensors=None)
    assert ("quantization.shape", "graph.nodes[0]") in wrong_number


def test_without_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    latest_versions.cache_clear()
    schema_of.cache_clear()
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert found(from_text(GOOD)) == {("check.skipped", "")}
    broken = from_text(GOOD.replace("MatMul(x, w)", "MatMul(x, nothing)"))
    assert ("name.undefined", "graph.nodes[0].inputs[1]") in found(broken)
    monkeypatch.undo()
    latest_versions.cache_clear()
    schema_of.cache_clear()


def test_tensors_that_do_not_fit_each_other() -> None:
    """Row 19 of the threats: a vocabulary or hidden size that the rest of the model does not have."""
    pytest.importorskip("onnx")
    text = """\
aim structure 1
format 8
operators "" 17
graph main {
  input ids: INT64[N]
  output logits: FLOAT32[N, 32000]
  parameter embedding: FLOAT32[32000, %d] @ e
  parameter head: FLOAT32[576, 32000] @ h
  parameter bias: FLOAT32[%d] @ b
  h = Gather(embedding, ids)
  g = MatMul(h, head) named head
  logits = Add(g, bias)
}
"""
    assert found(from_text(text % (576, 32000)), tensors=None) == set()
    assert found(from_text(text % (512, 32000)), tensors=None) == {("shape.inference", "graph.nodes[1]")}
    assert found(from_text(text % (576, 31999)), tensors=None) == {("shape.inference", "graph.nodes[2]")}


def test_shapes_from_the_package() -> None:
    """What Reshape makes depends on the values of a parameter."""
    pytest.importorskip("onnx")
    text = """\
aim structure 1
format 8
operators "" 17
graph main {
  input x: FLOAT32[2, 6]
  output y: FLOAT32[3, 5]
  parameter target: INT64[2] @ target
  parameter w: FLOAT32[4, 5] @ w
  h = Reshape(x, target)
  y = MatMul(h, w)
}
"""
    structure = from_text(text)
    values = {"target": np.array([3, 4], np.int64), "w": np.zeros((4, 5), np.float32)}
    assert found(structure, tensors=None) == set()
    assert found(structure, tensors=None, read=values.__getitem__) == set()
    values["target"] = np.array([4, 3], np.int64)
    assert found(structure, tensors=None, read=values.__getitem__) == {("shape.inference", "graph.nodes[1]")}
    assert found(structure, tensors=None) == set()


@given(structures())
@settings(max_examples=60)
def test_nothing_is_raised(structure: ModelStructure) -> None:
    before = copy.deepcopy(structure)
    found(structure, tensors={"x": ("FLOAT32", (1,))}, read=lambda name: np.zeros(1, np.float32))
    assert structure == before
