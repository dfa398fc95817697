"""Keras models that are in memory: their variables, or the network as ONNX.

The model is the caller's own object, so it is trusted: exporting runs it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from aimcodec.bridges.memory import MemoryModel, unique_names
from aimcodec.bridges.onnx import OnnxFile

__all__ = ["export_keras", "from_keras"]


def from_keras(model: Any) -> MemoryModel:
    """The variables of a model, by the paths that Keras shows; the second of a path gets "#2".

    Args:
        model: `keras.Model`, of any backend; anything with `variables` that have `path` and `numpy()`.

    Raises:
        ArgumentError: a variable of a type that cannot be stored.
    """
    variables = list(model.variables)
    names = unique_names(variable.path for variable in variables)
    arrays = {name: np.asarray(variable.numpy()) for name, variable in zip(names, variables, strict=True)}
    return MemoryModel(arrays, losses=("the network; export_keras carries it",))


def export_keras(model: Any) -> MemoryModel:
    """The network of a model, as Keras itself exports it to ONNX; tensors have the names and values of that export.

    Args:
        model: `keras.Model` that has been built, of the backend tensorflow (needs tf2onnx), jax (jax2onnx) or torch.

    Raises:
        ModuleNotFoundError: onnx is not installed.
        Exception: whatever Keras raises for a model that it cannot export.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.export(path, format="onnx", verbose=False)
        source = OnnxFile(path)
        # Values may lie in files that are about to go.
        arrays = {tensor.name: np.array(source.read(tensor.name)) for tensor in source.tensors}
        source.close()
    return MemoryModel(arrays, metadata=source.metadata, structure=source.structure, losses=source.losses)
