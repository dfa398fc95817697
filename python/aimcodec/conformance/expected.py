"""All elements of an expected tensor, to show where another differs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.conformance.case import Case, ExpectedTensor
from aimcodec.dtypes import from_name, pack
from aimcodec.errors import AimcError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["expected_memory", "packed_bits"]

OPAQUE = "opaque"


def packed_bits(dtype: str) -> int:
    """Bits of an element of less than 8, else 0."""
    if dtype == OPAQUE:
        return 0
    kind = from_name(dtype)
    return kind.bits if kind.is_packed else 0


def expected_memory(case: Case, number: int, tensor: ExpectedTensor, as_float32: bool) -> bytes | None:
    """Memory of a tensor (AIM text, 6.2) of a stream of a case: stored with it, else decoded by this package.

    What this package decodes counts only if it has the digest that the case has from elsewhere; else None.

    Args:
        as_float32: of a binary64 tensor of a codebook: after conversion.
    """
    try:
        stored = case.steps[number].expected_array(tensor)
        memory = _memory(stored, tensor.dtype) if stored is not None else _decoded(case, number, tensor)
    except (AimcError, OSError, KeyError):
        return None
    if memory is not None and as_float32 and hashlib.sha256(memory).hexdigest() == tensor.sha256:
        memory = np.frombuffer(memory, "<f8").astype("<f4").tobytes()
    digest = tensor.sha256_as_float32 if as_float32 else tensor.sha256
    return memory if memory is not None and hashlib.sha256(memory).hexdigest() == digest else None


def _decoded(case: Case, number: int, tensor: ExpectedTensor) -> bytes | None:
    if case.syntax == "nnc":
        from aimcodec.nnc import Decoder

        decoder = Decoder(local_scaling="reconstruct_lsa" in case.options)
        arrays = [decoder.decode(step.data) for step in case.steps[: number + 1]][-1]
        return _memory(arrays[tensor.name], tensor.dtype)
    from aimcodec.package import open_package

    with open_package(case.steps[number].data) as first:
        variants = [v.name for v in first.variants]
    ids = [v["id"] for v in case.steps[number].expect.package["variants"]]
    with open_package(case.steps[number].data, variant=variants[ids.index(tensor.variant)]) as package:
        return package.memory(tensor.name).tobytes()


def _memory(array: NDArray[Any], dtype: str) -> bytes:
    bits = packed_bits(dtype)
    if bits:
        return pack(np.ascontiguousarray(array).reshape(-1).view(np.uint8), bits).tobytes()
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes("C")
