"""Random ONNX models with everything that the messages can say, made from their descriptors."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, TensorProto, helper

TEXTS = ["", "x", "y", "w", "Conv", "é", "a b", "\x1b[31m", "/m/Add_0", "ai.onnx.ml"]
MAX_DEPTH = 4  # of graphs and types inside each other
RARE = {"training_info", "configuration", "device_configurations", "ref_attr_name"}
VALUES = {
    name for name in AttributeProto.DESCRIPTOR.fields_by_name if name not in {"name", "ref_attr_name", "doc_string"}
}
FIELDS = ["f", "i", "s", "t", "g", "floats", "ints", "strings", "tensors", "graphs"]
FIELDS += ["sparse_tensor", "sparse_tensors", "tp", "type_protos"]
FIELD_OF = dict(enumerate(FIELDS, 1))  # by the number of the type
ELEMENTS = [number for number in TensorProto.DataType.values() if number]


def random_model(seed: int) -> ModelProto:
    model = ModelProto()
    _fill(model, Random(seed), 0)  # noqa: S311 - these are no secrets
    model.graph.SetInParent()
    return model


def _fill(message: Any, rng: Random, depth: int) -> None:
    name = message.DESCRIPTOR.name
    if name == "TensorProto":
        _fill_tensor(message, rng)
        return
    skipped = RARE | (VALUES if name == "AttributeProto" else set())
    chosen = {oneof.name: rng.choice([None, *oneof.fields]) for oneof in message.DESCRIPTOR.oneofs}
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if field.name in skipped or (oneof is not None and chosen[oneof.name] is not field):
            continue
        _fill_field(message, field, rng, depth)
    if name == "AttributeProto":
        _fill_attribute(message, rng, depth)


def _fill_field(message: Any, field: Any, rng: Random, depth: int) -> None:
    nested = field.message_type is not None
    if nested and (depth > MAX_DEPTH * 3 or (depth > 3 and rng.random() < 0.4)):
        return
    if field.message_type is not None and field.message_type.name == "StringStringEntryProto":
        for key in rng.sample(TEXTS, rng.randint(0, 2)):
            getattr(message, field.name).add(key=key, value=rng.choice(TEXTS))
    elif field.is_repeated:
        place = getattr(message, field.name)
        for _ in range(rng.choice([0, 1, 1, 2])):
            _fill(place.add(), rng, depth + 1) if nested else place.append(_scalar(field, rng))
    elif nested:
        getattr(message, field.name).SetInParent()
        _fill(getattr(message, field.name), rng, depth + 1)
    elif rng.random() < 0.8:
        setattr(message, field.name, _scalar(field, rng))


def _scalar(field: Any, rng: Random) -> Any:
    if field.name in {"elem_type", "key_type"}:
        return rng.choice(ELEMENTS)
    if field.type == field.TYPE_STRING:
        return rng.choice(TEXTS)
    if field.type == field.TYPE_BYTES:
        return rng.choice([b"", b"\xff\0", b"text"])
    if field.type == field.TYPE_FLOAT:
        return rng.choice([0.0, -0.0, 1.5, math.inf, math.nan, 1e-45])
    if field.name in {"dims"}:
        return rng.randint(0, 3)
    return rng.choice([0, 1, -1, (1 << 63) - 1, -1 << 63])


def _fill_attribute(message: Any, rng: Random, depth: int) -> None:
    if rng.random() < 0.2:
        message.ref_attr_name = "other"
        message.type = rng.randint(0, 14)
        return
    kinds = [kind for kind in FIELD_OF if depth < MAX_DEPTH * 3 or kind in {1, 2, 3, 4, 6, 7, 8}]
    kind = rng.choice(kinds)
    message.type = kind
    field = message.DESCRIPTOR.fields_by_name[FIELD_OF[kind]]
    _fill_field(message, field, rng, 0 if field.message_type is None else max(depth, 1))


def _fill_tensor(message: Any, rng: Random) -> None:
    kind = rng.choice(ELEMENTS)
    shape = [rng.randint(0, 3) for _ in range(rng.randint(0, 3))]
    if rng.random() < 0.1:
        shape = [40, 30]
    elements = math.prod(shape)
    message.name = rng.choice(TEXTS)
    message.doc_string = rng.choice(TEXTS)
    for key in rng.sample(TEXTS, rng.randint(0, 1)):
        message.metadata_props.add(key=key, value=rng.choice(TEXTS))
    message.data_type = kind
    message.dims.extend(shape)
    if kind == TensorProto.STRING:
        message.string_data.extend(rng.randbytes(rng.randint(0, 3)) for _ in range(elements))
        return
    numbers = np.array([rng.randint(0, 1) for _ in range(elements)], np.float64)
    if rng.random() < 0.5:
        typed = helper.make_tensor("", kind, [elements], numbers)
        for field in ("float_data", "int32_data", "int64_data", "double_data", "uint64_data"):
            getattr(message, field).extend(getattr(typed, field))
        return
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    array = (
        helper.make_tensor("", kind, shape, numbers.astype(dtype).tobytes(), raw=True) if dtype.itemsize > 1 else None
    )
    message.raw_data = array.raw_data if array is not None else _small(kind, numbers)


def _small(kind: int, numbers: Any) -> bytes:
    """Raw data of elements of 8 bits and less, packed here a bit at a time."""
    bits = {TensorProto.INT4: 4, TensorProto.UINT4: 4, TensorProto.FLOAT4E2M1: 4, TensorProto.INT2: 2}
    bits |= {TensorProto.UINT2: 2, TensorProto.FLOAT6E2M3: 6, TensorProto.FLOAT6E3M2: 6}
    size = bits.get(kind, 8)
    whole = sum(int(number) << size * place for place, number in enumerate(numbers))
    return whole.to_bytes((numbers.size * size + 7) // 8, "little")
