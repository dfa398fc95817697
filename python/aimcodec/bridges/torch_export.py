"""Programs of `torch.export`: through PyTorch's own ONNX exporter, structure and parameters.

A file of `torch.export.save` is loaded by PyTorch by unpickling and by evaluating text, so there is no reading of such
files here: who trusts one loads it and gives the program.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.memory import MemoryModel
from aimcodec.bridges.torch_arrays import load_torch
from aimcodec.dtypes import from_name, unpack
from aimcodec.errors import ArgumentError, UnsupportedError
from aimcodec.model.onnx import FORM, LOSSES, from_proto, losses, tensor_memory
from aimcodec.model.onnx.tensors import shape_of
from aimcodec.model.onnx.types import element_type

if TYPE_CHECKING:
    import onnx
    import torch
    from numpy.typing import NDArray

__all__ = ["from_exported"]


def from_exported(program: torch.export.ExportedProgram) -> MemoryModel:
    """The model that a program computes, with operators of ONNX.

    Args:
        program: of `torch.export.export`.

    Raises:
        ArgumentError: it is no such program.
        UnsupportedError: the exporter has no operators of ONNX for it; the message is that of PyTorch.
        ModuleNotFoundError: PyTorch or what its exporter needs (onnx, onnxscript) is not installed.
    """
    library = load_torch()
    if not isinstance(program, library.export.ExportedProgram):
        raise ArgumentError(f"a program of torch.export is needed, not {type(program).__name__}")
    proto = _exported(library, program)
    structure, tensors = from_proto(proto)
    arrays = {name: _array(tensor) for name, tensor in tensors.items()}
    lost = [LOSSES[name] for name in losses(proto) if name not in FORM]
    return MemoryModel(arrays, metadata=structure.metadata, structure=structure, losses=lost)


def _exported(library: Any, program: Any) -> onnx.ModelProto:
    if importlib.util.find_spec("onnxscript") is None:
        message = "exporting to ONNX needs onnxscript; pip install 'aimcodec[torch-export]' brings it"
        raise ModuleNotFoundError(message, name="onnxscript")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter about itself
            proto: onnx.ModelProto = library.onnx.export(program, dynamo=True, verbose=False).model_proto
    except library.onnx.errors.OnnxExporterError as error:
        reason = error.__cause__ or error
        raise UnsupportedError(f"PyTorch cannot export the program to ONNX: {str(reason)[:500]}") from error
    return proto


def _array(tensor: onnx.TensorProto) -> NDArray[Any]:
    dtype, shape = from_name(element_type(tensor.data_type)), shape_of(tensor)
    memory = tensor_memory(tensor)
    flat = unpack(memory, dtype, math.prod(shape)) if dtype.is_packed else memory.view(dtype.numpy)
    return flat.reshape(shape)
