"""Where the bits of a file go, as lines of text and as records for JSON (docs/spec/trace.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from aimcodec.inspect.stats import Stats
from aimcodec.inspect.stats_model import ContextShare, PlaneShare, Share, TensorShare
from aimcodec.inspect.text import Column, printable, table

__all__ = ["stats_lines", "stats_records"]

NAME = 24  # columns that a name may shrink to


def stats_records(stats: Stats) -> Iterator[dict[str, Any]]:
    """One record for the file and one for each share; `row` says which of them it is."""
    yield {"row": "file", "bits": stats.bits}
    for row, shares in (
        ("share", stats.shares),
        ("tensor", stats.tensors),
        ("context", stats.contexts),
        ("plane", stats.planes),
    ):
        for share in shares:
            yield {"row": row, **asdict(share)}


def stats_lines(stats: Stats, width: int) -> Iterator[str]:
    """Tables of what takes how many bits, the largest first."""
    yield f"{stats.bits} bits"
    yield ""
    yield from _shares(stats, width)
    yield ""
    yield from _tensors(stats, width)
    if stats.contexts:
        yield ""
        yield from _contexts(stats, width)
    if stats.planes:
        yield ""
        yield from _planes(stats, width)


def _shares(stats: Stats, width: int) -> Iterator[str]:
    rows = []
    for group in dict.fromkeys(share.group for share in stats.shares):
        own = sorted((share for share in stats.shares if share.group == group), key=lambda share: -share.bits)
        total = Share(group, "", 0, sum(share.bits for share in own))
        rows.append([group, "", _bits(total.bits), _share(total.bits, stats)])
        rows += [["  " + printable(s.name), str(s.count or ""), _bits(s.bits), _share(s.bits, stats)] for s in own]
    rows.append(["all", "", _bits(sum(share.bits for share in stats.shares)), _share(stats.bits, stats)])
    columns = [Column("what", least=NAME), *(Column(title, right=True) for title in ("number", "bits", "share"))]
    yield from table(columns, rows, width)


def _tensors(stats: Stats, width: int) -> Iterator[str]:
    rows = []
    for t in _merged(stats.tensors):
        bits = t.header_bits + t.payload_bits
        each = f"{bits / t.elements:.3f}" if t.elements else ""
        name = t.unit if t.name is None else printable(t.name)
        rows.append(
            [name, str(t.elements or ""), _bits(t.header_bits), _bits(t.payload_bits), _share(bits, stats), each]
        )
    titles = ("elements", "headers", "payload", "share", "bits/element")
    yield from table([Column("tensor", least=NAME), *(Column(title, right=True) for title in titles)], rows, width)


def _merged(tensors: Iterable[TensorShare]) -> list[TensorShare]:
    """The units of one tensor as one row; the first says where it begins."""
    rows: dict[tuple[str, bool], TensorShare] = {}
    for t in tensors:
        key = (t.unit, False) if t.name is None else (t.name, True)
        old = rows.get(key, TensorShare(t.unit, t.name, 0, 0, 0))
        rows[key] = TensorShare(
            old.unit,
            t.name,
            old.elements + t.elements,
            old.header_bits + t.header_bits,
            old.payload_bits + t.payload_bits,
        )
    return list(rows.values())


@dataclass
class _Cost:
    bins: int = 0
    ones: int = 0
    bits: float = 0
    ideal: float = 0

    def add(self, share: ContextShare) -> None:
        self.bins += share.bins
        self.ones += share.ones
        self.bits += share.bits
        self.ideal += share.ideal


def _contexts(stats: Stats, width: int) -> Iterator[str]:
    """Contexts of the same purpose, over all tensors."""
    costs: dict[str, _Cost] = {}
    for share in stats.contexts:
        costs.setdefault(share.name, _Cost()).add(share)
    rows = [
        [
            name,
            str(c.bins),
            f"{c.ones / c.bins:.3f}",
            _bits(c.bits),
            _bits(c.ideal),
            _over(c.bits, c.ideal),
            _share(c.bits, stats),
        ]
        for name, c in sorted(costs.items(), key=lambda item: -item[1].bits)
    ]
    titles = ("bins", "ones", "bits", "ideal", "over", "share")
    yield from table([Column("context", least=NAME), *(Column(title, right=True) for title in titles)], rows, width)


def _planes(stats: Stats, width: int) -> Iterator[str]:
    purposes = list(dict.fromkeys(name for plane in stats.planes for name in plane.bits))
    rows = []
    for plane in _merged_planes(stats.planes):
        bits = sum(plane.bits.values())
        methods = " ".join(f"{name}:{count}" for name, count in plane.methods.items())
        row = [printable(plane.tensor), plane.part or "(block)", methods, str(plane.bytes or "")]
        row += [_bits(plane.bits[name]) if name in plane.bits else "" for name in purposes]
        rows.append([*row, _bits(bits), _bits(plane.ideal) if plane.ideal else "", _share(bits, stats)])
    columns = [Column("tensor", least=12), Column("part"), Column("methods", least=10)]
    titles = ("bytes", *purposes, "bits", "ideal", "share")
    yield from table([*columns, *(Column(title, right=True) for title in titles)], rows, width)


def _merged_planes(planes: Iterable[PlaneShare]) -> list[PlaneShare]:
    """The units of one tensor as one row."""
    rows: dict[tuple[str, str], PlaneShare] = {}
    for plane in planes:
        row = rows.setdefault((plane.tensor, plane.part), PlaneShare(plane.unit, plane.tensor, plane.part))
        row.bytes += plane.bytes
        row.ideal += plane.ideal
        for total, own in ((row.methods, plane.methods), (row.bits, plane.bits)):
            for name, number in own.items():
                total[name] = total.get(name, 0) + number
    return list(rows.values())


def _bits(bits: float) -> str:
    return str(int(bits)) if bits == int(bits) else f"{bits:.1f}"


def _share(bits: float, stats: Stats) -> str:
    return f"{100 * bits / stats.bits:.2f}%" if stats.bits else ""


def _over(bits: float, ideal: float) -> str:
    """What was spent beyond the ideal."""
    return f"{100 * (bits - ideal) / ideal:+.2f}%" if ideal else ""
