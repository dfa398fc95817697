"""The native tracer against the tables of section 17 and against the reference decoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.coding.nnc.payloads import References
from aimcodec.errors import AimcError, ArgumentError, InconsistentError, MissingReferenceError, OutOfRangeError
from aimcodec.inspect import BIN_DTYPE, BinTrace, bin_trace, element_names
from aimcodec.inspect.bins import BYPASS, TERMINATE
from aimcodec.inspect.render import bin_records
from aimcodec.reference import Bin, Decoder

from ..conformance.cases import Case, case_parameters
from ..reference.annotated import PLAIN, UPDATE, Annotated

UPDATE_STREAM = bytes.fromhex(UPDATE["stream"])
UPDATE_REFERENCES = References({"w": np.array(UPDATE["reference"], np.int32)})
CONTEXTS = {BYPASS: "bypass", TERMINATE: "-"}

plain = pytest.mark.parametrize("annotated", PLAIN, ids=[a.table["section"] for a in PLAIN])


def is_small(parameter: Any) -> bool:
    """The reference decoder is slow on purpose; the large streams use no tools that the others do not."""
    return bool(parameter.values[0].entry["bytes"] < 20_000)


def rows(trace: BinTrace) -> list[list[Any]]:
    """Bins in the columns of the tables of section 17."""
    bins = trace.bins
    columns = ("shifts", "context", "state_before", "range_before", "offset_before", "lps_range", "bin")
    after = ("range_after", "offset_after", "a_after", "b_after")
    values = zip(*(bins[name].tolist() for name in columns + after), strict=True)
    table = []
    for number, (name, row) in enumerate(zip(element_names(bins), values, strict=True), trace.first):
        P, context, S, R, O, rL, bin_, R_after, O_after, a, b = row  # noqa: E741, N806 - names of the text
        if context >= TERMINATE:
            S = rL = a = b = None  # noqa: N806
        table.append([number, P, name, CONTEXTS.get(context, context), S, R, O, rL, bin_, R_after, O_after, a, b])
    return table


@plain
def test_every_bin_of_the_tables(annotated: Annotated) -> None:
    trace = bin_trace(annotated.stream, "w")
    assert trace.error is None
    assert trace.total == len(annotated.table["bins"])
    assert rows(trace) == annotated.table["bins"]


def test_update_with_temporal_contexts() -> None:
    trace = bin_trace(UPDATE_STREAM, "units[3]", references=UPDATE_REFERENCES)
    assert trace.error is None
    found = rows(trace)
    shift_ids = [row for row in found if row[2].startswith("shift_id_nonzero")]
    assert [row[2] for row in shift_ids] == [f"shift_id_nonzero[ctx {c}]" for c in UPDATE["shift_id_contexts"]]
    others = [[row[i] for i in (0, 1, 2, 3, 5, 6, 8)] for row in found if row not in shift_ids]
    assert others == UPDATE["bins"]


def test_another_reference_gives_other_contexts() -> None:
    """The traced contexts really come from the reference: turn its signs around."""
    turned = References({"w": -UPDATE_REFERENCES.integers["w"]})
    contexts = [bin_trace(UPDATE_STREAM, "w", references=r).bins["context"] for r in (UPDATE_REFERENCES, turned)]
    assert 52 in contexts[0]
    assert 51 in contexts[1]


@pytest.mark.parametrize("case", [p for p in case_parameters("valid", "uncommon", slow_beyond=2000) if is_small(p)])
def test_bins_equal_those_of_the_reference_decoder(case: Case) -> None:
    native = aimcodec.nnc.Decoder()
    expected: list[Bin] = []
    reference = Decoder(case.hdsp, trace=expected.append)
    for step in case.steps:
        expected.clear()
        reference.decode(step.data)
        found = []
        for unit in coded_units(step.data):
            trace = bin_trace(step.data, f"units[{unit}]", references=native.references())
            assert trace.error is None
            assert trace.total == len(trace.bins)
            found += rows(trace)
        assert found == [list(b) for b in expected]
        native.decode(step.data)


def coded_units(data: bytes) -> list[int]:
    """Numbers of the data units with an arithmetic codeword, found with nothing but the framing (section 2)."""
    numbers, offset, number = [], 0, 0
    while offset < len(data):
        long_form = data[offset] >> 7
        width = 4 if long_form else 2
        size = int.from_bytes(data[offset : offset + width], "big") & (0x7FFFFFFF if long_form else 0x7FFF)
        header = data[offset + width : offset + width + 2]
        if header[0] >> 2 == 5 and header[1] >> 3 != 2:
            numbers.append(number)
        offset += size
        number += 1
    return numbers


def test_an_update_needs_its_references() -> None:
    with pytest.raises(MissingReferenceError):
        bin_trace(UPDATE_STREAM, "w")
    with pytest.raises(InconsistentError):
        bin_trace(UPDATE_STREAM, "w", references=References({"w": np.zeros((3, 2), np.int32)}))


def test_a_window_is_a_part_of_the_whole() -> None:
    whole = bin_trace(PLAIN[0].stream, "w")
    part = bin_trace(PLAIN[0].stream, "w", 70, 6)
    assert part.total == whole.total
    assert part.bins.tobytes() == whole.bins[70:76].tobytes()
    assert rows(part) == rows(whole)[70:76]
    assert len(bin_trace(PLAIN[0].stream, "w", whole.total, 5).bins) == 0


def test_record_is_as_large_as_the_native_one() -> None:
    assert BIN_DTYPE.itemsize == 48
    assert {name: BIN_DTYPE.fields[name][1] for name in ("position", "tensor", "range_before", "element")} == {
        "position": 8,
        "tensor": 20,
        "range_before": 26,
        "element": 40,
    }


def test_damage_of_the_payload_ends_the_trace() -> None:
    damaged = bytearray(PLAIN[0].stream)
    damaged[34] ^= 0x40
    trace = bin_trace(bytes(damaged), "w")
    assert isinstance(trace.error, InconsistentError)
    assert trace.error.path == "units[3].payload"
    assert len(trace.bins) == trace.total
    untouched = rows(bin_trace(PLAIN[0].stream, "w"))
    assert rows(trace)[:8] == untouched[:8]
    assert rows(trace) != untouched


def test_other_damaged_units_do_not_matter() -> None:
    damaged = bytearray(PLAIN[0].stream)
    damaged[15] = 0xFF  # topology_storage_format
    assert rows(bin_trace(bytes(damaged), "w")) == rows(bin_trace(PLAIN[0].stream, "w"))


def test_units_keep_their_numbers_beside_others_and_damage(conformance_streams: Path) -> None:
    data = (conformance_streams / "valid/nnc/block/block-folded/stream.nnc").read_bytes()
    damaged = bytearray(data)
    damaged[15] = 0xFF  # topology_storage_format of units[2]
    for stream in (data, bytes(damaged)):
        trace = bin_trace(stream, "fc.weight")
        assert trace.unit.path == "units[4]"
        assert trace.bins.tobytes() == bin_trace(stream, "units[4]").bins.tobytes()


def test_the_damage_of_the_unit_itself_is_raised() -> None:
    damaged = bytearray(PLAIN[0].stream)
    damaged[30] |= 0x0F  # scan_order 15
    with pytest.raises(OutOfRangeError) as refusal:
        bin_trace(bytes(damaged), "units[3]")
    assert refusal.value.bit_offset == 30 * 8 + 4


@pytest.mark.parametrize("which", ["v", "4", "units[2]", "units[3", "-3", "", "99999999999999999999"])
def test_unknown_units_are_refused(which: str) -> None:
    with pytest.raises(ArgumentError):
        bin_trace(PLAIN[0].stream, which)


def test_json_has_null_where_a_bin_has_no_model() -> None:
    first, last = (list(bin_records(bin_trace(PLAIN[0].stream, "w")))[i] for i in (0, -1))
    assert (first["element"], first["context"], first["state_before"], first["a_after"]) == (
        "qp_delta",
        "bypass",
        None,
        None,
    )
    assert (last["element"], last["context"], last["bin"]) == ("terminate", "terminate", 1)


@pytest.mark.parametrize("case", case_parameters("invalid"))
def test_no_damage_breaks_the_tracer(case: Case) -> None:
    for number in range(8):
        try:
            trace = bin_trace(case.steps[0].data, str(number), 0, 100)
        except AimcError:
            continue
        assert len(trace.bins) == min(100, trace.total)
