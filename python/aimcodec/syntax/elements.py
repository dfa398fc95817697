"""Syntax elements: each is declared once, with its descriptor, its permitted values, and its place in the text."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from ..bits import MAX_UE, BitReader, BitSink

__all__ = ["ALIGN", "Element", "describe_allowed", "flt", "i", "ie", "payload", "st", "u", "ue"]

T = TypeVar("T")

Allowed: TypeAlias = range | frozenset[int]


@dataclass(frozen=True, slots=True)
class Element(Generic[T]):
    """One row of a syntax table.

    Attributes:
        name: as in the text.
        descriptor: as in the text, for example ``ue(7)``.
        clause: section of the text that defines the element.
        doc: one line on its meaning.
        allowed: values it may have; None when every value of the descriptor is good.
        read: takes the value from a bit reader.
        write: gives the value to a bit sink.
        convert: brings a supplied value to the element's type, or raises TypeError.
    """

    name: str
    descriptor: str
    clause: str
    doc: str
    allowed: Allowed | None
    read: Callable[[BitReader], T]
    write: Callable[[BitSink, T], None]
    convert: Callable[[Any], T]


def describe_allowed(allowed: Allowed | None) -> str:
    """Permitted values in words."""
    if allowed is None:
        return "any"
    if isinstance(allowed, range) and len(allowed) > 1:
        return f"{allowed[0]} .. {allowed[-1]}"
    return ", ".join(map(str, sorted(allowed)))


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is not a string")
    return value


def _float(value: Any) -> float:
    if isinstance(value, str | bytes | bytearray):
        raise TypeError(f"{type(value).__name__} is not a number")
    return float(value)


def u(width: int, name: str, clause: str, doc: str, allowed: Allowed | None = None) -> Element[int]:
    """u(n): n bits, unsigned."""
    read = BitReader.flag if width == 1 else lambda bits: bits.u(width)
    if allowed is None:
        allowed = range(1 << width) if width < 64 else None
    return Element(
        name, f"u({width})", clause, doc, allowed, read, lambda bits, value: bits.u(width, value), operator.index
    )


def i(width: int, name: str, clause: str, doc: str) -> Element[int]:
    """i(n): n bits, two's complement."""
    half = 1 << (width - 1)
    return Element(
        name,
        f"i({width})",
        clause,
        doc,
        range(-half, half),
        lambda bits: bits.i(width),
        lambda bits, value: bits.i(width, value),
        operator.index,
    )


def ue(order: int, name: str, clause: str, doc: str, allowed: Allowed | None = None) -> Element[int]:
    """ue(k): unsigned Exp-Golomb code of order k, values 0 to 2^32."""
    return Element(
        name,
        f"ue({order})",
        clause,
        doc,
        range(MAX_UE + 1) if allowed is None else allowed,
        lambda bits: bits.ue(order),
        lambda bits, value: bits.ue(order, value),
        operator.index,
    )


def ie(order: int, name: str, clause: str, doc: str, allowed: Allowed | None = None) -> Element[int]:
    """ie(k): signed Exp-Golomb code of order k, values -2^31 to 2^31."""
    return Element(
        name,
        f"ie({order})",
        clause,
        doc,
        range(-MAX_UE // 2, MAX_UE // 2 + 1) if allowed is None else allowed,
        lambda bits: bits.ie(order),
        lambda bits, value: bits.ie(order, value),
        operator.index,
    )


def st(name: str, clause: str, doc: str) -> Element[str]:
    """st(v): UTF-8 string and a zero byte."""
    return Element(name, "st(v)", clause, doc, None, BitReader.st, BitSink.st, _string)


def flt(name: str, clause: str, doc: str) -> Element[float]:
    """flt(32): binary32, little endian."""
    return Element(name, "flt(32)", clause, doc, None, BitReader.flt, BitSink.flt, _float)


def payload(name: str, clause: str, doc: str) -> Element[memoryview]:
    """All bytes up to the end of the unit."""
    return Element(name, "bytes", clause, doc, None, BitReader.rest, lambda bits, value: bits.data(value), memoryview)


ALIGN: Element[int] = Element(
    "align",
    "align",
    "1.2",
    "one bit 1, then zero bits up to the next byte boundary",
    range(1, 2),
    BitReader.align,
    lambda bits, _: bits.align(),
    operator.index,
)
