"""Node tests with something wrong in them: in values, types, shapes, attributes, inputs, versions or operators."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np
import onnx

from aimcodec.limits import Limits
from aimcodec.operators.torch import KERNELS

from .node_cases import Case, plain, program_of, to_torch

LIMITS = Limits(max_elements=1_000_000, max_units=500)
INTEGERS = [-(2**63), -(2**31), -5, -2, -1, 0, 1, 2, 3, 7, 100, 2**31 - 1, 2**31, 2**40, 2**63 - 1]
FLOATS = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, -1e30, 1e-30, 2.0**40]
TEXTS = [b"bogus", b"", b"\xff", b"linear", b"SAME_UPPER", b"VALID", b"max", b"cubic", b"align_corners", b"reverse"]
TYPES = ["float32", "float16", "float64", "int64", "int32", "int8", "uint8", "uint16", "uint32", "uint64", "bool"]
OPERATORS = sorted(operator for domain, operator in KERNELS if domain == "")


def mutated(case: Case, rng: random.Random) -> tuple[onnx.ModelProto, list[Any]]:
    """A copy of the model of a case, and of its inputs, with one to three changes."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    inputs = [copy.deepcopy(plain(value)) for value in case.sets[0][0]] if case.sets else []
    for value in (*model.graph.input, *model.graph.output):
        if value.type.HasField("tensor_type"):  # what is declared would be all that is checked
            value.type.tensor_type.ClearField("shape")
    for _ in range(rng.choice([1, 1, 2, 3])):
        rng.choice([_input, _input, _attribute, _attribute, _node, _version])(model, inputs, rng)
    return model, inputs


def run(model: onnx.ModelProto, inputs: list[Any]) -> None:
    program, structure = program_of(model, LIMITS)
    names = [v.name for v in structure.graph.inputs if v.name not in {t.name for t in structure.graph.parameters}]
    program.run(dict(zip(names, map(to_torch, inputs), strict=False)))


def _input(model: onnx.ModelProto, inputs: list[Any], rng: random.Random) -> None:
    place = rng.randrange(len(inputs)) if inputs else 0
    array = inputs[place] if inputs else None
    if not isinstance(array, np.ndarray) or array.dtype.name not in TYPES:
        return
    choice = rng.randrange(3)
    if choice == 0:
        shape = [rng.choice([0, 1, 1, 2, 3, 4]) for _ in range(rng.randrange(5))]
        array = np.resize(array, shape).astype(array.dtype) if array.size else np.zeros(shape, array.dtype)
    elif choice == 1 and array.size:
        array = array.copy()
        array.reshape(-1)[rng.randrange(array.size)] = _extreme(array.dtype, rng)
    elif choice == 2:
        kind = np.dtype(rng.choice(TYPES))
        with np.errstate(all="ignore"):
            array = array.astype(kind)
        model.graph.input[place].type.tensor_type.elem_type = onnx.helper.np_dtype_to_tensor_dtype(kind)
    inputs[place] = array


def _extreme(kind: np.dtype[Any], rng: random.Random) -> Any:
    if kind.kind == "b":
        return rng.random() < 0.5
    if kind.kind == "f":
        with np.errstate(over="ignore"):
            return np.array(rng.choice(FLOATS)).astype(kind)
    bounds = np.iinfo(kind)
    return min(bounds.max, max(bounds.min, rng.choice(INTEGERS)))


def _attribute(model: onnx.ModelProto, inputs: list[Any], rng: random.Random) -> None:
    node = rng.choice(list(model.graph.node))
    if not node.attribute:
        return
    attribute = rng.choice(list(node.attribute))
    if attribute.type == onnx.AttributeProto.INT:
        attribute.i = rng.choice(INTEGERS)
    elif attribute.type == onnx.AttributeProto.INTS and attribute.ints:
        choice = rng.randrange(3)
        if choice == 0:
            attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(INTEGERS)
        elif choice == 1:
            attribute.ints.append(rng.choice(INTEGERS))
        else:
            del attribute.ints[-1]
    elif attribute.type == onnx.AttributeProto.FLOAT:
        attribute.f = rng.choice(FLOATS)
    elif attribute.type == onnx.AttributeProto.STRING:
        attribute.s = rng.choice(TEXTS)
    elif attribute.type == onnx.AttributeProto.GRAPH and attribute.g.node:
        del attribute.g.node[-1]
    if rng.random() < 0.15:
        node.attribute.remove(attribute)


def _node(model: onnx.ModelProto, inputs: list[Any], rng: random.Random) -> None:
    node = rng.choice(list(model.graph.node))
    choice = rng.randrange(4)
    if choice == 0 or not node.input:
        node.op_type = rng.choice(OPERATORS)
    elif choice == 1:
        node.input[rng.randrange(len(node.input))] = ""
    elif choice == 2:
        del node.input[-1]
    else:
        node.input[rng.randrange(len(node.input))] = rng.choice(list(node.input))


def _version(model: onnx.ModelProto, inputs: list[Any], rng: random.Random) -> None:
    for entry in model.opset_import:
        entry.version = rng.randrange(1, 29)
