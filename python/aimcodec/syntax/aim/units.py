"""AIM files in memory: reading, writing, tracing and checking their units."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Concatenate, ParamSpec

from ...bits import Buffer, byte_view
from ...errors import AimcError, InconsistentError, LimitExceededError, MalformedError
from ...limits import DEFAULT_LIMITS, Limits
from ..check import Checker
from ..protocol import Fields, Syntax
from ..read import Reader
from ..trace import Tracer, TraceRecord
from ..tracing import TraceLog, TracingReader
from ..write import Sizer, Writer
from .model import DamagedUnit, Unit
from .resync import UnitFinder
from .rules import FileRules
from .types import UnitType, is_critical, padded
from .unit import (
    FIXED_SIZE,
    MARKER,
    aim_unit,
    has_structured_payload,
    payload_name,
    typed_header,
    typed_payload,
    unit_header,
)

__all__ = [
    "check_file",
    "header_bytes",
    "iter_units",
    "payload_bytes",
    "read_header",
    "read_unit",
    "scan_units",
    "trace_file",
    "write_units",
]

P = ParamSpec("P")


def iter_units(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Unit]:
    """Reads the units of a file one by one, front to back; payloads of no syntax are views of `data`.

    Raises the first error: see `aimcodec.errors`. All rules but those of coded data are checked (clauses 2 to 5).
    """
    for unit in scan_units(data, limits=limits):
        if isinstance(unit, DamagedUnit):
            raise unit.error
        yield unit


def scan_units(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Unit | DamagedUnit]:
    """Like `iter_units`, but goes on after a unit that cannot be read: where it ends or, as that may be what is
    damaged, where the next unit with a good header begins (10.3).

    Rules about several units are checked up to the first damage.
    """
    return _scan(Reader(data, limits), byte_view(data), limits)


def _scan(reader: Reader, data: memoryview, limits: Limits) -> Iterator[Unit | DamagedUnit]:
    rules: FileRules | None = FileRules()  # None after damage
    finder = UnitFinder(data)
    if data.nbytes > limits.max_stream_bytes:
        message = f"{data.nbytes} exceeds the limit max_stream_bytes of {limits.max_stream_bytes}"
        yield DamagedUnit(0, None, LimitExceededError(message, bit_offset=0))
        return
    index = 0
    while reader.position < reader.end or index == 0:
        start = reader.position
        if index == limits.max_units + 2:  # and INDEX and END
            message = f"the file exceeds the limit max_units of {limits.max_units}"
            yield DamagedUnit(start >> 3, None, LimitExceededError(message, bit_offset=start, path=f"units[{index}]"))
            return
        if rules is not None and rules.finished:
            error = MalformedError("nothing follows the END unit", bit_offset=start, path=f"units[{index}]")
            yield DamagedUnit(start >> 3, None, error)
            return
        found = _one(reader, f"units[{index}]", finder)
        if isinstance(found, Unit) and rules is not None:
            try:
                rules.take(found, hashlib.sha256(data[found.offset : found.offset + found.size]).digest())
            except AimcError as broken:
                found, rules = DamagedUnit(found.offset, found.size, broken, found.fields), None
        elif isinstance(found, DamagedUnit):
            rules = None
        yield found
        if isinstance(found, DamagedUnit) and found.size is None:
            return
        index += 1
    missing = None if rules is None else rules.missing(reader.position)
    if missing is not None:
        yield DamagedUnit(reader.position >> 3, None, missing)


def _one(reader: Reader, path: str, finder: UnitFinder) -> Unit | DamagedUnit:
    start = reader.position
    try:
        fields = reader.unit(path, aim_unit)
    except AimcError as error:
        end = finder.after(start >> 3, (reader.position + 7) >> 3)
        if end is not None:
            reader.skip_to(8 * end)
        return DamagedUnit(start >> 3, None if end is None else end - (start >> 3), error, reader.fields)
    return _unit(reader, fields, start >> 3, (reader.position - start) >> 3)


def _unit(reader: Reader, fields: Fields, offset: int, size: int) -> Unit:
    number = fields["unit_type"]
    kind = number if is_critical(number) is None else UnitType(number)
    return Unit(kind, fields, reader.payload_bytes, offset, offset + padded(fields["unit_header_size"]), size)


def trace_file(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> list[TraceRecord]:
    """Trace records of any bytes, in the order of the file; every bit belongs to exactly one record.

    Damage does not raise: the bits that it makes unreadable form records with status "gap", whose value is the message.
    """
    return log_file(data, limits=limits).records(data)


def log_file(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> TraceLog:
    """What `trace_file` makes its records from, and the errors."""
    reader = TracingReader(data, limits)
    for unit in _scan(reader, byte_view(data), limits):
        if isinstance(unit, DamagedUnit):
            reader.log.damage(unit.error, reader.end if unit.size is None else 8 * (unit.offset + unit.size))
    return reader.log


def check_file(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> list[AimcError]:
    """All violations in the order of the file; later ones may be consequences of the first.

    Coded data are not decoded.
    """
    checker = Checker(data, limits)
    for unit in _scan(checker, byte_view(data), limits):
        if isinstance(unit, DamagedUnit):
            checker.fatal(unit.error)
    return checker.violations


def write_units(units: Iterable[Unit], *, trace: Tracer | None = None) -> bytes:
    """Writes units one after the other; the inverse of `iter_units`. Rules about several units are not checked.

    Raises ArgumentError for values that are missing, of a wrong type, or without a place in the syntax,
    InconsistentError for values that contradict others, and for values that are not permitted what reading them raises.
    """
    writer = Writer(trace)
    for index, unit in enumerate(units):
        path = f"units[{index}]"
        payload = payload_bytes(unit, path)
        fields = _framed(unit, len(payload), zlib.crc32(payload), path)
        structured = has_structured_payload(unit.kind, unit.protected)
        writer.unit(path, fields, b"" if structured else payload, aim_unit)
    return writer.tobytes()


def payload_bytes(unit: Unit, path: str = "unit") -> memoryview:
    """The payload of a unit as bytes: those of its structure, where it has one.

    Raises:
        AimcError: as `write_units`.
    """
    if not has_structured_payload(unit.kind, unit.protected):
        return byte_view(unit.payload)
    fields = {payload_name(unit.kind): unit.body}
    size = _size(path, fields, typed_payload, unit.kind, False, 0)
    writer = Writer()
    writer.unit(path, fields, b"", typed_payload, unit.kind, False, size)
    return memoryview(writer.tobytes())


def header_bytes(unit: Unit, payload_size: int, payload_crc: int, path: str = "unit") -> bytes:
    """Everything of a unit before its payload, padding included.

    Raises:
        AimcError: as `write_units`.
    """
    fields = _framed(unit, payload_size, payload_crc, path)
    writer = Writer()
    writer.unit(path, {k: v for k, v in fields.items() if not k.endswith("_payload")}, b"", unit_header, whole=False)
    return writer.tobytes()


def _framed(unit: Unit, payload_size: int, payload_crc: int, path: str) -> Fields:
    """The fields of a unit with its framing completed."""
    fields = {
        "unit_marker": MARKER,
        "unit_type": unit.kind,
        "critical_flag": int(bool(is_critical(unit.kind))),
        "protected_flag": 0,
        "payload_size": payload_size,
        "payload_crc": payload_crc,
        **unit.fields,
    }
    if fields["unit_type"] != unit.kind:
        message = f"unit_type is {fields['unit_type']} in a unit of kind {unit.kind}"
        raise InconsistentError(message, path=f"{path}.unit_type")
    for name, value in (("payload_size", payload_size), ("payload_crc", payload_crc)):
        if fields[name] != value:
            raise InconsistentError(f"{name} is {value}, not {fields[name]!r}", path=f"{path}.{name}")
    typed = {k: v for k, v in fields.items() if k == "typed_header" or k.endswith("_header")}
    size = len(typed["typed_header"]) if "typed_header" in typed else 0
    known = None if unit.protected else payload_size
    size = FIXED_SIZE + _size(path, typed, typed_header, unit.kind, size, known)
    return {"unit_header_size": size, **fields}


def _size(
    path: str, fields: Fields, structure: Callable[Concatenate[Syntax, P], object], *args: P.args, **kwargs: P.kwargs
) -> int:
    """Bytes of a structure."""
    sizer = Sizer()
    sizer.unit(path, fields, b"", structure, *args, **kwargs)
    return sizer.position >> 3


def read_header(data: Buffer, path: str, offset: int, limits: Limits = DEFAULT_LIMITS) -> Unit:
    """A unit without its payload, from the bytes before the payload (padding included) at `offset` of the file.

    Raises:
        AimcError: the header breaks a rule of a single unit.
    """
    reader = Reader(data, limits)
    fields = _placed(offset, reader, path, unit_header, whole=False)
    unit = _unit(reader, fields, offset, 0)
    unit.size = reader.position // 8 + padded(fields["payload_size"])
    return unit


def read_unit(data: Buffer, path: str, offset: int, limits: Limits = DEFAULT_LIMITS) -> Unit:
    """A unit from all its bytes, and nothing more, at `offset` of the file.

    Raises:
        AimcError: it breaks a rule of a single unit.
    """
    reader = Reader(data, limits)
    fields = _placed(offset, reader, path, aim_unit)
    if reader.position != reader.end:
        message = f"the unit has {reader.position >> 3} bytes, not {reader.end >> 3}"
        raise InconsistentError(message, bit_offset=8 * offset, path=f"{path}.payload_size")
    return _unit(reader, fields, offset, reader.position >> 3)


def _placed(
    offset: int,
    reader: Reader,
    path: str,
    structure: Callable[Concatenate[Syntax, P], object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Fields:
    """A structure whose place in the file is not its place in the data."""
    try:
        return reader.unit(path, structure, *args, **kwargs)
    except AimcError as error:
        if error.bit_offset is not None:
            error.bit_offset += 8 * offset
        raise
