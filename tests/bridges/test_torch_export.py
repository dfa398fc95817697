"""Programs of torch.export: what they compute after the trip is what PyTorch's exporter alone gives, bit for bit."""

from __future__ import annotations

import collections
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.bridges.torch_export import from_exported
from aimcodec.errors import ArgumentError, UnsupportedError
from aimcodec.model.onnx import to_proto

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def exported() -> tuple[Any, Any]:
    """A program with a convolution, a norm, tied weights and a batch of any size; and its input."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        collections.OrderedDict(
            conv=torch.nn.Conv1d(3, 8, 3, padding=1),
            norm=torch.nn.BatchNorm1d(8),
            act=torch.nn.GELU(),
            one=torch.nn.Linear(16, 16),
            two=torch.nn.Linear(16, 16),
        )
    ).eval()
    module.two.weight = module.one.weight
    values = torch.randn(2, 3, 16)
    batch = torch.export.Dim("batch", min=1, max=64)
    return torch.export.export(module, (values,), dynamic_shapes=({0: batch},)), values


def outputs(model: bytes, values: Any) -> list[Any]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return list(session.run(None, {session.get_inputs()[0].name: values.numpy()}))


@pytest.mark.slow
def test_a_program_computes_the_same_after_a_package(tmp_path: Path) -> None:
    program, values = exported()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = torch.onnx.export(program, dynamo=True, verbose=False).model_proto.SerializeToString()
    model = from_exported(program)
    assert model.structure is not None
    with aimcodec.Writer(tmp_path / "m.aim") as writer:
        writer.set_model(model.structure)
        for tensor in model.tensors:
            writer.add_tensor(tensor.name, model.read(tensor.name))
    with aimcodec.open(tmp_path / "m.aim") as package:
        structure = package.model
        assert structure is not None
        ours = to_proto(structure, package.__getitem__).SerializeToString()
    expected, given = outputs(alone, values), outputs(ours, values)
    assert [array.tobytes() for array in given] == [array.tobytes() for array in expected]
    assert np.allclose(given[0], program.module()(values).detach().numpy(), atol=1e-5)
    assert structure.graph.inputs[0].type is not None
    assert "conv.weight" in {tensor.name for tensor in model.tensors}


class Unknown(torch.nn.Module):
    """Of an operator that ONNX does not have."""

    def forward(self, values: Any) -> Any:
        return torch.linalg.eigvals(values)


@pytest.mark.slow
def test_what_cannot_be_exported_is_a_typed_error() -> None:
    program = torch.export.export(Unknown(), (torch.eye(3),))
    with pytest.raises(UnsupportedError, match="eig"):
        from_exported(program)


def test_a_module_is_no_program() -> None:
    with pytest.raises(ArgumentError, match="Linear"):
        from_exported(torch.nn.Linear(1, 1))
