"""An NNC stream as two decoders of this package have it, with what is needed to judge its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec import nnc
from aimcodec.coding.nnc.data_unit import PT_RAW_FLOAT, CodedTensor, DataUnit
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.coding.nnc.payloads import References, decode_integers
from aimcodec.coding.nnc.quantise import step_size
from aimcodec.conformance.checks.result import Finding
from aimcodec.errors import AimcError
from aimcodec.inspect import summarize
from aimcodec.limits import Limits
from aimcodec.reference import Decoder as ReferenceDecoder
from aimcodec.syntax.nnc import iter_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NncStream", "NncTensor", "decode_nnc"]

# The second decoder is slow on purpose: it takes about a second for so many elements.
MAX_REFERENCE_ELEMENTS = 1 << 14


@dataclass(frozen=True)
class NncTensor:
    """A tensor of a stream.

    Attributes:
        coded: its name, shape, codebook and entry points.
        unit: its data unit.
        number: of the tensor in the unit, in the order of the payload.
        values: float32, or int32 for integer tensors.
        integers: the w of 10.3; None for raw values.
        step: quantization step; None for integers and raw values.
    """

    coded: CodedTensor
    unit: DataUnit
    number: int
    values: NDArray[Any]
    integers: NDArray[np.int32] | None
    step: float | None

    @property
    def levels(self) -> NDArray[np.int64]:
        """Magnitudes of what is coded for each element (7): of w, or half of it with dependent quantization (10.3)."""
        if self.integers is None:
            return np.zeros(0, np.int64)
        magnitudes: NDArray[np.int64] = np.abs(self.integers.astype(np.int64))
        return (magnitudes + 1) >> 1 if self.unit.dq and self.step is not None else magnitudes


@dataclass(frozen=True)
class NncStream:
    """A decoded stream.

    Attributes:
        units: its data units.
        tensors: in the order of the payloads.
        confirmed: whether the second decoder has decoded it too, and what it found otherwise.
    """

    units: list[DataUnit]
    tensors: list[NncTensor]
    confirmed: bool
    disagreement: Finding | None = None


def decode_nnc(data: bytes, limits: Limits) -> NncStream:
    """Decode a stream by both decoders.

    Raises:
        AimcError: the stream breaks a rule, or is not supported.
    """
    values = nnc.decode(data, limits=limits)
    units = interpret(iter_units(data, limits=limits))
    coded = [unit for unit in units if unit.payload_type != PT_RAW_FLOAT]
    integers = {
        tensor.name: pair[0]
        for unit, pairs in zip(coded, decode_integers(coded, 1, References()), strict=True)
        for tensor, pair in zip(unit.tensors, pairs, strict=True)
    }
    qps = {tensor.name: tensor.qp for tensor in summarize(data, limits=limits).tensors}
    tensors = [
        NncTensor(tensor, unit, number, values[tensor.name], integers.get(tensor.name), _step(unit, qps[tensor.name]))
        for unit in units
        for number, tensor in enumerate(unit.tensors)
    ]
    if sum(tensor.values.size for tensor in tensors) > MAX_REFERENCE_ELEMENTS:
        return NncStream(units, tensors, confirmed=False)
    return NncStream(units, tensors, confirmed=True, disagreement=_disagreement(data, tensors))


def _step(unit: DataUnit, qp: int | None) -> float | None:
    return None if qp is None else step_size(qp, unit.qp_density)


def _disagreement(data: bytes, tensors: list[NncTensor]) -> Finding | None:
    """Where the slow decoder has something else: a defect of the kit, not of the stream."""
    decoder = ReferenceDecoder()
    try:
        theirs = decoder.decode(data)
    except AimcError as error:
        return Finding(
            f"the reference decoder refuses what the native one takes: {error}", error.bit_offset, error.path
        )
    if list(theirs) != [tensor.coded.name for tensor in tensors]:
        return Finding("the decoders differ in the names of the tensors")
    return next(_different(tensors, theirs, decoder.last_integers), None)


def _different(
    tensors: list[NncTensor], values: dict[str, NDArray[Any]], integers: dict[str, NDArray[np.int32]]
) -> Iterator[Finding]:
    for tensor in tensors:
        name = tensor.coded.name
        same = tensor.values.dtype == values[name].dtype and tensor.values.tobytes() == values[name].tobytes()
        if same and tensor.integers is not None and tensor.coded.codebook is None:
            same = np.array_equal(tensor.integers, integers[name])
        if not same:
            yield Finding("the decoders differ in the values of a tensor", tensor=name)
