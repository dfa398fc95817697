"""Shape inference: what onnx infers of the whole model, models of any size, operators of others, hostile functions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from aimcodec.errors import AimcError, InconsistentError, LimitExceededError, UnsupportedError
from aimcodec.model import (
    Attribute,
    AttributeKind,
    Dimension,
    Function,
    Graph,
    ModelStructure,
    OperatorNode,
    OperatorSet,
    Tensor,
    TensorType,
    Type,
    VariableNode,
)
from aimcodec.model.onnx import from_proto
from aimcodec.model.onnx.reading import read_variables
from aimcodec.model.shapes import infer_shapes

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper, shape_inference  # noqa: E402 - only where onnx is installed

if TYPE_CHECKING:
    from onnx import ModelProto

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"


def float32(*sizes: int | str) -> TensorType:
    return TensorType("FLOAT32", tuple(Dimension(*((s,) if isinstance(s, int) else (None, s))) for s in sizes))


def types_of(graph: Graph) -> dict[str, Type | None]:
    return {variable.name: variable.type for variable in [*graph.variables, *graph.outputs]}


def inferred(model: ModelProto) -> ModelStructure:
    structure, apart = from_proto(model)
    return infer_shapes(structure, read=lambda name: numpy_helper.to_array(apart[name]))


def stored() -> list[Any]:
    paths = sorted(DATA.glob("light/*.onnx")) + sorted(DATA.glob("simple/*/*.onnx"))
    return [pytest.param(path, id=str(path.relative_to(DATA))) for path in paths]


@pytest.mark.parametrize("path", stored())
def test_what_onnx_infers_of_the_whole_model(path: Path) -> None:
    model = onnx.load(path)
    whole = shape_inference.infer_shapes(model, data_prop=True)
    graph = inferred(model).graph
    assert graph.variables == read_variables(whole.graph.value_info)
    assert graph.outputs == read_variables(whole.graph.output)


def test_all_variables_of_a_network_are_known() -> None:
    model = onnx.load(DATA / "light" / "light_resnet50.onnx")
    graph = inferred(model).graph
    known = types_of(graph)
    assert len(graph.nodes) > 100
    for node in graph.nodes:
        kind = known[node.outputs[0]]
        assert isinstance(kind, TensorType)
        assert kind.size
        assert all(dimension.value is not None for dimension in kind.size)


def test_subgraphs() -> None:
    """The body of a Loop and both branches of an If, by rules that a reader can follow."""
    branch = helper.make_graph(
        [helper.make_node("Transpose", ["x"], ["t"]), helper.make_node("Relu", ["t"], ["r"])],
        "branch",
        [],
        [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)],
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])
    c = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = inferred(helper.make_model(helper.make_graph([node], "g", [x, c], [y]))).graph
    assert types_of(graph) == {"y": float32(3, "n")}
    for attribute in graph.nodes[0].attributes:
        assert types_of(attribute.value) == {"t": float32(3, "n"), "r": float32(3, "n")}


def big() -> ModelStructure:
    """12 GB of parameters."""
    shape = (1 << 15, 1 << 15)
    nodes = [OperatorNode("MatMul", ["x", "w0"], ["h0"])]
    nodes += [OperatorNode("MatMul", [f"h{i}", f"w{i + 1}"], [f"h{i + 1}"]) for i in range(2)]
    nodes.append(OperatorNode("Reshape", ["h2", "target"], ["y"]))
    parameters = [Tensor(f"w{i}", "FLOAT32", shape, f"w{i}") for i in range(3)]
    parameters.append(Tensor("target", "INT64", (2,), "target"))
    graph = Graph("g", nodes, [VariableNode("x", float32("n", 1 << 15))], [VariableNode("y")], [], parameters)
    return ModelStructure(graph, [OperatorSet("", 21)], format_version=10)


def test_models_of_any_size_and_values_that_say_shapes() -> None:
    asked = []

    def read(name: str) -> Any:
        asked.append(name)
        return np.array([-1, 256])

    graph = infer_shapes(big(), read=read).graph
    assert asked == ["target"]
    assert types_of(graph)["h2"] == float32("n", 1 << 15)
    kind = types_of(graph)["y"]
    assert isinstance(kind, TensorType)
    assert kind.size
    assert kind.size[1].value == 256
    assert types_of(infer_shapes(big()).graph)["h2"] == float32("n", 1 << 15)  # which needs no values


def test_the_given_structure_stays() -> None:
    structure = big()
    infer_shapes(structure, read=lambda name: np.array([-1, 256]))
    assert structure == big()


def test_operators_of_others() -> None:
    """Transpose -> theirs -> Transpose -> theirs: each needs what the one before says."""

    def halves(node: OperatorNode, types: Sequence[Type | None]) -> Sequence[Type | None]:
        assert node.domain == "com.example"
        (kind,) = types
        if not isinstance(kind, TensorType) or kind.size is None or kind.size[0].value is None:
            return [None]
        return [TensorType(kind.element_type, (Dimension(kind.size[0].value // 2), *kind.size[1:]))]

    names = ["x", "a", "b", "c", "y"]
    nodes = []
    for number, (before, after) in enumerate(pairwise(names)):
        theirs = number % 2
        nodes.append(OperatorNode("Halve" if theirs else "Transpose", [before], [after], domain="com.example" * theirs))
    graph = Graph("g", nodes, [VariableNode("x", float32(8, 4))], [VariableNode("y")])
    structure = ModelStructure(graph, [OperatorSet("", 21), OperatorSet("com.example", 1)], format_version=10)
    known = types_of(infer_shapes(structure, custom=halves).graph)
    assert known == {"a": float32(4, 8), "b": float32(2, 8), "c": float32(8, 2), "y": float32(4, 2)}
    assert types_of(infer_shapes(structure).graph) == {"a": float32(4, 8), "y": None}


def test_no_operator_sets() -> None:
    graph = Graph("g", [OperatorNode("Relu", ["x"], ["y"])], [VariableNode("x", float32(1))], [VariableNode("y")])
    with pytest.raises(InconsistentError, match="opset"):
        infer_shapes(ModelStructure(graph, format_version=10))


def calling(bodies: dict[str, list[str]]) -> ModelStructure:
    sets = [OperatorSet("", 21), OperatorSet("my", 1)]
    functions = []
    for name, called in bodies.items():
        places = ["x", *(f"t{i}" for i in range(len(called) - 1)), "y"]
        nodes = [OperatorNode(c, [places[i]], [places[i + 1]], domain="my") for i, c in enumerate(called)]
        nodes = nodes or [OperatorNode("Relu", ["x"], ["y"])]
        functions.append(Function(name, "my", inputs=["x"], outputs=["y"], nodes=nodes, operator_sets=sets))
    graph = Graph("g", [OperatorNode("F0", ["x"], ["y"], domain="my")], [VariableNode("x", float32(2))])
    graph.outputs = [VariableNode("y")]
    return ModelStructure(graph, sets, functions, format_version=10)


def test_functions() -> None:
    structure = calling({"F0": ["F1", "F1"], "F1": ["F2"], "F2": []})
    assert types_of(infer_shapes(structure).graph) == {"y": float32(2)}


@pytest.mark.parametrize("bodies", [{"F0": ["F0"]}, {"F0": ["F1"], "F1": ["F2"], "F2": ["F1"]}])
def test_functions_that_call_themselves(bodies: dict[str, list[str]]) -> None:
    with pytest.raises(InconsistentError, match="calls itself"):
        infer_shapes(calling(bodies))


def test_functions_that_grow_beyond_all_patience() -> None:
    doubling = {f"F{i}": [f"F{i + 1}"] * 2 for i in range(40)} | {"F40": []}
    with pytest.raises(LimitExceededError, match="written out"):
        infer_shapes(calling(doubling))
    chain: dict[str, list[str]] = {f"F{i}": [f"F{i + 1}"] for i in range(3000)} | {"F3000": []}
    with pytest.raises(LimitExceededError, match="64 levels"):
        infer_shapes(calling(chain))


def test_nesting() -> None:
    graph = Graph("g", [OperatorNode("Relu", ["x"], ["y"])])
    for _ in range(2000):
        graph = Graph("g", [OperatorNode("If", ["c"], ["y"], [Attribute("then_branch", AttributeKind.GRAPH, graph)])])
    with pytest.raises(AimcError):
        infer_shapes(ModelStructure(graph, [OperatorSet("", 21)]))


@pytest.mark.parametrize("name", ["LabelEncoder", "DictVectorizer"])
def test_models_that_onnx_does_not_survive(name: str) -> None:
    """Inputs of which nothing is known end onnx 1.23, with the process that it is in; later ones may be better."""
    node = OperatorNode(name, ["unknown"], ["y"], domain="ai.onnx.ml")
    relu = OperatorNode("Relu", ["x"], ["z"])
    sets = [OperatorSet("", 21), OperatorSet("ai.onnx.ml", 4)]
    variables = [VariableNode("x", float32(2))], [VariableNode("y"), VariableNode("z")]
    with suppress(UnsupportedError):
        infer_shapes(ModelStructure(Graph("g", [node, relu], *variables), sets, format_version=10))
    sane = ModelStructure(Graph("g", [relu], variables[0], variables[1][1:]), sets, format_version=10)
    assert types_of(infer_shapes(sane).graph) == {"z": float32(2)}
