"""The mapping between structures and ONNX: random models, every field of every message, names, losses, refusals."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from aimcodec.bridges.onnx import OnnxFile
from aimcodec.errors import (
    AimcError,
    ArgumentError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    UnsupportedError,
)
from aimcodec.model import (
    Attribute,
    AttributeKind,
    Contributor,
    Dimension,
    Graph,
    ModelStructure,
    OperatorNode,
    Tensor,
    TensorType,
    VariableNode,
)
from aimcodec.model.onnx import (
    CONTRIBUTORS_KEY,
    EXTERNAL_LOCATION,
    FORM,
    LOSSES,
    differences,
    equal,
    from_proto,
    losses,
    parse_model,
    to_proto,
)
from aimcodec.model.shapes import infer_shapes

onnx = pytest.importorskip("onnx")
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper  # noqa: E402 - where onnx is installed

from .random_protos import random_model  # noqa: E402 - it needs onnx

if TYPE_CHECKING:
    from onnx import GraphProto

UNSEEN = {
    *("ModelProto.training_info", "ModelProto.configuration", "NodeProto.device_configurations"),
    *("TensorProto.external_data", "TensorProto.data_location", "TensorProto.segment"),
    *("Segment.begin", "Segment.end"),
}


def back(model: ModelProto) -> ModelProto:
    structure, apart = from_proto(model)
    values = {name: numpy_helper.to_array(tensor) for name, tensor in apart.items()}
    return to_proto(structure, values.get)


@pytest.mark.parametrize("seeds", [range(40), pytest.param(range(40, 1000), marks=pytest.mark.slow)])
def test_random_models(seeds: range) -> None:
    for seed in seeds:
        model = random_model(seed)
        again = back(model)
        assert differences(model, again) == []
        assert again == back(again)
        assert set(losses(model)) <= {"storage"}


def parts(message: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every field that is set: message.field, the message, the field."""
    for field, value in message.ListFields():
        yield f"{message.DESCRIPTOR.name}.{field.name}", message, field
        if field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                yield from parts(inner)


def test_the_comparison_sees_every_field() -> None:
    """Each kind of field, cleared where it says something, is a difference."""
    seen: set[str] = set()
    for seed in range(100):
        model = random_model(seed)
        for number, (name, _, _) in enumerate(parts(model)):
            if name in seen:
                continue
            changed = type(model)()
            changed.CopyFrom(model)
            _, message, field = list(parts(changed))[number]
            message.ClearField(field.name)
            if changed != model and compared(model, changed):
                seen.add(name)
    fields = {name for root in MESSAGES for name in all_fields(root)}
    assert fields - seen - UNSEEN == set()


def test_differences_name_the_place() -> None:
    a = helper.make_model(graph_of(helper.make_node("Relu", ["x"], ["y"], a=1.0), tensors=[tensor("w")]))
    b = ModelProto()
    b.CopyFrom(a)
    b.graph.node[0].attribute[0].f = -1
    b.graph.node[0].input.append("z")
    b.graph.initializer[0].raw_data = b"abcd"
    places = [text.split(":")[0] for text in differences(a, b)]
    assert places == [
        "model.graph.initializer[0].values",
        "model.graph.node[0].attribute[0].value",
        "model.graph.node[0].input",
    ]


def compared(a: ModelProto, b: ModelProto) -> list[str]:
    try:
        return differences(a, b)
    except (ValueError, TypeError):  # onnx cannot make an array of a tensor that misses something
        return ["values"]


MESSAGES = ["ModelProto", "GraphProto", "NodeProto", "AttributeProto", "ValueInfoProto", "FunctionProto", "TensorProto"]
MESSAGES += ["SparseTensorProto", "TypeProto", "TensorShapeProto", "TensorAnnotation", "OperatorSetIdProto"]


def all_fields(name: str) -> set[str]:
    descriptor = getattr(onnx, name).DESCRIPTOR
    return {f"{one.name}.{f.name}" for one in [descriptor, *descriptor.nested_types] for f in one.fields}


