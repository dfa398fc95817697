"""Tensors of NNC data units (clause 9)."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import from_code
from aimcodec.errors import AimcError, InconsistentError, OutOfRangeError, UnsupportedError
from aimcodec.nnc import decode
from aimcodec.package.contents import Reading
from aimcodec.package.heads import read_whole
from aimcodec.syntax.aim import Entry, Unit, UnitType
from aimcodec.syntax.aim.unit import FRAME_SIZE
from aimcodec.syntax.nnc import UnitType as NnrType
from aimcodec.syntax.nnc import iter_units, scan_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_stream", "load_nnc"]

# Of the START unit: streams of this profile are decoded as a whole (9.3).
PROFILE_EDITION_1 = 0
HEADER_PLACE = FRAME_SIZE + 6  # of nnr_header in a unit: after variant_id and nnr_header_size


def load_nnc(reading: Reading, numbers: Sequence[int]) -> dict[int, NDArray[Any]]:
    """Arrays of entries of coding NNC; those of one variant are decoded together.

    Raises:
        AimcError: the stream or what the units say of it is wrong.
        OSError: the source cannot be read.
    """
    entries = reading.contents.catalogue.entries
    arrays: dict[int, NDArray[Any]] = {}
    for variant in sorted({entries[number].variant for number in numbers}):
        own = [number for number in numbers if entries[number].variant == variant]
        stream = _stream(reading, variant, {entries[number].unit for number in own})
        values = stream.decode(reading)
        for unit in {entries[number].unit for number in own}:
            _check_order(unit, [entry.name for entry in entries if entry.unit == unit], list(values))
        for number in own:
            arrays[number] = _given(entries[number], values.get(entries[number].name))
    return arrays


def check_stream(reading: Reading, variant: int, units: set[int]) -> None:
    """That the NNC stream of a variant is good up to the last of these units of it, which no tensor may need.

    Raises:
        AimcError: it is not.
        OSError: the source cannot be read.
    """
    _stream(reading, variant, units).decode(reading)


@dataclass
class _Stream:
    """Units of a variant put together again, and where each piece of the stream lies in the file."""

    data: bytearray = field(default_factory=bytearray)
    places: list[tuple[int, int]] = field(default_factory=list)  # first byte in the stream, and in the file
    numbers: list[int] = field(default_factory=list)
    cuts: list[tuple[int, int | None]] = field(default_factory=list)  # first byte of each unit, of a data payload

    def add(self, number: int, unit: Unit) -> None:
        data = unit.kind == UnitType.NNC_DATA
        start = len(self.data)
        self.cuts.append((start, start + len(unit.header["nnr_header"]) if data else None))
        if data:
            self._piece(unit.header["nnr_header"], unit.offset + HEADER_PLACE)
        self._piece(unit.payload, unit.payload_offset)
        self.numbers.append(number)

    def _piece(self, data: Any, place: int) -> None:
        self.places.append((len(self.data), place))
        self.data += data

    def decode(self, reading: Reading) -> dict[str, NDArray[Any]]:
        try:
            self._check_cuts(reading)
            return decode(self.data, limits=reading.limits, threads=reading.threads)
        except AimcError as error:
            raise self._located(error) from None

    def _check_cuts(self, reading: Reading) -> None:
        """That the units of the file are those of the stream, cut as 9.2 says."""
        units = iter_units(self.data, limits=reading.limits)
        cuts = [(u.offset, u.payload_offset if u.kind == NnrType.NNR_NDU else None) for u in units]
        for number, (found, said) in enumerate(zip_longest(cuts, self.cuts)):
            if found != said:
                path = f"units[{min(number, len(self.cuts) - 1)}]"
                raise InconsistentError("the units are not those of the NNC stream", path=path)

    def _located(self, error: AimcError) -> AimcError:
        """The error with its place in the file instead of that in the stream."""
        offset = error.bit_offset
        if offset is not None:
            start, place = next(found for found in reversed(self.places) if 8 * found[0] <= offset)
            offset += 8 * (place - start)
        path = re.sub(r"^units\[(\d+)\]", lambda found: self._path(int(found[1])), error.path)
        return type(error)(error.message, bit_offset=offset, path=path)

    def _path(self, number: int) -> str:
        return f"units[{self.numbers[number]}]" if number < len(self.numbers) else "units"


def _stream(reading: Reading, variant: int, wanted: set[int]) -> _Stream:
    """The units that data units need: those before them that are no data units, and all of a stream of edition 1."""
    types = reading.contents.catalogue.unit_types
    stream = _Stream()
    whole = False
    entries: defaultdict[int, list[Entry]] = defaultdict(list)
    for entry in reading.contents.catalogue.entries:
        entries[entry.unit].append(entry)
    for number, kind in enumerate(types):
        if kind not in (UnitType.NNC_UNIT, UnitType.NNC_DATA) or (number > max(wanted) and not whole):
            continue
        own = bool(entries[number]) and entries[number][0].variant == variant
        if kind == UnitType.NNC_DATA and number not in wanted and not (whole and own):
            continue
        unit = read_whole(reading.source, reading.contents, number, reading.limits)
        if unit.protected:
            raise UnsupportedError("a protected unit", bit_offset=8 * unit.offset, path=f"units[{number}]")
        if unit.header["variant_id"] != variant and number not in wanted:
            continue
        if kind == UnitType.NNC_DATA:
            _check_tensors(entries[number], number, unit)
        if not stream.numbers:
            whole = _is_edition_1(unit)
        stream.add(number, unit)
    return stream


def _is_edition_1(unit: Unit) -> bool:
    """Whether the first unit of a stream says so; what it is otherwise is for the decoder to find out."""
    for found in scan_units(unit.payload):
        profile = found.fields.get("nnr_start_unit_header", {}).get("general_profile_idc")
        return bool(profile == PROFILE_EDITION_1)
    return False


def _check_tensors(entries: Sequence[Entry], number: int, unit: Unit) -> None:
    """That a data unit holds the tensors that the index says."""
    said = [(entry.variant, entry.name, entry.data_type, entry.shape) for entry in entries]
    variant = unit.header["variant_id"]
    found = [(variant, t["tensor_name"], t["data_type"], tuple(t["dimension"])) for t in unit.header["tensors"]]
    if said != found:
        path = f"units[{number}].nnc_data_header.tensors"
        raise InconsistentError("the index names other tensors", bit_offset=8 * unit.offset, path=path)


def _check_order(unit: int, said: list[str], decoded: list[str]) -> None:
    """That the tensors of a data unit are in the order of their values (9.2)."""
    if said != [name for name in decoded if name in said]:
        path = f"units[{unit}].nnc_data_header"
        raise InconsistentError("the tensors are not those of the data unit, in its order", path=path)


def _fits(values: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return not values.size or (low <= int(values.min()) and int(values.max()) <= high)


def _given(entry: Entry, values: NDArray[Any] | None) -> NDArray[Any]:
    """Decoded values in the type and shape that the file gives them (9.2)."""
    path = f"units[{entry.unit}].nnc_data_header"
    if values is None or values.size != math.prod(entry.shape):
        raise InconsistentError(f"the data unit has no tensor {entry.name!r} of shape {entry.shape}", path=path)
    dtype = from_code(entry.data_type).numpy
    if (dtype.kind in "biu") != (values.dtype.kind == "i"):
        raise OutOfRangeError(f"tensor {entry.name!r} has values of {values.dtype}", path=path)
    if values.dtype.kind == "i" and not _fits(values, dtype):
        raise OutOfRangeError(f"integers of tensor {entry.name!r} do not fit {dtype}", path=path)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(values.astype(dtype)).reshape(entry.shape)
