"""The suite tells every seeded fault, and passes the decoders as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import aimcodec.reference
from aimcodec.conformance.catalogue import Case, load_catalogue

from .decoder_faults import AIM_DECODER_FAULTS, NNC_DECODER_FAULTS, Fault
from .faulty import faulty_reference
from .judge import first_failure

FAULTS = NNC_DECODER_FAULTS + AIM_DECODER_FAULTS
CORE = load_catalogue().level("core")


LARGE = 100_000  # bytes of streams that the slow decoders take long for


def cases_for(syntax: str) -> list[Case]:
    """Small ones first: most faults show in any stream."""
    wanted = [case for case in CORE if case.syntax == syntax and case.bytes < LARGE]
    return sorted(wanted, key=lambda case: case.bytes)


def test_there_are_enough() -> None:
    assert len({fault.id for fault in FAULTS}) == len(FAULTS) >= 60


@pytest.mark.parametrize("syntax", ["nnc", "aim"])
def test_decoders_without_fault_pass(syntax: str, tmp_path: Path) -> None:
    with faulty_reference(None, tmp_path) as reference:
        assert reference is not aimcodec.reference
        assert first_failure(cases_for(syntax), reference) is None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_fault_is_caught(fault: Fault, tmp_path: Path) -> None:
    with faulty_reference(fault, tmp_path) as reference:
        assert first_failure(cases_for(fault.syntax), reference), fault.new
