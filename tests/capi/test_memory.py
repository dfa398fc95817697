"""The caller's allocator sees all memory of a call, and may refuse any of it."""

from __future__ import annotations

import pytest

from .interface import ABI_VERSION, LIMIT_EXCEEDED, OK, OUT_OF_MEMORY, Allocator, context, ffi, lib, memory, struct
from .work import ALL

MAKES_MEMORY = sorted(set(ALL) - {"quantise_uniform", "dequantise", "memory"})


@pytest.mark.parametrize("name", MAKES_MEMORY)
@pytest.mark.parametrize("instructions", [1, 0], ids=["scalar", "best"])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_allocation_may_fail(name: str, instructions: int, threads: int) -> None:
    work = ALL[name]()
    allocator = Allocator()
    with context(allocator=allocator, threads=threads, isa=instructions) as handle:
        before = allocator.calls
        assert work.run(handle) == OK
        expected = work.result()
        needed = allocator.calls - before
        assert needed > 0
        failures = 0
        for k in range(needed):
            allocator.fail_at = allocator.calls + k
            work.spoil()
            code = work.run(handle)
            allocator.fail_at = None
            if code == OUT_OF_MEMORY:
                failures += 1
            else:  # what got no memory was of no use any more, or another thread took over
                assert code == OK
                assert work.result() == expected
            if k % 5 == 0:  # nothing is broken
                work.spoil()
                assert work.run(handle) == OK
                assert work.result() == expected
        assert failures > needed // 2
        assert memory(handle)[0] == sum(size for size, _ in allocator.live.values()) - context_bytes()
    assert allocator.live == {}
    assert allocator.bad_frees == 0


def context_bytes() -> int:
    """What a context that has done nothing takes: it is not counted in its own memory."""
    allocator = Allocator()
    with context(allocator=allocator):
        return sum(size for size, _ in allocator.live.values())


def test_a_context_needs_memory_too() -> None:
    allocator = Allocator(fail_at=0)
    options = struct("aimc_options", allocator=allocator.struct)
    place = ffi().new("aimc_context**", ffi().cast("aimc_context*", 1))
    error = struct("aimc_error")
    assert lib().aimc_context_create(ABI_VERSION, options, place, error) == OUT_OF_MEMORY == error.code
    assert place[0] == ffi().NULL
    assert allocator.live == {}


def test_memory_that_is_not_aligned_counts_as_none() -> None:
    @ffi().callback("void*(void*, size_t, size_t)")
    def alloc(_: object, size: int, alignment: int) -> object:
        return ffi().cast("char*", arena) + offset[0]

    @ffi().callback("void(void*, void*, size_t, size_t)")
    def free(*_: object) -> None:
        pass

    arena = ffi().new("char[]", 1 << 16)
    offset = [-int(ffi().cast("uintptr_t", arena)) % 64]
    allocator = struct("aimc_allocator", alloc=alloc, free=free)
    options = struct("aimc_options", allocator=allocator)
    place = ffi().new("aimc_context**")
    assert lib().aimc_context_create(ABI_VERSION, options, place, ffi().NULL) == OK
    offset[0] += 8192 + 1
    assert ALL["nnc_probe"]().run(place[0]) == OUT_OF_MEMORY
    assert lib().aimc_context_destroy(place[0]) == OK


@pytest.mark.parametrize("name", MAKES_MEMORY)
def test_memory_is_limited(name: str) -> None:
    work = ALL[name]()
    with context() as handle:
        assert work.run(handle) == OK
        expected = work.result()
        _, peak = memory(handle)
    with context(limits={"max_live_bytes": peak}) as handle:
        assert work.run(handle) == OK
        assert work.result() == expected
    with context(limits={"max_live_bytes": peak - 1}) as handle:
        error = struct("aimc_error")
        assert work.run(handle, error) == LIMIT_EXCEEDED
        assert b"max_live_bytes" in ffi().string(error.message)
        assert memory(handle)[1] < peak


def test_all_memory_is_seen() -> None:
    """What the library takes past the callbacks would be a part of the process that grows with the work."""
    # Threads are the system's; with one there are none.
    allocator = Allocator()
    with context(allocator=allocator) as handle:
        for make in ALL.values():
            work = make()
            calls = allocator.calls
            allocator.fail_at = calls  # whoever asks for memory must be told
            code = work.run(handle)
            assert (code == OUT_OF_MEMORY) == (allocator.calls > calls)
            allocator.fail_at = None
