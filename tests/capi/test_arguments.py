"""Wrong arguments of every function: refused with a reason, and nothing else happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from aimcodec import _core

from .interface import (
    ABI_VERSION,
    ARGUMENT,
    INCONSISTENT,
    LIMIT_EXCEEDED,
    OK,
    OUT_OF_RANGE,
    UNSUPPORTED,
    CallError,
    checked,
    context,
    create,
    ffi,
    lib,
    struct,
    text,
)
from .nnc import pointer
from .work import ALL, LAYOUT, Work, nnc_words

ARGUMENTS = [
    (name, i)
    for name, make in ALL.items()
    for i, argument in enumerate(make().arguments)
    if isinstance(argument, ffi().CData) and not (name == "choose_sets" and i == 4)  # where to put the bits: optional
]


def structures(value: Any, depth: int = 0) -> Iterator[Any]:
    """Pointers to all structures that an argument leads to."""
    if not isinstance(value, ffi().CData):
        return
    declared = ffi().typeof(value)
    if declared.kind not in ("pointer", "array") or declared.item.kind != "struct" or value == ffi().NULL:
        return
    if not declared.item.fields:  # a handle
        return
    first = ffi().cast(f"{declared.item.cname}*", value)
    yield first
    for member, _ in declared.item.fields:
        yield from structures(getattr(first[0], member), depth + 1)


STRUCTURES = [
    (name, i, k, ffi().typeof(found).item.cname)
    for name, make in ALL.items()
    for i, argument in enumerate(make().arguments)
    for k, found in enumerate(structures(argument))
]


@pytest.fixture
def handle() -> Iterator[Any]:
    with context() as made:
        yield made


def refused(work: Work, handle: Any, code: int = ARGUMENT) -> str:
    error = struct("aimc_error")
    assert work.run(handle, error) == code
    assert error.code == code
    message = text(error.message)
    assert message
    return message


@pytest.mark.parametrize(("name", "position"), ARGUMENTS)
def test_null(handle: Any, name: str, position: int) -> None:
    work = ALL[name]()
    good = work.arguments[position]
    work.arguments[position] = ffi().NULL
    refused(work, handle)
    assert work.run(handle) == ARGUMENT  # also without a place for the error
    work.arguments[position] = good
    assert work.run(handle) == OK


@pytest.mark.parametrize(("name", "position", "which", "kind"), STRUCTURES)
def test_struct_size(handle: Any, name: str, position: int, which: int, kind: str) -> None:
    work = ALL[name]()
    structure = list(structures(work.arguments[position]))[which]
    right = structure.struct_size
    for wrong in (0, 4, right - 8, right - 1, 4097, 2**32 - 1):
        structure.struct_size = wrong
        assert "struct_size" in refused(work, handle)
    structure.struct_size = right
    assert work.run(handle) == OK


def test_larger_structures_are_those_of_later_versions(handle: Any) -> None:
    room = ffi().new("char[]", ffi().sizeof("aimc_memory") + 8)
    larger = ffi().cast("aimc_memory*", room)
    larger.struct_size = len(room)
    assert lib().aimc_context_memory(handle, larger, ffi().NULL) == OK
    room[len(room) - 1] = b"\1"
    assert lib().aimc_context_memory(handle, larger, ffi().NULL) == ARGUMENT


def test_elements_of_larger_arrays_are_where_their_size_says(handle: Any) -> None:
    words = nnc_words()
    size = ffi().sizeof("aimc_nnc_codeword")
    stride = size + 16
    room = ffi().new("char[]", stride * words.count)
    for i in range(words.count):
        ffi().memmove(room + i * stride, words.array + i, size)
        ffi().cast("aimc_nnc_codeword*", room + i * stride).struct_size = stride
    assert lib().aimc_nnc_probe(handle, ffi().cast("aimc_nnc_codeword*", room), words.count, ffi().NULL) == OK
    ffi().cast("aimc_nnc_codeword*", room + stride).struct_size = size
    assert lib().aimc_nnc_probe(handle, ffi().cast("aimc_nnc_codeword*", room), words.count, ffi().NULL) == ARGUMENT


@pytest.mark.parametrize("name", ALL)
def test_an_error_of_another_size_is_not_written(handle: Any, name: str) -> None:
    work = ALL[name]()
    error = struct("aimc_error", index=7)
    error.struct_size -= 8
    assert work.run(handle, error) == ARGUMENT
    assert error.index == 7
    assert error.message == ffi().NULL


@pytest.mark.parametrize("name", ALL)
def test_contexts_that_are_not_open(name: str) -> None:
    work = ALL[name]()
    stale = create()
    assert lib().aimc_context_destroy(stale) == OK
    again = create()  # takes its place, but is another
    for handle in (ffi().NULL, stale, ffi().cast("aimc_context*", 12345), ffi().cast("aimc_context*", -1)):
        assert "not an open context" in refused(work, handle)
        assert lib().aimc_context_destroy(handle) == ARGUMENT
    assert work.run(again) == OK
    assert lib().aimc_context_destroy(again) == OK


def test_contexts_are_counted() -> None:
    place = ffi().new("aimc_context**")
    handles = []
    while (code := lib().aimc_context_create(ABI_VERSION, ffi().NULL, place, ffi().NULL)) == OK:
        handles.append(place[0])
    assert code == LIMIT_EXCEEDED
    assert place[0] == ffi().NULL
    assert len(set(handles)) == len(handles) == 1024
    assert all(lib().aimc_context_destroy(handle) == OK for handle in handles)


def test_a_context_does_one_call_at_a_time() -> None:
    codes = []
    handles: list[Any] = []

    @ffi().callback("void*(void*, size_t, size_t)")
    def alloc(_: object, size: int, alignment: int) -> Any:
        if handles:
            codes.append(lib().aimc_context_memory(handles[0], struct("aimc_memory"), ffi().NULL))
            codes.append(lib().aimc_context_destroy(handles[0]))
            return ffi().NULL
        kept.append(ffi().new("char[]", size + alignment))
        address = int(ffi().cast("uintptr_t", kept[-1]))
        return kept[-1] + -address % alignment

    @ffi().callback("void(void*, void*, size_t, size_t)")
    def free(*_: object) -> None:
        pass

    kept: list[Any] = []
    allocator = struct("aimc_allocator", alloc=alloc, free=free)
    options = struct("aimc_options", allocator=allocator)
    place = ffi().new("aimc_context**")
    checked(lib().aimc_context_create, ABI_VERSION, options, place)
    handles.append(place[0])
    ALL["nnc_probe"]().run(place[0])
    assert set(codes) == {ARGUMENT}
    assert lib().aimc_context_destroy(place[0]) == OK


class TestCreate:
    def refused(self, options: Any, code: int, *, abi: int = ABI_VERSION, place: Any = None) -> None:
        error = struct("aimc_error")
        place = ffi().new("aimc_context**") if place is None else place
        assert lib().aimc_context_create(abi, options, place, error) == code == error.code
        assert place == ffi().NULL or place[0] == ffi().NULL

    @pytest.mark.parametrize("abi", [0, ABI_VERSION + 1, 2**32 - 1])
    def test_version(self, abi: int) -> None:
        self.refused(ffi().NULL, UNSUPPORTED, abi=abi)

    def test_no_place(self) -> None:
        self.refused(ffi().NULL, ARGUMENT, place=ffi().NULL)

    @pytest.mark.parametrize("members", [{"struct_size": 8}, {"reserved": 1}, {"isa": 4}])
    def test_options(self, members: dict[str, int]) -> None:
        options = struct("aimc_options")
        for name, value in members.items():
            setattr(options, name, value)
        self.refused(options, ARGUMENT)

    def test_allocator(self) -> None:
        full = struct("aimc_allocator")
        options = struct("aimc_options", allocator=full)
        self.refused(options, ARGUMENT)  # it has no functions
        full.struct_size = 8
        options = struct("aimc_options", allocator=full)
        self.refused(options, ARGUMENT)

    @pytest.mark.parametrize("members", [{"struct_size": 8}, {"reserved": 1}])
    def test_limits(self, members: dict[str, int]) -> None:
        limits = struct("aimc_limits")
        for name, value in members.items():
            setattr(limits, name, value)
        options = struct("aimc_options", limits=limits)
        self.refused(options, ARGUMENT)

    def test_instruction_sets(self) -> None:
        names = {1: "scalar", 2: "avx2", 3: "avx512"}
        for number, name in names.items():
            place = ffi().new("aimc_context**")
            options = struct("aimc_options", isa=number)
            code = lib().aimc_context_create(ABI_VERSION, options, place, ffi().NULL)
            assert code == (OK if name in _core.available_isas() else UNSUPPORTED)
            if code == OK:
                assert lib().aimc_context_destroy(place[0]) == OK

    @pytest.mark.parametrize("name", ["limits", "options"])
    def test_initial_values(self, name: str) -> None:
        init = getattr(lib(), f"aimc_{name}_init")
        made = ffi().new(f"aimc_{name}*")
        size = ffi().sizeof(f"aimc_{name}")
        assert [init(made, 0), init(made, size - 8), init(ffi().NULL, size)] == [ARGUMENT] * 3
        assert bytes(ffi().buffer(made)) == bytes(size)
        assert init(made, size) == OK
        assert made.struct_size == size


def test_limits_of_the_package_are_the_defaults() -> None:
    from aimcodec import DEFAULT_LIMITS

    made = struct("aimc_limits")
    assert lib().aimc_limits_init(made, made.struct_size) == OK
    for name in ("max_elements", "max_output_bytes", "max_expansion", "max_codebook_entries", "max_entry_points"):
        assert getattr(made, name) == getattr(DEFAULT_LIMITS, name)


NNC_TENSOR_BYTES = 40 * 24 * 4


@pytest.mark.parametrize("name", ["nnc_probe", "nnc_decode"])
@pytest.mark.parametrize(
    ("limit", "least"),
    [("max_elements", 40 * 24), ("max_output_bytes", 6 * NNC_TENSOR_BYTES), ("max_entry_points", 4)],
)
def test_limits_of_tensors(name: str, limit: str, least: int) -> None:
    work = ALL[name]()
    with context(limits={limit: least}) as handle:
        assert work.run(handle) == OK
    with context(limits={limit: least - 1}) as handle:
        assert limit in refused(work, handle, LIMIT_EXCEEDED)


def test_limit_of_codebooks(handle: Any) -> None:
    def work() -> tuple[Any, Any]:
        words = nnc_words()
        entries = np.arange(-3, 4, dtype=np.int32)
        params = words.array[0].targets[0].params
        params.codebook, params.codebook_size = pointer(words.keep, entries, "int32_t"), 7
        params.codebook_zero = 3
        return words, params

    words, _ = work()
    with context(limits={"max_codebook_entries": 7}) as good:
        words.probe(good)
    with context(limits={"max_codebook_entries": 6}) as bad, pytest.raises(CallError, match="max_codebook_entries"):
        words.probe(bad)


@pytest.mark.parametrize("name", ["blocks_probe", "blocks_decode"])
@pytest.mark.parametrize(("limit", "least"), [("max_elements", 600), ("max_output_bytes", 2 * 24 * 64)])
def test_limits_of_blocks(name: str, limit: str, least: int) -> None:
    work = ALL[name]()
    with context(limits={limit: least}) as handle:
        assert work.run(handle) == OK
    with context(limits={limit: least - 1}) as handle:
        assert limit in refused(work, handle, LIMIT_EXCEEDED)


def test_limit_of_expansion() -> None:
    """A block of one value: 64 MiB and 2 bytes of output from three bytes."""
    records = (64 << 20) // 2 + 1
    block = struct("aimc_block", record_bytes=2, records=records)
    data = ffi().new("uint8_t[]", b"\1\0\0")
    block.data, block.size = data, 3
    block.crc = lib().aimc_crc32(0, data, 3)
    expansion = -(-2 * records // 3)
    with context(limits={"max_expansion": expansion}) as handle:
        checked(lib().aimc_blocks_probe, handle, block, 1)
    with context(limits={"max_expansion": expansion - 1}) as handle, pytest.raises(CallError, match="max_expansion"):
        checked(lib().aimc_blocks_probe, handle, block, 1)


BAD_PARAMS = {
    "qp_bits": 14,
    "scan_order": 5,
    "unary_length": 257,
    "dq": 2,
    "parent": 2,
    "codebook_coded": 2,
    "codebook_zero": 1,
    "codebook_size": 3,
    "rows": 2**63,
    "width": 2**60,
}


@pytest.mark.parametrize(("member", "value"), BAD_PARAMS.items())
def test_params_out_of_range(handle: Any, member: str, value: int) -> None:
    words = nnc_words()
    words.allocate()
    target = words.array[0].targets[0]
    if member == "codebook_size":
        target.params.codebook_zero = 3
    setattr(target.params, member, value)
    for call in (words.probe, words.decode):
        with pytest.raises(CallError) as caught:
            call(handle)
        assert caught.value.code in (ARGUMENT, LIMIT_EXCEEDED)
        assert caught.value.index == 0


@pytest.mark.parametrize(("member", "kind"), [("reference", "int32_t"), ("history", "uint8_t")])
def test_maps_of_another_size(handle: Any, member: str, kind: str) -> None:
    words = nnc_words()
    params = words.array[0].targets[0].params
    setattr(params, f"{member}_size", 40 * 24)
    with pytest.raises(CallError, match="of another size"):
        words.probe(handle)
    setattr(params, member, pointer(words.keep, np.zeros((40, 24), np.int32), kind))
    words.probe(handle)
    setattr(params, f"{member}_size", 40 * 24 - 1)
    with pytest.raises(CallError, match="of another size"):
        words.probe(handle)


@pytest.mark.parametrize("member", ["rows", "width"])
def test_dimension_of_zero(handle: Any, member: str) -> None:
    words = nnc_words()
    setattr(words.array[2].targets[0].params, member, 0)
    with pytest.raises(CallError) as caught:
        words.probe(handle)
    assert (caught.value.code, caught.value.index) == (OUT_OF_RANGE, 2)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("output", 3),
        ("output", 2),
        ("qp_density", 8),
        ("reserved", 1),
        ("qp_offset", 2**31 - 1),
        ("entry_count", 2**40),
    ],
)
def test_target_out_of_range(handle: Any, member: str, value: int) -> None:
    words = nnc_words()
    words.allocate()
    setattr(words.array[0].targets[0], member, value)
    with pytest.raises(CallError) as caught:
        words.decode(handle)
    assert caught.value.code in (ARGUMENT, LIMIT_EXCEEDED)


def test_output_of_another_size_or_alignment(handle: Any) -> None:
    words = nnc_words()
    words.allocate()
    target = words.array[0].targets[0]
    good = target.data
    for data, size in (
        (ffi().NULL, NNC_TENSOR_BYTES),
        (good, NNC_TENSOR_BYTES - 4),
        (ffi().cast("char*", good) + 1, 3840),
    ):
        target.data, target.data_size = data, size
        with pytest.raises(CallError, match="data is null"):
            words.decode(handle)
    assert (words.outputs[0][0] == 77).all()


def test_payloads_cannot_hold_everything(handle: Any) -> None:
    words = nnc_words()
    words.array[1].targets[0].params.rows = 1 << 20
    with pytest.raises(CallError) as caught:
        words.probe(handle)
    assert (caught.value.code, caught.value.index) == (INCONSISTENT, 1)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("record_bytes", 0),
        ("record_bytes", 3),
        ("rotate", 2),
        ("opaque", 1),
        ("reserved", 1),
        ("reserved2", 1),
        ("out_size", 1),
        ("out", None),
        ("data", None),
    ],
)
def test_block_out_of_range(handle: Any, member: str, value: int | None) -> None:
    work = ALL["blocks_decode"]()
    setattr(work.arguments[0][1], member, ffi().NULL if value is None else value)
    refused(work, handle)
    assert (work.outputs[0] == 77).all()


@pytest.mark.parametrize(("records", "code"), [(0, OUT_OF_RANGE), (2**40, LIMIT_EXCEEDED)])
def test_block_of_no_or_too_many_records(handle: Any, records: int, code: int) -> None:
    work = ALL["blocks_probe"]()
    work.arguments[0][1].records = records
    refused(work, handle, code)


def test_probing_finds_wrong_checksums(handle: Any) -> None:
    work = ALL["blocks_probe"]()
    work.arguments[0][1].crc ^= 1
    error = struct("aimc_error")
    assert work.run(handle, error) == INCONSISTENT
    assert error.index == 1
    assert [work.arguments[0][i].code for i in range(3)] == [OK, INCONSISTENT, OK]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("record_bytes", 0),
        ("record_bytes", 7),
        ("rotate", 2),
        ("opaque", 1),
        ("records", None),
        ("size", 2 * 24 * 64 - 1),
        ("field_count", 1),
        ("field_count", 256),
        ("block_records", 0),
        ("block_records", 2**32),
        ("thorough", 2),
        ("reserved", 1),
    ],
)
def test_segment_out_of_range(handle: Any, member: str, value: int | None) -> None:
    assert LAYOUT.record_bytes == 2
    work = ALL["blocks_encode"]()
    assert work.run(handle) == OK
    setattr(work.arguments[0], member, ffi().NULL if value is None else value)
    refused(work, handle)
    assert work.arguments[1].payload_size == 0  # nothing of the call before is left


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("level_count", 1),
        ("levels", None),
        ("row_skip", 2),
        ("history_flag", 2),
        ("parameter_id_count", 1),
        ("qp_delta", 128),
    ],
)
def test_input_out_of_range(handle: Any, member: str, value: int | None) -> None:
    for name, position in (("nnc_encode", 1), ("choose_sets", 1)):
        work = ALL[name]()
        given = work.arguments[position]
        setattr(given[0], member, ffi().NULL if value is None else value)
        refused(work, handle)


def test_parameter_sets_out_of_range(handle: Any) -> None:
    work = ALL["nnc_encode"]()
    work.arguments[1][0].parameter_ids[5] = 9
    refused(work, handle)


@pytest.mark.parametrize("name", ["nnc_encode", "choose_sets"])
def test_dialects(handle: Any, name: str) -> None:
    work = ALL[name]()
    work.arguments[0] = 3
    refused(work, handle)


def test_calls_without_work(handle: Any) -> None:
    null = ffi().NULL
    for function in (lib().aimc_nnc_probe, lib().aimc_nnc_decode, lib().aimc_blocks_probe, lib().aimc_blocks_decode):
        assert function(handle, null, 0, null) == OK
    encoded = struct("aimc_nnc_encoded")
    assert lib().aimc_nnc_encode(handle, 2, null, 0, encoded, null) == ARGUMENT
    empty = struct("aimc_segment", record_bytes=1, block_records=1)
    result = struct("aimc_encoded_blocks")
    assert lib().aimc_blocks_encode(handle, empty, result, null) == OK
    assert (result.payload_size, result.block_count) == (0, 0)


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf"), 1e-40])
def test_steps(handle: Any, step: float) -> None:
    work = ALL["quantise_uniform"]()
    work.arguments[2] = step
    refused(work, handle)


@pytest.mark.parametrize(
    ("position", "value"),
    [(1, 0), (1, 127), (2, 0), (3, 0), (2, 2**60), (3, 2**63), (4, 5), (5, 0.0), (5, float("nan"))],
)
def test_trellis(handle: Any, position: int, value: float) -> None:
    work = ALL["quantise_trellis"]()
    work.arguments[position] = value
    refused(work, handle)


@pytest.mark.parametrize(
    ("position", "value", "code"),
    [(3, 8, ARGUMENT), (6, 3, ARGUMENT), (2, 2**20, OUT_OF_RANGE), (2, -(2**20), OUT_OF_RANGE)],
)
def test_dequantise(handle: Any, position: int, value: int, code: int) -> None:
    work = ALL["dequantise"]()
    work.arguments[position] = value
    refused(work, handle, code)


def test_dequantise_looks_for_indices_outside(handle: Any) -> None:
    work = ALL["dequantise"]()
    work.arguments[0][9] = 2
    refused(work, handle, OUT_OF_RANGE)


def test_checksum() -> None:
    import zlib

    data = bytes(range(200))
    assert lib().aimc_crc32(0, data, 200) == zlib.crc32(data)
    assert lib().aimc_crc32(zlib.crc32(b"before"), data, 200) == zlib.crc32(b"before" + data)
    assert lib().aimc_crc32(5, ffi().NULL, 0) == 5
    assert [lib().aimc_nnc_context_count(n) for n in (0, 257, 2**32 - 1)] == [0, 0, 0]
