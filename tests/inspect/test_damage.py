"""Damaged streams: every function gives a result or one of the errors for bad input, never anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec.errors import AimcError, InternalError
from aimcodec.inspect import bin_trace, place_of, read_tree, summarize

from ..conformance.cases import CATALOGUE, Case

SMALL_STREAMS = [step.data for entry in CATALOGUE if entry["bytes"] < 1500 for step in Case(entry).steps]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SMALL_STREAMS)))
    for _ in range(draw(st.integers(0, 3)) if data else 0):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))]) if draw(st.booleans()) else bytes(data)


@pytest.mark.parametrize("function", [summarize, lambda data: bin_trace(data, "3", 0, 10), read_tree])
@given(data=damaged())
def test_damage_gives_errors_for_bad_input(function: Callable[[bytes], Any], data: bytes) -> None:
    error = refusal_of(function, data)
    assert not isinstance(error, InternalError)
    if error is not None:
        place = place_of(error, data)
        assert place.bit_offset is None or 0 <= place.bit_offset <= 8 * len(data)


def refusal_of(function: Callable[[bytes], Any], data: bytes) -> AimcError | None:
    try:
        function(data)
    except AimcError as error:
        return error
    return None
