"""The allocator that a library in C is given: it keeps account of everything, and has guards behind each block."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

__all__ = ["Memory"]

GUARD = b"\xa5" * 64


class Memory:
    """Blocks that a library has asked for, by address. For one call at a time.

    Attributes:
        handle: the `aimc_op_allocator*` to pass on.
        faults: what the library did wrong with memory.
    """

    def __init__(self, ffi: Any, limit: int) -> None:
        self._ffi = ffi
        self._limit = limit
        self._blocks: dict[int, tuple[Any, int]] = {}
        self.faults: list[str] = []
        # The functions live as long as this object.
        self._allocate = ffi.callback("void*(void*, size_t)", self._give, error=ffi.NULL)
        self._release = ffi.callback("void(void*, void*)", self._take)
        self.handle = ffi.new("aimc_op_allocator*", [ffi.NULL, self._allocate, self._release])

    def size(self, pointer: Any) -> int | None:
        """Bytes of the block that begins at a place, or None if there is none."""
        block = self._blocks.get(self._address(pointer))
        return None if block is None else block[1]

    def close(self, pointers: list[Any]) -> None:
        """Takes the blocks that outputs have; notes guards that were overwritten, and blocks that are left."""
        for pointer in pointers:
            with suppress(KeyError):
                self._check(*self._blocks.pop(self._address(pointer)))
        for block in self._blocks.values():
            self._check(*block)
        if self._blocks:
            self.faults.append(f"{len(self._blocks)} blocks of memory were not released")
        self._blocks.clear()

    def _address(self, pointer: Any) -> int:
        return int(self._ffi.cast("uintptr_t", pointer))

    def _give(self, context: Any, size: int) -> Any:
        if size > self._limit:
            return self._ffi.NULL
        block = self._ffi.new("char[]", size + len(GUARD))
        self._ffi.buffer(block)[size:] = GUARD
        self._blocks[self._address(block)] = (block, size)
        return self._ffi.cast("void*", block)

    def _take(self, context: Any, pointer: Any) -> None:
        if pointer == self._ffi.NULL:
            return
        block = self._blocks.pop(self._address(pointer), None)
        if block is None:
            self.faults.append("memory was released that the allocator did not give, or twice")
        else:
            self._check(*block)

    def _check(self, block: Any, size: int) -> None:
        if bytes(self._ffi.buffer(block)[size:]) != GUARD:
            self.faults.append(f"memory behind a block of {size} bytes was overwritten")
