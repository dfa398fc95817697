"""Random structures of models: everything that the dataclasses can hold, in small sizes.

Numbers that are not numbers are left out, as they differ from themselves; `NANS` has some for tests that compare bits.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from hypothesis import strategies as hs

from aimcodec.dtypes import from_code, packed_bytes
from aimcodec.model import (
    Attribute,
    AttributeKind,
    Contributor,
    Dimension,
    Function,
    Graph,
    MapType,
    ModelStructure,
    OpaqueType,
    OperatorNode,
    OperatorSet,
    OptionalType,
    QuantizationAnnotation,
    SequenceType,
    SparseTensor,
    SparseTensorType,
    Tensor,
    TensorType,
    UnknownType,
    VariableNode,
)
from aimcodec.syntax.aim.types import DATA_TYPES

Strategy = hs.SearchStrategy[Any]

ELEMENT_TYPES = sorted(from_code(code).name for code in DATA_TYPES)
MAX_INT = (1 << 63) - 1
HOSTILE = [
    "",
    "input",
    "nan",
    "a b",
    'q"\\',
    "\x1b[31m",
    "\u202eevil",
    "<b>&amp;",
    "x.y",
    "a::b",
    "/m/Add_0",
    "}{",
    "é\n",
]
NANS = [struct.unpack("<f", struct.pack("<I", bits))[0] for bits in (0x7FC00000, 0xFFC00000, 0x7FC00001, 0xFFFFFFFF)]

ints = hs.integers(-MAX_INT - 1, MAX_INT)
floats = hs.floats(width=32, allow_nan=False)
# Any text that UTF-8 can say, without U+0000.
texts = hs.one_of(
    hs.sampled_from(HOSTILE), hs.text(hs.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
)
names = hs.one_of(hs.sampled_from(["x", "y", "w", "Conv", "N"]), texts)
metadata = hs.dictionaries(texts, texts, max_size=2)
element_types = hs.sampled_from([*ELEMENT_TYPES, "STRING", "UNDEFINED"])


def lists(of: Strategy, size: int = 3) -> Strategy:
    return hs.lists(of, max_size=size)


dimensions = hs.one_of(
    hs.builds(Dimension, hs.one_of(hs.integers(0, 5), hs.integers(0, MAX_INT)), hs.just(""), texts),
    hs.builds(Dimension, hs.none(), texts, texts),
)
sizes = hs.one_of(hs.none(), lists(dimensions).map(tuple))

types: Strategy = hs.recursive(
    hs.one_of(
        hs.builds(TensorType, element_types, sizes, texts),
        hs.builds(SparseTensorType, element_types, sizes, texts),
        hs.builds(OpaqueType, texts, texts, texts),
        hs.builds(UnknownType, texts),
    ),
    lambda inner: hs.one_of(
        hs.builds(SequenceType, inner, texts),
        hs.builds(OptionalType, inner, texts),
        hs.builds(MapType, hs.sampled_from(["INT8", "INT64", "UINT32", "STRING"]), inner, texts),
    ),
    max_leaves=3,
)


@hs.composite
def tensors(draw: hs.DrawFn, inline: bool | None = None) -> Tensor:
    """Constant tensors, whose data have the size of the shape and no surplus bits."""
    kind = draw(hs.sampled_from([*ELEMENT_TYPES, "STRING"]))
    shape = tuple(draw(hs.lists(hs.integers(0, 3), max_size=3)))
    count = math.prod(shape)
    tensor = Tensor(draw(names), kind, shape, documentation=draw(texts), metadata=draw(metadata))
    if inline is False or (inline is None and draw(hs.booleans())):
        tensor.parameter = draw(names)
    elif kind == "STRING":
        tensor.data = tuple(draw(hs.lists(hs.binary(max_size=4), min_size=count, max_size=count)))
    else:
        tensor.data = draw(memories(kind, count))
    return tensor


@hs.composite
def memories(draw: hs.DrawFn, kind: str, count: int) -> bytes:
    """The memory of so many elements: any bits but surplus ones; 0 and 1 for BOOL."""
    dtype = next(from_code(code) for code in DATA_TYPES if from_code(code).name == kind)
    size = packed_bytes(dtype, count)
    if kind == "BOOL":
        return bytes(draw(hs.lists(hs.integers(0, 1), min_size=size, max_size=size)))
    data = bytearray(draw(hs.binary(min_size=size, max_size=size)))
    surplus = count * dtype.bits % 8
    if surplus:
        data[-1] &= (1 << surplus) - 1
    return bytes(data)


sparse_tensors = hs.builds(SparseTensor, tensors(), tensors(), lists(hs.integers(0, 9)).map(tuple))
variables = hs.builds(VariableNode, names, hs.one_of(hs.none(), types), texts, metadata)

_LEAVES: dict[AttributeKind, Strategy] = {
    AttributeKind.FLOAT: floats,
    AttributeKind.INT: ints,
    AttributeKind.STRING: hs.binary(max_size=5),
    AttributeKind.TENSOR: tensors(),
    AttributeKind.SPARSE_TENSOR: sparse_tensors,
    AttributeKind.TYPE: types,
}
_PLURALS = {
    AttributeKind.FLOAT: AttributeKind.FLOATS,
    AttributeKind.INT: AttributeKind.INTS,
    AttributeKind.STRING: AttributeKind.STRINGS,
    AttributeKind.TENSOR: AttributeKind.TENSORS,
    AttributeKind.GRAPH: AttributeKind.GRAPHS,
    AttributeKind.SPARSE_TENSOR: AttributeKind.SPARSE_TENSORS,
    AttributeKind.TYPE: AttributeKind.TYPES,
}


def attributes(graphs: Strategy | None = None) -> Strategy:
    """Attributes of every kind; with graphs in them where a strategy for those is given."""
    values = dict(_LEAVES) if graphs is None else {**_LEAVES, AttributeKind.GRAPH: graphs}
    choices = [hs.builds(Attribute, names, hs.just(kind), value, hs.just(""), texts) for kind, value in values.items()]
    for kind, value in values.items():
        choices.append(hs.builds(Attribute, names, hs.just(_PLURALS[kind]), lists(value, 2), hs.just(""), texts))
    referring = hs.builds(
        Attribute, names, hs.sampled_from(AttributeKind), hs.none(), names.filter(bool), documentation=texts
    )
    undefined = hs.builds(Attribute, names, hs.just(AttributeKind.UNDEFINED), hs.none(), hs.just(""), texts)
    return hs.one_of(*choices, referring, undefined)


@hs.composite
def nodes(draw: hs.DrawFn, graphs: Strategy | None = None) -> OperatorNode:
    return OperatorNode(
        draw(names),
        draw(lists(names)),
        draw(lists(names)),
        draw(lists(attributes(graphs), 2)),
        *(draw(texts) for _ in range(4)),
        draw(metadata),
    )


quantizations = hs.builds(QuantizationAnnotation, names, metadata)


@hs.composite
def graphs(draw: hs.DrawFn, depth: int = 2) -> Graph:
    """Graphs, with graphs in their nodes down to a depth."""
    return Graph(
        draw(texts),
        draw(lists(nodes(graphs(depth - 1) if depth else None), 2)),
        draw(lists(variables, 2)),
        draw(lists(variables, 2)),
        draw(lists(variables, 1)),
        draw(lists(tensors(), 2)),
        draw(lists(sparse_tensors, 1)),
        draw(lists(quantizations, 1)),
        draw(texts),
        draw(metadata),
    )


operator_sets = hs.builds(OperatorSet, texts, ints)
functions = hs.builds(
    Function,
    names,
    texts,
    texts,
    lists(names),
    lists(names),
    lists(names),
    lists(attributes(), 1),
    lists(nodes(graphs(0)), 2),
    lists(variables, 1),
    lists(operator_sets, 2),
    texts,
    metadata,
)
contributors = hs.builds(Contributor, texts, texts, texts, texts)


@hs.composite
def structures(draw: hs.DrawFn, *, with_contributors: bool = True) -> ModelStructure:
    """Whole structures; the binary form has no contributors."""
    return ModelStructure(
        draw(graphs()),
        draw(lists(operator_sets, 2)),
        draw(lists(functions, 1)),
        draw(ints),
        draw(texts),
        draw(texts),
        draw(texts),
        draw(ints),
        draw(texts),
        draw(metadata),
        draw(lists(contributors, 2 if with_contributors else 0)),
    )
