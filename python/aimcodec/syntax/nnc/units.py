"""Streams of NNR units: reading, writing, tracing and checking them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...bits import Buffer
from ...errors import AimcError, ArgumentError, InconsistentError, LimitExceededError
from ...limits import DEFAULT_LIMITS, Limits
from ..check import Checker
from ..protocol import Fields
from ..read import Reader
from ..trace import Tracer, TraceRecord
from ..tracing import TraceLog, TracingReader
from ..write import Sizer, Writer
from .context import StreamContext, UnitType
from .unit import LONGEST_SHORT_UNIT, nnr_unit

__all__ = ["DamagedUnit", "Unit", "check_stream", "iter_units", "scan_units", "trace_stream", "write_units"]


@dataclass
class Unit:
    """One NNR unit.

    Attributes:
        kind: nnr_unit_type; a plain int for a reserved or unspecified type.
        fields: element name to value in syntax order, nested as the paths of elements say. `write_units` supplies the
            elements of the framing (those before the type-specific header) where they are missing.
        payload: what follows the header of a data unit; everything after the framing for a unit of unknown type.
        offset: first byte of the unit in the stream it was read from.
        payload_offset: first byte of the payload there.
    """

    kind: UnitType | int
    fields: Fields
    payload: Buffer = b""
    offset: int = 0
    payload_offset: int = 0

    @property
    def header(self) -> Fields:
        """Values of the type-specific header; empty for a parameter set of the model and for unknown types."""
        return self._part("_header")

    @property
    def body(self) -> Fields:
        """Values of the type-specific payload of parameter sets, topology and quantization units; else empty."""
        return self._part("_payload")

    def _part(self, suffix: str) -> Fields:
        return next((value for name, value in self.fields.items() if name.endswith(suffix)), {})


@dataclass
class DamagedUnit:
    """A unit that could not be read.

    Attributes:
        offset: its first byte.
        size: its bytes, when its size could be read and lies within the stream: reading goes on after it.
        error: what is wrong.
        fields: values read before the error.
    """

    offset: int
    size: int | None
    error: AimcError
    fields: Fields = field(default_factory=dict)


def iter_units(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Unit]:
    """Reads the units of a stream one by one; the payloads are views of `data`.

    Raises the first error: see `aimcodec.errors`. What a decoder may not spend is refused before it is spent.
    """
    for unit in scan_units(data, limits=limits):
        if isinstance(unit, DamagedUnit):
            raise unit.error
        yield unit


def scan_units(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Unit | DamagedUnit]:
    """Like `iter_units`, but goes on after damage at the next unit as long as the sizes of units can be followed."""
    return _scan(Reader(data, limits), limits)


def _scan(reader: Reader, limits: Limits) -> Iterator[Unit | DamagedUnit]:
    context = StreamContext()
    index = 0
    if reader.end > 8 * limits.max_stream_bytes:
        message = f"{reader.end >> 3} exceeds the limit max_stream_bytes of {limits.max_stream_bytes}"
        yield DamagedUnit(0, None, LimitExceededError(message, bit_offset=0))
        return
    while reader.position < reader.end or index == 0:
        start = reader.position
        if index == limits.max_units:
            message = f"the stream exceeds the limit max_units of {limits.max_units}"
            yield DamagedUnit(start >> 3, None, LimitExceededError(message, bit_offset=start, path=f"units[{index}]"))
            return
        try:
            fields = reader.unit(f"units[{index}]", nnr_unit, context)
        except AimcError as error:
            if reader.unit_end is None:
                yield DamagedUnit(start >> 3, None, error, reader.fields)
                return
            reader.skip_to(reader.unit_end)
            yield DamagedUnit(start >> 3, (reader.unit_end - start) >> 3, error, reader.fields)
        else:
            context.update(fields)
            kind = fields["nnr_unit_type"]
            yield Unit(
                UnitType(kind) if kind <= UnitType.NNR_AGG else kind,
                fields,
                reader.payload_bytes,
                start >> 3,
                reader.payload_offset,
            )
        index += 1


def trace_stream(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> list[TraceRecord]:
    """Trace records of any bytes, in stream order; every bit belongs to exactly one record.

    Damage does not raise: the bits that it makes unreadable form records with status "gap", whose value is the message.
    """
    return log_stream(data, limits=limits).records(data)


def log_stream(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> TraceLog:
    """What `trace_stream` makes its records from, and the errors."""
    reader = TracingReader(data, limits)
    for unit in _scan(reader, limits):
        if isinstance(unit, DamagedUnit):
            reader.log.damage(unit.error, reader.end if unit.size is None else 8 * (unit.offset + unit.size))
    return reader.log


def check_stream(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> list[AimcError]:
    """All violations of the syntax in stream order; later ones in a unit may be consequences of the first."""
    checker = Checker(data, limits)
    for unit in _scan(checker, limits):
        if isinstance(unit, DamagedUnit):
            checker.fatal(unit.error)
    return checker.violations


def write_units(units: Iterable[Unit], *, trace: Tracer | None = None) -> bytes:
    """Writes a stream; the inverse of `iter_units`.

    Raises ArgumentError for values that are missing, of a wrong type, or without a place in the syntax,
    InconsistentError for values that contradict others, and for values that are not permitted what reading them raises.
    """
    writer = Writer(trace)
    context = StreamContext()
    for index, unit in enumerate(units):
        path = f"units[{index}]"
        fields = _framed(unit, context, path, writer.position)
        writer.unit(path, fields, unit.payload, nnr_unit, context)
        context.update(fields)
    if not writer.position:
        raise ArgumentError("a stream has at least a start unit")
    return writer.tobytes()


def _framed(unit: Unit, context: StreamContext, path: str, position: int) -> Fields:
    """The fields of a unit with its framing completed: the short form whenever it will do."""
    fields = {
        "nnr_unit_type": unit.kind,
        "independently_decodable_flag": 1,
        "partial_data_counter_present_flag": 0,
        **unit.fields,
    }
    if fields["nnr_unit_type"] != unit.kind:
        message = f"nnr_unit_type is {fields['nnr_unit_type']} in a unit of kind {unit.kind}"
        raise InconsistentError(message, path=f"{path}.nnr_unit_type")
    size = fields.get("nnr_unit_size")
    if size is not None:
        return {"nnr_unit_size_flag": int(isinstance(size, int) and size > LONGEST_SHORT_UNIT), **fields}
    flag = fields.get("nnr_unit_size_flag", 0)
    sizer = Sizer(position)
    sizer.unit(path, {**fields, "nnr_unit_size_flag": flag}, unit.payload, nnr_unit, context)
    size = (sizer.position - position) >> 3
    if "nnr_unit_size_flag" not in fields and size > LONGEST_SHORT_UNIT:
        flag, size = 1, size + 2
    return {**fields, "nnr_unit_size_flag": flag, "nnr_unit_size": size}
