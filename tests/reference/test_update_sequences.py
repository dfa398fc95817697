"""State between streams (section 12), on the update sequences of the conformance streams.

`tests/conformance` runs every conformance stream through this decoder and compares digests; here is the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aimcodec.errors import AimcError, MissingReferenceError
from aimcodec.reference import Decoder

from ..conformance.cases import Case, assert_decoded, case_parameters, fingerprint

SEQUENCES = [p for p in case_parameters("valid") if "after_all_updates" in p.values[0].description]
TEMPORAL = [p for p in SEQUENCES if p.values[0].description["producer"]["options"].get("tca")]


@pytest.mark.parametrize("case", SEQUENCES)
def test_updates_add_up(case: Case) -> None:
    decoder = Decoder(hdsp=case.hdsp)
    tensors: dict[str, np.ndarray[Any, Any]] = case.arrays("base.npz")
    for step in case.steps:
        for name, difference in decoder.decode(step.data).items():
            tensors[name] = tensors[name] + difference if name in tensors else difference
    expected = {t["name"]: t["sha256"] for t in case.description["after_all_updates"]["tensors"]}
    assert {name: fingerprint(array)[2] for name, array in tensors.items()} == expected


@pytest.mark.parametrize("case", TEMPORAL)
def test_a_refused_stream_leaves_the_state_alone(case: Case) -> None:
    decoder = Decoder(hdsp=case.hdsp)
    for step in case.steps:
        with pytest.raises(AimcError):
            decoder.decode(step.data[:-1] + bytes([step.data[-1] ^ 1]))
        assert_decoded(decoder.decode(step.data), step)


@pytest.mark.parametrize("case", TEMPORAL)
def test_a_lost_update_is_noticed(case: Case) -> None:
    decoder = Decoder(hdsp=case.hdsp)
    decoder.decode(case.steps[0].data)
    with pytest.raises(MissingReferenceError):
        decoder.decode(case.steps[2].data)


@pytest.mark.parametrize("case", [p for p in SEQUENCES if p.values[0].hdsp])
def test_history_is_needed(case: Case) -> None:
    """A decoder that keeps no map cannot follow: it says so."""

    def decode_all(decoder: Decoder) -> None:
        for step in case.steps:
            decoder.decode(step.data)

    decode_all(Decoder(hdsp=True))
    with pytest.raises(MissingReferenceError):
        decode_all(Decoder(hdsp=False))
