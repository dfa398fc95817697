"""From the end of a file to its catalogue: END, INDEX, and what they promise (5, 10.1)."""

from __future__ import annotations

import hashlib
import math
from itertools import accumulate

from aimcodec.bits import Buffer, byte_view
from aimcodec.errors import AimcError, InconsistentError, MalformedError, OutOfRangeError, TruncatedError
from aimcodec.limits import Limits
from aimcodec.package.contents import Contents
from aimcodec.package.heads import read_head
from aimcodec.package.source import Source
from aimcodec.syntax import Fields
from aimcodec.syntax.aim import Catalogue, Coding, Entry, UnitType
from aimcodec.syntax.aim.index import END_SIZE
from aimcodec.syntax.aim.shape import MAX_SIZE, layout_of
from aimcodec.syntax.aim.types import ALIGNMENT, OPAQUE, is_critical
from aimcodec.syntax.aim.unit import MARKER
from aimcodec.syntax.aim.units import read_unit

__all__ = ["read_contents"]

# What is read first where every request costs: normally all of INDEX and END.
REMOTE_TAIL_BYTES = 1 << 16

END_START = MARKER + bytes([UnitType.END])

TENSOR_UNITS = {
    Coding.RAW: UnitType.TENSOR,
    Coding.LOSSLESS: UnitType.TENSOR,
    Coding.NNC: UnitType.NNC_DATA,
    Coding.ALIAS: UnitType.ALIAS,
}


