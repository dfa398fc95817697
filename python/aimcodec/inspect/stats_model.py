"""Shares of the bits of a file: plain records."""

from __future__ import annotations

from dataclasses import dataclass, field

from aimcodec.errors import AimcError

__all__ = ["ContextShare", "PayloadShares", "PlaneShare", "Share", "TensorShare"]


@dataclass
class Share:
    """Bits of one kind.

    Attributes:
        group: "headers", "padding", "payloads", or "not readable".
        name: of the element, or of the part of a payload.
        count: number of elements, bins or pieces.
        bits: what they take; of bins a multiple of 2^-20.
    """

    group: str
    name: str
    count: int = 0
    bits: float = 0


@dataclass(frozen=True)
class TensorShare:
    """Bits of a tensor, or what a unit has besides those of its tensors.

    Attributes:
        unit: path of the unit.
        name: of the tensor; None for the rest of a unit.
        elements: of the tensor in this unit; 0 for the rest of a unit.
        header_bits: everything of the unit but its payload, where that is not shared by several tensors.
        payload_bits: coded bits.
    """

    unit: str
    name: str | None
    elements: int
    header_bits: float
    payload_bits: float


@dataclass(frozen=True)
class ContextShare:
    """What the bins of a context of a tensor cost.

    Attributes:
        unit: path of the unit.
        tensor: its name.
        context: number of the context.
        name: what it is for.
        bins: number of its bins.
        ones: how many of them are 1.
        bits: what the arithmetic coder spent on them: log2 of range before / range left, for each.
        ideal: what a coder without loss spends whose estimate of the next bin is (ones + 1/2) / (bins + 1) of those
            before: log2 of pi * bins! / (gamma(ones + 1/2) * gamma(zeros + 1/2)).
    """

    unit: str
    tensor: str
    context: int
    name: str
    bins: int
    ones: int
    bits: float
    ideal: float


@dataclass
class PlaneShare:
    """What a part of all blocks of a tensor takes.

    Attributes:
        unit: path of the unit.
        tensor: its name.
        part: ``planes[1]``, ``fields[0]``, ``mask``, ``codes``, ``escapes[0]``, ``rests``; empty for what belongs to
            whole blocks.
        methods: how often each method of planes was taken, by name.
        bytes: its bytes when decoded; 0 where that is not a number of bytes.
        bits: by purpose: framing, tables, states, symbols, raw, constant, escapes, unread.
        ideal: what its symbols cost by their own frequencies in each block (order 0), without tables; raw bytes as if
            they had been coded.
    """

    unit: str
    tensor: str
    part: str
    methods: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    bits: dict[str, int] = field(default_factory=dict)
    ideal: float = 0


@dataclass
class PayloadShares:
    """A payload.

    Attributes:
        parts: (name, count, bits) of everything in it.
        tensors: bits by tensor, without what they share.
        contexts: of its bins.
        planes: of its blocks.
        errors: what is wrong with it.
    """

    parts: list[tuple[str, int, float]] = field(default_factory=list)
    tensors: dict[str, float] = field(default_factory=dict)
    contexts: list[ContextShare] = field(default_factory=list)
    planes: list[PlaneShare] = field(default_factory=list)
    errors: list[AimcError] = field(default_factory=list)