@pytest.mark.parametrize("seeds", [range(150), pytest.param(range(150, 20000), marks=pytest.mark.slow)])
def test_damaged_models(seeds: range) -> None:
    rng = np.random.default_rng(seeds[0])
    data = [random_model(seed).SerializeToString() for seed in range(20)]
    kinds = set()
    for seed in seeds:
        damaged = bytearray(data[seed % 20])
        for place in rng.integers(0, len(damaged), rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        try:
            structure, apart = from_proto(parse_model(bytes(damaged[: rng.integers(len(damaged)) or None])))
            to_proto(structure, None)
            assert all(isinstance(name, str) for name in apart)
        except AimcError as error:
            kinds.add(type(error))
    assert MalformedError in kinds


def graph_of(*nodes: Any, tensors: list[TensorProto] | None = None, name: str = "g") -> GraphProto:
    return helper.make_graph(list(nodes), name, [], [], tensors or [])


def tensor(name: str, size: int = 1) -> TensorProto:
    return numpy_helper.from_array(np.full(size, len(name), np.float32), name)


def test_names_of_parameters() -> None:
    inner = graph_of(tensors=[tensor("w"), tensor("own"), tensor("")])
    nodes = [
        helper.make_node("Loop", [], ["y"], body=inner),
        helper.make_node("Constant", [], ["c"], value=tensor("own", 300)),
        helper.make_node("Constant", [], ["d"], name="node", value=tensor("", 300)),
        helper.make_node("Constant", [], ["e"], value=tensor("", 300)),
        helper.make_node("Constant", [], ["w.1"], value=tensor("w.1", 300)),
    ]
    structure, apart = from_proto(helper.make_model(graph_of(*nodes, tensors=[tensor("w"), tensor("w.1")])))
    assert [one.parameter for one in structure.graph.parameters] == ["w", "w.1"]
    body = structure.graph.nodes[0].attributes[0].value
    assert [(one.name, one.parameter) for one in body.parameters] == [("w", "w.2"), ("own", "own"), ("", "parameter")]
    values = [node.attributes[0].value.parameter for node in structure.graph.nodes[1:]]
    assert values == ["own.1", "node.value", "e.value", "w.1.1"]
    assert list(apart) == ["w", "w.1", "w.2", "own", "parameter", *values]


def test_many_parameters_of_one_name() -> None:
    model = helper.make_model(graph_of(tensors=[TensorProto(data_type=1, name="w")] * 20000))
    assert len(from_proto(model)[1]) == 20000


def test_small_constants_stay_inline() -> None:
    def constant(size: int) -> Tensor:
        structure, _ = from_proto(
            helper.make_model(graph_of(helper.make_node("C", [], ["y"], value=tensor("t", size))))
        )
        value = structure.graph.nodes[0].attributes[0].value
        assert isinstance(value, Tensor)
        return value

    assert constant(255).data == np.full(255, 1, np.float32).tobytes()
    assert constant(256).data is None
    assert constant(256).parameter == "t"


def test_parameters_without_values() -> None:
    """What an engine is given that is told the values by name."""
    model = helper.make_model(graph_of(helper.make_node("Identity", ["w"], ["y"]), tensors=[tensor("w", 5)]))
    structure, _ = from_proto(model)
    (found,) = to_proto(structure, None).graph.initializer
    assert found.data_location == TensorProto.EXTERNAL
    assert [(entry.key, entry.value) for entry in found.external_data] == [("location", EXTERNAL_LOCATION)]
    assert (found.name, list(found.dims), found.data_type, found.raw_data) == ("w", [5], 1, b"")


def test_contributors() -> None:
    people = [Contributor("Zoë", "author", "Lab", "z@example.com"), Contributor("B")]
    structure = ModelStructure(Graph("g"), metadata={"k": "v"}, contributors=people)
    proto = to_proto(structure, None)
    texts = {entry.key: entry.value for entry in proto.metadata_props}
    assert json.loads(texts[CONTRIBUTORS_KEY])[0] == {
        "name": "Zoë",
        "role": "author",
        "organization": "Lab",
        "contact": "z@example.com",
    }
    again, _ = from_proto(proto)
    assert again == structure
    structure.metadata[CONTRIBUTORS_KEY] = "x"
    with pytest.raises(ArgumentError, match="contributors"):
        to_proto(structure, None)


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "[1]", "{}", '[{"name": 1}]', '[{"name": "a"}]', "[" * 100000, "1" * 5000, '[{"__class__": ""}]'],
)
def test_other_texts_under_the_key_of_contributors_stay_texts(text: str) -> None:
    model = helper.make_model(graph_of())
    model.metadata_props.add(key=CONTRIBUTORS_KEY, value=text)
    structure, _ = from_proto(model)
    assert structure.contributors == []
    assert structure.metadata == {CONTRIBUTORS_KEY: text}


