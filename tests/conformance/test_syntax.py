"""Every stream through the syntax layer: reading, writing back, tracing and checking agree with each other."""

from __future__ import annotations

import pytest

from aimcodec.errors import AimcError
from aimcodec.syntax.nnc import check_stream, iter_units, trace_stream, write_units
from aimcodec.syntax.trace import TraceRecord

from .cases import Case, assert_refused, case_parameters, has_certain_place

ACCEPTED = case_parameters("valid", "uncommon", all_fast=True)
INVALID = case_parameters("invalid", all_fast=True)
CERTAIN_PLACE = [p for p in INVALID if has_certain_place(p.values[0])]


@pytest.mark.parametrize("case", ACCEPTED)
def test_writing_what_was_read_gives_the_same_bytes(case: Case) -> None:
    for step in case.steps:
        assert write_units(iter_units(step.data)) == step.data


@pytest.mark.parametrize("case", ACCEPTED)
def test_writing_traces_what_reading_traces(case: Case) -> None:
    for step in case.steps:
        written: list[TraceRecord] = []
        write_units(iter_units(step.data), trace=written.append)
        assert written == trace_stream(step.data)


@pytest.mark.parametrize("case", ACCEPTED + INVALID)
def test_trace_accounts_for_every_bit_once(case: Case) -> None:
    for step in case.steps:
        position = 0
        for record in trace_stream(step.data):
            assert record.bit_offset == position
            position += record.bit_length
        assert position == 8 * len(step.data)


@pytest.mark.parametrize("case", ACCEPTED)
def test_trace_of_a_good_stream_has_no_gap(case: Case) -> None:
    for step in case.steps:
        assert not [record for record in trace_stream(step.data) if record.status == "gap"]


@pytest.mark.parametrize("case", ACCEPTED + INVALID)
def test_trace_shows_the_bits_of_the_stream(case: Case) -> None:
    for step in case.steps:
        for record in trace_stream(step.data):
            if record.status == "ok":
                assert record.raw == bits(step.data, record.bit_offset, record.bit_length)


@pytest.mark.parametrize("case", ACCEPTED)
def test_checking_finds_nothing_in_a_good_stream(case: Case) -> None:
    for step in case.steps:
        assert check_stream(step.data) == []


@pytest.mark.parametrize("case", CERTAIN_PLACE)
def test_reading_refuses_where_the_violation_is(case: Case) -> None:
    (step,) = case.steps
    with pytest.raises(AimcError) as refusal:
        list(iter_units(step.data))
    assert_refused(refusal.value, step)


@pytest.mark.parametrize("case", CERTAIN_PLACE)
def test_checking_finds_the_violation_first(case: Case) -> None:
    (step,) = case.steps
    assert_refused(check_stream(step.data)[0], step)


def bits(data: bytes, offset: int, length: int) -> int:
    """Bits of a stream as an unsigned number, without the help of the package."""
    end = offset + length
    covering = int.from_bytes(data[offset // 8 : (end + 7) // 8], "big")
    return covering >> (-end % 8) & ((1 << length) - 1)
