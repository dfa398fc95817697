"""Builds payloads of clause 14 element by element, from the text; no code of a reader or writer."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from aimcodec.conformance.generators.aim.build import Elements
from aimcodec.conformance.generators.aim.files import numbers

__all__ = [
    "CONSTANT_DATA",
    "MEDIA_TYPE",
    "attribute",
    "constant",
    "everything",
    "graph",
    "model",
    "node",
    "tensor_type",
    "value_type",
    "variable",
]

MEDIA_TYPE = "application/vnd.aim.structure"

UINT8, INT64, FLOAT32, STRING = 1, 8, 11, 254
CONSTANT_DATA = b"abcdef"

Part = list[tuple[str, bytes]]


def word(name: str, value: int) -> Part:
    return [(name, numbers("I", value))]


def code(name: str, value: int) -> Part:
    return [(name, bytes([value]))]


def signed(name: str, *values: int) -> Part:
    return [(name, struct.pack(f">{len(values)}q", *values))]


def sized(name: str, value: str | bytes) -> Part:
    data = value.encode() if isinstance(value, str) else value
    return [*word(f"{name}_size", len(data)), (name, data)]


def inside(name: str, part: Elements) -> Part:
    return [(f"{name}.{element}", data) for element, data in part]


def listed(count: str, name: str, parts: Sequence[Elements]) -> Part:
    each = [element for i, part in enumerate(parts) for element in inside(f"{name}[{i}]", part)]
    return [*word(count, len(parts)), *each]


def names(count: str, name: str, values: Sequence[str]) -> Part:
    sizes = [(f"{name}_size", numbers("I", *(len(value.encode()) for value in values)))]
    return [*word(count, len(values)), *sizes, (name, "".join(values).encode())]


def about(documentation: str = "", **texts: str) -> Part:
    """14.2."""
    pairs = [[*sized("text_key", key), *sized("text_value", value)] for key, value in texts.items()]
    return [*sized("documentation", documentation), *listed("text_count", "texts", pairs)]


def operator_sets(*sets: tuple[str, int]) -> Part:
    made = [[*sized("set_domain", domain), *signed("set_version", version)] for domain, version in sets]
    return listed("operator_set_count", "operator_sets", made)


def model(main: Elements, functions: Sequence[Elements] = ()) -> Part:
    """14.1."""
    return [
        *code("structure_version_major", 1),
        *code("structure_version_minor", 0),
        *signed("format_version", 10),
        *sized("producer_name", "a test"),
        *sized("producer_version", "1.0"),
        *sized("model_domain", "org.example"),
        *signed("model_version", 7),
        *about("a model", key="value"),
        *operator_sets(("", 21)),
        *listed("function_count", "functions", functions),
        *inside("graph", main),
    ]


def graph(
    nodes: Sequence[Elements] = (),
    inputs: Sequence[Elements] = (),
    outputs: Sequence[Elements] = (),
    variables: Sequence[Elements] = (),
    parameters: Sequence[Elements] = (),
    sparse: Sequence[Elements] = (),
    annotations: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (),
) -> Part:
    """14.3."""
    return [
        *sized("graph_name", "g"),
        *about("a graph"),
        *listed("input_count", "inputs", inputs),
        *listed("output_count", "outputs", outputs),
        *listed("variable_count", "variables", variables),
        *listed("parameter_count", "parameters", parameters),
        *listed("sparse_parameter_count", "sparse_parameters", sparse),
        *listed("annotation_count", "annotations", [annotation(*each) for each in annotations]),
        *listed("node_count", "nodes", nodes),
    ]


def annotation(variable_name: str, parts: Sequence[tuple[str, str]]) -> Part:
    made = [[*sized("part", part), *sized("part_tensor", tensor)] for part, tensor in parts]
    return [*sized("annotated_variable", variable_name), *listed("part_count", "parts", made)]


def function(defaults: Sequence[Elements], nodes: Sequence[Elements]) -> Part:
    """14.4."""
    return [
        *sized("function_name", "Twice"),
        *sized("operator_domain", "org.example"),
        *sized("overload", "o"),
        *about("a function"),
        *names("function_input_count", "function_input", ["x"]),
        *names("function_output_count", "function_output", ["y"]),
        *names("needed_count", "needed_attribute", ["axis"]),
        *listed("default_count", "defaults", defaults),
        *operator_sets(("", 20)),
        *listed("variable_count", "variables", ()),
        *listed("node_count", "nodes", nodes),
    ]


def node(
    operator: str, inputs: Sequence[str] = (), outputs: Sequence[str] = (), attributes: Sequence[Elements] = ()
) -> Part:
    """14.5."""
    return [
        *sized("operator", operator),
        *sized("operator_domain", "ai.onnx"),
        *sized("overload", "o"),
        *sized("node_name", "n"),
        *about("a node"),
        *names("node_input_count", "node_input", inputs),
        *names("node_output_count", "node_output", outputs),
        *listed("attribute_count", "attributes", attributes),
    ]


def attribute(kind: int, value: Elements = (), reference: str = "", name: str = "a") -> Part:
    """14.6."""
    return [
        *sized("attribute_name", name),
        *code("attribute_type", kind),
        *sized("documentation", "an attribute"),
        *sized("reference", reference),
        *value,
    ]


def variable(name: str, kind: Elements | None = None) -> Part:
    """14.7."""
    head = [*sized("variable_name", name), *about("a variable")]
    return (
        [*head, *code("type_flag", 0)] if kind is None else [*head, *code("type_flag", 1), *inside("value_type", kind)]
    )


def value_type(kind: int, rest: Elements = ()) -> Part:
    """14.8."""
    return [*code("type_code", kind), *sized("denotation", "IMAGE"), *rest]


def tensor_type(element_type: int, *dimensions: int | str | None) -> Part:
    sizes = [[*dimension(each), *sized("dimension_denotation", "DATA_BATCH")] for each in dimensions]
    each = [element for i, part in enumerate(sizes) for element in inside(f"dimensions[{i}]", part)]
    return value_type(1, [*code("element_type", element_type), *code("size_flag", 1), *code("rank", len(sizes)), *each])


def dimension(value: int | str | None) -> Part:
    if isinstance(value, str):
        return [*code("dimension_code", 2), *sized("dimension_symbol", value)]
    return (
        code("dimension_code", 0) if value is None else [*code("dimension_code", 1), *signed("dimension_value", value)]
    )


def constant(
    name: str,
    constant_type: int = UINT8,
    dimensions: Sequence[int] = (6,),
    data: bytes | Sequence[bytes] = CONSTANT_DATA,
    parameter: str | None = None,
) -> Part:
    """14.9."""
    head = [
        *sized("constant_name", name),
        *about("a constant"),
        *code("constant_type", constant_type),
        *shape(dimensions),
    ]
    if parameter is not None:
        return [*head, *code("storage", 1), *sized("parameter", parameter)]
    if isinstance(data, bytes):
        return [*head, *code("storage", 0), *sized("data", data)]
    return [*head, *code("storage", 0), ("string_size", numbers("I", *map(len, data))), ("string", b"".join(data))]


def shape(dimensions: Sequence[int]) -> Part:
    return [*code("rank", len(dimensions)), ("dimension", numbers("Q", *dimensions))]


def sparse_constant() -> Part:
    values = constant("s", FLOAT32, (2,), struct.pack("<2f", 0.5, -1.0))
    indices = constant("", INT64, (2,), struct.pack("<2q", 1, 5))
    return [*inside("values", values), *inside("indices", indices), *shape((2, 3))]


def everything() -> Part:
    """A model that has each element of clause 14."""
    image, inner = tensor_type(FLOAT32, 3, "N", None), graph([node("Neg", ["x"], ["y"])])
    values: list[tuple[int, Elements]] = [
        (0, ()),
        (1, [("float", struct.pack("<f", 1.5))]),
        (2, signed("int", -1)),
        (3, sized("string", b"a\0\xff")),
        (4, inside("constants[0]", constant(""))),
        (5, inside("graphs[0]", inner)),
        (6, [*word("value_count", 2), ("float", bytes.fromhex("0100807f000080ff"))]),
        (7, [*word("value_count", 2), *signed("int", -(1 << 63), (1 << 63) - 1)]),
        (8, [*word("value_count", 2), ("string_size", numbers("I", 0, 3)), ("string", b"abc")]),
        (9, listed("value_count", "constants", [constant("c", STRING, (2,), (b"", b"\xff"))])),
        (10, listed("value_count", "graphs", [inner, graph()])),
        (11, inside("sparse_constants[0]", sparse_constant())),
        (12, listed("value_count", "sparse_constants", [])),
        (13, inside("types[0]", image)),
        (14, listed("value_count", "types", [image, value_type(0)])),
    ]
    attributes = [attribute(kind, value, name=f"a{kind}") for kind, value in values]
    sequence = value_type(3, inside("value_type", image))
    kinds = [
        image,
        value_type(2, [*code("element_type", 253), *code("size_flag", 0)]),
        value_type(4, [*code("key_type", STRING), *inside("value_type", sequence)]),
        value_type(5, inside("value_type", image)),
        value_type(6, [*sized("opaque_domain", "org.example"), *sized("opaque_name", "handle")]),
        value_type(0),
    ]
    main = graph(
        [node("Twice", ["x", ""], ["y"], attributes)],
        [variable("x", image)],
        [variable("y")],
        [variable(f"v{i}", kind) for i, kind in enumerate(kinds)],
        [constant("w", parameter="t"), constant("b")],
        [sparse_constant()],
        [("x", [("SCALE_TENSOR", "s"), ("ZERO_POINT_TENSOR", "z")])],
    )
    default = attribute(2, signed("int", 1), name="times")
    return model(main, [function([default], [node("Mul", ["x"], ["y"], [attribute(2, (), "axis")])])])
