"""Every stream through the public decoder, on every instruction set and with one and two threads."""

from __future__ import annotations

import numpy as np
import pytest

import aimcodec

from .cases import Case, Step, case_parameters, fingerprint, names_element

ACCEPTED = case_parameters("valid", "uncommon")
SEQUENCES = [p for p in ACCEPTED if "streams" in p.values[0].description]


def assert_decoded(tensors: dict[str, np.ndarray], step: Step) -> None:
    assert {name: fingerprint(array) for name, array in tensors.items()} == step.fingerprints
    assert list(tensors) == list(step.fingerprints), "order of the tensors"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", ACCEPTED)
def test_decodes_exactly(case: Case, isa: str, threads: int) -> None:
    decoder = aimcodec.nnc.Decoder(hdsp=case.hdsp)
    for step in case.steps:
        assert_decoded(decoder.decode(step.data, threads=threads, local_scaling=case.local_scaling), step)


@pytest.mark.parametrize("case", [p for p in ACCEPTED if p not in SEQUENCES])
def test_one_call_decodes_a_single_stream(case: Case) -> None:
    (step,) = case.steps
    assert_decoded(aimcodec.nnc.decode(step.data, local_scaling=case.local_scaling), step)


@pytest.mark.parametrize("case", SEQUENCES)
def test_updates_add_up(case: Case) -> None:
    decoder = aimcodec.nnc.Decoder(base=case.arrays("base.npz"), hdsp=case.hdsp)
    for step in case.steps:
        decoder.decode(step.data)
    expected = {t["name"]: t["sha256"] for t in case.description["after_all_updates"]["tensors"]}
    assert {name: fingerprint(array)[2] for name, array in decoder.parameters.items()} == expected


@pytest.mark.parametrize("case", SEQUENCES)
def test_omitted_tensors_are_absent(case: Case) -> None:
    decoder = aimcodec.nnc.Decoder(hdsp=case.hdsp)
    for step in case.steps:
        assert not set(step.expect["omitted"]) & set(decoder.decode(step.data))


@pytest.mark.parametrize("case", case_parameters("invalid"))
def test_refuses(case: Case, isa: str) -> None:
    (step,) = case.steps
    with pytest.raises(aimcodec.AimcError) as refusal:
        aimcodec.nnc.decode(step.data)
    assert not isinstance(refusal.value, aimcodec.InternalError | aimcodec.ArgumentError)
    offset, element = step.expect["bit_offset_of_first_violation"], step.expect["element"]
    if offset is not None:
        assert refusal.value.bit_offset == offset
    if element is not None:
        assert names_element(refusal.value.path, element)


@pytest.mark.parametrize(
    "case",
    [p for p in case_parameters("invalid") if p.values[0].steps[0].expect["bit_offset_of_first_violation"] is not None],
)
def test_structure_alone_is_refused(case: Case) -> None:
    """Walking the units finds what decoding finds, wherever the place of the violation is certain."""
    (step,) = case.steps
    with pytest.raises(aimcodec.AimcError) as refusal:
        list(aimcodec.nnc.iter_units(step.data))
    assert refusal.value.bit_offset == step.expect["bit_offset_of_first_violation"]
    assert names_element(refusal.value.path, step.expect["element"])
