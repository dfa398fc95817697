"""What a stream holds, without decoding it: units, tensors, coding tools, sizes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.coding.nnc.data_unit import PT_BLOCK, PT_INT, PT_RAW_FLOAT, CodedTensor, DataUnit
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.coding.nnc.payloads import References, check_sizes
from aimcodec.inspect.bins import ELEMENTS, trace_unit
from aimcodec.inspect.symbols import symbol
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.syntax.nnc import iter_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.bits import Buffer

__all__ = ["Summary", "TensorSummary", "UnitSummary", "summarize"]

QP_DELTA = ELEMENTS.index("qp_delta")
HEADER_FLAGS = {
    ELEMENTS.index("hist_dep_sig_prob_enabled_flag"): "history",
    ELEMENTS.index("row_skip_enabled_flag"): "row skipping",
}

# The parameters of a payload's only tensor are in its first bits. Those of a later tensor come after the levels of
# those before it, which are short vectors: the part of the payload that is looked at grows until they are found.
FIRST_LOOK_BYTES = 8
NEXT_LOOK = 16
PARAMETER_BITS = 24  # at most 13 for the QP, 2 flags, and the 9 of the offset


@dataclass(frozen=True)
class UnitSummary:
    """One unit: its first byte, its number of bytes, its kind, and the names of its tensors."""

    offset: int
    bytes: int
    kind: str
    tensors: list[str]


@dataclass(frozen=True)
class TensorSummary:
    """One tensor.

    Attributes:
        unit: number of its unit.
        payload: name of the payload type.
        tools: coding tools in use.
        qp: quantization parameter; None for integers and raw values, and behind a tensor of the same unit whose levels
            only a decoder with the earlier updates can read.
        unit_bytes: bytes of the whole unit.
        bits_per_element: of the whole unit, so the same for all tensors of a block.
    """

    unit: int
    name: str
    shape: tuple[int, ...]
    role: str
    payload: str
    tools: list[str]
    qp: int | None
    unit_bytes: int
    bits_per_element: float


@dataclass(frozen=True)
class Summary:
    """A stream: edition of the syntax, length, units, tensors in the order of the payloads."""

    edition: int
    bytes: int
    elements: int
    bits_per_element: float | None
    units: list[UnitSummary]
    tensors: list[TensorSummary]


def summarize(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> Summary:
    """Reads all headers, and of each payload only what says how it is coded.

    Raises:
        AimcError: a header is damaged, or promises what its payload cannot hold.
    """
    units = list(iter_units(data, limits=limits))
    data_units = interpret(units)
    size = memoryview(data).nbytes
    check_sizes(data_units, size, limits)
    by_path = {unit.path: unit for unit in data_units}
    ends = [*(unit.offset for unit in units[1:]), size]
    unit_summaries, tensor_summaries = [], []
    for number, (unit, end) in enumerate(zip(units, ends, strict=True)):
        data_unit = by_path.get(f"units[{number}]")
        names = [tensor.name for tensor in data_unit.tensors] if data_unit else []
        kind = symbol("nnr_unit_type", unit.kind) or f"type {int(unit.kind)}"
        unit_summaries.append(UnitSummary(unit.offset, end - unit.offset, kind, names))
        if data_unit:
            tensor_summaries += _tensors(number, data_unit, end - unit.offset)
    edition = 1 + units[0].fields["nnr_start_unit_header"]["general_profile_idc"]
    elements = sum(tensor.count for unit in data_units for tensor in unit.tensors)
    bits = 8 * size / elements if elements else None
    return Summary(edition, size, elements, bits, unit_summaries, tensor_summaries)


def _tensors(number: int, unit: DataUnit, unit_bytes: int) -> list[TensorSummary]:
    elements = sum(tensor.count for tensor in unit.tensors)
    return [
        TensorSummary(
            unit=number,
            name=tensor.name,
            shape=tensor.shape,
            role=tensor.role,
            payload=symbol("nnr_compressed_data_unit_payload_type", unit.payload_type),
            tools=[*_header_tools(unit, tensor), *flags],
            qp=qp,
            unit_bytes=unit_bytes,
            bits_per_element=8 * unit_bytes / elements,
        )
        for tensor, (qp, flags) in zip(unit.tensors, _payload_parameters(unit), strict=True)
    ]


def _header_tools(unit: DataUnit, tensor: CodedTensor) -> list[str]:
    tools = []
    if unit.payload_type == PT_BLOCK:
        tools.append(f"block {tensor.role}")
    if unit.dq:
        tools.append("dq")
    if tensor.codebook is not None:
        tools.append(f"codebook {len(tensor.codebook.values)}")
    if unit.scan_order and tensor.is_2d:
        tools.append(f"scan {unit.scan_order}")
    if tensor.entry_points is not None:
        tools.append(f"{len(tensor.entry_points)} entry points")
    if unit.parent:
        tools.append("update")
    if unit.temporal:
        tools.append("temporal contexts")
    return tools


def _payload_parameters(unit: DataUnit) -> list[tuple[int | None, list[str]]]:
    """QP and tools of each tensor, as the payload says."""
    if unit.payload_type == PT_RAW_FLOAT:
        return [(None, [])]
    found = [_parameters_of(unit, bins) for bins in _first_bins(unit)]
    # What comes after levels with contexts of earlier updates cannot be found without these.
    dependent = (n for n, (_, flags) in enumerate(found) if unit.temporal or "history" in flags)
    known = 1 + next(dependent, len(found))
    return found[:known] + [(None, [])] * (len(found) - known)


def _first_bins(unit: DataUnit) -> list[NDArray[Any]]:
    """For each tensor the bins that one can have."""
    # The flags are read whatever the history says, but not without one. Zeros that nobody touches take no memory.
    history = {tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in unit.tensors} if unit.parent else {}
    look = FIRST_LOOK_BYTES
    while True:
        part = dataclasses.replace(unit, payload=unit.payload[:look], temporal=False)
        bins = trace_unit(part, 0, None, References(history=history)).bins
        last = bins[bins["tensor"] == len(unit.tensors) - 1]
        found = len(last) and last["shifts"][0] + PARAMETER_BITS <= 8 * look
        if found or look >= len(unit.payload):
            return [bins[bins["tensor"] == i] for i in range(len(unit.tensors))]
        look *= NEXT_LOOK


def _parameters_of(unit: DataUnit, bins: NDArray[Any]) -> tuple[int | None, list[str]]:
    flags = [name for element, name in HEADER_FLAGS.items() if np.any(bins["bin"][bins["element"] == element])]
    if unit.payload_type == PT_INT:
        return None, flags
    delta = bins["bin"][bins["element"] == QP_DELTA].tolist()
    value = sum(bit << i for i, bit in enumerate(reversed(delta))) - (delta[0] << len(delta)) if delta else 0
    return (value + unit.qp_offset if delta else None), flags
