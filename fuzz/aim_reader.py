"""Fuzz target of AIM packages (libFuzzer through atheris): any bytes give contents or one of the closed errors.

Inputs are taken as they are and, so that changes get past the checksums, with the checksums, digests and sizes of the
index put right. Reading, scanning, checking and tracing agree; decoding structures of models, which reading steps over,
agrees with checking; what was read is written back to the same bytes; the package gives what the slow decoder gives, or
both refuse.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zlib

import atheris
from mutator import mutator_of

with atheris.instrument_imports(include=["aimcodec"]):
    import aimcodec
    from aimcodec.errors import AimcError, ArgumentError, InternalError, LimitExceededError, UnsupportedError
    from aimcodec.model import MEDIA_TYPE, decode_structure
    from aimcodec.package import read_stream
    from aimcodec.reference.aim import read as read_slowly
    from aimcodec.syntax.aim import DamagedUnit, UnitType, check_file, iter_units, scan_units, trace_file, write_units

LIMITS = aimcodec.Limits(
    max_stream_bytes=1 << 16,
    max_units=64,
    max_string_bytes=4096,
    max_elements=1 << 14,
    max_output_bytes=1 << 16,
    max_codebook_entries=256,
)
STRUCTURE = ".structure_payload"  # in the paths of what is inside of one
MARKER = bytes.fromhex("8941494d0d0a1a0a")


class LawBrokenError(Exception):
    """A law of this target does not hold."""


def outcome(function, *arguments, **options):
    """The result or the error; the errors that bad input must not cause are findings."""
    try:
        return function(*arguments, **options), None
    except (InternalError, ArgumentError) as error:
        raise LawBrokenError(f"{type(error).__name__} for bad input") from error
    except AimcError as error:
        return None, error


def padded(size: int) -> int:
    return (size + 63) // 64 * 64


def mended(data: bytes) -> bytes:
    """The same units with good checksums, and the digests of INDEX and the elements of END that go with them."""
    units: list[bytearray] = []
    position = 0
    while position + 30 <= len(data) and data[position : position + 8] == MARKER:
        header = int.from_bytes(data[position + 10 : position + 14], "big")
        payload = int.from_bytes(data[position + 14 : position + 22], "big")
        size = padded(header) + padded(payload)
        if header < 30 or position + size > len(data):
            break
        units.append(bytearray(data[position : position + size]))
        position += size
    place = 0
    for number, unit in enumerate(units):
        if unit[8] == 254:
            mend_index(unit, units[:number])
        if unit[8] == 255 and number and padded(int.from_bytes(unit[10:14], "big")) >= 86:
            before = units[number - 1]
            elements = (place - len(before), len(before), place + len(unit))
            unit[26:50] = b"".join(value.to_bytes(8, "big") for value in elements)
            unit[50:82] = hashlib.sha256(before).digest()
        mend_checksums(unit)
        place += len(unit)
    return b"".join(units) + data[position:]


def mend_index(unit: bytearray, before: list[bytearray]) -> None:
    """unit_blocks and unit_digest, if the payload has room for them."""
    begin = padded(int.from_bytes(unit[10:14], "big")) + 4 + len(before)
    blocks = b"".join((len(u) // 64).to_bytes(8, "big") for u in before)
    digests = b"".join(hashlib.sha256(u).digest() for u in before)
    if begin + len(blocks) + len(digests) <= len(unit):
        unit[begin : begin + len(blocks)] = blocks
        unit[begin + len(blocks) : begin + len(blocks) + len(digests)] = digests


def mend_checksums(unit: bytearray) -> None:
    """block_crc too, of a TENSOR unit whose header ends with them."""
    header = int.from_bytes(unit[10:14], "big")
    payload = int.from_bytes(unit[14:22], "big")
    begin = padded(header)
    unit[22:26] = zlib.crc32(unit[begin : begin + payload]).to_bytes(4, "big")
    if unit[8] == 16 and header >= 42 and int.from_bytes(unit[header - 16 : header - 12], "big") == 1:
        unit[header - 8 : header - 4] = unit[22:26]  # one block, which is all of the payload
    unit[header - 4 : header] = zlib.crc32(unit[: header - 4]).to_bytes(4, "big")


def check_syntax(data: bytes) -> AimcError | None:
    """Reading in all its ways; returns what is wrong."""
    units, refusal = outcome(lambda: list(iter_units(data, limits=LIMITS)))
    scanned, _ = outcome(lambda: list(scan_units(data, limits=LIMITS)))
    violations, _ = outcome(check_file, data, limits=LIMITS)
    records, _ = outcome(trace_file, data, limits=LIMITS)
    _, streamed = outcome(lambda: list(read_stream(io.BytesIO(data), limits=LIMITS)))
    if (refusal is None) != (not any(isinstance(unit, DamagedUnit) for unit in scanned)):
        raise LawBrokenError("reading and scanning disagree")
    outside = [violation for violation in violations if STRUCTURE not in violation.path]
    if (refusal is None) != (not outside):
        raise LawBrokenError("reading and checking disagree")
    if refusal is not None and not same_error(outside[0], refusal):
        raise LawBrokenError(f"reading met {refusal}, checking {outside[0]}")
    if units is not None:
        check_structures(units, violations)
    if (refusal is None) != (streamed is None):
        raise LawBrokenError(f"reading met {refusal}, reading a stream {streamed}")
    if sum(record.bit_length for record in records) != 8 * len(data):
        raise LawBrokenError("the trace does not account for every bit")
    if units is not None and write_units(units) != data:
        raise LawBrokenError("writing what was read gives other bytes")
    return refusal


def same_error(one: AimcError, other: AimcError, shift: int = 0) -> bool:
    """Whether two errors are of one kind and place; places of the other are counted from a bit of the file."""
    place = None if other.bit_offset is None else other.bit_offset + shift
    return (one.code, one.bit_offset) == (other.code, place)


def check_structures(units, violations: list[AimcError]) -> None:
    """Decoding the first structure that is wrong meets what checking the file met first."""
    for unit in units:
        if unit.kind == UnitType.STRUCTURE and not unit.protected and unit.header["media_type"] == MEDIA_TYPE:
            structure, refusal = outcome(decode_structure, unit.payload, limits=LIMITS)
            if structure is None:
                if not violations or not same_error(violations[0], refusal, 8 * unit.payload_offset):
                    raise LawBrokenError(f"decoding a structure met {refusal}, checking {violations[:1]}")
                return
    if violations:
        raise LawBrokenError(f"structures are decoded in which checking met {violations[0]}")


def load(data: bytes) -> dict[tuple[str, str], bytes]:
    """All tensors of a package in which nothing is wrong."""
    with aimcodec.open(data, limits=LIMITS, threads=1) as package:
        findings = package.verify()
        if findings:
            raise findings[0]
        variants = package.variants
    tensors = {}
    for variant in variants:
        arrays = aimcodec.load_file(data, limits=LIMITS, threads=1, variant=variant.name)
        tensors |= {(variant.name, name): array.tobytes() for name, array in arrays.items()}
    return tensors


def slowly(data: bytes) -> dict[tuple[str, str], bytes]:
    file = read_slowly(data)
    return {(file.variants[number].name, name): t.array.tobytes() for (number, name), t in file.tensors.items()}


def test_one_file(data: bytes) -> None:
    refusal = check_syntax(data)
    tensors, failure = outcome(load, data)
    outcome(lambda: aimcodec.recover(data, limits=LIMITS, threads=1).load())
    if tensors is not None and refusal is not None:
        raise LawBrokenError(f"a package accepts what reading refuses: {refusal}")
    if isinstance(refusal, LimitExceededError) or isinstance(failure, LimitExceededError):
        return  # limits of its own, which the slow decoder does not have
    expected, slow_failure = outcome(slowly, data)
    if isinstance(slow_failure, UnsupportedError):
        return  # protected units, which a package lists
    if (expected is None) != (tensors is None):
        raise LawBrokenError(f"the package: {failure}; the slow decoder: {slow_failure}")
    if expected != tensors:
        raise LawBrokenError("the package and the slow decoder give other tensors")


def test_one_input(data: bytes) -> None:
    test_one_file(data)
    good = mended(data)
    if good != data:
        test_one_file(good)


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input, custom_mutator=mutator_of("aim", LIMITS))
    atheris.Fuzz()
