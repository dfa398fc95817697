"""Bit-exact reading and writing of the descriptors outside the arithmetic codeword (section 1.2).

Positions are in bits from the most significant bit of byte 0 of the stream, so the offsets in errors are absolute.
The errors raised here know their place but not the name of the element; the syntax layer adds it.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import TypeAlias

from .errors import ArgumentError, LimitExceededError, MalformedError, OutOfRangeError, TruncatedError
from .limits import DEFAULT_LIMITS

__all__ = ["MAX_UE", "BitCounter", "BitReader", "BitSink", "BitWriter", "Buffer", "byte_view"]

Buffer: TypeAlias = bytes | bytearray | memoryview
"""What holds a stream. At run time any contiguous object with the buffer interface will do."""

MAX_UE = 1 << 32
"""Largest value of a ue(k) element; it also bounds the zero prefix."""

_UE_BITS = 32  # the longest suffix, k + z bits, of a ue(k) codeword with z leading zeros
_UE_WINDOW_BYTES = 9  # 2 * 32 + 1 bits of the longest codeword, at any of the 8 positions in the first byte

_UNIT_ALIGNMENT = 64  # bytes, of AIM units
_CODES = {8: "B", 16: "H", 32: "I", 64: "Q"}

_NAN = 0x7F800000
_FRACTION = 0x7FFFFF


def byte_view(data: Buffer) -> memoryview:
    """The bytes of a buffer without copying; raises ArgumentError for anything that is not a contiguous buffer."""
    try:
        return memoryview(data).cast("B")
    except TypeError as error:
        raise ArgumentError(f"a contiguous bytes-like object is needed: {error}") from None


def _float_from_binary32(bits: int) -> float:
    if bits & _NAN == _NAN and bits & _FRACTION:  # a conversion would lose the kind and the payload of a NaN
        wide = bits >> 31 << 63 | 0x7FF << 52 | (bits & _FRACTION) << 29
        return float(struct.unpack("<d", wide.to_bytes(8, "little"))[0])
    return float(struct.unpack("<f", bits.to_bytes(4, "little"))[0])


def _binary32_from_float(value: float) -> int | None:
    """The 32 bits that stand for exactly this value, None if there are none."""
    if math.isnan(value):
        wide = int.from_bytes(struct.pack("<d", value), "little")
        narrow = wide >> 63 << 31 | _NAN | wide >> 29 & _FRACTION
        return narrow if narrow & _FRACTION and not wide & (1 << 29) - 1 else None
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        return None
    return int.from_bytes(packed, "little") if struct.unpack("<f", packed)[0] == value else None


def _text(data: memoryview, position: int) -> str:
    try:
        value = str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(f"the text is not UTF-8 at its byte {error.start}", bit_offset=position) from None
    if "\0" in value:
        raise MalformedError("U+0000 in a text", bit_offset=position)
    return value


def _padding(position: int) -> int:
    """Bytes from a bit position, which is a byte position, to the next multiple of 64 bytes."""
    return -(position >> 3) % _UNIT_ALIGNMENT


class BitReader:
    """Reads descriptors from a part of a stream.

    Attributes:
        position: bit that is read next.
        limit: first bit that may not be read; at most `end`, and moved by the caller to the end of the current unit.
        end: number of bits of the stream.
        origin: bit from which `padding` counts; moved by the caller to the start of the current unit.

    Every method raises TruncatedError, and leaves the position alone, when the element does not end before `limit`.
    """

    __slots__ = ("_data", "_max_string_bytes", "_view", "end", "limit", "origin", "position")

    def __init__(self, data: Buffer, *, max_string_bytes: int = DEFAULT_LIMITS.max_string_bytes) -> None:
        self._view = byte_view(data)
        self._data: bytes | memoryview = data if isinstance(data, bytes) else self._view  # bytes are faster to slice
        self._max_string_bytes = max_string_bytes
        self.position = self.origin = 0
        self.end = self.limit = 8 * len(self._view)

    def _truncated(self, what: str) -> TruncatedError:
        return TruncatedError(f"the data end before the {what} does", bit_offset=self.position)

    def peek(self, position: int, count: int) -> int:
        """The `count` bits at any position of the stream as an unsigned number, without moving."""
        end = position + count
        return int.from_bytes(self._data[position >> 3 : (end + 7) >> 3], "big") >> (-end & 7) & ((1 << count) - 1)

    def crc32(self, start: int, end: int) -> int:
        """CRC-32 of the whole bytes between two bit positions of the stream."""
        return zlib.crc32(self._view[start >> 3 : end >> 3])

    def flag(self) -> int:
        """u(1)."""
        position = self.position
        if position >= self.limit:
            raise self._truncated("1-bit field")
        self.position = position + 1
        return self._data[position >> 3] >> (~position & 7) & 1

    def u(self, width: int) -> int:
        """u(n): unsigned, most significant bit first."""
        end = self.position + width
        if end > self.limit:
            raise self._truncated(f"{width}-bit field")
        window = int.from_bytes(self._data[self.position >> 3 : (end + 7) >> 3], "big")
        self.position = end
        return window >> (-end & 7) & ((1 << width) - 1)

    def i(self, width: int) -> int:
        """i(n): two's complement."""
        value = self.u(width)
        return value - (value >> (width - 1) << width)

    def ue(self, order: int) -> int:
        """ue(k): Exp-Golomb of order k; OutOfRangeError when the prefix promises more than MAX_UE."""
        position = self.position
        first = position >> 3
        window = self._data[first : first + _UE_WINDOW_BYTES]
        size = 8 * _UE_WINDOW_BYTES - (position & 7)
        bits = (int.from_bytes(window, "big") << 8 * (_UE_WINDOW_BYTES - len(window))) & ((1 << size) - 1)
        zeros = size - bits.bit_length()
        if zeros > _UE_BITS - order and position + _UE_BITS - order < self.limit:
            raise OutOfRangeError(f"the prefix of the ue({order}) code promises more than 32 bits", bit_offset=position)
        length = 2 * zeros + 1 + order
        if position + length > self.limit:
            raise self._truncated(f"ue({order}) code")
        self.position = position + length
        return (bits >> (size - length)) - (1 << order)

    def ie(self, order: int) -> int:
        """ie(k): the code numbers 0, 1, 2, 3, 4 mean 0, +1, -1, +2, -2."""
        code = self.ue(order)
        return (code + 1) >> 1 if code & 1 else -(code >> 1)

    def st(self) -> str:
        """st(v): UTF-8 up to a zero byte; MalformedError for other bytes, LimitExceededError for a long string."""
        self._need_alignment()
        start, limit = self.position >> 3, self.limit >> 3
        window = bytes(self._data[start : min(limit, start + self._max_string_bytes + 1)])
        length = window.find(0)
        if length < 0:
            if start + len(window) == limit:
                raise self._truncated("string")
            raise LimitExceededError(
                f"a string of more than {self._max_string_bytes} bytes (max_string_bytes)", bit_offset=self.position
            )
        try:
            value = window[:length].decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError(
                f"the string is not UTF-8 at its byte {error.start}", bit_offset=self.position
            ) from None
        self.position += 8 * (length + 1)
        return value

    def flt(self) -> float:
        """flt(32): binary32, least significant byte first, at any bit position. NaNs keep all their bits."""
        return _float_from_binary32(int.from_bytes(self.u(32).to_bytes(4, "big"), "little"))

    def align(self) -> int:
        """One bit 1 and zero bits up to a byte boundary, 1 to 8 bits; returns whether they are as they must be."""
        width = 8 - (self.position & 7)
        return int(self.u(width) == 1 << (width - 1))

    def rest(self) -> memoryview:
        """All bytes up to the limit, without copying."""
        return self.view((self.limit - self.position) >> 3)

    def view(self, size: int) -> memoryview:
        """So many bytes, without copying."""
        self._need_alignment()
        start, end = self.position >> 3, (self.position >> 3) + size
        if 8 * end > self.limit:
            raise self._truncated(f"{size} bytes")
        self.position = 8 * end
        return self._view[start:end]

    def data(self, size: int) -> bytes:
        """b(n)."""
        return self.view(size).tobytes()

    def utf8(self, size: int) -> str:
        """utf8(n): UTF-8 without U+0000."""
        position = self.position
        return _text(self.view(size), position)

    def numbers(self, width: int, count: int) -> list[int]:
        """`count` times u(width) at an aligned position; width is 8, 16, 32 or 64."""
        return list(struct.unpack(f">{count}{_CODES[width]}", self.view(count * width >> 3)))

    def padding(self) -> int:
        """Bytes up to the next multiple of 64 from the origin; returns 0 if all of them are zero."""
        return int.from_bytes(self.view(_padding(self.position - self.origin)), "big") and 1

    def _need_alignment(self) -> None:
        if self.position & 7:
            raise ArgumentError("strings and bytes are read at byte-aligned positions", bit_offset=self.position)


