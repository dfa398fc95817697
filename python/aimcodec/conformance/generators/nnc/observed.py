"""What NNCodec, run as a black box by hand, made of the generated streams.

observed.txt has a line for each case: its id, the first digits of the SHA-256 of its streams, and a word. A stream that
has changed since then counts as not tried.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

__all__ = ["NNCODEC", "observation"]

NNCODEC = "NNCodec 2.1.3"
AGREES = "agrees"

# Clauses are those of docs/spec/nnc-bitstream.md.
MEANINGS = {
    "accepts": "accepts",
    "refuses": "refuses",
    "endless": "does not end (13.3)",
    "single": "refuses blocks of one tensor (13.3)",
    "factors": "stops at the recomposition of decomposed weights (13.5)",
    "node": "stops at updates without node ids (13.3)",
    "raw": "stops at what follows a raw tensor (13.3)",
    "method": "stops where no quantization method is announced (13.3)",
    "layer": "stops at layer parameter sets (3.3)",
    "count": "stops at maps whose count is 0 (13.3)",
    "missing": "refuses what it does not implement (14)",
    "unknown": "refuses units of reserved types (13.3)",
}


@cache
def _table() -> dict[str, tuple[str, str]]:
    lines = Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines()
    return {id: (digest, word) for id, digest, word in (line.split() for line in lines)}


def observation(id: str, streams: Iterable[bytes]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Who confirms a case beside the decoders of this project, and what it does otherwise."""
    digest, word = _table().get(id, ("", ""))
    if not digest or not hashlib.sha256(b"".join(streams)).hexdigest().startswith(digest):
        return (), {}
    return ((NNCODEC,), {}) if word == AGREES else ((), {NNCODEC: MEANINGS[word]})
