"""All checks of what an encoder made of a model, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aimcodec.conformance.checks.aim_package import AimPackage, decode_aim
from aimcodec.conformance.checks.aim_values import check_aim_values
from aimcodec.conformance.checks.budget import aim_budget, check_budget, nnc_budget
from aimcodec.conformance.checks.coder import check_codewords
from aimcodec.conformance.checks.legality import check_syntax, finding_of, is_coded_data
from aimcodec.conformance.checks.nnc_stream import NncStream, decode_nnc
from aimcodec.conformance.checks.nnc_values import check_nnc_values
from aimcodec.conformance.checks.recon import check_reconstruction
from aimcodec.conformance.checks.repeat import check_determinism
from aimcodec.conformance.checks.result import Check, Encoded, Finding, not_run
from aimcodec.errors import AimcError, LimitExceededError, OutOfMemoryError, UnsupportedError
from aimcodec.limits import Limits

__all__ = ["KIT_LIMITS", "check_encoded"]

# Generated models are far smaller; a stream that asks for more is wrong.
KIT_LIMITS = Limits(max_stream_bytes=1 << 28, max_output_bytes=1 << 28, max_elements=1 << 26)

AFTER_SYNTAX = ("coder", "semantics", "reconstruction", "budget")
AFTER_CODER = ("semantics", "reconstruction", "budget")


def check_encoded(encoded: Encoded, limits: Limits = KIT_LIMITS) -> list[Check]:
    """The checks of one stream.

    A check that builds on one that failed is "not run". Any bytes are taken.
    """
    checks = [check_syntax(encoded.syntax, encoded.data, limits)]
    if checks[0].result == "fail":
        checks += [not_run(name, "the syntax is broken") for name in AFTER_SYNTAX]
    else:
        checks += _decoded_checks(encoded, limits, checks)
    return [*checks, check_determinism(encoded, limits)]


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
        return [Check.of("coder", [finding]), *(not_run(name, "the coded data are broken") for name in AFTER_CODER)]
    checks[0] = Check("syntax", "fail", (finding, *checks[0].findings))
    return [not_run(name, "the syntax is broken") for name in AFTER_SYNTAX]


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
