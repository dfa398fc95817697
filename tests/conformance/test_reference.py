"""Every stream through the slow decoder, which was written from the text and shares no code with the fast one."""

from __future__ import annotations

import pytest

from aimcodec import reference
from aimcodec.errors import AimcError

from .cases import Case, assert_decoded, assert_refused, case_parameters


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", slow_beyond=200_000, all_fast=True))
def test_decodes_exactly(case: Case) -> None:
    decoder = reference.Decoder(hdsp=case.hdsp, local_scaling=case.local_scaling)
    for step in case.steps:
        assert_decoded(decoder.decode(step.data), step)


# The slow decoder reads no lists of indices: it refuses them where they begin.
ELSEWHERE = {"nnc-refused-index-list"}


@pytest.mark.parametrize("case", case_parameters("invalid", all_fast=True))
def test_refuses(case: Case) -> None:
    (step,) = case.steps
    with pytest.raises(AimcError) as refusal:
        reference.Decoder().decode(step.data)
    if case.entry["id"] in ELSEWHERE:
        assert refusal.value.bit_offset < step.expect["bit_offset"]
    else:
        assert_refused(refusal.value, step)
