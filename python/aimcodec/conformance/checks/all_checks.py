"""All checks of what an encoder made of a model, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import takewhile
from typing import Any

from aimcodec.coding.nnc.interpret import interpret
from aimcodec.coding.nnc.payloads import check_sizes
from aimcodec.conformance.checks.aim_package import AimPackage, decode_aim
from aimcodec.conformance.checks.aim_values import check_aim_values
from aimcodec.conformance.checks.budget import aim_budget, check_budget, nnc_budget
from aimcodec.conformance.checks.coder import check_codewords, wrong_ends
from aimcodec.conformance.checks.legality import check_syntax, finding_of, is_coded_data
from aimcodec.conformance.checks.nnc_stream import NncStream, decode_nnc
from aimcodec.conformance.checks.nnc_values import check_nnc_values
from aimcodec.conformance.checks.recon import check_reconstruction
from aimcodec.conformance.checks.repeat import check_determinism
from aimcodec.conformance.checks.result import Check, Encoded, Finding, not_run
from aimcodec.errors import AimcError, LimitExceededError, OutOfMemoryError, UnsupportedError
from aimcodec.inspect import is_package
from aimcodec.limits import Limits
from aimcodec.syntax.nnc import Unit, iter_units, scan_units

__all__ = ["KIT_LIMITS", "check_encoded"]

# Generated models are far smaller; a stream that asks for more is wrong.
KIT_LIMITS = Limits(max_stream_bytes=1 << 28, max_output_bytes=1 << 28, max_elements=1 << 26, max_string_bytes=1 << 24)

AFTER_SYNTAX = ("coder", "semantics", "reconstruction", "budget")
AFTER_CODER = ("semantics", "reconstruction", "budget")


def check_encoded(encoded: Encoded, limits: Limits = KIT_LIMITS) -> list[Check]:
    """The checks of one stream.

    A check that builds on one that failed is "not run". Any bytes are taken.
    """
    checks = [check_syntax(encoded.syntax, encoded.data, limits)]
    if checks[0].result == "fail":
        checks[0] = _with_cause(checks[0], encoded, limits)
        checks += [not_run(name, "the syntax is broken") for name in AFTER_SYNTAX]
    elif checks[0].result == "not run":
        checks += [Check(name, "not run", checks[0].findings) for name in AFTER_SYNTAX]
    else:
        checks += _decoded_checks(encoded, limits, checks)
    return [*checks, check_determinism(encoded, limits)]


def _with_cause(syntax: Check, encoded: Encoded, limits: Limits) -> Check:
    """Before the first violation, codewords that do not end with their units: a wrong size shows in the next unit."""
    first = syntax.findings[0].bit_offset
    if encoded.syntax != "nnc" or not first or is_package(encoded.data):
        return syntax
    whole = takewhile(lambda unit: isinstance(unit, Unit), scan_units(encoded.data, limits=limits))
    ends = [end for end in _wrong_ends(encoded, limits, whole) if end.bit_offset is None or end.bit_offset < first]
    return replace(syntax, findings=(*ends, *syntax.findings))


def _decoded_checks(encoded: Encoded, limits: Limits, checks: list[Check]) -> list[Check]:
    """Checks of the content; a rule that decoding finds broken beyond the syntax is a finding of the first check."""
    decode: Callable[[bytes, Limits], Any] = decode_nnc if encoded.syntax == "nnc" else decode_aim
    try:
        decoded = decode(encoded.data, limits)
    except AimcError as error:
        return _refused(error, encoded, limits, checks)
    if decoded.disagreement is not None:
        return [Check(name, "kit error", (decoded.disagreement,)) for name in AFTER_SYNTAX]
    return _of_nnc(encoded, decoded) if encoded.syntax == "nnc" else _of_aim(encoded, decoded)


def _refused(error: AimcError, encoded: Encoded, limits: Limits, checks: list[Check]) -> list[Check]:
    finding = finding_of(error, encoded.data, limits)
    if isinstance(error, UnsupportedError | LimitExceededError | OutOfMemoryError):
        return [Check(name, "not run", (finding,)) for name in AFTER_SYNTAX]
    if is_coded_data(error):
        ends = _wrong_ends(encoded, limits, iter_units(encoded.data, limits=limits))
        return [
            Check.of("coder", ends or [finding]),
            *(not_run(name, "the coded data are broken") for name in AFTER_CODER),
        ]
    checks[0] = Check("syntax", "fail", (finding, *checks[0].findings))
    return [not_run(name, "the syntax is broken") for name in AFTER_SYNTAX]


def _wrong_ends(encoded: Encoded, limits: Limits, units: Iterable[Any]) -> list[Finding]:
    """Where exactly a codeword does not end as it should; nothing where that is not what is wrong."""
    if encoded.syntax != "nnc":
        return []
    try:
        data_units = interpret(units)
        check_sizes(data_units, len(encoded.data), limits)
        return wrong_ends(data_units)
    except AimcError:
        return []


def _of_nnc(encoded: Encoded, stream: NncStream) -> list[Check]:
    elements = {tensor.coded.name: f"{tensor.unit.path}.payload" for tensor in stream.tensors}
    arrays = {tensor.coded.name: tensor.values for tensor in stream.tensors}
    return [
        check_codewords(stream.units),
        _confirmed(check_nnc_values(encoded, stream), stream.confirmed),
        check_reconstruction(encoded.recon, arrays, elements),
        check_budget(encoded, nnc_budget(stream)),
    ]


def _of_aim(encoded: Encoded, package: AimPackage) -> list[Check]:
    elements = {name: package.element(name) for name in package.arrays}
    return [
        Check.of("coder", []),
        _confirmed(check_aim_values(encoded, package), package.confirmed),
        check_reconstruction(encoded.recon, package.arrays, elements),
        check_budget(encoded, aim_budget(encoded)),
    ]


def _confirmed(check: Check, confirmed: bool) -> Check:
    """Says so where only the fast decoder was asked, the model being large."""
    return check if confirmed else check.noting([Finding("large: decoded by the native decoder only")])
