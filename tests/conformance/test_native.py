"""Every stream through the public decoder, on every instruction set and with one and two threads."""

from __future__ import annotations

import pytest

import aimcodec

from .cases import Case, assert_decoded, assert_refused, case_parameters, fingerprint

ACCEPTED = case_parameters("valid", "uncommon", all_fast=True)
SEQUENCES = [p for p in ACCEPTED if len(p.values[0].steps) > 1]
ADDED = [p for p in SEQUENCES if "after_all_updates" in p.values[0].description]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", ACCEPTED)
def test_decodes_exactly(case: Case, isa: str, threads: int) -> None:
    decoder = aimcodec.nnc.Decoder(threads=threads, local_scaling=case.local_scaling)
    for step in case.steps:
        assert_decoded(decoder.decode(step.data), step)


@pytest.mark.parametrize("case", [p for p in ACCEPTED if p not in SEQUENCES])
def test_one_call_decodes_a_single_stream(case: Case) -> None:
    (step,) = case.steps
    assert_decoded(aimcodec.nnc.decode(step.data, local_scaling=case.local_scaling), step)


@pytest.mark.parametrize("case", ADDED)
def test_updates_add_up(case: Case) -> None:
    decoder = aimcodec.nnc.Decoder(base=case.arrays("base.npz"))
    for step in case.steps:
        decoder.decode(step.data)
    expected = {t["name"]: t["sha256"] for t in case.description["after_all_updates"]["tensors"]}
    assert {name: fingerprint(array)[2] for name, array in decoder.parameters.items()} == expected


@pytest.mark.parametrize("case", SEQUENCES)
def test_omitted_tensors_are_absent(case: Case) -> None:
    decoder = aimcodec.nnc.Decoder()
    for step in case.steps:
        assert not set(step.expect.get("omitted", [])) & set(decoder.decode(step.data))


@pytest.mark.parametrize("case", case_parameters("invalid", all_fast=True))
def test_refuses(case: Case, isa: str) -> None:
    (step,) = case.steps
    with pytest.raises(aimcodec.AimcError) as refusal:
        aimcodec.nnc.decode(step.data)
    assert_refused(refusal.value, step)