class _Window:
    """The last bytes of a source, and the rest where needed."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._start = max(0, source.size - size)
        self._data = source.read_at(self._start, source.size - self._start)

    def read(self, offset: int, size: int) -> Buffer:
        if offset < self._start:
            return self._source.read_at(offset, size)
        begin = offset - self._start
        return self._data[begin : begin + size]


def read_contents(source: Source, limits: Limits) -> Contents:
    """The catalogue of a package, from its end.

    Raises:
        TruncatedError: there is no END unit at the end.
        AimcError: END or INDEX are wrong, or do not go together.
        OSError: the source cannot be read.
    """
    if source.size < END_SIZE:
        raise TruncatedError(f"{source.size} bytes are no package", bit_offset=0)
    window = _Window(source, END_SIZE if source.is_local else REMOTE_TAIL_BYTES)
    place = source.size - END_SIZE
    end = _end(window.read(place, END_SIZE), place, limits)
    offset, size = end["index_offset"], end["index_size"]
    if end["file_size"] != source.size:
        missing = end["file_size"] > source.size
        kind = TruncatedError if missing else InconsistentError
        message = f"the file has {source.size} bytes, not {end['file_size']}"
        raise kind(message, bit_offset=8 * place, path="END.end_header.file_size")
    if offset % ALIGNMENT or size % ALIGNMENT or offset + size != place:
        message = f"INDEX of {size} bytes at {offset} does not lie before END at {place}"
        raise InconsistentError(message, bit_offset=8 * place, path="END.end_header.index_offset")
    data = window.read(offset, size)
    if hashlib.sha256(data).digest() != end["index_digest"]:
        message = "INDEX does not have its digest"
        raise InconsistentError(message, bit_offset=8 * place, path="END.end_header.index_digest")
    index = read_unit(data, "INDEX", offset, limits)
    if index.kind != UnitType.INDEX:
        raise MalformedError(f"a unit of type {index.kind} before END", bit_offset=8 * offset, path="INDEX.unit_type")
    catalogue = Catalogue.from_index(index.body)
    offsets = list(accumulate((blocks * ALIGNMENT for blocks in catalogue.unit_blocks), initial=0))
    if offsets.pop() != offset:
        message = "the units do not fill the file up to INDEX"
        raise InconsistentError(message, bit_offset=8 * offset, path="INDEX.index_payload.unit_blocks")
    contents = Contents(catalogue, offsets, end["index_digest"])
    _IndexRules(catalogue, offset).check()
    _refuse_unknown(source, contents, limits)
    return contents


def _end(data: Buffer, place: int, limits: Limits) -> Fields:
    start = bytes(byte_view(data)[: len(END_START)])
    if start != END_START:
        path = "END.unit_type" if start.startswith(MARKER) else "END"
        raise TruncatedError("the file does not end with an END unit", bit_offset=8 * place, path=path)
    return read_unit(data, "END", place, limits).header


class _IndexRules:
    """What can be said of an index without the units."""

    def __init__(self, catalogue: Catalogue, offset: int) -> None:
        self._catalogue = catalogue
        self._offset = offset

    def check(self) -> None:
        """Raises the first rule broken."""
        types = self._catalogue.unit_types
        for number, kind in enumerate(types):
            if (kind == UnitType.PACKAGE) != (number == 0) or kind in (UnitType.INDEX, UnitType.END):
                raise self._fail(f"a unit of type {kind} at this place", f"unit_type[{number}]", MalformedError)
        if not types:
            raise self._fail("a file has a PACKAGE unit", "unit_count", MalformedError)
        if 0 in self._catalogue.unit_blocks:
            raise self._fail("a unit of no bytes", f"unit_blocks[{self._catalogue.unit_blocks.index(0)}]")
        if len(self._catalogue.numbers) != len(self._catalogue.entries):
            raise self._fail("a name for the second time", "entry_name", MalformedError)
        self._entries()

    def _entries(self) -> None:
        """Entries and the units of tensors go together one by one, in order."""
        types = self._catalogue.unit_types
        tensors = [number for number, kind in enumerate(types) if kind in TENSOR_UNITS.values()]
        place = 0  # in `tensors`, of the first unit that no entry has
        last = -1  # first unit of the entry before, where that is of NNC
        for number, entry in enumerate(self._catalogue.entries):
            if entry.coding == Coding.NNC and entry.unit == last and entry.units == 1:
                self._entry(number, entry)
                continue
            while place < len(tensors) and tensors[place] < entry.unit and self._may_be_empty(tensors[place]):
                place += 1
            end = place + entry.units
            if (
                not entry.units
                or end > len(tensors)
                or tensors[place] != entry.unit
                or tensors[end - 1] != entry.unit + entry.units - 1
            ):
                raise self._fail(f"tensor {entry.name!r} has other units", f"entry_unit[{number}]")
            if {types[unit] for unit in tensors[place:end]} != {TENSOR_UNITS[Coding(entry.coding)]}:
                raise self._fail(f"tensor {entry.name!r} has units of another type", f"entry_coding[{number}]")
            if entry.units > 1 and entry.coding != Coding.LOSSLESS:
                raise self._fail(f"tensor {entry.name!r} has more than one unit", f"entry_units[{number}]")
            place = end
            last = entry.unit
            self._entry(number, entry)
        for unit in tensors[place:]:
            if not self._may_be_empty(unit):
                raise self._fail(f"unit {unit} has no entry", "tensor_count")

    def _may_be_empty(self, unit: int) -> bool:
        """Whether a unit may hold no tensor at all."""
        return self._catalogue.unit_types[unit] == UnitType.NNC_DATA

    def _entry(self, number: int, entry: Entry) -> None:
        room = math.prod(max(dimension, 1) for dimension in entry.shape)
        least = room if entry.data_type == OPAQUE else layout_of(entry.data_type).memory_bytes(room)
        if max(room, least) > MAX_SIZE and entry.data_type != OPAQUE:
            raise self._fail(f"tensor {entry.name!r} has shape {entry.shape}", "entry_dimension", OutOfRangeError)
        if not entry.is_alias:
            good = entry.target == number
        else:
            target = self._catalogue.entries[entry.target] if entry.target < number else entry
            good = not target.is_alias and (target.variant, target.data_type, target.shape) == (
                entry.variant,
                entry.data_type,
                entry.shape,
            )
        if not good:
            raise self._fail(f"tensor {entry.name!r} names a target that it cannot have", f"entry_target[{number}]")

    def _fail(self, message: str, name: str, kind: type[AimcError] = InconsistentError) -> AimcError:
        return kind(message, bit_offset=8 * self._offset, path=f"INDEX.index_payload.{name}")


def _refuse_unknown(source: Source, contents: Contents, limits: Limits) -> None:
    """Units of reserved types are skipped only if they say that they may be (2.2)."""
    for number, kind in enumerate(contents.catalogue.unit_types):
        if is_critical(kind) is None:
            read_head(source, contents, number, limits)
