"""The models of onnx's own backend tests to packages and back: the same models, and outputs of the same bits."""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from aimcodec.model.onnx import differences, from_proto, losses, to_proto
from aimcodec.package import Writer, open_package

onnx = pytest.importorskip("onnx")

if TYPE_CHECKING:
    from onnx import ModelProto
    from onnx.backend.test.case.test_case import TestCase

SAMPLE = 60


@cache
def node_cases() -> dict[str, TestCase]:
    """By name; their generators divide by zero on purpose."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return {case.name: case for case in collect_testcases(None)}


def operators(case: TestCase) -> list[str]:
    assert case.model is not None
    return sorted(node.op_type for node in case.model.graph.node)


def sample() -> list[TestCase]:
    """Every so manieth of the cases, ordered by the operators of their nodes."""
    ordered = sorted(node_cases().values(), key=lambda case: (operators(case), case.name))
    return ordered[:: len(ordered) // SAMPLE]


def stored_models() -> list[Any]:
    data = Path(onnx.__file__).parent / "backend" / "test" / "data"
    paths = {str(path.relative_to(data)): path for path in sorted(data.rglob("*.onnx"))}
    slow = {name: [pytest.mark.slow] if name.startswith("light") else [] for name in paths}
    return [pytest.param(path, id=name, marks=slow[name]) for name, path in paths.items()]


def through_package(model: ModelProto) -> ModelProto:
    structure, apart = from_proto(model)
    file = io.BytesIO()
    with Writer(file) as writer:
        for name, tensor in apart.items():
            writer.add_tensor(name, onnx.numpy_helper.to_array(tensor))
        writer.set_model(structure)
    with open_package(file.getvalue()) as package:
        assert package.model == structure
        return to_proto(package.model, package.__getitem__)


def check(model: ModelProto) -> ModelProto:
    again = through_package(model)
    assert differences(model, again) == []
    assert set(losses(model)) <= {"storage"}
    return again


def outputs(model: ModelProto, feeds: list[dict[str, Any]]) -> Any:
    """Bits of the outputs; or None, if ONNX Runtime does not run such a model."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return [[bits(value) for value in session.run(None, values)] for values in feeds]
    except Exception:  # it has errors of its own for each reason
        return None


def bits(value: Any) -> Any:
    if isinstance(value, list):
        return [bits(item) for item in value]
    array = np.asarray(value)
    return array.shape, array.tolist() if array.dtype == object else array.tobytes()


def ran_the_same(case: TestCase) -> bool:
    """Whether ONNX Runtime ran it; if so, with the same bits before and after."""
    assert case.model is not None
    again = check(case.model)
    names = [variable.name for variable in case.model.graph.input]
    feeds = [dict(zip(names, given, strict=False)) for given, _ in case.data_sets or []]
    before = outputs(case.model, feeds)
    assert before is None or before == outputs(again, feeds), case.name
    return before is not None


def test_a_sample_of_node_models() -> None:
    pytest.importorskip("onnxruntime")
    ran = [ran_the_same(case) for case in sample()]
    assert len(ran) >= SAMPLE
    assert sum(ran) > SAMPLE // 2


@pytest.mark.slow
def test_all_node_models() -> None:
    pytest.importorskip("onnxruntime")
    ran = [ran_the_same(case) for case in node_cases().values()]
    assert len(ran) > 1500
    assert sum(ran) > 1200


@pytest.mark.parametrize("path", stored_models())
def test_stored_models(path: Path) -> None:
    check(onnx.load(path))
