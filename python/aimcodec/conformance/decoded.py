"""What two decoders make of the same stream."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aimcodec.conformance.distance import first_difference
from aimcodec.conformance.expected import OPAQUE, packed_bits
from aimcodec.conformance.outputs import Given, Outputs, UnusableError, read_outputs
from aimcodec.dtypes import from_name, packed_bytes
from aimcodec.errors import AimcError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DecodedStream", "DecodedTensor", "decoded_in", "first_disagreement"]

REAL = {"float32": "<f4", "float64": "<f8"}  # of a codebook: a decoder may give either


@dataclass(frozen=True)
class DecodedTensor:
    """A tensor; `memory` is None where only a digest is known."""

    dtype: str
    shape: tuple[int, ...]
    sha256: str
    memory: bytes | None


@dataclass(frozen=True)
class DecodedStream:
    """The result of a decoder: "accepted" with tensors by variant and name, or why not."""

    result: str
    detail: str = ""
    tensors: Mapping[tuple[int, str], DecodedTensor] = field(default_factory=dict)


def decoded_in(outdir: Path) -> DecodedStream:
    """The tensors in the directory of a decoder that accepted."""
    try:
        outputs = read_outputs(outdir)
        tensors = {key: _tensor(outputs, given) for key, given in outputs.tensors.items()}
    except (UnusableError, AimcError) as error:
        return DecodedStream("unusable", str(error))
    return DecodedStream("accepted", "", tensors)


def _tensor(outputs: Outputs, given: Given) -> DecodedTensor:
    if given.file is None:
        return DecodedTensor(given.dtype, given.shape, given.sha256 or "", None)
    is_number = given.dtype not in (OPAQUE, "void")
    size = packed_bytes(from_name(given.dtype), prod(given.shape)) if is_number else None
    memory = outputs.memory(given, size, packed_bits(given.dtype) if is_number else 0)
    return DecodedTensor(given.dtype, given.shape, hashlib.sha256(memory).hexdigest(), memory)


def first_disagreement(base: DecodedStream, other: DecodedStream) -> str:
    """What the other has otherwise, of the first tensor that differs, in one line; "" if nothing."""
    for variant, name in base.tensors:
        where = f"tensor {name[:200]!r}" + (f" of variant {variant}" if variant else "")
        if (variant, name) not in other.tensors:
            return f"{where} is missing"
        text = _of_tensor(base.tensors[variant, name], other.tensors[variant, name])
        if text:
            return f"{where}{text}"
    for _, name in sorted(other.tensors.keys() - base.tensors.keys()):
        return f"tensor {name[:200]!r} should not be there"
    return ""


def _of_tensor(base: DecodedTensor, other: DecodedTensor) -> str:
    if base.shape != other.shape:
        return f" has shape {list(other.shape)[:32]}, not {list(base.shape)[:32]}"
    if {base.dtype, other.dtype} == set(REAL):
        base, other = _as_float32(base), _as_float32(other)
    if base.dtype != other.dtype and "void" not in (base.dtype, other.dtype):
        return f" is {other.dtype[:40]}, not {base.dtype[:40]}"
    if base.sha256 == other.sha256:
        return ""
    if base.memory is None or other.memory is None or len(base.memory) != len(other.memory):
        return " has another digest"
    try:
        difference = first_difference(base.memory, other.memory, base.dtype, base.shape)
    except AimcError:  # void, or a type that is not installed here
        difference = None
    return f", {difference}" if difference is not None else " has other values"


def _as_float32(tensor: DecodedTensor) -> DecodedTensor:
    if tensor.memory is None:
        return tensor
    values: NDArray[np.float32] = np.frombuffer(tensor.memory, REAL[tensor.dtype]).astype("<f4")
    memory = values.tobytes()
    return DecodedTensor("float32", tensor.shape, hashlib.sha256(memory).hexdigest(), memory)
