"""Framing (section 2): units to a bitstream."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...errors import ArgumentError
from ..framing import NNR_LPS, NNR_MPS, NNR_NDU, NNR_QNT, NNR_STR, NNR_TPL
from .bit_writer import BitWriter
from .data_unit import DataUnit, encode_data_unit
from .parameter_sets import LayerParameterSet, ModelParameterSet, QuantizationUnit, StartUnit, TopologyUnit
from .payload import EncodedPayload

__all__ = ["AnyUnit", "OtherUnit", "StreamEncoder", "Unit", "encode_stream"]

LONGEST_SHORT_UNIT = (1 << 15) - 1


@dataclass(frozen=True)
class OtherUnit:
    """A unit of any type whose contents are given as bytes."""

    nnr_unit_type: int
    contents: bytes = b""


AnyUnit = StartUnit | ModelParameterSet | LayerParameterSet | TopologyUnit | QuantizationUnit | DataUnit | OtherUnit


@dataclass(frozen=True, eq=False)
class Unit:
    """A unit with a framing of its own; units without one are framed as the release does.

    Attributes:
        nnr_unit_size_flag: 1 for the size of 31 bits; None for it only where 15 bits do not do.
        partial_data_counter: None for partial_data_counter_present_flag 0.
        nnr_unit_size: None for what the unit has.
    """

    unit: AnyUnit
    nnr_unit_size_flag: int | None = None
    independently_decodable_flag: int = 1
    partial_data_counter: int | None = None
    nnr_unit_size: int | None = None


class StreamEncoder:
    """Encodes units one by one.

    Attributes:
        data: the stream so far.
        codewords: of its data units that have one, in order.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.codewords: list[EncodedPayload] = []
        self._general_profile_idc = 1
        self._mps: ModelParameterSet | None = None
        self._lps: LayerParameterSet | None = None

    def add(self, unit: AnyUnit | Unit) -> None:
        """Append one unit. ArgumentError where the syntax cannot say what it holds."""
        framed = unit if isinstance(unit, Unit) else Unit(unit)
        unit_type, contents = self._contents(framed.unit)
        self.data += frame(framed, unit_type, contents)

    def _contents(self, unit: AnyUnit) -> tuple[int, bytes]:
        """Type and what follows the common header."""
        w = BitWriter()
        if isinstance(unit, StartUnit):
            self._general_profile_idc = unit.general_profile_idc
            unit.write(w)
            return NNR_STR, w.tobytes()
        if isinstance(unit, ModelParameterSet):
            self._mps = unit
            unit.write(w, self._general_profile_idc)
            return NNR_MPS, w.tobytes()
        if isinstance(unit, LayerParameterSet):
            self._lps = unit
            unit.write(w)
            return NNR_LPS, w.tobytes()
        if isinstance(unit, DataUnit):
            return NNR_NDU, self._data_unit(unit)
        if isinstance(unit, OtherUnit):
            return unit.nnr_unit_type, unit.contents
        unit.write(w)
        return (NNR_TPL if isinstance(unit, TopologyUnit) else NNR_QNT), w.tobytes()

    def _data_unit(self, unit: DataUnit) -> bytes:
        mps = self._mps
        if mps is None:
            raise ArgumentError("a data unit before the model parameter set")
        contents, codeword = encode_data_unit(unit, self._general_profile_idc, mps, self._lps)
        if codeword is not None:
            self.codewords.append(codeword)
        return contents


def encode_stream(units: Iterable[AnyUnit | Unit]) -> bytes:
    """A bitstream of the given units (section 2). Nothing is decided here: every element is as the units say.

    Raises:
        ArgumentError: the syntax cannot say what a unit holds.
    """
    encoder = StreamEncoder()
    for unit in units:
        encoder.add(unit)
    return bytes(encoder.data)


def frame(framed: Unit, unit_type: int, contents: bytes) -> bytes:
    """The common header and the contents (section 2)."""
    rest = 1 + (0 if framed.partial_data_counter is None else 1) + len(contents)
    size_flag = framed.nnr_unit_size_flag
    if size_flag is None:
        size_flag = 1 if 2 + rest > LONGEST_SHORT_UNIT else 0
    size_bytes = 4 if size_flag else 2
    w = BitWriter()
    w.u(1, size_flag)
    w.u(8 * size_bytes - 1, size_bytes + rest if framed.nnr_unit_size is None else framed.nnr_unit_size)
    w.u(6, unit_type)
    w.u(1, framed.independently_decodable_flag)
    w.u(1, 0 if framed.partial_data_counter is None else 1)
    if framed.partial_data_counter is not None:
        w.u(8, framed.partial_data_counter)
    return w.tobytes() + contents
