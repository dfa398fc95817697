"""The network of a TFLite model, as a graph of operators of the domain "tflite".

ONNX engines have no such operators: the graph is to be looked at, compared and carried, not to be run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aimcodec.bridges.tflite_options import operator_names, options_of
from aimcodec.bridges.tflite_tables import Table
from aimcodec.bridges.tflite_tensors import HANDLES, FlatTensor, texts_of
from aimcodec.errors import OutOfRangeError
from aimcodec.limits import Limits
from aimcodec.model.structures import (
    Attribute,
    AttributeKind,
    Dimension,
    Function,
    Graph,
    ModelStructure,
    OpaqueType,
    OperatorNode,
    OperatorSet,
    Tensor,
    TensorType,
    VariableNode,
)

__all__ = ["CUSTOM_DOMAIN", "DOMAIN", "read_structure"]

DOMAIN = "tflite"
CUSTOM_DOMAIN = "tflite.custom"
CUSTOM = 32  # the built-in operator that stands for all others
ONNX_VERSION = 13  # of the operator set that Constant, the one ONNX operator used, is taken from
FORMAT_VERSION = 10  # of ONNX, whose structures are used: the first with metadata of nodes
LARGE_OPTIONS = 9  # field of an operator whose options lie after the tables


Lose: TypeAlias = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Code:
    """What an operator is: name, domain and version."""

    name: str
    domain: str
    version: int


def read_structure(
    model: Table, graphs: list[Table], tensors: list[list[FlatTensor]], limits: Limits, lose: Lose
) -> ModelStructure:
    """The first subgraph as the graph; the others, which operators name by number, as functions "subgraph_1" ...

    Args:
        model: root of the file.
        graphs: its subgraphs, at least one.
        tensors: of each subgraph.
        limits: what may be spent.
        lose: told of everything that is not carried.

    Raises:
        AimcError: the file is malformed, or beyond a limit.
    """
    codes = [_code(table, limits) for table in model.tables(1, "operator_codes")]
    nodes = [_nodes(graph, known, codes, lose) for graph, known in zip(graphs, tensors, strict=True)]
    main = Graph(graphs[0].text(4, limits.max_string_bytes) or "main", nodes[0])
    main.inputs = [_variable(tensor) for tensor in _chosen(graphs[0], 1, tensors[0])]
    main.outputs = [_variable(tensor) for tensor in _chosen(graphs[0], 2, tensors[0])]
    main.variables, main.parameters = _inside(main, tensors[0])
    functions = [
        _function(number, graphs[number], tensors[number], nodes[number], limits) for number in range(1, len(graphs))
    ]
    domains = {node.domain for part in nodes for node in part}
    sets = [OperatorSet(domain, 1) for domain in sorted(domains | {DOMAIN})]
    if functions:
        sets = [OperatorSet("", ONNX_VERSION), *sets]
        for function in functions:
            function.operator_sets = list(sets)
    description = model.text(3, limits.max_string_bytes)
    return ModelStructure(main, sets, functions, FORMAT_VERSION, "tflite", documentation=description)


def _code(table: Table, limits: Limits) -> Code:
    # Older writers know the first field only, which ends at 127.
    number = max(table.number(0, "b"), table.number(3, "i"))
    version = table.number(2, "i", 1)
    if number == CUSTOM:
        return Code(table.text(1, limits.max_string_bytes) or "CUSTOM", CUSTOM_DOMAIN, version)
    return Code(operator_names().get(number) or f"BUILTIN_{number}", DOMAIN, version)


def _nodes(graph: Table, tensors: list[FlatTensor], codes: list[Code], lose: Lose) -> list[OperatorNode]:
    tables = graph.tables(3, f"{graph.path}.operators")
    return [_node(table, tensors, codes, lose) for table in tables]


def _node(table: Table, tensors: list[FlatTensor], codes: list[Code], lose: Lose) -> OperatorNode:
    number = table.number(0, "I")
    if number >= len(codes):
        raise OutOfRangeError(f"operator code {number} of {len(codes)}", path=table.path)
    code = codes[number]
    attributes = _attributes(table, code, lose)
    intermediates = [tensor.name.encode() for tensor in _chosen(table, 8, tensors)]
    if intermediates:
        attributes.append(Attribute("intermediates", AttributeKind.STRINGS, intermediates))
    return OperatorNode(
        code.name,
        _names(table, 1, tensors),
        _names(table, 2, tensors),
        attributes,
        domain=code.domain,
        metadata={"tflite.version": str(code.version)},
    )


def _attributes(table: Table, code: Code, lose: Lose) -> list[Attribute]:
    attributes = []
    for kind_slot, slot, union in ((3, 4, "BuiltinOptions"), (11, 12, "BuiltinOptions2")):
        kind, options = table.number(kind_slot, "B"), table.table(slot)
        if options is not None:
            found = options_of(options, kind, union)
            if found is None:
                lose(f"options of {code.name}, which are of the unknown type {kind} of {union}")
            attributes.extend(found or [])
    custom = table.memory(5)
    if custom is not None:
        table.file.spend(len(custom))
        attributes.append(Attribute("custom_options", AttributeKind.STRING, bytes(custom)))
    if table.number(LARGE_OPTIONS, "Q") > 1:
        lose(f"options of {code.name} that lie after the tables of the file")
    return attributes


def _names(table: Table, slot: int, tensors: list[FlatTensor]) -> list[str]:
    """Names of tensors; "" for optional ones that are left out, which have the number -1."""
    numbers = table.numbers(slot, "<i4")
    if numbers is None:
        return []
    if numbers.size and (int(numbers.min()) < -1 or int(numbers.max()) >= len(tensors)):
        raise OutOfRangeError(f"a tensor that is none of {len(tensors)}", path=table.path)
    return [tensors[number].name if number >= 0 else "" for number in numbers.tolist()]


def _chosen(table: Table, slot: int, tensors: list[FlatTensor]) -> list[FlatTensor]:
    names = _names(table, slot, tensors)
    by_name = {tensor.name: tensor for tensor in tensors} if names else {}
    return [by_name[name] for name in names if name]


def _variable(tensor: FlatTensor) -> VariableNode:
    return VariableNode(tensor.name, _type(tensor), metadata=dict(tensor.metadata))


def _type(tensor: FlatTensor) -> TensorType | OpaqueType:
    if tensor.element_type in HANDLES.values():
        return OpaqueType(DOMAIN, tensor.element_type)
    if tensor.signature is None:
        return TensorType(tensor.element_type)
    return TensorType(tensor.element_type, tuple(Dimension(size if size >= 0 else None) for size in tensor.signature))


def _inside(graph: Graph, tensors: Iterable[FlatTensor]) -> tuple[list[VariableNode], list[Tensor]]:
    """Variables that are neither inputs nor outputs, and constant tensors."""
    ends = {variable.name for variable in [*graph.inputs, *graph.outputs]}
    variables = [_variable(tensor) for tensor in tensors if tensor.memory is None and tensor.name not in ends]
    return variables, [_constant(tensor) for tensor in tensors if tensor.memory is not None]


def _constant(tensor: FlatTensor) -> Tensor:
    made: dict[str, Any] = {"data": texts_of(tensor)} if tensor.dtype is None else {"parameter": tensor.name}
    return Tensor(tensor.name, tensor.element_type, tensor.shape, metadata=dict(tensor.metadata), **made)


def _function(
    number: int, table: Table, tensors: list[FlatTensor], nodes: list[OperatorNode], limits: Limits
) -> Function:
    """A subgraph; functions have no constants of their own, so that operators make them."""
    constants = [
        OperatorNode("Constant", [], [tensor.name], [Attribute("value", AttributeKind.TENSOR, _constant(tensor))])
        for tensor in tensors
        if tensor.memory is not None
    ]
    return Function(
        f"subgraph_{number}",
        DOMAIN,
        inputs=_names(table, 1, tensors),
        outputs=_names(table, 2, tensors),
        nodes=[*constants, *nodes],
        variables=[_variable(tensor) for tensor in tensors if tensor.memory is None],
        documentation=table.text(4, limits.max_string_bytes),
    )
