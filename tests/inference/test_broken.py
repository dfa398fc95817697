"""Structures that are wrong somewhere: an engine runs them, or there is one error of this package."""

from __future__ import annotations

import copy
import random
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

from aimcodec.errors import AimcError
from aimcodec.inference import Config, create_predictor
from aimcodec.inference.engines import ENGINES
from aimcodec.model.structures import Attribute, AttributeKind, Dimension, ModelStructure, OperatorSet, TensorType

from .models import parts, perceptron

NAMES = ["x", "w", "b", "y", "m", "", "nothing", "\x1b[31m\n{0}%s", "../../etc/passwd"]


def broken(structure: ModelStructure, choose: random.Random) -> ModelStructure:
    """The structure with one to three things changed."""
    made = copy.deepcopy(structure)
    graph = made.graph
    for _ in range(choose.randint(1, 3)):
        node = choose.choice(graph.nodes)
        what = choose.randrange(11)
        if what == 0:
            node.inputs[choose.randrange(len(node.inputs))] = choose.choice(NAMES)
        elif what == 1:
            node.outputs[0] = choose.choice(NAMES)
        elif what == 2:
            node.operator = choose.choice(["Conv", "Loop", "If", "Reshape", "Gather", "", "Constant", "LSTM", "Einsum"])
        elif what == 3:
            node.domain = choose.choice(["ai.onnx.ml", "com.microsoft", "x", "ai.onnx"])
        elif what == 4:
            kind, value = choose.choice(
                [(AttributeKind.INT, -(2**63)), (AttributeKind.STRING, b"\xff"), (AttributeKind.INTS, [2**40] * 3)]
            )
            name = choose.choice(["axis", "to", "perm", "__class__", "body", "pads", "value"])
            node.attributes.append(Attribute(name, kind, value))
        elif what == 5:
            graph.nodes.insert(0, copy.deepcopy(node))
        elif what == 6 and len(graph.nodes) > 1:
            graph.nodes.remove(node)
        elif what == 7:
            made.operator_sets = [OperatorSet("", choose.choice([-1, 0, 1, 7, 99, 2**62]))]
        elif what == 8:
            choose.choice(graph.parameters).name = choose.choice(NAMES)
        elif what == 9:
            size = (Dimension(choose.choice([0, -1, 2**62])), Dimension(64))
            choose.choice([*graph.inputs, *graph.outputs]).type = TensorType(choose.choice(["FLOAT32", "INT4"]), size)
        else:
            choose.choice(graph.outputs).name = choose.choice(NAMES)
    return made


def outcome(structure: ModelStructure, arrays: Any, engine: str) -> str:
    try:
        with create_predictor(Config((structure, arrays), engine=engine)) as predictor:
            predictor.run({"x": np.ones((3, 64), np.float32)})
    except AimcError as error:
        return type(error).__name__
    return "runs"


def outcomes(engine: str, seeds: range) -> set[str]:
    structure, arrays = parts(perceptron())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the engines, about what is wrong
        found = {outcome(broken(structure, random.Random(seed)), arrays, engine) for seed in seeds}  # noqa: S311
    assert "InternalError" not in found
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_broken_structures(engine: str) -> None:
    assert len(outcomes(engine, range(80))) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_many_broken_structures(engine: str) -> None:
    assert len(outcomes(engine, range(1000, 3000))) >= 4
