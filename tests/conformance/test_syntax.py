"""Every stream through the syntax layer: walking, writing back, and tracing obey the same laws everywhere."""

from __future__ import annotations

import pytest

from aimcodec.errors import AimcError
from aimcodec.syntax.nnc import iter_units, trace_stream, write_units

from .cases import Case, assert_refused, case_parameters, has_certain_place

ACCEPTED = case_parameters("valid", "uncommon")


@pytest.mark.parametrize("case", ACCEPTED)
def test_writing_what_was_read_gives_the_same_bytes(case: Case) -> None:
    for step in case.steps:
        assert write_units(iter_units(step.data)) == step.data


@pytest.mark.parametrize("case", ACCEPTED)
def test_trace_accounts_for_every_bit_once(case: Case) -> None:
    for step in case.steps:
        records = list(trace_stream(step.data))
        position = 0
        for record in records:
            assert record.bit_offset == position
            assert record.status in {"ok", "inferred", "payload"}
            position += record.bit_length
        assert position == 8 * len(step.data)


@pytest.mark.parametrize("case", ACCEPTED)
def test_trace_shows_the_bits_of_the_stream(case: Case) -> None:
    for step in case.steps:
        bits = int.from_bytes(step.data, "big")
        total = 8 * len(step.data)
        for record in trace_stream(step.data):
            if record.status == "ok":
                shift = total - record.bit_offset - record.bit_length
                assert record.raw == (bits >> shift) & ((1 << record.bit_length) - 1)


@pytest.mark.parametrize("case", [p for p in case_parameters("invalid") if has_certain_place(p.values[0])])
def test_structure_alone_is_refused(case: Case) -> None:
    """Walking the units finds what decoding finds, wherever the place of the violation is certain."""
    (step,) = case.steps
    with pytest.raises(AimcError) as refusal:
        list(iter_units(step.data))
    assert_refused(refusal.value, step)
