"""The arithmetic decoder of one payload, bin by bin (sections 5 to 9 of the text)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec import _core
from aimcodec._native import error_from_status
from aimcodec.coding.nnc.data_unit import PT_RAW_FLOAT, DataUnit
from aimcodec.coding.nnc.payloads import References, build_job, check_sizes, dialects
from aimcodec.errors import AimcError, ArgumentError, InconsistentError, MissingReferenceError
from aimcodec.inspect.select import select_data_unit
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.bits import Buffer

__all__ = [
    "BIN_DTYPE",
    "BYPASS",
    "ELEMENTS",
    "TERMINATE",
    "BinTrace",
    "bin_trace",
    "compiler",
    "element_names",
    "trace_unit",
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
"""One bin, as the native tracer records it (csrc/entropy/tracer.hpp)."""

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
    unit = select_data_unit(data, which, limits)
    if unit.payload_type == PT_RAW_FLOAT:
        raise ArgumentError(f"the payload of {unit.path} is raw values: it has no bins")
    check_sizes([unit], memoryview(data).nbytes, limits)
    return trace_unit(unit, first, limit, _fitting(unit, references or References()))


def _fitting(unit: DataUnit, references: References) -> References:
    """What of the references belongs to the tensors of a unit: an integer and a history bit for each element."""
    integers = references.integers
    for tensor in unit.tensors:
        path = f"{unit.path}.nnr_compressed_data_unit_header.temporal_context_modeling_flag"
        if unit.temporal and tensor.name not in integers:
            raise MissingReferenceError(f"tensor {tensor.name!r} needs the integers of an earlier update", path=path)
        if unit.temporal and integers[tensor.name].shape != tensor.shape:
            raise InconsistentError(f"tensor {tensor.name!r} and its reference differ in shape", path=path)
    shapes = {tensor.name: tensor.shape for tensor in unit.tensors}
    return References(integers, {n: h for n, h in references.history.items() if h.shape == shapes.get(n)})


def trace_unit(unit: DataUnit, first: int, limit: int | None, references: References) -> BinTrace:
    """The bins of a data unit of good sizes, in the variant of the payload that fits it (13.1)."""
    traces = []
    for dialect in dialects([unit]):
        job = build_job(unit, dialect, integers=True, references=references)
        records, total, status = _core.trace(job, first, ALL_BINS if limit is None else limit)
        error = error_from_status(status, unit.payload_bit, f"{unit.path}.payload")
        traces.append(BinTrace(records.view(BIN_DTYPE), first, total, error, unit))
        if error is None:
            return traces[-1]
    return traces[0]


def element_names(bins: NDArray[Any]) -> list[str]:
    """Names of the elements that the bins belong to, for example ``abs_level_greater[2]``."""
    numbers = zip(bins["element"].tolist(), bins["element_index"].tolist(), strict=True)
    return [ELEMENTS[element].format(index) for element, index in numbers]
