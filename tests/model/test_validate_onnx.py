"""The validator and the checker of onnx: no errors in its good models, and errors wherever it has them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from aimcodec.model import Attribute, AttributeKind, ModelStructure
from aimcodec.model.text import from_text, to_text
from aimcodec.model.validate import Finding, validate_structure

onnx = pytest.importorskip("onnx")

from aimcodec.model.onnx import from_proto, to_proto  # noqa: E402

SAMPLES = ["simple/*/model.onnx", "pytorch-operator/test_operator_*/model.onnx", "light/*.onnx"]


def files() -> list[Path]:
    import onnx.backend.test

    data = Path(onnx.backend.test.__file__).parent / "data"
    return sorted(file for pattern in SAMPLES for file in data.glob(pattern))


def errors_of(structure: ModelStructure, tensors: Any = None) -> list[Finding]:
    read = None
    if tensors is not None:
        read = lambda name: onnx.numpy_helper.to_array(tensors[name])  # noqa: E731
    return [finding for finding in validate_structure(structure, read=read) if finding.severity == "error"]


def test_good_models() -> None:
    assert len(files()) > 30
    for file in files():
        structure, tensors = from_proto(onnx.load(file))
        assert errors_of(structure, tensors) == [], file
        assert from_text(to_text(structure)) == structure


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of numpy, where onnx makes its examples
def test_models_of_all_operators() -> None:
    from onnx.backend.test.case.node import collect_testcases

    models = [case.model for case in collect_testcases(None) if case.model is not None]
    assert len(models) > 1500
    for model in models:
        structure, tensors = from_proto(model)
        assert errors_of(structure, tensors) == [], model.graph.name
        assert from_text(to_text(structure)) == structure


BASES = [from_proto(onnx.load(file))[0] for file in files() if file.stat().st_size < 20_000]


def change(structure: ModelStructure, draw: hs.DrawFn) -> None:
    """One thing that may be wrong after it."""
    graph = structure.graph
    node = draw(hs.sampled_from(graph.nodes))
    names = sorted({name for other in graph.nodes for name in (*other.inputs, *other.outputs)} | {"", "other"})
    match draw(hs.integers(0, 11)):
        case 0:
            graph.nodes.remove(node)
        case 1:
            node.inputs = [draw(hs.sampled_from(names)) for _ in node.inputs]
        case 2:
            node.outputs = [draw(hs.sampled_from(names)) for _ in node.outputs]
        case 3:
            node.inputs = node.inputs[: draw(hs.integers(0, len(node.inputs)))]
        case 4:
            node.attributes = node.attributes[1:]
        case 5:
            node.attributes.append(Attribute(draw(hs.sampled_from(["axis", "alpha", "to"])), AttributeKind.INT, 1))
        case 6:
            structure.operator_sets.clear()
        case 7:
            node.operator = draw(hs.sampled_from(["Conv", "Add", "", "Nothing"]))
        case 8:
            graph.nodes.append(copy.deepcopy(node))
        case 9:
            graph.nodes.reverse()
        case 10:
            node.domain = draw(hs.sampled_from(["", "other", "ai.onnx.ml"]))
        case _:
            draw(hs.sampled_from([*graph.inputs, *graph.outputs])).type = None


def refusal(proto: Any) -> str:
    """What the checker of onnx finds first, or nothing."""
    try:
        onnx.checker.check_model(proto)
    except onnx.checker.ValidationError as error:
        return str(error)
    return ""


@given(hs.data())
@settings(max_examples=200)
def test_what_the_checker_refuses_has_errors(data: hs.DataObject) -> None:
    structure = copy.deepcopy(data.draw(hs.sampled_from(BASES)))
    for _ in range(data.draw(hs.integers(1, 3))):
        if structure.graph.nodes:
            change(structure, data.draw)
    proto = to_proto(structure, None)
    del proto.graph.initializer[:]  # their values are not there, and the checker looks for the file
    for tensor in structure.graph.parameters:
        if tensor.name not in {variable.name for variable in structure.graph.inputs}:
            proto.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, 1, tensor.shape))
    refused = refusal(proto)
    assert not refused or errors_of(structure), refused
