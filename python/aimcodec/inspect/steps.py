"""The entropy decoders of one lossless block of a package, step by step (7.4 and 8.4 of the AIM text)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from aimcodec import _core
from aimcodec._native import error_from_status
from aimcodec.errors import AimcError, ArgumentError, OutOfMemoryError
from aimcodec.inspect.blocks import BlockMap, Coded, map_block
from aimcodec.inspect.packaged import Block, good_units, unit_blocks
from aimcodec.inspect.select import select_unit
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.syntax import aim

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.bits import Buffer

__all__ = ["CONTEXT_DTYPE", "RANS_DTYPE", "Section", "StepChunks", "native_steps", "place_in_block", "step_chunks"]

RANS_DTYPE = np.dtype(
    [
        ("position", "<u4"),
        ("state_before", "<u2"),
        ("state_after", "<u2"),
        ("symbol", "u1"),
        ("frequency", "u1"),
        ("start", "u1"),
        ("escape", "u1"),
        ("taken", "u1"),
        ("byte", "u1"),
        ("reserved", "V2"),
    ]
)
"""A step of 7.4 (csrc/lossless/rans_decode.hpp): `position` counts renormalisation bytes taken before."""

CONTEXT_DTYPE = np.dtype(
    [
        ("state_before", "<u4"),
        ("state_after", "<u4"),
        ("level", "<i4"),
        ("position", "<u4"),
        ("slot", "<u2"),
        ("frequency", "<u2"),
        ("start", "<u2"),
        ("code", "<u2"),
        ("word", "<u2"),
        ("symbol", "u1"),
        ("context", "u1"),
        ("taken", "u1"),
        ("reserved", "V3"),
    ]
)
"""A step of 8.4 (csrc/lossless/step_trace.hpp): `position` counts bytes of the words taken before."""

STEP_UNIT = 256  # what native steps are asked for in, but for the last ones
CHUNK_STEPS = 1 << 16

Steps: TypeAlias = "_core.RansSteps | _core.ContextSteps"


@dataclass(frozen=True)
class Section:
    """An entropy-coded part of a block.

    Attributes:
        path: of the plane; ``codes`` for those of context coding.
        context: whether it is context coding (8.4), and not a plane (7.4).
        first: number, within the block, of its first step.
        steps: their number.
        states: number of states.
        stream_bit: the bit of the file at which what the states take begins.
    """

    path: str
    context: bool
    first: int
    steps: int
    states: int
    stream_bit: int


class StepChunks:
    """Some of the steps of a block, decoded while they are asked for.

    Iteration gives (section, number of the first step within the section, records of consecutive steps: RANS_DTYPE or
    CONTEXT_DTYPE), at most 65,536 at a time.

    Attributes:
        block: the block.
        blocks: number of blocks of the tensor.
        map: what its bytes are.
        sections: its entropy-coded parts, in order.
        total: number of steps of all of them.
    """

    def __init__(self, block: Block, blocks: int, first: int, limit: int | None) -> None:
        self.block, self.blocks = block, blocks
        self.map: BlockMap = map_block(block.data, block.layout, block.records)
        self.sections = _sections(block, self.map)
        self.total = sum(section.steps for section in self.sections)
        self._error: AimcError | None = None
        self._first = first
        self._end = self.total if limit is None else min(self.total, first + limit)

    @property
    def error(self) -> AimcError | None:
        """What is wrong with the block, as far as iteration has found out; steps after it are not given."""
        return self._error

    def __iter__(self) -> Iterator[tuple[Section, int, NDArray[Any]]]:
        self._error = None
        for section, coded in zip(self.sections, self.map.coded, strict=True):
            begin = max(0, self._first - section.first)
            end = min(section.steps, self._end - section.first)
            if begin < end:
                for number, records in self._section(section, coded, begin, end):
                    yield section, number, records
            if self.error is not None:
                return
        if self.map.error is not None:
            self._error = place_in_block(self.block, self.map.error)

    def _section(self, section: Section, coded: Coded, begin: int, end: int) -> Iterator[tuple[int, NDArray[Any]]]:
        dtype = CONTEXT_DTYPE if section.context else RANS_DTYPE
        at = begin // STEP_UNIT * STEP_UNIT
        try:
            steps = native_steps(self.block, coded)
            steps.skip(at)
            while at < end and len(records := steps.next(CHUNK_STEPS).view(dtype)):
                from_, to = max(begin - at, 0), min(len(records), end - at)
                if from_ < to:
                    yield at + from_, records[from_:to]
                at += len(records)
        except MemoryError:
            raise OutOfMemoryError("no memory for a part of a trace") from None
        error = error_from_status(steps.status(), 8 * coded.begin, "")
        if error is not None:
            self._error = place_in_block(self.block, error)


def place_in_block(block: Block, error: AimcError) -> AimcError:
    """An error with a bit offset from the start of the block as one of the file."""
    bit = None if error.bit_offset is None else error.bit_offset + 8 * block.offset
    return type(error)(error.message, bit_offset=bit, path=f"units[{block.unit}].block[{block.number}]")


def native_steps(block: Block, coded: Coded) -> Steps:
    """The native decoder of an entropy-coded part."""
    kind = _core.ContextSteps if coded.path == "codes" else _core.RansSteps
    return kind(block.data[coded.begin : coded.end], coded.symbols, coded.variant)


def _sections(block: Block, map_: BlockMap) -> list[Section]:
    sections, first = [], 0
    for coded in map_.coded:
        bit = 8 * (block.offset + coded.stream)
        sections.append(Section(coded.path, coded.path == "codes", first, coded.symbols, coded.states, bit))
        first += coded.symbols
    return sections


def step_chunks(
    data: Buffer,
    which: str,
    block: int = 0,
    first: int = 0,
    limit: int | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> StepChunks:
    """The steps of one block of a tensor.

    Args:
        data: the package; it may be damaged elsewhere.
        which: name of a tensor, or number of a unit as ``units[3]`` or ``3``.
        block: number of the block: of all blocks of the tensor, or of those of the unit.
        first: number of the first step to give.
        limit: number of steps to give; all when None.
        limits: what may be spent on the package.

    Raises:
        ArgumentError: no such unit or block, or the tensor has no lossless coding.
    """
    units = [(n, u) for n, u in good_units(data, limits) if u.kind == aim.UnitType.TENSOR]
    number, unit = select_unit(units, which)
    of_tensor = which == unit.header["tensor_name"]
    same = [(n, u) for n, u in units if n == number or (of_tensor and _is_same_tensor(u, unit))]
    blocks = [b for n, u in same for b in unit_blocks(n, u)]
    if not blocks:
        raise ArgumentError(f"units[{number}] has no blocks: it is not coded, empty, or protected")
    if block >= len(blocks):
        raise ArgumentError(f"there is no block {block}: {which!r} has {len(blocks)}")
    return StepChunks(blocks[block], len(blocks), first, limit)


def _is_same_tensor(unit: aim.Unit, other: aim.Unit) -> bool:
    return all(unit.header[key] == other.header[key] for key in ("variant_id", "tensor_name"))
