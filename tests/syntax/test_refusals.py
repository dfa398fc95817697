"""What is refused, where, and with which error; and how reading goes on after damage."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import pytest

from aimcodec.errors import (
    AimcError,
    ArgumentError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.syntax.nnc import (
    DamagedUnit,
    Unit,
    UnitType,
    check_stream,
    iter_units,
    scan_units,
    trace_stream,
    write_units,
)

from .bitstrings import aligned, i, st, u, ue, unit

START = bytes.fromhex("00040201")
MPS = bytes.fromhex("0008068100400080")
TOPOLOGY = bytes.fromhex("00060e000000")
BEFORE = START + MPS
OPAQUE = unit(9, u(8, 1))
DIMENSIONS = "11" + "0000" + ue(1, 2) + ue(7, 2) + ue(7, 3) + u(8, 10)


def ndu(begin: str, end: str = "00" + DIMENSIONS + ue(1, 0) + u(4, 0)) -> bytes:
    """A data unit of the bits up to the node id, no node id, and the bits after it."""
    return unit(5, aligned(begin + "0" + end) + u(8, 0))


PLAIN = ndu(u(5, 1) + "001" + st("w"))


def assert_refused(data: bytes, error: type[AimcError], path: str, offset: int, **arguments: Any) -> str:
    with pytest.raises(error) as refusal:
        list(iter_units(data, **arguments))
    assert type(refusal.value) is error
    assert (refusal.value.path, refusal.value.bit_offset) == (path, offset)
    return refusal.value.message


@pytest.mark.parametrize(
    ("data", "error", "number", "place"),
    [
        (MPS, MalformedError, 0, 2),
        (OPAQUE, MalformedError, 0, 2),
        (START + START, UnsupportedError, 1, 6),
        (BEFORE + MPS, MalformedError, 2, 14),
        (START + PLAIN, MalformedError, 1, 6),
        (BEFORE + unit(6, u(32, 0)), UnsupportedError, 2, 14),
    ],
)
def test_order_of_units(data: bytes, error: type[AimcError], number: int, place: int) -> None:
    assert_refused(data, error, f"units[{number}].nnr_unit_type", 8 * place)


def test_model_parameter_set_may_come_after_other_units() -> None:
    assert len(list(iter_units(START + TOPOLOGY + OPAQUE + MPS + PLAIN))) == 5


HEADER = "units[2].nnr_compressed_data_unit_header"
BEGIN = 8 * (len(BEFORE) + 3)  # first bit of that header


@pytest.mark.parametrize(
    ("data", "element", "offset"),
    [
        (unit(5, u(16, 0), flags="11"), "units[2].partial_data_counter_present_flag", BEGIN - 1),
        (ndu(u(5, 1) + "000" + st("w")), f"{HEADER}.input_parameters_present_flag", BEGIN + 7),
        (
            ndu(u(5, 1) + "001" + st("w"), "00" + "01" + "0000" + u(8, 1)),
            f"{HEADER}.tensor_dimensions_flag",
            BEGIN + 8 + 16 + 3,
        ),
        (
            ndu(aligned(u(5, 1) + "101" + ue(7, 0)) + st("a") + st("b")),
            f"{HEADER}.topology_tensor_dimension_mapping",
            BEGIN + 24 + 32 + 3 + 6 + 4 + 16,
        ),
        (
            ndu(
                u(5, 3) + "001" + st("w"),
                "1" + u(4, 0) + ue(2, 1) + "100" + "10000000" + "0"
                "10" + "0001" + ue(3, 1) + ue(3, 1) + ue(1, 1) + ue(7, 2),
            ),
            f"{HEADER}.codebook",
            BEGIN + 24 + 1 + 1 + 4 + 3 + 3 + 8 + 1 + 6 + 4 + 4 + 2 + 8,
        ),
        (
            ndu(
                u(5, 1) + "001" + st("w"),
                "00" + "10" + "0001" + ue(3, 1) + ue(3, 1) + ue(1, 2) + ue(7, 2) + ue(7, 2) + ue(1, 0) + u(4, 1),
            ),
            f"{HEADER}.scan_order",
            BEGIN + 24 + 3 + 6 + 8 + 4 + 16 + 2,
        ),
        (
            unit(3, u(8, 5) + u(8, 0) + u(8, 0)),
            "units[2].nnr_topology_unit_payload.nnr_pruning_topology_container",
            BEGIN + 16,
        ),
        (
            unit(3, u(8, 2) + u(8, 1) + u(8, 0)),
            "units[2].nnr_topology_unit_header.topology_compression_format",
            BEGIN + 8,
        ),
    ],
)
def test_unsupported_syntax_is_named(data: bytes, element: str, offset: int) -> None:
    assert_refused(BEFORE + data, UnsupportedError, element, offset)


@pytest.mark.parametrize(
    ("data", "element", "offset"),
    [
        (unit(2, aligned("1" + "0000001" + "0" * 8)), "nnr_layer_parameter_set_unit_header.nnr_reserved_zero_7bits", 1),
        (
            unit(2, aligned("1" + "0000000" + "1" + "0" * 7)),
            "nnr_layer_parameter_set_unit_payload.nnr_reserved_zero_1bit",
            8,
        ),
        (unit(2, aligned("1" + "0" * 14 + "1")), "nnr_layer_parameter_set_unit_payload.nnr_reserved_zero_1bit", 15),
        (unit(3, u(8, 7) + u(8, 0) + st("")), "nnr_topology_unit_header.topology_storage_format", 0),
        (ndu(u(5, 4) + "001" + st("w")), "nnr_compressed_data_unit_header.nnr_compressed_data_unit_payload_type", 0),
        (
            ndu(u(5, 1) + "011" + st("w"), "00" + u(7, 10)),
            "nnr_compressed_data_unit_header.nnr_decompressed_data_format",
            8 + 16 + 3,
        ),
        (
            ndu(u(5, 1) + "001" + st("w"), "00" + "11" + "0000" + ue(1, 0)),
            "nnr_compressed_data_unit_header.count_tensor_dimensions",
            8 + 16 + 3 + 6,
        ),
        (
            ndu(u(5, 1) + "001" + st("w"), "00" + "11" + "0000" + ue(1, 2) + ue(7, 1) + ue(7, 0)),
            "nnr_compressed_data_unit_header.tensor_dimensions[1]",
            8 + 16 + 3 + 6 + 4 + 8,
        ),
        (
            ndu(u(5, 1) + "001" + st("w"), "00" + "11" + "0001" + ue(3, 0) + ue(3, 1)),
            "nnr_compressed_data_unit_header.decomposition_rank",
            8 + 16 + 3 + 6,
        ),
        (
            ndu(u(5, 1) + "001" + st("w"), "00" + "11" + "0001" + ue(3, 1) + ue(3, 0)),
            "nnr_compressed_data_unit_header.g_number_of_rows",
            8 + 16 + 3 + 6 + 4,
        ),
        (
            ndu(u(5, 1) + "001" + st("w"), "1" + u(4, 0) + ue(2, 0)),
            "nnr_compressed_data_unit_header.codebook.codebook_size",
            8 + 16 + 2 + 4,
        ),
    ],
)
def test_values_outside_their_permitted_sets(data: bytes, element: str, offset: int) -> None:
    assert_refused(BEFORE + data, OutOfRangeError, f"units[2].{element}", BEGIN + offset)


@pytest.mark.parametrize(
    ("bits", "offset"), [("10000001" + "0000" + "01" + "00", 13), ("10000001" + "0000" + "00" + "01", 14)]
)
def test_reserved_bits_of_the_model_parameter_set(bits: str, offset: int) -> None:
    data = START + unit(1, aligned(bits + "010" + i(13, 0)))
    with pytest.raises(OutOfRangeError) as refusal:
        list(iter_units(data))
    assert re.search(r"\.nnr_reserved_zero_[12]bits?$", refusal.value.path)
    assert refusal.value.bit_offset == 8 * 7 + offset


@pytest.mark.parametrize("edition", [0, 1])
def test_parent_type_3_is_reserved(edition: int) -> None:
    update = bytes.fromhex("0008068108400080")
    data = START + update + ndu(u(5, 1) + "001" + st("w"), "1" + "11" + "0")
    assert_refused(data, OutOfRangeError, f"{HEADER}.parent_node_id_type", BEGIN + 8 + 16 + 2)


def test_bytes_after_the_last_element_of_a_unit() -> None:
    data = START + unit(1, aligned("10000001" + "00000000" + "010" + i(13, 0)) + u(8, 0))
    assert_refused(data, InconsistentError, "units[1].nnr_unit_size", 33)


@pytest.mark.parametrize(
    ("limits", "path", "offset"),
    [
        (Limits(max_stream_bytes=len(BEFORE + PLAIN) - 1), "", 0),
        (Limits(max_units=2), "units[2]", BEGIN - 24),
        (Limits(max_string_bytes=0), f"{HEADER}.topology_elem_id", BEGIN + 8),
        (Limits(max_rank=1), f"{HEADER}.count_tensor_dimensions", BEGIN + 24 + 3 + 6),
    ],
)
def test_limits(limits: Limits, path: str, offset: int) -> None:
    (name,) = (name for name, value in asdict(limits).items() if value != getattr(DEFAULT_LIMITS, name))
    message = assert_refused(BEFORE + PLAIN, LimitExceededError, path, offset, limits=limits)
    assert name in message
    assert list(iter_units(BEFORE + PLAIN, limits=Limits(max_units=3, max_string_bytes=1, max_rank=2)))


def test_codebook_limit() -> None:
    bits = "1" + u(4, 0) + ue(2, 5)
    data = BEFORE + ndu(u(5, 1) + "001" + st("w"), bits)
    place = f"{HEADER}.codebook.codebook_size", BEGIN + 24 + 1 + 1 + 4
    assert_refused(data, LimitExceededError, *place, limits=Limits(max_codebook_entries=4))


@pytest.mark.parametrize(("size", "offset"), [(4, -3), (4, 2), (1, 1), (5, 3)])
def test_codebook_centre_outside(size: int, offset: int) -> None:
    code = ue(2, -2 * offset if offset <= 0 else 2 * offset - 1)
    data = BEFORE + ndu(u(5, 1) + "001" + st("w"), "1" + u(4, 0) + ue(2, size) + code)
    place = BEGIN + 24 + 1 + 1 + 4 + len(ue(2, size))
    assert_refused(data, OutOfRangeError, f"{HEADER}.codebook.codebook_center_offset", place)


def test_false_counts_cost_nothing() -> None:
    """2^32 - 1 ids, 2^32 floats, and entry points for 2^32 - 1 rows, in a few bytes each."""
    ids = BEFORE + unit(3, aligned(u(8, 6) + u(8, 0) + ue(7, 2**32 - 3)) + st("a"))
    assert_refused(
        ids,
        TruncatedError,
        "units[2].nnr_topology_unit_payload.topology_elements_ids_list.topology_elem_id_list[1]",
        8 * len(ids),
    )
    rows = "0" + "0" + "11" + "0000" + ue(1, 2) + ue(7, 2**32 - 1) + ue(7, 2) + u(8, 1) + ue(1, 0) + u(4, 4)
    points = BEFORE + ndu(u(5, 1) + "001" + st("w"), rows)
    with pytest.raises(LimitExceededError, match="max_entry_points"):
        list(iter_units(points))
    with pytest.raises(TruncatedError, match="cabac_"):
        list(iter_units(points, limits=Limits(max_entry_points=2**32)))


def test_scanning_goes_on_after_a_damaged_unit() -> None:
    bad = ndu(u(5, 4) + "001" + st("w"))
    data = BEFORE + bad + PLAIN
    before, damaged, after = list(scan_units(data))[1:]
    assert isinstance(before, Unit)
    assert isinstance(damaged, DamagedUnit)
    assert isinstance(after, Unit)
    assert (damaged.offset, damaged.size) == (len(BEFORE), len(bad))
    assert damaged.error.path == f"{HEADER}.nnr_compressed_data_unit_payload_type"
    assert damaged.fields["nnr_unit_size"] == len(bad)
    assert after.offset == len(BEFORE + bad)
    assert after.header["topology_elem_id"] == "w"


def test_scanning_ends_where_the_size_is_lost() -> None:
    *_, last = scan_units(BEFORE + PLAIN[:-1])
    assert isinstance(last, DamagedUnit)
    assert (last.offset, last.size) == (len(BEFORE), None)
    assert last.fields == {"nnr_unit_size_flag": 0, "nnr_unit_size": len(PLAIN)}


def test_damage_is_a_gap_in_the_trace() -> None:
    bad = ndu(u(5, 1) + "001" + st("\x01").replace("00000001", "11111111"))
    data = BEFORE + bad + PLAIN
    gaps = [record for record in trace_stream(data) if record.status == "gap"]
    assert [(gap.path, gap.bit_offset, gap.bit_offset + gap.bit_length) for gap in gaps] == [
        (f"{HEADER}.topology_elem_id", BEGIN + 8, 8 * len(BEFORE + bad))
    ]
    assert "UTF-8" in gaps[0].value


def test_check_collects_over_units() -> None:
    bad_alignment = bytearray(PLAIN)
    bad_alignment[-2] ^= 1
    bad_type = ndu(u(5, 4) + "001" + st("w"), DIMENSIONS + ue(1, 0) + u(4, 0))
    data = BEFORE + bytes(bad_alignment) + bad_type + PLAIN[:-1]
    found = [(error.code, error.path) for error in check_stream(data)]
    assert found == [
        ("malformed", "units[2].nnr_compressed_data_unit_header.align"),
        ("out_of_range", "units[3].nnr_compressed_data_unit_header.nnr_compressed_data_unit_payload_type"),
        ("truncated", "units[4].nnr_unit_size"),
    ]


@pytest.mark.parametrize("size", [0, 2])
def test_check_ends_where_the_size_is_impossible(size: int) -> None:
    data = BEFORE + bytes([0, size]) + PLAIN
    (error,) = check_stream(data)
    assert (error.code, error.path, error.bit_offset) == ("out_of_range", "units[2].nnr_unit_size", BEGIN - 23)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"nnr_unit_size": 9}, InconsistentError),
        ({"nnr_unit_size": 1 << 31}, OutOfRangeError),
        ({"nnr_unit_size": "8"}, ArgumentError),
        ({"nnr_unit_type": 2}, InconsistentError),
        ({"nnr_unit_size_flag": 2}, OutOfRangeError),
        ({"partial_data_counter": 2}, ArgumentError),
        ({"unknown": 2}, ArgumentError),
    ],
)
def test_framing_that_cannot_be_written(change: dict[str, Any], error: type[AimcError]) -> None:
    first, second = iter_units(BEFORE)
    with pytest.raises(error) as refusal:
        write_units([first, Unit(UnitType.NNR_MPS, {**second.fields, **change})])
    assert refusal.value.path.startswith("units[1]")


def test_units_that_cannot_be_written() -> None:
    first, second = iter_units(BEFORE)
    with pytest.raises(ArgumentError):
        write_units([])
    with pytest.raises(MalformedError):
        write_units([second])
    with pytest.raises(ArgumentError, match="payload"):
        write_units([first, Unit(second.kind, second.fields, b"x")])
    with pytest.raises(ArgumentError) as refusal:
        write_units([first, Unit("NNR_STR", {}, b"x")])  # type: ignore[arg-type]
    assert (refusal.value.path, refusal.value.bit_offset) == ("units[1].nnr_unit_type", 32 + 16)


@pytest.mark.parametrize("data", ["text", 7, None, memoryview(b"abcd")[::2]])
def test_what_is_not_a_stream(data: Any) -> None:
    for use in (trace_stream, check_stream, lambda d: list(iter_units(d)), lambda d: list(scan_units(d))):
        with pytest.raises(ArgumentError):
            use(data)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_kinds_of_data(kind: type) -> None:
    data = kind(BEFORE + PLAIN)
    assert write_units(iter_units(data)) == bytes(data)
    assert len(trace_stream(data)) == len(trace_stream(bytes(data)))
