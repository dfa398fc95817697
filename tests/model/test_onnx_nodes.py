"""ONNX -> structure -> ONNX for the models of onnx's own backend tests."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aimcodec.model.onnx import differences, from_proto, losses, to_proto

onnx = pytest.importorskip("onnx")

if TYPE_CHECKING:
    from onnx import ModelProto

SAMPLE = 60


@cache
def node_models() -> dict[str, ModelProto]:
    """By name; the generators of the cases divide by zero on purpose."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return {case.name: case.model for case in collect_testcases(None)}


def stratified() -> list[str]:
    """Every so manieth of the models, ordered by the operators of their nodes."""
    models = node_models()
    ordered = sorted(models, key=lambda name: (sorted(node.op_type for node in models[name].graph.node), name))
    return ordered[:: len(ordered) // SAMPLE]


def stored_models() -> list[Any]:
    data = Path(onnx.__file__).parent / "backend" / "test" / "data"
    return [pytest.param(path, id=str(path.relative_to(data))) for path in sorted(data.rglob("*.onnx"))]


def check(model: ModelProto) -> None:
    structure, apart = from_proto(model)
    values = {name: onnx.numpy_helper.to_array(tensor) for name, tensor in apart.items()}
    assert differences(model, to_proto(structure, values.get)) == []
    assert set(losses(model)) <= {"storage"}


def test_a_sample_of_node_models() -> None:
    sample = stratified()
    assert len(sample) >= SAMPLE
    for name in sample:
        check(node_models()[name])


@pytest.mark.slow
def test_all_node_models() -> None:
    assert len(node_models()) > 1500
    for model in node_models().values():
        check(model)


@pytest.mark.parametrize("path", stored_models())
def test_stored_models(path: Path) -> None:
    check(onnx.load(path))
