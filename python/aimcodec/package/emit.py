"""Units to bytes: checksums, digests, the index, and the order in which they reach the target (clauses 2 and 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Any

from aimcodec.coding.lossless import crc32
from aimcodec.package.target import Target
from aimcodec.syntax import Fields
from aimcodec.syntax.aim import Catalogue, Unit, UnitType
from aimcodec.syntax.aim.types import padded
from aimcodec.syntax.aim.units import header_bytes, payload_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Emitter"]

# Payloads from this size on are digested and written while the next one is coded.
BACKGROUND_BYTES = 1 << 20


class Emitter:
    """Writes units one after the other and keeps the catalogue of what it has written.

    Attributes:
        catalogue: for the INDEX unit.
        count: units so far.
        position: bytes so far.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._worker: ThreadPoolExecutor | None = None
        self._pending: Future[None] | None = None
        self.catalogue = Catalogue()
        self.count = 0
        self.position = 0

    def structured(self, kind: UnitType, fields: Fields) -> None:
        """A unit whose payload is a structure, or empty."""
        unit = Unit(kind, fields)
        payload = payload_bytes(unit)
        self._emit(unit, payload.nbytes, crc32(payload), lambda: iter([payload]), background=False)

    def coded(self, kind: UnitType, fields: Fields, payload: bytes | NDArray[np.uint8]) -> None:
        """A unit whose payload nobody else changes."""
        size = len(payload)
        background = size >= BACKGROUND_BYTES
        self._emit(Unit(kind, fields), size, crc32(payload), lambda: iter([payload]), background=background)

    def pieces(self, kind: UnitType, fields: Fields, pieces: Callable[[], Iterator[NDArray[np.uint8]]]) -> None:
        """A unit whose payload comes in pieces; they are asked for twice, as its checksum comes first."""
        size = checksum = 0
        for piece in pieces():
            size += piece.size
            checksum = crc32(piece, checksum)
        self._emit(Unit(kind, fields), size, checksum, pieces, background=False)

    def finish(self) -> None:
        """INDEX and END (clause 5)."""
        self.wait()
        index = Unit(UnitType.INDEX, {"index_payload": self.catalogue.index_fields()})
        payload = payload_bytes(index)
        offset = self.position
        digest, size = self._write(header_bytes(index, payload.nbytes, crc32(payload)), [payload], payload.nbytes)
        values = {"index_offset": offset, "index_size": size, "file_size": offset + size + 128, "index_digest": digest}
        self._write(header_bytes(Unit(UnitType.END, {"end_header": values}), 0, 0), [], 0)

    def wait(self) -> None:
        """Everything so far has reached the target."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def close(self) -> None:
        """Nothing more comes."""
        if self._worker is not None:
            self._worker.shutdown()

    def _emit(
        self,
        unit: Unit,
        size: int,
        checksum: int,
        pieces: Callable[[], Iterator[Any]],
        *,
        background: bool,
    ) -> None:
        header = header_bytes(unit, size, checksum, f"units[{self.count}]")
        self.count += 1
        self.wait()
        if not background:
            self._append(unit.kind, header, pieces(), size)
            return
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, "aimcodec-writer")
        self._pending = self._worker.submit(self._append, unit.kind, header, pieces(), size)

    def _append(self, kind: int, header: bytes, pieces: Iterable[Any], size: int) -> None:
        digest, total = self._write(header, pieces, size)
        self.catalogue.add_unit(kind, total, digest)

    def _write(self, header: bytes, pieces: Iterable[Any], size: int) -> tuple[bytes, int]:
        """Bytes of a unit; returns their digest and number."""
        digest = hashlib.sha256()
        padding = bytes(padded(size) - size)
        for piece in chain([header], pieces, [padding]):
            digest.update(piece)
            self._target.write(piece)
        total = len(header) + padded(size)
        self.position += total
        return digest.digest(), total
