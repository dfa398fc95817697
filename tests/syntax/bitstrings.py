"""The descriptors of section 1.2 as strings of 0 and 1, written from the text without the code under test."""

from __future__ import annotations

import struct


def u(n: int, value: int) -> str:
    return f"{value:0{n}b}"


def i(n: int, value: int) -> str:
    return u(n, value % 2**n)


def ue(k: int, x: int) -> str:
    zeros = ""
    while x >= 2**k:
        zeros += "0"
        x -= 2**k
        k += 1
    return zeros + "1" + (u(k, x) if k else "")


def ie(k: int, v: int) -> str:
    return ue(k, -2 * v if v <= 0 else 2 * v - 1)


def flt(value: float) -> str:
    return "".join(u(8, byte) for byte in struct.pack("<f", value))


def st(text: str) -> str:
    return "".join(u(8, byte) for byte in text.encode() + b"\0")


def aligned(bits: str) -> str:
    """The bits and the `align` that follows them."""
    bits += "1"
    return bits + "0" * (-len(bits) % 8)


def pack(bits: str) -> bytes:
    """Bytes of the bits, which end at a byte boundary."""
    assert len(bits) % 8 == 0
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def unit(kind: int, content: str, *, long_form: bool = False, flags: str = "10") -> bytes:
    """A unit of section 2 around the bits after its framing; `flags` are those after the type."""
    size = (4 if long_form else 2) + 1 + len(content) // 8
    return pack((u(1, 1) + u(31, size) if long_form else u(1, 0) + u(15, size)) + u(6, kind) + flags + content)
