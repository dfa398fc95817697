"""Where reading goes on after a damaged unit (10.3)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from .types import padded
from .unit import FIXED_SIZE, MARKER, MAX_HEADER_SIZE

__all__ = ["UnitFinder"]

SCAN_BYTES = 1 << 20
HEADER_SIZE_PLACE = slice(10, 14)  # unit_header_size
PAYLOAD_SIZE_PLACE = slice(14, 22)  # payload_size
CRC_BYTES = 4

# Markers may promise headers that overlap: checksums are computed over so many times the bytes of the file, no more.
MOST_PASSES = 4


class UnitFinder:
    """Finds units in the bytes of a file by unit_marker and header_crc."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._left = MOST_PASSES * data.nbytes

    def after(self, start: int, read: int) -> int | None:
        """First byte of what follows the damaged unit at `start`, read up to byte `read`; None if nothing tells.

        That is where its header says that it ends, if another unit or the end of the file is there. Else bytes are
        missing or changed, and the next good header counts; without one, what the header says if it is good itself.
        """
        end = self._stated_end(start)
        if end is not None and (end == self._data.nbytes or self._is_good(end)):
            return end
        found = next((place for place in self._markers(max(read, start + 1)) if self._is_good(place)), None)
        return end if found is None and self._is_good(start) else found

    def _stated_end(self, start: int) -> int | None:
        frame = self._data[start : start + FIXED_SIZE]
        header_size = int.from_bytes(frame[HEADER_SIZE_PLACE], "big")
        end = start + padded(header_size) + padded(int.from_bytes(frame[PAYLOAD_SIZE_PLACE], "big"))
        return end if header_size and end <= self._data.nbytes else None

    def _markers(self, place: int) -> Iterator[int]:
        while place + FIXED_SIZE <= self._data.nbytes:
            window = bytes(self._data[place : place + SCAN_BYTES])
            found = window.find(MARKER)
            if found < 0:
                place += max(1, len(window) - len(MARKER) + 1)
            else:
                yield place + found
                place += found + 1

    def _is_good(self, place: int) -> bool:
        """Whether a header with a good checksum begins here."""
        frame = self._data[place : place + FIXED_SIZE]
        size = int.from_bytes(frame[HEADER_SIZE_PLACE], "big")
        if frame[: len(MARKER)] != MARKER or not FIXED_SIZE <= size <= min(MAX_HEADER_SIZE, self._left):
            return False
        self._left -= size
        end = place + size - CRC_BYTES
        stored = self._data[end : end + CRC_BYTES]
        return len(stored) == CRC_BYTES and zlib.crc32(self._data[place:end]) == int.from_bytes(stored, "big")
