"""Streams of either encoder decode to the same bits here and in NNCodec."""

from __future__ import annotations

import pytest

from .nncodec_random import ABSENT, interpreter, run

CASES = range(300)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(interpreter() is None, reason=ABSENT)]


def test_nncodec_decodes_our_streams() -> None:
    assert run("ours", CASES) == len(CASES)


def test_we_decode_the_streams_of_nncodec() -> None:
    assert run("peer", CASES) > len(CASES) // 2, "NNCodec refused most cases"
