"""Fuzz target of the stream reader (libFuzzer through atheris): any bytes give a result or one of the closed errors.

Also: what was read is written back to the same bytes, the scanning, checking and tracing readers agree with the strict
one on whether the syntax is good, and decoding never accepts a stream that the reader refuses.
"""

from __future__ import annotations

import sys

import atheris
from mutator import mutator_of

with atheris.instrument_imports(include=["aimcodec"]):
    import aimcodec.nnc
    from aimcodec.errors import AimcError, ArgumentError, InternalError
    from aimcodec.syntax.nnc import DamagedUnit, Unit, check_stream, iter_units, scan_units, trace_stream, write_units

LIMITS = aimcodec.Limits(
    max_stream_bytes=1 << 16,
    max_units=64,
    max_string_bytes=64,
    max_elements=1 << 14,
    max_output_bytes=1 << 18,
    max_codebook_entries=256,
)


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


def read(data: bytes) -> list[Unit]:
    return list(iter_units(data, limits=LIMITS))


def test_one_input(data: bytes) -> None:
    units, refusal = outcome(read, data)
    scanned, _ = outcome(lambda: list(scan_units(data, limits=LIMITS)))
    violations, _ = outcome(check_stream, data, limits=LIMITS)
    records, _ = outcome(trace_stream, data, limits=LIMITS)
    if (refusal is None) != (not any(isinstance(unit, DamagedUnit) for unit in scanned)):
        raise LawBrokenError("reading and scanning disagree")
    if (refusal is None) != (not violations):
        raise LawBrokenError("reading and checking disagree")
    if refusal is not None and (violations[0].code, violations[0].bit_offset) != (refusal.code, refusal.bit_offset):
        raise LawBrokenError(f"reading met {refusal}, checking {violations[0]}")
    if sum(record.bit_length for record in records) != 8 * len(data):
        raise LawBrokenError("the trace does not account for every bit")
    if units is not None and write_units(units) != data:
        raise LawBrokenError("writing what was read gives other bytes")
    tensors, _ = outcome(aimcodec.nnc.decode, data, limits=LIMITS, threads=1)
    if tensors is not None and refusal is not None:
        raise LawBrokenError("decoding accepts what reading refuses")


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input, custom_mutator=mutator_of("nnc", LIMITS))
    atheris.Fuzz()
