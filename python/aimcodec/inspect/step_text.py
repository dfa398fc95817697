"""Steps of the lossless entropy decoders as lines of text and as records for JSON (docs/spec/trace.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aimcodec.inspect.steps import Section, StepChunks
from aimcodec.inspect.text import Column, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["step_lines", "step_records"]

RANS_KEYS: tuple[str, ...] = (
    "number",
    "step",
    "state",
    "state_before",
    "slot",
    "start",
    "frequency",
    "value",
    "escape",
)
CONTEXT_KEYS: tuple[str, ...] = (
    "number",
    "step",
    "state",
    "level",
    "context",
    "state_before",
    "slot",
    "start",
    "frequency",
    "symbol",
)
CONTEXT_KEYS += ("value", "escape")
LAST_KEYS = ("state_after", "taken", "bit_offset")
TITLES = {"number": "#", "state_before": "x", "state_after": "x'", "frequency": "freq"}


def step_records(chunks: StepChunks) -> Iterator[dict[str, Any]]:
    """Steps for JSON. `taken` is the byte or word that the state took, or null."""
    for section, first, records in chunks:
        yield from _records(section, first, records)


def _records(section: Section, first: int, records: NDArray[Any]) -> Iterator[dict[str, Any]]:
    make = _context_record if section.context else _rans_record
    names = records.dtype.names or ()
    for step, row in enumerate(records.tolist(), first):
        fields = dict(zip(names, row, strict=True))
        yield {
            "number": section.first + step,
            "part": section.path,
            "step": step,
            "state": step % section.states,
            **make(fields),
            "bit_offset": section.stream_bit + 8 * fields["position"],
        }


def _rans_record(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "state_before": fields["state_before"],
        "slot": fields["state_before"] & 0xFF,
        "start": fields["start"],
        "frequency": fields["frequency"],
        "value": fields["symbol"],
        "escape": bool(fields["escape"]),
        "state_after": fields["state_after"],
        "taken": fields["byte"] if fields["taken"] else None,
    }


def _context_record(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "level": fields["level"],
        "context": fields["context"],
        "state_before": fields["state_before"],
        "slot": fields["slot"],
        "start": fields["start"],
        "frequency": fields["frequency"],
        "symbol": fields["symbol"],
        "value": fields["code"],
        "escape": fields["symbol"] == 0,
        "state_after": fields["state_after"],
        "taken": fields["word"] if fields["taken"] else None,
    }


def step_lines(chunks: StepChunks, width: int) -> Iterator[str]:
    """Steps as a table for each chunk, under the path of what is decoded."""
    for section, first, records in chunks:
        yield f"{section.path}: {section.steps} steps of {section.states} states"
        keys = (CONTEXT_KEYS if section.context else RANS_KEYS) + LAST_KEYS
        rows = [[_cell(key, record[key]) for key in keys] for record in _records(section, first, records)]
        yield from table([Column(TITLES.get(key, key), right=True) for key in keys], rows, width)


def _cell(key: str, value: Any) -> str:
    if key == "bit_offset":
        return f"{value >> 3}.{value & 7}"
    if isinstance(value, bool):
        return "*" if value else ""
    return "" if value is None else str(value)
