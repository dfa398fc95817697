"""Whether an encoder gives the same stream again."""

from __future__ import annotations

from aimcodec.conformance.checks.result import Check, Encoded, Finding, not_run
from aimcodec.inspect import read_tree
from aimcodec.limits import Limits

__all__ = ["check_determinism"]


def check_determinism(encoded: Encoded, limits: Limits) -> Check:
    """The streams of two runs, byte by byte; a failure only where the encoder claims to be deterministic."""
    if encoded.again is None:
        return not_run("determinism", "encoded once only")
    if encoded.again == encoded.data:
        return Check.of("determinism", [])
    bit = first_different_bit(encoded.data, encoded.again)
    nodes = read_tree(encoded.data, limits=limits).at_bit(bit)
    element = nodes[-1].path if nodes else ""
    sizes = f"{len(encoded.data)} and {len(encoded.again)} bytes"
    finding = Finding(f"two runs differ from bit {bit} on ({sizes})", bit, element)
    check = Check.of("determinism", [finding] if encoded.claims.deterministic else [])
    return check if encoded.claims.deterministic else check.noting([finding])


def first_different_bit(one: bytes, other: bytes) -> int:
    """The first bit in which two different byte strings differ, or that one of them does not have."""
    common = min(len(one), len(other))
    low, high = 0, common  # the strings agree up to low, and differ somewhere up to high unless one is a prefix
    if one[:common] == other[:common]:
        return 8 * common
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return 8 * low + 8 - (one[low] ^ other[low]).bit_length()
