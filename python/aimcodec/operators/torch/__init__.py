"""Operators of ONNX as functions of PyTorch tensors, and programs made of them.

>>> from aimcodec.operators.torch import TorchProgram
>>> program = TorchProgram(structure, parameters)
>>> program.run({"x": torch.ones(1, 3, 224, 224)})
"""

from __future__ import annotations

try:
    import torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError(
        "aimcodec.operators.torch needs PyTorch; pip install 'aimcodec[torch]' brings it", name="torch"
    ) from None

from aimcodec.operators.torch.elements import from_array, to_array
from aimcodec.operators.torch.kernels import KERNELS
from aimcodec.operators.torch.program import TorchProgram
from aimcodec.operators.torch.registry import Context, Kernel

__all__ = ["KERNELS", "Context", "Kernel", "TorchProgram", "from_array", "to_array"]
