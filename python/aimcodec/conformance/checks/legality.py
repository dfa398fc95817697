"""Whether a stream is legal: the syntax checker, and what decoding finds beyond it."""

from __future__ import annotations

import re

from aimcodec.bits import Buffer
from aimcodec.conformance.checks.result import Check, Finding
from aimcodec.errors import AimcError, UnsupportedError
from aimcodec.inspect import check_any, is_package, place_of, read_tree
from aimcodec.limits import Limits
from aimcodec.syntax.nnc import Unit, scan_units

__all__ = ["check_syntax", "finding_of", "is_coded_data"]

# How the engine words a value outside its permitted set.
OUT_OF_RANGE = re.compile(r"\w+ is (?P<value>.+), permitted: (?P<permitted>.+)", re.DOTALL)
CODED_DATA = re.compile(r"units\[\d+\]\.(payload|block)\b")
LONGEST_SHORT_UNIT = 32767
MOST_PLACED = 50  # violations that are looked up in the tree of the stream: beyond, they are consequences


def finding_of(error: AimcError, data: Buffer, limits: Limits) -> Finding:
    """An error of a stream with its place, clause, value and permitted values."""
    place = place_of(error, data, limits=limits)
    match = OUT_OF_RANGE.fullmatch(error.message)
    value, permitted = (match["value"], match["permitted"]) if match else ("", "")
    bit = _bit_of_element(place.path, place.bit_offset, data, limits)
    leaf = place.path.rpartition(".")[2]
    message = f"{leaf} {error.message}" if error.message.startswith("is ") else error.message
    return Finding(message, bit, place.path, place.clause, value, permitted)


def _bit_of_element(path: str, bit: int | None, data: Buffer, limits: Limits) -> int | None:
    """The first bit of an element where an error is known to be in it, but has the place of its structure."""
    if bit is None or not path:
        return bit
    nodes = read_tree(data, limits=limits).below(path)
    found = next((node.bit_offset for node in nodes if node.path == path and node.record is not None), bit)
    return max(bit, found)


def is_coded_data(error: AimcError) -> bool:
    """Whether an error is in coded data, and so the coder's and not the syntax's."""
    return CODED_DATA.match(error.path) is not None


def check_syntax(syntax: str, data: Buffer, limits: Limits) -> Check:
    """All violations of the syntax in order; the first one counts, others may be its consequences."""
    if (syntax == "aim") != is_package(data):
        what = "begins like an AIM package" if is_package(data) else "has not the marker of an AIM package"
        return Check.of("syntax", [Finding(f"the stream {what}", 0, "units[0]")])
    violations = check_any(data, limits)
    # What is not supported of AIM is reserved, and so not to be written; of NNC it may be what this package lacks.
    if violations and isinstance(violations[0], UnsupportedError) and syntax == "nnc":
        return Check("syntax", "not run", (finding_of(violations[0], data, limits),))
    placed = [finding_of(error, data, limits) for error in violations[:MOST_PLACED]]
    rest = [Finding(error.message, error.bit_offset, error.path) for error in violations[MOST_PLACED:]]
    check = Check.of("syntax", placed + rest)
    if violations or syntax == "aim":
        return check
    return check.noting(_uncommon(data, limits))


def _uncommon(data: Buffer, limits: Limits) -> list[Finding]:
    """Legal, but not what encoders write: worth a look, since it may be an accident."""
    notes = []
    for number, unit in enumerate(scan_units(data, limits=limits)):
        if not isinstance(unit, Unit):
            continue
        fields = unit.fields
        if fields["nnr_unit_size_flag"] and fields["nnr_unit_size"] <= LONGEST_SHORT_UNIT:
            notes.append(_uncommon_element(number, unit, "nnr_unit_size_flag", "a short size field would do"))
        if fields["partial_data_counter_present_flag"]:
            notes.append(_uncommon_element(number, unit, "partial_data_counter_present_flag", "a part of a tensor"))
        if not fields["independently_decodable_flag"]:
            notes.append(_uncommon_element(number, unit, "independently_decodable_flag", "needs another unit"))
    return notes


def _uncommon_element(number: int, unit: Unit, element: str, why: str) -> Finding:
    value = str(unit.fields[element])
    return Finding(f"uncommon: {element} is {value}: {why}", 8 * unit.offset, f"units[{number}].{element}", "2", value)
