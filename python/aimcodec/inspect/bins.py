"""The arithmetic decoder of one payload, bin by bin (sections 5 to 9 of the text)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from aimcodec import _core
from aimcodec._native import error_from_status
from aimcodec.coding.nnc.data_unit import PT_RAW_FLOAT, DataUnit
from aimcodec.coding.nnc.payloads import References, build_job, check_sizes, dialects
from aimcodec.errors import (
    AimcError,
    ArgumentError,
    InconsistentError,
    MissingReferenceError,
    OutOfMemoryError,
)
from aimcodec.inspect.select import select_data_unit
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.bits import Buffer

    Window: TypeAlias = tuple[int, ...]  # arguments of the native window: first, limit, tensor, first level, levels

__all__ = [
    "BIN_DTYPE",
    "BYPASS",
    "ELEMENTS",
    "TERMINATE",
    "BinChunks",
    "BinTrace",
    "bin_chunks",
    "bin_trace",
    "compiler",
    "element_names",
    "fitting_references",
    "trace_unit",
    "unit_to_trace",
]

BIN_DTYPE = np.dtype(
    [
        ("shifts", "<u8"),
        ("position", "<u8"),
        ("element_index", "<u4"),
        ("tensor", "<u2"),
        ("context", "<u2"),
        ("state_before", "<i2"),
        ("range_before", "<u2"),
        ("offset_before", "<u2"),
        ("lps_range", "<u2"),
        ("range_after", "<u2"),
        ("offset_after", "<u2"),
        ("a_after", "<i2"),
        ("b_after", "<i2"),
        ("element", "u1"),
        ("bin", "u1"),
        ("reserved", "V6"),
    ]
)
"""One bin (csrc/entropy/bin_expand.hpp)."""

BYPASS, TERMINATE = 0xFFFF, 0xFFFE  # in place of a context

ELEMENTS = (
    "qp_delta",
    "hist_dep_sig_prob_enabled_flag",
    "row_skip_enabled_flag",
    "row_skip_list[{}]",
    "shift_id_nonzero[ctx {}]",
    "shift_id_minus1",
    "sig_flag",
    "sign_flag",
    "abs_level_greater[{}]",
    "rem_prefix[{}]",
    "rem_suffix",
    "terminate",
)
"""Names of the values of the field `element`, as the tables of section 17 write them with `element_index`."""

ALL_BINS = (1 << 64) - 1

# Bins of a chunk, of 16 bytes each until they are looked at.
CHUNK_BINS = 1 << 16


@dataclass(frozen=True)
class BinTrace:
    """Some of the bins of a payload.

    Attributes:
        bins: one record for each bin (BIN_DTYPE).
        first: number of the first of them, counted from the start of the payload.
        total: number of bins up to the end of the payload, or to the error.
        error: why decoding ended before the end of the payload; None if it did not.
        unit: the data unit.
    """

    bins: NDArray[Any]
    first: int
    total: int
    error: AimcError | None
    unit: DataUnit


class BinChunks:
    """The bins of a payload from the first one on, decoded while they are asked for: memory does not grow with them.

    Iteration gives (number of the first bin, records of consecutive bins as `BinTrace.bins` has them), about 65,536 at
    a time.
    """

    NONE = np.empty(0, BIN_DTYPE)

    def __init__(self, unit: DataUnit, dialect: int, references: References, window: Window) -> None:
        self.unit = unit
        self._payload = unit.payload
        job = build_job(unit, dialect, integers=True, references=references)
        self._native = _core.BinTrace(job, *window)

    def __iter__(self) -> Iterator[tuple[int, NDArray[Any]]]:
        for first, records, shifts in self.packed():
            yield first, _core.expand_bins(self._payload, records, shifts).view(BIN_DTYPE)

    def packed(self) -> Iterator[tuple[int, NDArray[np.uint8], int]]:
        """The same as the tracer records it: (number of the first bin, 16 bytes for each, shifts before the first)."""
        try:
            while len((chunk := self._native.next(CHUNK_BINS))[0]):
                records, first, shifts = chunk
                yield first, records, shifts
        except MemoryError:
            raise OutOfMemoryError("no memory for a part of a trace") from None

    def finish(self) -> int:
        """Decodes what is left; number of bins up to the end of the payload, or to the error."""
        self._native.finish()
        return int(self._native.count())

    @property
    def error(self) -> AimcError | None:
        """Why decoding ended before the end of the payload; None if it did not, or has not come so far."""
        return error_from_status(self._native.status(), self.unit.payload_bit, f"{self.unit.path}.payload")


def compiler() -> str:
    """What the native module was compiled with."""
    return _core.compiler()


def bin_trace(
    data: Buffer,
    which: str,
    first: int = 0,
    limit: int | None = None,
    *,
    references: References | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> BinTrace:
    """The bins of one payload.

    Args:
        data: the stream; it may be damaged elsewhere.
        which: name of a tensor, or number of a unit as ``units[3]`` or ``3``.
        first: number of the first bin to keep.
        limit: number of bins to keep; all when None.
        references: what earlier updates left, for an update with temporal contexts or history.
        limits: what may be spent on the stream.

    Raises:
        ArgumentError: no such data unit, or its payload is not arithmetic-coded.
        MissingReferenceError: the unit has temporal contexts, and `references` lacks one of its tensors.
        AimcError: the header of the unit is damaged. Damage of the payload ends the trace, and is in its `error`.
    """
    references = references or References()
    unit = unit_to_trace(data, which, limits)
    return trace_unit(unit, first, limit, references)


def bin_chunks(
    data: Buffer,
    which: str,
    first: int = 0,
    limit: int | None = None,
    *,
    levels: tuple[int, int] | None = None,
    references: References | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> BinChunks:
    """The bins of one payload, chunk by chunk.

    Args:
        data: the stream; it may be damaged elsewhere.
        which: name of a tensor, or number of a unit as ``units[3]`` or ``3``.
        first: number of the first bin to keep.
        limit: number of bins to keep; all when None.
        levels: only the bins of levels a to b - 1, in coding order, of the tensor named (of the first one of the unit
            if its number is given).
        references: what earlier updates left, for an update with temporal contexts or history.
        limits: what may be spent on the stream.

    Raises:
        AimcError: as `bin_trace`.
    """
    references = references or References()
    unit = unit_to_trace(data, which, limits)
    window: Window = (first, ALL_BINS if limit is None else limit)
    if levels is not None:
        names = [tensor.name for tensor in unit.tensors]
        window += (names.index(which) if which in names else 0, levels[0], max(0, levels[1] - levels[0]))
    return _chunks(unit, references, window)


def unit_to_trace(data: Buffer, which: str, limits: Limits) -> DataUnit:
    """The data unit that `bin_trace` traces.

    Raises:
        AimcError: as `bin_trace`, but for its references.
    """
    unit = select_data_unit(data, which, limits)
    if unit.payload_type == PT_RAW_FLOAT:
        raise ArgumentError(f"the payload of {unit.path} is raw values: it has no bins")
    check_sizes([unit], memoryview(data).nbytes, limits)
    return unit


def fitting_references(unit: DataUnit, references: References) -> References:
    """What of the references belongs to the tensors of a unit: an integer and a history bit for each element.

    Raises:
        MissingReferenceError: the unit has temporal contexts, and `references` lacks one of its tensors.
        InconsistentError: or has it in another shape.
    """
    integers = references.integers
    for tensor in unit.tensors if unit.temporal else []:
        path = f"{unit.path}.nnr_compressed_data_unit_header.temporal_context_modeling_flag"
        if tensor.name not in integers:
            raise MissingReferenceError(f"tensor {tensor.name!r} needs the integers of an earlier update", path=path)
        if integers[tensor.name].shape != tensor.shape:
            raise InconsistentError(f"tensor {tensor.name!r} and its reference differ in shape", path=path)
    shapes = {tensor.name: tensor.shape for tensor in unit.tensors}
    return References(integers, {n: h for n, h in references.history.items() if h.shape == shapes.get(n)})


def _chunks(unit: DataUnit, references: References, window: Window) -> BinChunks:
    """In the variant of the payload that fits it, the first one if none does (13.1)."""
    fitting = fitting_references(unit, references)
    variants = dialects([unit])
    for dialect in variants if len(variants) > 1 else ():
        trial = BinChunks(unit, dialect, fitting, (0, 0))
        trial.finish()
        if trial.error is None:
            return BinChunks(unit, dialect, fitting, window)
    return BinChunks(unit, variants[0], fitting, window)


def trace_unit(unit: DataUnit, first: int, limit: int | None, references: References) -> BinTrace:
    """The bins of a data unit of good sizes."""
    chunks = _chunks(unit, references, (first, ALL_BINS if limit is None else limit))
    parts = [bins for _, bins in chunks]
    bins = np.concatenate(parts) if parts else BinChunks.NONE
    return BinTrace(bins, first, chunks.finish(), chunks.error, unit)


def element_names(bins: NDArray[Any]) -> list[str]:
    """Names of the elements that the bins belong to, for example ``abs_level_greater[2]``."""
    numbers = zip(bins["element"].tolist(), bins["element_index"].tolist(), strict=True)
    return [ELEMENTS[element].format(index) for element, index in numbers]
