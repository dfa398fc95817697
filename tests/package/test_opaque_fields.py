"""Blocks of known formats are coded field by field."""

from __future__ import annotations

import io

import numpy as np
import pytest

import aimcodec
from aimcodec.package.opaque_fields import known_fields

# Bytes of the blocks of GGUF.
BLOCKS = {
    "Q4_0": 18,
    "Q4_1": 20,
    "Q5_0": 22,
    "Q5_1": 24,
    "Q8_0": 34,
    "Q2_K": 84,
    "Q3_K": 110,
    "Q4_K": 144,
    "Q5_K": 176,
    "Q6_K": 210,
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_fields_make_up_the_block(kind: str) -> None:
    assert sum(known_fields(f"gguf:{kind}", BLOCKS[kind])) == BLOCKS[kind]
    assert known_fields(f"gguf:{kind}", BLOCKS[kind] + 1) == ()


def test_fields_apart_are_smaller() -> None:
    rng = np.random.default_rng(3)
    blocks = np.empty((4096, 34), np.uint8)
    blocks[:, :2] = rng.normal(0.01, 0.001, (4096, 1)).astype("<f2").view(np.uint8)
    blocks[:, 2:] = rng.normal(0, 30, (4096, 32)).clip(-127, 127).astype(np.int8).view(np.uint8)

    def size(opaque_type: str) -> int:
        file = io.BytesIO()
        with aimcodec.Writer(file) as writer:
            writer.add_opaque("w", blocks.tobytes(), [4096 * 32], opaque_type, 32, 34)
        file.seek(0)
        with aimcodec.open(file) as package:
            assert package["w"].tobytes() == blocks.tobytes()
        return len(file.getvalue())

    assert size("gguf:Q8_0") < size("other:Q8_0") - 2048  # the high bytes of the scales, at least
