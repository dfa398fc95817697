"""The header tables of the annotated streams (section 17): every element at its bit, with its bits and its value.

The tables are in tests/reference/annotated.json, copied from the text by program.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from aimcodec.errors import TruncatedError
from aimcodec.syntax.nnc import iter_units, trace_stream, write_units

from .test_laws import assert_consistent

FILE = Path(__file__).resolve().parents[1] / "reference" / "annotated.json"
TABLES: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))
SECTIONS = pytest.mark.parametrize("table", TABLES, ids=lambda table: table["section"])

CODEBOOK_ENTRIES = {
    "codebook_delta_left (entry 0)": "codebook_delta_left[0]",
    "codebook_delta_right (entry 2)": "codebook_delta_right[0]",
    "codebook_delta_right (entry 3)": "codebook_delta_right[1]",
}


def row_offset(place: str) -> int:
    byte, bit = place.split(".")
    return 8 * int(byte) + int(bit)


def descriptor_of(text: str) -> str:
    return {"st": "st(v)"}.get(text, text)


@SECTIONS
def test_header_table(table: dict[str, Any]) -> None:
    data = bytes.fromhex(table["stream"])
    first = row_offset(table["header"][0][0])
    records = [r for r in trace_stream(data) if r.status == "ok" and r.bit_offset >= first]
    shown = [
        (r.bit_offset, r.path.rpartition(".")[2], r.descriptor, f"{r.raw:0{r.bit_length}b}", r.value) for r in records
    ]
    assert shown == [
        (row_offset(place), CODEBOOK_ENTRIES.get(name, name), descriptor_of(descriptor), bits, value)
        for place, name, descriptor, bits, value in table["header"]
    ]


@SECTIONS
def test_payload_begins_after_the_alignment(table: dict[str, Any]) -> None:
    data = bytes.fromhex(table["stream"])
    place, name, _, bits, _ = table["header"][-1]
    assert name == "align"
    *_, unit = iter_units(data)
    assert 8 * unit.payload_offset == row_offset(place) + len(bits)
    assert bytes(unit.payload) == data[unit.payload_offset :]
    assert [r for r in trace_stream(data) if r.status == "payload"] == [trace_stream(data)[-1]]


@SECTIONS
def test_paths_mirror_the_fields(table: dict[str, Any]) -> None:
    data = bytes.fromhex(table["stream"])
    units = list(iter_units(data))
    followed = 0
    for record in trace_stream(data):
        number, *names = re.findall(r"\w+", record.path)[1:]
        if record.status == "payload" or names[-1] == "align" or "reserved" in names[-1]:
            continue
        value: Any = units[int(number)].fields
        for name in names:
            value = value[int(name) if name.isdigit() else name]
        assert value == record.value
        followed += 1
    assert followed > 50


@SECTIONS
def test_written_back(table: dict[str, Any]) -> None:
    data = bytes.fromhex(table["stream"])
    assert write_units(iter_units(data)) == data


@SECTIONS
def test_every_prefix(table: dict[str, Any]) -> None:
    """A cut is reported at the size of the unit that it cuts; between units it leaves a shorter stream."""
    data = bytes.fromhex(table["stream"])
    starts = [unit.offset for unit in iter_units(data)]
    for length in range(1, len(data)):
        assert_consistent(data[:length])
        if length not in starts:
            with pytest.raises(TruncatedError) as refusal:
                list(iter_units(data[:length]))
            number = max(n for n, start in enumerate(starts) if start <= length)
            assert refusal.value.bit_offset == 8 * starts[number] + 1
            assert refusal.value.path == f"units[{number}].nnr_unit_size"


@SECTIONS
def test_every_flipped_bit(table: dict[str, Any]) -> None:
    data = bytes.fromhex(table["stream"])
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit >> 3] ^= 0x80 >> (bit & 7)
        assert_consistent(bytes(flipped))
