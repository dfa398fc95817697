"""A model as an NNC stream: uniform quantisation, every tensor in a unit of its own, no tool that is not asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError
from ..ndu import NNR_PT_FLOAT, NNR_PT_INT
from .data_unit import DataUnit
from .parameter_sets import ModelParameterSet, StartUnit, TopologyUnit
from .payload import TensorChoices
from .quantise import dependent_levels, integer_levels, step_of, uniform_levels, values_of
from .stream import StreamEncoder

__all__ = ["QP_DENSITY", "encode_model"]

QP_DENSITY = 2


def encode_model(
    tensors: Mapping[str, NDArray[Any]], qp: int, dq_flag: int
) -> tuple[bytes, dict[str, NDArray[np.generic]]]:
    """The stream, and what decoders give for it.

    Raises:
        ArgumentError: NNC cannot carry a tensor: no dimensions, no elements, no integers of 32 bits.
    """
    encoder = StreamEncoder()
    encoder.add(StartUnit())
    encoder.add(ModelParameterSet(mps_qp_density=QP_DENSITY))
    encoder.add(TopologyUnit())
    reconstruction = {}
    step = step_of(qp, QP_DENSITY)
    for name, values in tensors.items():
        is_real = values.dtype.kind == "f"
        encoder.add(data_unit(name, values, qp, step, dq_flag) if is_real else integer_unit(name, values))
        reconstruction[name] = values_of(encoder.codewords[-1].integers[0], step if is_real else None)
    return bytes(encoder.data), reconstruction


def data_unit(name: str, values: NDArray[Any], qp: int, step: float, dq_flag: int) -> DataUnit:
    """A tensor of real numbers."""
    check_tensor(name, values)
    levels = dependent_levels(values, step) if dq_flag else uniform_levels(values, step)
    return DataUnit(NNR_PT_FLOAT, (name,), values.shape, (TensorChoices(levels, qp),), dq_flag=dq_flag)


def integer_unit(name: str, values: NDArray[Any]) -> DataUnit:
    """A tensor of integers."""
    check_tensor(name, values)
    return DataUnit(NNR_PT_INT, (name,), values.shape, (TensorChoices(integer_levels(values)),))


def check_tensor(name: str, values: NDArray[Any]) -> None:
    """Sections 4.1 and 13.3."""
    if values.ndim == 0 or values.size == 0:
        raise ArgumentError(f"{name!r} has no dimensions or no elements")
    if "\0" in name:
        raise ArgumentError(f"{name!r} has a zero byte")