def with_loss(name: str) -> ModelProto:
    model = helper.make_model(graph_of(helper.make_node("Relu", ["x"], ["y"], a=1), tensors=[tensor("w")]))
    attribute = model.graph.node[0].attribute[0]
    if name == "training":
        model.training_info.add()
    elif name == "devices":
        model.graph.node[0].device_configurations.add(configuration_id="c")
    elif name == "unknown-fields":
        model.graph.node[0].MergeFromString(b"\xf8\x07\x01")  # field 127, a number
    elif name == "repeated-keys":
        model.metadata_props.add(key="k", value="a")
        model.metadata_props.add(key="k", value="b")
    elif name == "stray-values":
        attribute.f = 2
    elif name == "unstated-types":
        attribute.ClearField("type")
    else:
        model.graph.initializer[0].external_data.add(key="location", value="x")
    return model


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in {"order-of-metadata", "presence"}])
def test_losses(name: str) -> None:
    model = with_loss(name)
    assert losses(model) == [name]
    assert equal(model, back(model)) or name == "storage"
    assert losses(back(model)) == []


def test_repeated_keys_keep_the_last() -> None:
    assert from_proto(with_loss("repeated-keys"))[0].metadata == {"k": "b"}


def test_several_values_and_no_type() -> None:
    model = helper.make_model(graph_of(helper.make_node("Relu", ["x"], ["y"], a=1)))
    attribute = model.graph.node[0].attribute[0]
    attribute.ClearField("type")
    attribute.f = 1
    with pytest.raises(InconsistentError, match="several kinds"):
        from_proto(model)


def test_texts_that_are_none() -> None:
    for data in (b"\x12\x02\xff\xfe\x3a\x00", b"\x3a\x05\x0a\x03\x0a\x01\xff", b"\x3a\x04\x12\x02\xc0\x80"):
        with pytest.raises(MalformedError, match="UTF-8"):
            from_proto(parse_model(data))


def deep(levels: int) -> ModelProto:
    model = ModelProto()
    graph = model.graph
    for _ in range(levels):
        attribute = graph.node.add().attribute.add(type=AttributeProto.GRAPH)
        graph = attribute.g
    graph.SetInParent()
    return model


def test_nesting() -> None:
    assert equal(deep(32), back(deep(32)))
    for levels in (33, 5000):
        with pytest.raises(LimitExceededError):
            from_proto(deep(levels))


def one(attribute: Attribute) -> ModelStructure:
    return ModelStructure(Graph("g", [OperatorNode("N", attributes=[attribute])]))


@pytest.mark.parametrize(
    ("structure", "error"),
    [
        (one(Attribute("a", AttributeKind.INT, 1 << 63)), ArgumentError),
        (one(Attribute("a", AttributeKind.INT, "x")), ArgumentError),
        (one(Attribute("a", AttributeKind.INTS, None)), ArgumentError),
        (one(Attribute("a", AttributeKind.STRING, "\ud800")), ArgumentError),
        (one(Attribute("a", AttributeKind.TENSOR, Tensor("t", "FLOAT32", (2,)))), ArgumentError),
        (one(Attribute("a", AttributeKind.TENSOR, Tensor("t", "FLOAT32", (2,), data=b"123"))), InconsistentError),
        (one(Attribute("a", AttributeKind.TENSOR, Tensor("t", "STRING", (2,), data=(b"",)))), InconsistentError),
        (one(Attribute("a", AttributeKind.TENSOR, Tensor("t", "FLOAT8_E3M4", (2,), data=b"12"))), UnsupportedError),
        (ModelStructure(Graph("g", inputs=[VariableNode("x", TensorType("UINT1"))])), UnsupportedError),
        (
            ModelStructure(Graph("g", inputs=[VariableNode("x", TensorType("INT8", (Dimension(1, "n"),)))])),
            ArgumentError,
        ),
    ],
)
def test_what_onnx_cannot_have(structure: ModelStructure, error: type[AimcError]) -> None:
    with pytest.raises(error):
        to_proto(structure, None)


@pytest.mark.parametrize("array", [np.zeros(3, np.float32), np.zeros((1, 2), np.float32), np.zeros(2, np.int32)])
def test_values_that_do_not_fit(array: Any) -> None:
    structure = ModelStructure(Graph("g", parameters=[Tensor("w", "FLOAT32", (2,), "p")]))
    with pytest.raises(InconsistentError, match="'p'"):
        to_proto(structure, lambda name: array)


def test_the_guide_has_the_losses() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "onnx.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([a-z-]+) \| (?:form: )?(.*) \|$", page, re.MULTILINE))
    assert {name: rows[name].replace("`", "") for name in LOSSES} == dict(LOSSES)
    assert set(re.findall(r"^\| ([a-z-]+) \| form: ", page, re.MULTILINE)) == FORM


def test_without_the_onnx_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    (tmp_path / "m.onnx").write_bytes(b"\x08\x0a\x3a\x00")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'aimcodec\[onnx\]'"):
        to_proto(ModelStructure(Graph()), None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'aimcodec\[onnx\]'"):
        OnnxFile(tmp_path / "m.onnx")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'aimcodec\[onnx\]'"):
        infer_shapes(ModelStructure(Graph()))