class BitSink:
    """What the writer of bits and the counter of bits have in common: every descriptor made of `u` and `data`."""

    __slots__ = ()

    @property
    def position(self) -> int:
        """Number of bits so far."""
        raise NotImplementedError

    def u(self, width: int, value: int) -> None:
        """u(n)."""
        raise NotImplementedError

    def data(self, value: Buffer) -> None:
        """Bytes at an aligned position."""
        raise NotImplementedError

    def crc32(self, start: int) -> int:
        """CRC-32 of the bytes from an aligned position on; 0 where bits are only counted."""
        raise NotImplementedError

    def i(self, width: int, value: int) -> None:
        """i(n)."""
        half = 1 << (width - 1)
        if not -half <= value < half:
            raise self._unfit(f"{value} does not fit i({width})")
        self.u(width, value & ((1 << width) - 1))

    def ue(self, order: int, value: int) -> None:
        """ue(k)."""
        if not 0 <= value <= MAX_UE:
            raise self._unfit(f"{value} does not fit ue({order}): 0 .. 2^32")
        word = value + (1 << order)
        length = word.bit_length()
        self.u(2 * length - 1 - order, word)

    def ie(self, order: int, value: int) -> None:
        """ie(k)."""
        self.ue(order, 2 * value - 1 if value > 0 else -2 * value)

    def st(self, value: str) -> None:
        """st(v)."""
        try:
            encoded = value.encode("utf-8")
        except UnicodeEncodeError:
            raise self._unfit("the string has no UTF-8 form") from None
        if 0 in encoded:
            raise self._unfit("a string ends at its first zero byte, so it may not contain one")
        self.data(encoded + b"\0")

    def utf8(self, value: str) -> None:
        """utf8(n)."""
        try:
            encoded = value.encode("utf-8")
        except UnicodeEncodeError:
            raise self._unfit("the text has no UTF-8 form") from None
        if 0 in encoded:
            raise self._unfit("a text may not contain U+0000")
        self.data(encoded)

    def padding(self) -> None:
        """Zero bytes up to the next multiple of 64."""
        self.data(bytes(_padding(self.position)))

    def flt(self, value: float) -> None:
        """flt(32)."""
        bits = _binary32_from_float(value)
        if bits is None:
            raise self._unfit(f"{value!r} is not a binary32 value")
        self.u(32, int.from_bytes(bits.to_bytes(4, "little"), "big"))

    def align(self) -> None:
        """One bit 1 and zero bits up to a byte boundary."""
        width = 8 - (self.position & 7)
        self.u(width, 1 << (width - 1))

    def _unfit(self, message: str) -> OutOfRangeError:
        return OutOfRangeError(message, bit_offset=self.position)

    def _need_alignment(self) -> None:
        if self.position & 7:
            raise ArgumentError("strings and bytes are written at byte-aligned positions", bit_offset=self.position)


