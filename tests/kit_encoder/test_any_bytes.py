"""Whatever an encoder writes, the checks give results: no exception, nothing that goes on for ever."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimcodec.conformance.checks.all_checks import check_encoded
from aimcodec.conformance.checks.result import CHECKS, Encoded
from aimcodec.conformance.models import InputModel

from . import liar

TENSORS: dict[str, Any] = {
    "a": np.linspace(-1, 1, 30, dtype=np.float32).reshape(5, 6),
    "b": np.arange(-4, 5, dtype=np.int32),
}
MODEL = InputModel("small", "", TENSORS, {})
BAD = {"nnc": {"fail", "not run"}, "aim": {"fail"}}  # there is NNC that this package does not decode
STREAMS = {"nnc": liar.nnc(TENSORS), "aim": liar.aim(TENSORS)}


def results(syntax: str, data: bytes) -> set[str]:
    checks = check_encoded(Encoded(syntax, MODEL, data, None, STREAMS[syntax]))
    assert [check.name for check in checks] == list(CHECKS[:-1])
    for check in checks:
        assert check.findings or check.result == "pass"
        assert check.result != "kit error", check
        for finding in check.findings:
            assert finding.message
            assert finding.bit_offset is None or 0 <= finding.bit_offset <= 8 * len(data)
    return {check.result for check in checks}


@pytest.mark.parametrize("syntax", ["nnc", "aim"])
def test_the_stream_itself_is_good(syntax: str) -> None:
    assert results(syntax, STREAMS[syntax]) == {"pass", "not run"}


@settings(max_examples=80)
@given(st.sampled_from(["nnc", "aim"]), st.lists(st.integers(0, 1 << 30), min_size=1, max_size=3))
def test_flipped_bits(syntax: str, flips: list[int]) -> None:
    data = STREAMS[syntax]
    for flip in flips:
        data = liar.changed(data, flip % (8 * len(data)))
    if data != STREAMS[syntax]:
        assert results(syntax, data)


@settings(max_examples=40)
@given(st.sampled_from(["nnc", "aim"]), st.integers(0, 1 << 30), st.binary(max_size=8))
def test_cut_and_other_ends(syntax: str, cut: int, end: bytes) -> None:
    data = STREAMS[syntax][: cut % len(STREAMS[syntax])] + end
    assert results(syntax, data) & BAD[syntax]


@settings(max_examples=40)
@given(st.sampled_from(["nnc", "aim"]), st.binary(max_size=64))
def test_any_bytes(syntax: str, data: bytes) -> None:
    assert results(syntax, data) & BAD[syntax]
