"""The binary form of structures: against the slow reader, by hand, and what cannot be carried."""

from __future__ import annotations

import dataclasses
import random
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from aimcodec import Limits
from aimcodec.errors import AimcError, ArgumentError, LimitExceededError, OutOfRangeError, TruncatedError
from aimcodec.model import (
    Attribute,
    AttributeKind,
    Contributor,
    Dimension,
    Function,
    Graph,
    MapType,
    ModelStructure,
    OperatorNode,
    OperatorSet,
    OptionalType,
    QuantizationAnnotation,
    SequenceType,
    SparseTensor,
    Tensor,
    TensorType,
    VariableNode,
    decode_structure,
    encode_structure,
)
from aimcodec.model.walk import all_tensors
from aimcodec.reference.aim.structure import read_structure
from aimcodec.syntax import Reader
from aimcodec.syntax.aim.draw_structure import draw_structure, write_structure
from aimcodec.syntax.aim.structure import structure_payload
from aimcodec.syntax.bytewise import read_bytes

from .records import record_of
from .strategies import structures

DEEPEST = 32

sources = hs.randoms(use_true_random=False)


def few(count: int) -> Any:
    return settings(max_examples=settings.default.max_examples * count // 500)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311


# Laws.


@few(40)
@given(sources)
def test_the_slow_reader_reads_the_same(rng: random.Random) -> None:
    data = write_structure(draw_structure(rng))
    structure = decode_structure(data)
    assert record_of(structure) == read_structure(data)
    assert encode_structure(structure) == data


@few(30)
@given(sources)
def test_both_readers_of_the_engine_give_the_same(rng: random.Random) -> None:
    data = write_structure(draw_structure(rng))
    slow = Reader(data).unit("x", structure_payload)
    assert repr(read_bytes(data, "x", Limits(), structure_payload)) == repr(slow)  # NaNs differ from themselves


def outcome(read: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return read(data)
    except AimcError as error:
        return type(error)


@few(80)
@given(sources)
def test_changed_bytes_are_judged_alike(rng: random.Random) -> None:
    """By the slow reader, which shares nothing: the same verdict, the same values; each structure has one form."""
    data = bytearray(write_structure(draw_structure(rng)))
    for _ in range(rng.choice((1, 1, 1, 3))):
        data[rng.randrange(len(data))] = rng.choice((0, 1, 2, 255, rng.randrange(256)))
    changed = bytes(data[: rng.choice((None, None, rng.randrange(len(data))))])
    found, expected = outcome(decode_structure, changed), outcome(read_structure, changed)
    if isinstance(found, type):
        assert found is expected or {found, expected} == {LimitExceededError, TruncatedError}
    else:
        assert record_of(found) == expected
        assert encode_structure(found) == changed


@pytest.mark.parametrize("seed", range(3))
def test_every_prefix_is_refused(seed: int) -> None:
    data = write_structure(draw_structure(seeded(seed)))
    for size in range(0, len(data), max(1, len(data) // 200)):
        with pytest.raises(TruncatedError):
            decode_structure(data[:size])


# By hand.


def counted(text: str) -> bytes:
    return struct.pack(">I", len(text.encode())) + text.encode()


def number(value: int) -> bytes:
    return struct.pack(">I", value)


NOTHING = counted("") + number(0)  # neither documentation nor texts
EMPTY_GRAPH = counted("g") + NOTHING + number(0) * 7
HEAD = bytes([1, 0]) + struct.pack(">q", 10) + counted("maker") + counted("1.2") + counted("org.x")
HEAD += struct.pack(">q", -1) + counted("of it") + number(1) + counted("key") + counted("value")


def test_a_model_by_hand() -> None:
    node = counted("Relu") + counted("") + counted("") + counted("n") + NOTHING
    node += number(1) + number(1) + b"x" + number(2) + number(1) + number(0) + b"y"  # one input, two outputs
    node += number(2)
    node += counted("alpha") + b"\1" + counted("") + counted("") + bytes.fromhex("0000c03f")
    node += counted("axes") + b"\7" + counted("") + counted("") + number(2) + struct.pack(">2q", -1, 3)
    size = b"\1\2" + b"\1" + struct.pack(">q", 3) + counted("") + b"\2" + counted("N") + counted("DATA_BATCH")
    variable = counted("x") + NOTHING + b"\1" + b"\1" + counted("IMAGE") + bytes([11]) + size
    constant = counted("w") + NOTHING + bytes([26, 1]) + struct.pack(">Q", 3) + b"\0" + number(2) + b"\x21\x03"
    graph = counted("g") + NOTHING + number(1) + variable + number(0) + number(0) + number(1) + constant
    graph += number(0) + number(0) + number(1) + node
    data = HEAD + number(1) + counted("") + struct.pack(">q", 17) + number(0) + graph
    expected = ModelStructure(
        Graph(
            "g",
            nodes=[
                OperatorNode(
                    "Relu",
                    ["x"],
                    ["y", ""],
                    [
                        Attribute("alpha", AttributeKind.FLOAT, 1.5),
                        Attribute("axes", AttributeKind.INTS, [-1, 3]),
                    ],
                    "n",
                )
            ],
            inputs=[
                VariableNode("x", TensorType("FLOAT32", (Dimension(3), Dimension(None, "N", "DATA_BATCH")), "IMAGE"))
            ],
            parameters=[Tensor("w", "INT4", (3,), data=b"\x21\x03")],
        ),
        [OperatorSet("", 17)],
        [],
        10,
        "maker",
        "1.2",
        "org.x",
        -1,
        "of it",
        {"key": "value"},
    )
    assert decode_structure(data) == expected
    assert encode_structure(expected) == data
    assert record_of(expected) == read_structure(data)
    assert encode_structure(dataclasses.replace(expected, contributors=[Contributor("Ada")])) == data


@pytest.mark.parametrize("bits", [0x7FC00000, 0x7F800001, 0xFFFFFFFF, 0x80000000, 0x00000001, 0x7F800000, 0xFF7FFFFF])
@pytest.mark.parametrize("kind", [AttributeKind.FLOAT, AttributeKind.FLOATS])
def test_floats_keep_their_bits(bits: int, kind: AttributeKind) -> None:
    raw = struct.pack("<I", bits)
    node = counted("f") + counted("") + counted("") + counted("") + NOTHING + number(0) + number(0)
    value = bytes([kind]) + counted("") + counted("") + (number(2) + raw if kind == AttributeKind.FLOATS else b"")
    node += number(1) + counted("a") + value + raw
    data = HEAD + number(0) + number(0) + EMPTY_GRAPH[:-4] + number(1) + node
    assert encode_structure(decode_structure(data)) == data


def test_the_order_of_texts_is_kept() -> None:
    one = ModelStructure(Graph(), metadata={"b": "1", "a": "2"})
    assert list(decode_structure(encode_structure(one)).metadata) == ["b", "a"]


def test_buffers_of_any_kind() -> None:
    data = encode_structure(ModelStructure(Graph("g")))
    for buffer in (data, bytearray(data), memoryview(data)):
        assert decode_structure(buffer).graph.name == "g"


# Depth.


def nested_types(depth: int) -> ModelStructure:
    """A type of which the innermost is so deep."""
    kind: Any = TensorType("FLOAT32")
    for level in range(depth - 2):
        kind = (SequenceType(kind), OptionalType(kind), MapType("STRING", kind))[level % 3]
    return ModelStructure(Graph(inputs=[VariableNode("x", kind)]))


def nested_graphs(depth: int) -> ModelStructure:
    graph = Graph("inner")
    for level in range(depth - 1):
        kind, value = (AttributeKind.GRAPH, graph) if level % 2 else (AttributeKind.GRAPHS, [graph])
        graph = Graph("outer", [OperatorNode("If", attributes=[Attribute("body", kind, value)])])
    return ModelStructure(graph)


def nested_in_function(depth: int) -> ModelStructure:
    inner = nested_graphs(depth - 1).graph
    defaults = [Attribute("body", AttributeKind.GRAPH, inner)]
    return ModelStructure(Graph(), functions=[Function("f", defaults=defaults)])


@pytest.mark.parametrize("make", [nested_types, nested_graphs, nested_in_function])
def test_as_deep_as_can_be(make: Callable[[int], ModelStructure]) -> None:
    data = encode_structure(make(DEEPEST))
    assert decode_structure(data) == make(DEEPEST)
    assert record_of(make(DEEPEST)) == read_structure(data)
    for depth in (DEEPEST + 1, 2000):
        with pytest.raises(ArgumentError, match="deep"):
            encode_structure(make(depth))


def test_deeper_is_refused_without_recursion() -> None:
    """A thousand times as deep as a stack would take."""
    step = bytes([3]) + counted("")  # a sequence
    variable = counted("x") + NOTHING + b"\1" + step * 200_000
    data = HEAD + number(0) + number(0) + counted("g") + NOTHING + number(1) + variable
    with pytest.raises(OutOfRangeError, match="deep"):
        decode_structure(data)
    with pytest.raises(OutOfRangeError, match="deep"):
        read_structure(data)


# Counts and limits.


@pytest.mark.parametrize("at", range(2, 10))
def test_false_counts_are_refused_at_once(at: int) -> None:
    """Each count of a structure as 2^32 - 1, with a few bytes left."""
    parts = [HEAD, number(0), number(0), counted("g"), NOTHING, *[number(0)] * 7]
    places = [1, 2, *range(5, 12)]
    parts[places[at - 2]] = number(0xFFFFFFFF)
    with pytest.raises(AimcError):
        decode_structure(b"".join(parts))


@pytest.mark.parametrize("kind", [3, 6, 7, 8, 9, 10, 12, 14])
def test_false_counts_of_values(kind: int) -> None:
    count = number(0xFFFFFFFF)
    node = counted("f") + counted("") + counted("") + counted("") + NOTHING + number(0) + number(0)
    node += number(1) + counted("a") + bytes([kind]) + counted("") + counted("") + count + b"0123456789"
    data = HEAD + number(0) + number(0) + EMPTY_GRAPH[:-4] + number(1) + node
    with pytest.raises(AimcError) as caught:
        decode_structure(data)
    assert caught.value.path.startswith("structure_payload.graph.nodes[0].attributes[0].")


@pytest.mark.parametrize("elements", [1 << 31, 1 << 40, 1 << 62])
def test_texts_beyond_the_limit(elements: int) -> None:
    constant = counted("w") + NOTHING + bytes([254, 1]) + struct.pack(">Q", elements) + b"\0"
    data = HEAD + number(0) + number(0) + counted("g") + NOTHING + number(0) * 3 + number(1) + constant
    with pytest.raises(LimitExceededError):
        decode_structure(data)
    with pytest.raises(TruncatedError):
        decode_structure(data, limits=Limits(max_elements=1 << 63, max_output_bytes=1 << 63))


def test_limits_are_those_of_constants() -> None:
    data = encode_structure(ModelStructure(Graph(parameters=[Tensor("w", "UINT8", (2, 3), "w")])))
    assert decode_structure(data, limits=Limits(max_rank=2, max_elements=6, max_output_bytes=6))
    for limits in (Limits(max_rank=1), Limits(max_elements=5), Limits(max_output_bytes=5)):
        with pytest.raises(LimitExceededError):
            decode_structure(data, limits=limits)


# What cannot be carried.


def of_attribute(kind: AttributeKind, value: Any, reference: str = "") -> ModelStructure:
    return ModelStructure(Graph(nodes=[OperatorNode("f", attributes=[Attribute("a", kind, value, reference)])]))


def of_constant(*arguments: Any, **more: Any) -> ModelStructure:
    return ModelStructure(Graph(parameters=[Tensor("w", *arguments, **more)]))


def of_type(kind: Any) -> ModelStructure:
    return ModelStructure(Graph(inputs=[VariableNode("x", kind)]))


Kind = AttributeKind
CANNOT: dict[str, ModelStructure] = {
    "zero": ModelStructure(Graph("a\0b")),
    "surrogate": ModelStructure(Graph("\ud800")),
    "surrogate-input": ModelStructure(Graph(nodes=[OperatorNode("f", ["\ud800"])])),
    "version": ModelStructure(Graph(), format_version=1 << 63),
    "set-version": ModelStructure(Graph(), [OperatorSet("", -(1 << 63) - 1)]),
    "int": of_attribute(Kind.INT, 1 << 63),
    "ints": of_attribute(Kind.INTS, [0, -(1 << 63) - 1]),
    "int-float": of_attribute(Kind.INT, 1.0),
    "float": of_attribute(Kind.FLOAT, 0.1),
    "float-range": of_attribute(Kind.FLOATS, [1e39]),
    "float-text": of_attribute(Kind.FLOAT, "1"),
    "none": of_attribute(Kind.INT, None),
    "one": of_attribute(Kind.INTS, 1),
    "list": of_attribute(Kind.STRING, [b"a"]),
    "text": of_attribute(Kind.STRING, "text"),
    "graph": of_attribute(Kind.GRAPH, Tensor("t", "UINT8", (), data=b"1")),
    "undefined": of_attribute(Kind.UNDEFINED, 1),
    "reference": of_attribute(Kind.INT, 1, "other"),
    "data-short": of_constant("UINT16", (2,), data=b"123"),
    "data-long": of_constant("UINT16", (2,), data=b"12345"),
    "data-none": of_constant("UINT16", (2,)),
    "data-both": of_constant("UINT8", (2,), "w", b"12"),
    "data-strings": of_constant("UINT8", (2,), data=(b"1", b"2")),
    "strings-data": of_constant("STRING", (2,), data=b"12"),
    "strings-few": of_constant("STRING", (2,), data=(b"1",)),
    "surplus": of_constant("INT4", (1,), data=b"\x10"),
    "bool": of_constant("BOOL", (1,), data=b"\2"),
    "shape": of_constant("UINT8", (-1,), "w"),
    "rank": of_constant("UINT8", (1,) * 33, "w"),
    "room": of_constant("UINT8", (1 << 32, 1 << 32), "w"),
    "parameter": of_constant("UINT8", (1,), ""),
    "element-type": of_constant("UNDEFINED", (1,), "w"),
    "no-type": of_constant("FLOAT31", (1,), "w"),
    "opaque": of_constant("OPAQUE", (1,), "w"),
    "type-rank": of_type(TensorType("UINT8", (Dimension(),) * 33)),
    "dimension": of_type(TensorType("UINT8", (Dimension(1, "N"),))),
    "dimension-range": of_type(TensorType("UINT8", (Dimension(1 << 63),))),
    "key": of_type(MapType("FLOAT32", TensorType("UINT8"))),
    "part": ModelStructure(Graph(quantization=[QuantizationAnnotation("x", {"\0": "y"})])),
    "sparse": ModelStructure(
        Graph(sparse_parameters=[SparseTensor(Tensor("v", "UINT8", (1,), "v"), Tensor("i", "INT64", (1,), "i"), (-1,))])
    ),
}


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_carried(name: str) -> None:
    with pytest.raises(ArgumentError):
        encode_structure(CANNOT[name])


@few(50)
@given(structures(with_contributors=False))
def test_any_structure_comes_back(structure: ModelStructure) -> None:
    """But for constants that name no tensor, which it says."""
    if any(tensor.parameter == "" for tensor in all_tensors(structure)):
        with pytest.raises(ArgumentError, match="not empty"):
            encode_structure(structure)
        return
    data = encode_structure(structure)
    assert decode_structure(data) == structure
    assert read_structure(data) == record_of(structure)