class BitWriter(BitSink):
    """Collects bits; raises OutOfRangeError for a value that its descriptor cannot carry."""

    __slots__ = ("_buffer", "_count", "_pending")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._pending = 0  # the bits after the last whole byte
        self._count = 0

    @property
    def position(self) -> int:
        """Number of bits written."""
        return 8 * len(self._buffer) + self._count

    def u(self, width: int, value: int) -> None:
        """u(n)."""
        if value >> width:
            raise self._unfit(f"{value} does not fit u({width})")
        pending = self._pending << width | value
        count = self._count + width
        self._count = rest = count & 7
        self._buffer += (pending >> rest).to_bytes(count >> 3, "big")
        self._pending = pending & ((1 << rest) - 1)

    def data(self, value: Buffer) -> None:
        """Bytes at an aligned position."""
        self._need_alignment()
        self._buffer += value

    def crc32(self, start: int) -> int:
        """CRC-32 of the bytes from an aligned position on."""
        self._need_alignment()
        return zlib.crc32(memoryview(self._buffer)[start >> 3 :])

    def peek(self, position: int, count: int) -> int:
        """The `count` bits at `position`, already written, as an unsigned number."""
        end = position + count
        if end <= 8 * len(self._buffer):
            window, surplus = self._buffer[position >> 3 : (end + 7) >> 3], -end & 7
            word = int.from_bytes(window, "big")
        else:
            word = int.from_bytes(self._buffer[position >> 3 :], "big") << self._count | self._pending
            surplus = self.position - end
        return word >> surplus & ((1 << count) - 1)

    def tobytes(self) -> bytes:
        """The bytes written; the position must be aligned."""
        self._need_alignment()
        return bytes(self._buffer)


class BitCounter(BitSink):
    """Counts the bits that a BitWriter would write, from a given position on."""

    __slots__ = ("_position",)

    def __init__(self, position: int = 0) -> None:
        self._position = position

    @property
    def position(self) -> int:
        """Position after all that was counted."""
        return self._position

    def u(self, width: int, value: int) -> None:
        """u(n)."""
        if value >> width:
            raise self._unfit(f"{value} does not fit u({width})")
        self._position += width

    def crc32(self, start: int) -> int:
        """Bits that are only counted have none."""
        return 0

    def data(self, value: Buffer) -> None:
        """Bytes at an aligned position."""
        self._need_alignment()
        self._position += 8 * memoryview(value).nbytes
