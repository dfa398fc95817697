"""What the bytes of a lossless block are (clauses 7 and 8 of the AIM text), without decoding any symbol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from aimcodec.errors import AimcError, InconsistentError, OutOfRangeError, TruncatedError

__all__ = ["BlockLayout", "BlockMap", "Coded", "Piece", "map_block"]

RAW, CONSTANT, PLANES, SPARSE, CONTEXT = range(5)
PLANE_METHODS = ("raw", "constant", "rans", "matches", "parts", "nibbles")
STATE_COUNTS = (4, 256, 64, 128)
MAX_DEPTH = 3
CONTEXTS = 4
CONTEXT_STATES = 16


class BlockLayout(NamedTuple):
    """How the memory of a tensor is cut in records (6.3)."""

    record_bytes: int
    rotate: bool
    opaque: bool


class Piece(NamedTuple):
    """Bytes of one purpose.

    Attributes:
        path: the part of the block that they belong to, for example ``planes[1].escapes``; empty for the block itself.
        part: "framing" (modes, methods, counts, sizes), "tables", "states", "symbols" (of an entropy coder), "raw",
            "constant", or "unread" after an error.
        begin: first byte in the block.
        end: byte after the last.
    """

    path: str
    part: str
    begin: int
    end: int


class Coded(NamedTuple):
    """What an entropy coder decodes.

    Attributes:
        path: of the plane; ``codes`` for those of context coding.
        begin: first byte of rans(m), or of context(n).
        end: byte after the last.
        symbols: bytes of the plane, or records of the block.
        states: number of states.
        stream: first renormalisation byte, or byte of the words.
        variant: depth of the plane, or bytes of a record.
    """

    path: str
    begin: int
    end: int
    symbols: int
    states: int
    stream: int
    variant: int


@dataclass
class BlockMap:
    """A block.

    Attributes:
        mode: "raw", "constant", "planes", "sparse" or "context"; empty if not readable.
        pieces: all bytes of the block, in order.
        coded: its entropy-coded parts, in order.
        sizes: bytes that each plane has when it is decoded, by path.
        methods: method of each plane, by path.
        error: what ended the reading, with a bit offset from the start of the block; None if nothing did.
    """

    mode: str = ""
    pieces: list[Piece] = field(default_factory=list)
    coded: list[Coded] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    error: AimcError | None = None


def map_block(data: memoryview, layout: BlockLayout, records: int) -> BlockMap:
    """The map of a block of so many records. An error ends it; the bytes from there on are "unread"."""
    reader = _BlockReader(data)
    try:
        reader.block(layout, records)
    except AimcError as error:
        reader.map.error = error
        reader.unread()
    return reader.map


class _BlockReader:
    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0
        self._end = len(data)
        self.map = BlockMap()

    def block(self, layout: BlockLayout, records: int) -> None:
        """7.1."""
        mode = self._number("", 1)
        size = records * layout.record_bytes
        if mode == RAW:
            self.map.mode = "raw"
            self._take("", "raw", size)
        elif mode == CONSTANT:
            self.map.mode = "constant"
            self._take("", "constant", layout.record_bytes)
        elif mode == PLANES:
            self.map.mode = "planes"
            self._planes(layout, records)
        elif mode == SPARSE:
            self.map.mode = "sparse"
            nonzero = self._number("", 4)
            self._plane("mask", -(-records // 8), 0)
            self._planes(layout, nonzero)
        elif mode == CONTEXT:
            self.map.mode = "context"
            self._context(layout, records)
        else:
            raise self._error(OutOfRangeError, "block_mode is not 0 to 4", back=1)
        self._require_used_up("a block goes on after its last element")

    def unread(self) -> None:
        """Everything from here on."""
        self._end = len(self._data)
        self._take("", "unread", self._end - self._at)

    def _planes(self, layout: BlockLayout, records: int) -> None:
        """7.2."""
        if not layout.opaque:
            for j in range(layout.record_bytes):
                self._plane(f"planes[{j}]", records, 0)
            return
        fields = self._take("", "framing", self._number("", 1))
        for k, size in enumerate(fields):
            self._plane(f"fields[{k}]", records * size, 0)

    def _plane(self, path: str, size: int, depth: int) -> None:
        method = self._number(path, 1)
        if method >= len(PLANE_METHODS):
            raise self._error(OutOfRangeError, "plane_method is not 0 to 5", back=1)
        if depth > MAX_DEPTH:
            raise self._error(OutOfRangeError, "planes are nested too deep", back=1)
        name = PLANE_METHODS[method]
        self.map.sizes[path] = size
        self.map.methods[path] = name
        if name == "raw":
            self._take(path, "raw", size)
        elif name == "constant":
            self._take(path, "constant", 1)
        elif name == "rans":
            self._rans(path, size, depth)
        elif name == "matches":
            self._matches(path, depth)
        elif name == "parts":
            self._parts(path, size, depth)
        else:
            self._nibbles(path, size, depth)

    def _rans(self, path: str, size: int, depth: int) -> None:
        """7.4."""
        begin = self._at
        with self._sized(path, "rans_size"):
            code = self._number(path, 1)
            if code >= len(STATE_COUNTS):
                raise self._error(OutOfRangeError, "state_code is not 0 to 3", back=1)
            states = STATE_COUNTS[code]
            symbols = self._number(path, 1, "tables")
            self._take(path, "tables", 2 * symbols)
            if self._number(path, 1, "tables"):
                self._plane(f"{path}.escapes", self._number(path, 4), depth + 1)
            self._take(path, "states", 2 * states)
            self.map.coded.append(Coded(path, begin, self._end, size, states, self._at, depth))
            self._take(path, "symbols", self._end - self._at)

    def _matches(self, path: str, depth: int) -> None:
        """7.5."""
        with self._sized(path, "lz_size"):
            sequences, literals, literal_lengths, match_lengths = (self._number(path, 4) for _ in range(4))
            self._plane(f"{path}.literals", literals, depth + 1)
            self._plane(f"{path}.literal_lengths", literal_lengths, depth + 1)
            self._plane(f"{path}.match_lengths", match_lengths, depth + 1)
            for j in range(3):
                self._plane(f"{path}.distances[{j}]", sequences, depth + 1)
            self._require_used_up("a plane of matches goes on after its last element")

    def _parts(self, path: str, size: int, depth: int) -> None:
        """7.6."""
        part = self._number(path, 4)
        if not part:
            raise self._error(OutOfRangeError, "part_bytes is 0", back=4)
        for k in range(-(-size // part)):
            self._plane(f"{path}.parts[{k}]", min(part, size - k * part), depth + 1)

    def _nibbles(self, path: str, size: int, depth: int) -> None:
        """7.7."""
        packed = self._number(path, 1)
        self._plane(f"{path}.low", -(-size // 2) if packed else size, depth + 1)
        self._plane(f"{path}.high", size, depth + 1)

    def _context(self, layout: BlockLayout, records: int) -> None:
        """8.1."""
        begin = self._at
        self._number("codes", 4)
        mantissa_bits = self._number("codes", 1)
        if mantissa_bits not in (7, 10):
            raise self._error(OutOfRangeError, "mantissa_bits is not 7 or 10", back=1)
        self._number("codes", 2)
        for j in range(layout.record_bytes - 2):
            self._plane(f"planes[{j}]", records, 0)
        for _ in range(CONTEXTS):
            self._number("codes", 1, "tables")
            self._take("codes", "tables", self._number("codes", 1, "tables") + 1)
        escapes = self._number("codes", 4)
        for j in range(2):
            self._plane(f"escapes[{j}]", escapes, 0)
        self._take("rests", "raw", -(-records * (mantissa_bits - 1) // 8))
        self._take("codes", "states", 4 * CONTEXT_STATES)
        words = self._at
        self.map.coded.append(Coded("codes", begin, self._end, records, CONTEXT_STATES, words, layout.record_bytes))
        self._take("codes", "symbols", self._end - self._at)

    @contextmanager
    def _sized(self, path: str, name: str) -> Iterator[None]:
        """A structure that says how many bytes it has."""
        size = self._number(path, 4)
        if size > self._end - self._at:
            raise self._error(TruncatedError, f"{name} goes beyond the data", back=4)
        outer, self._end = self._end, self._at + size
        yield
        self._end = outer

    def _number(self, path: str, size: int, part: str = "framing") -> int:
        return int.from_bytes(self._take(path, part, size), "little")

    def _take(self, path: str, part: str, size: int) -> memoryview:
        if size > self._end - self._at:
            raise self._error(TruncatedError, f"the data end in {path or 'the block'}")
        begin, self._at = self._at, self._at + size
        last = self.map.pieces[-1] if self.map.pieces else None
        if last is not None and (last.path, last.part) == (path, part):
            self.map.pieces[-1] = last._replace(end=self._at)
        elif size:
            self.map.pieces.append(Piece(path, part, begin, self._at))
        return self._data[begin : self._at]

    def _require_used_up(self, message: str) -> None:
        if self._at != self._end:
            raise self._error(InconsistentError, message)

    def _error(self, kind: type[AimcError], message: str, *, back: int = 0) -> AimcError:
        return kind(message, bit_offset=8 * (self._at - back))
