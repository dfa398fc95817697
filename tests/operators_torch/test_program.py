"""Programs: how names, graphs, functions and parameters are resolved, and what is told of wrong ones."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from aimcodec.errors import (
    ArgumentError,
    InconsistentError,
    LimitExceededError,
    MissingReferenceError,
    OutOfRangeError,
    UnsupportedError,
)
from aimcodec.limits import Limits
from aimcodec.model.structures import (
    Attribute,
    AttributeKind,
    Dimension,
    Function,
    Graph,
    ModelStructure,
    OperatorNode,
    OperatorSet,
    SparseTensor,
    Tensor,
    TensorType,
    VariableNode,
)
from aimcodec.operators.catalogue import AttributeRule, Parameter
from aimcodec.operators.registry import CustomOperator, Registry
from aimcodec.operators.torch import TorchProgram

FLOAT = AttributeKind.FLOAT
SETS = [OperatorSet("", 21), OperatorSet("com.example", 1)]


def variable(name: str, element_type: str = "FLOAT32", size: tuple[int | str, ...] | None = None) -> VariableNode:
    dimensions = None
    if size is not None:
        dimensions = tuple(Dimension(n) if isinstance(n, int) else Dimension(None, n) for n in size)
    return VariableNode(name, TensorType(element_type, dimensions))


def node(operator: str, inputs: str, outputs: str, domain: str = "", **attributes: Any) -> OperatorNode:
    kinds = {
        float: AttributeKind.FLOAT,
        int: AttributeKind.INT,
        bytes: AttributeKind.STRING,
        Graph: AttributeKind.GRAPH,
    }
    given = [Attribute(name, kinds.get(type(v), AttributeKind.INTS), v) for name, v in attributes.items()]
    return OperatorNode(operator, inputs.split(), outputs.split(), given, domain=domain, name=f"the {operator}")


def graph(nodes: list[OperatorNode], inputs: str = "x", outputs: str = "y", **others: Any) -> Graph:
    return Graph("g", nodes, [variable(n) for n in inputs.split()], [variable(n) for n in outputs.split()], **others)


def program(
    nodes: list[OperatorNode], inputs: str = "x", outputs: str = "y", *, functions: Any = (), **others: Any
) -> TorchProgram:
    known = {key: others.pop(key) for key in ("registry", "limits") if key in others}
    values = others.pop("values", {})
    structure = ModelStructure(graph(nodes, inputs, outputs, **others), SETS, list(functions))
    return TorchProgram(structure, values, **known)


def run(made: TorchProgram, *values: float) -> list[float]:
    names = [name for name in ("x", "z", "c") if name in made._inputs]
    feeds = dict(zip(names, (torch.tensor([value]) for value in values), strict=True))
    return [float(value) for value in made.run(feeds).values()]


def test_steps_in_order() -> None:
    made = program([node("Add", "x x", "t"), node("Mul", "t x", "y")])
    assert run(made, 3.0) == [18.0]


def test_outputs_are_chosen() -> None:
    made = program([node("Neg", "x", "a"), node("Exp", "x", "b")], outputs="a b")
    assert list(made.run({"x": torch.zeros(1)}, ["b"])) == ["b"]


def test_an_output_that_is_an_input() -> None:
    assert run(program([], outputs="x"), 4.0) == [4.0]


@pytest.mark.parametrize(
    ("feeds", "outputs", "named"),
    [
        ({}, None, "'x' is missing"),
        ({"x": torch.zeros(1), "other": torch.zeros(1)}, None, "no input 'other'"),
        ({"x": torch.zeros(1)}, ["other"], "no output 'other'"),
        ({"x": [1.0]}, None, "'x' is no tensor but list"),
        ({"x": torch.zeros(1, dtype=torch.float64)}, None, "float64, not FLOAT32"),
    ],
)
def test_wrong_use(feeds: Any, outputs: Any, named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        program([node("Neg", "x", "y")]).run(feeds, outputs)


def test_shapes_of_inputs() -> None:
    g = Graph("g", [node("Neg", "x", "y")], [variable("x", size=(2, "n"))], [variable("y")])
    made = TorchProgram(ModelStructure(g, SETS), {})
    assert made.run({"x": torch.zeros(2, 5)})["y"].shape == (2, 5)
    for shape in ((3, 5), (2,), (2, 5, 1)):
        with pytest.raises(ArgumentError, match="shape"):
            made.run({"x": torch.zeros(shape)})


def test_all_that_is_not_supported_is_named_together() -> None:
    nodes = [
        node("StringNormalizer", "x", "a"),
        node("Nothing", "a", "b", domain="com.example"),
        node("Relu", "b", "y", colour=1),
    ]
    with pytest.raises(UnsupportedError) as caught:
        program(nodes)
    for text in ("StringNormalizer of version 21", "com.example.Nothing of version 1", "Relu with attribute 'colour'"):
        assert text in str(caught.value)


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        ([node("Neg", "q", "y")], "nothing gives the input 'q'"),
        ([node("Neg", "y", "y")], "nothing gives the input 'y'"),
        ([node("Neg", "x", "t")], "nothing gives the output 'y'"),
        ([node("Neg", "x", "y"), node("Neg", "x", "y")], "two values have the name 'y'"),
        ([node("Neg", "x", "x"), node("Neg", "x", "y")], "two values have the name 'x'"),
        ([node("Cast", "x", "y")], "attribute 'to' is missing"),
        ([node("Concat", "x x", "y")], "attribute 'axis' is missing"),
    ],
)
def test_graphs_that_do_not_hold_together(nodes: list[OperatorNode], text: str) -> None:
    with pytest.raises(InconsistentError, match=text):
        program(nodes)


def test_errors_at_run_time_name_the_node() -> None:
    made = program([node("MatMul", "x x", "y")])
    with pytest.raises(InconsistentError) as caught:
        made.run({"x": torch.zeros(2, 3)})
    assert "graph.nodes[0] (MatMul 'the MatMul')" in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_index_outside_is_out_of_range() -> None:
    made = program([node("Gather", "x i", "y")], parameters=[Tensor("i", "INT64", (1,), data=b"\5" + bytes(7))])
    assert float(made.run({"x": torch.arange(6.0)})["y"]) == 5
    with pytest.raises(OutOfRangeError):
        made.run({"x": torch.arange(5.0)})


def test_types_that_torch_cannot_compute_with() -> None:
    g = Graph("g", [node("Neg", "x", "y")], [variable("x", "UINT32")], [variable("y", "UINT32")])
    with pytest.raises(UnsupportedError, match="Neg"):
        TorchProgram(ModelStructure(g, SETS), {}).run({"x": torch.zeros(1, dtype=torch.uint32)})


def test_texts_are_not_supported() -> None:
    g = Graph("g", [node("Identity", "x", "y")], [variable("x", "STRING")], [variable("y", "STRING")])
    with pytest.raises(UnsupportedError, match="texts"):
        TorchProgram(ModelStructure(g, SETS), {})


class Recorded(Mapping[str, torch.Tensor]):
    """Parameters that note when they are asked for."""

    def __init__(self, **values: torch.Tensor) -> None:
        self.values_ = values
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> torch.Tensor:
        self.asked.append(name)
        return self.values_[name]

    def __contains__(self, name: object) -> bool:
        return name in self.values_

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


def weighted(values: Mapping[str, torch.Tensor], **others: Any) -> TorchProgram:
    parameters = [Tensor("w", "FLOAT32", (1,), parameter="first"), Tensor("v", "FLOAT32", (1,), parameter="second")]
    nodes = [node("Add", "x v", "t"), node("Mul", "t w", "y")]
    return program(nodes, parameters=parameters, values=values, **others)


def test_parameters_are_asked_for_when_they_are_needed() -> None:
    values = Recorded(first=torch.tensor([3.0]), second=torch.tensor([10.0]))
    made = weighted(values)
    assert values.asked == []
    assert run(made, 1.0) == [33.0]
    assert values.asked == ["second", "first"]


def test_parameters_that_are_missing_or_different() -> None:
    with pytest.raises(MissingReferenceError, match="'second'"):
        weighted({"first": torch.tensor([3.0])})
    for wrong in (torch.zeros(2), torch.zeros(1, dtype=torch.float64)):
        with pytest.raises(InconsistentError, match=r"'second' is .*FLOAT32"):
            run(weighted({"first": torch.tensor([3.0]), "second": wrong}), 1.0)


def test_an_input_with_a_default() -> None:
    parameters = [Tensor("x", "FLOAT32", (1,), parameter="p")]
    made = program([node("Neg", "x", "y")], parameters=parameters, values={"p": torch.tensor([2.0])})
    assert made.run({})["y"].tolist() == [-2.0]
    assert run(made, 5.0) == [-5.0]


def test_sparse_parameters_are_made_dense() -> None:
    values = torch.tensor([5.0, 7.0])
    sparse = SparseTensor(
        Tensor("s", "FLOAT32", (2,), parameter="values"), Tensor("", "INT64", (2, 2), parameter="indices"), (2, 3)
    )
    made = program(
        [node("Mul", "s x", "y")],
        sparse_parameters=[sparse],
        values={"values": values, "indices": torch.tensor([[0, 1], [1, 2]])},
    )
    assert made.run({"x": torch.tensor([2.0])})["y"].tolist() == [[0, 10, 0], [0, 0, 14]]


def test_inner_graphs_see_names_from_outside() -> None:
    deep = graph([node("Add", "x w", "inner")], "", "inner")
    branch = graph([node("If", "c", "q", then_branch=deep, else_branch=deep)], "", "q")
    other = graph([node("Neg", "x", "q")], "", "q")
    nodes = [node("If", "c", "y", then_branch=branch, else_branch=other)]
    inputs = [variable("x"), variable("c", "BOOL")]
    g = Graph("g", nodes, inputs, [variable("y")], parameters=[Tensor("w", "FLOAT32", (1,), parameter="w")])
    made = TorchProgram(ModelStructure(g, SETS), {"w": torch.tensor([100.0])})
    for condition, expected in ((True, 101.0), (False, -1.0)):
        assert made.run({"x": torch.tensor([1.0]), "c": torch.tensor(condition)})["y"].tolist() == [expected]


def test_names_of_inner_graphs_are_not_seen_outside() -> None:
    body = graph([node("Neg", "x", "inner")], "", "inner")
    nodes = [node("If", "c", "t", then_branch=body, else_branch=body), node("Neg", "inner", "y")]
    with pytest.raises(InconsistentError, match="nothing gives the input 'inner'"):
        program(nodes, "x c")


def scaled(name: str = "Scale", inner: list[OperatorNode] | None = None) -> Function:
    constant = OperatorNode("Constant", [], ["k"], [Attribute("value_float", FLOAT, reference="factor")])
    return Function(
        name,
        "com.example",
        inputs=["a"],
        outputs=["b"],
        defaults=[Attribute("factor", FLOAT, 2.0)],
        nodes=inner or [constant, node("Mul", "a k", "b")],
        operator_sets=SETS,
    )


def test_functions_of_the_model() -> None:
    nodes = [node("Scale", "x", "t", domain="com.example", factor=5.0), node("Scale", "t", "y", domain="com.example")]
    assert run(program(nodes, functions=[scaled()]), 3.0) == [30.0]


def test_functions_that_call_themselves() -> None:
    again = scaled(inner=[node("Scale", "a", "b", domain="com.example")])
    with pytest.raises(LimitExceededError, match="deep"):
        program([node("Scale", "x", "y", domain="com.example")], functions=[again])


def test_functions_that_grow() -> None:
    """Thirty functions that call the next one twice are a thousand million steps."""
    functions = [
        scaled(f"F{i}", [node(f"F{i + 1}", "a", "t", domain="com.example"), node(f"F{i + 1}", "t", "b", "com.example")])
        for i in range(30)
    ]
    with pytest.raises(LimitExceededError, match="max_units"):
        program(
            [node("F0", "x", "y", domain="com.example")],
            functions=[*functions, scaled("F30")],
            limits=Limits(max_units=5000),
        )


def test_a_large_result_is_refused() -> None:
    shape = Tensor("s", "INT64", (2,), data=(1 << 40).to_bytes(8, "little") * 2)
    made = program([node("ConstantOfShape", "s", "y")], parameters=[shape])
    with pytest.raises(LimitExceededError, match="max_elements"):
        run(made, 0.0)
    made = program([node("Transpose", "x", "t"), node("Add", "x t", "y")], limits=Limits(max_elements=100))
    assert made.run({"x": torch.zeros(1, 10)})["y"].shape == (10, 10)
    with pytest.raises(LimitExceededError, match="max_elements"):
        made.run({"x": torch.zeros(1, 11)})


def test_a_loop_without_end_is_ended() -> None:
    body = Graph(
        "body",
        [node("Identity", "go", "more"), node("Neg", "v", "w")],
        [variable("i", "INT64"), variable("go", "BOOL"), variable("v")],
        [variable("more", "BOOL"), variable("w")],
    )
    loop = OperatorNode("Loop", ["", "", "x"], ["y"], [Attribute("body", AttributeKind.GRAPH, body)])
    with pytest.raises(LimitExceededError, match="a loop goes on"):
        run(program([loop], limits=Limits(max_units=1000)), 1.0)


def custom(kernel: Any) -> Registry:
    operator = CustomOperator(
        "Twice",
        "com.example",
        1,
        inputs=(Parameter("x", "T"),),
        outputs=(Parameter("y", "T"),),
        attributes=(AttributeRule("times", AttributeKind.INT, default=2),),
        type_constraints={"T": ("FLOAT32",)},
        kernels={"torch": kernel},
    )
    return Registry([operator])


def test_custom_operators() -> None:
    registry = custom(lambda x, *, times: x * times)
    nodes = [node("Twice", "x", "t", domain="com.example"), node("Twice", "t", "y", domain="com.example", times=10)]
    assert run(program(nodes, registry=registry), 1.0) == [20.0]


def test_values_are_let_go_after_their_last_use() -> None:
    alive: list[int] = []
    seen: list[weakref.ref[torch.Tensor]] = []

    def watch(x: torch.Tensor, *, times: int) -> torch.Tensor:
        alive.append(sum(reference() is not None for reference in seen))
        result = x + times
        seen.append(weakref.ref(result))
        return result

    chain = [node("Twice", f"t{i}" if i else "x", f"t{i + 1}", domain="com.example") for i in range(10)]
    program([*chain, node("Neg", "t10", "y")], registry=custom(watch)).run({"x": torch.zeros(1)})
    assert alive == [0, *[1] * 9]


def test_many_threads_run_one_program() -> None:
    made = weighted({"first": torch.tensor([3.0]), "second": torch.tensor([10.0])})
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda value: run(made, float(value)), range(400)))
    assert found == [[(value + 10.0) * 3.0] for value in range(400)]


def test_inputs_and_parameters_are_not_changed() -> None:
    x, w = torch.arange(6.0).reshape(2, 3), torch.ones(2, 3)
    copies = x.clone(), w.clone()
    starts = Tensor("i", "INT64", (1, 2), data=bytes(16))
    updates = Tensor("u", "FLOAT32", (1,), data=b"\0\0\x80\x7f")
    nodes = [node("ScatterND", "x i u", "a"), node("ScatterND", "w i u", "b"), node("Add", "a b", "y")]
    parameters = [starts, updates, Tensor("w", "FLOAT32", (2, 3), parameter="w")]
    result = program(nodes, parameters=parameters, values={"w": w}).run({"x": x})["y"]
    assert result[0, 0] == float("inf")
    assert torch.equal(x, copies[0])
    assert torch.equal(w, copies[1])
