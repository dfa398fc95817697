"""Kernels, a file for each group of operators; importing this fills the table."""

from aimcodec.operators.torch.kernels import (  # noqa: F401
    activation,
    arithmetic,
    attention,
    casting,
    contributed,
    control,
    convolution,
    creation,
    dimensions,
    elementary,
    indexing,
    linear,
    logic,
    losses,
    normalization,
    padding,
    pooling,
    quantization,
    random,
    recurrent,
    reduction,
    regions,
    resize,
    sampling,
    sequences,
    signal,
    sorting,
    states,
)
from aimcodec.operators.torch.registry import KERNELS

__all__ = ["KERNELS"]
