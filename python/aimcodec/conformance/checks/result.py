"""What checks take and give: plain records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from aimcodec.conformance.claims import Claims
from aimcodec.conformance.models import InputModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHECKS", "Check", "Encoded", "Finding", "Result", "failed", "not_run"]

Result: TypeAlias = Literal["pass", "fail", "note", "not run", "kit error"]

CHECKS = ("syntax", "coder", "semantics", "reconstruction", "budget", "determinism", "use")
"""Names of the checks, in the order in which they are made."""


@dataclass(frozen=True)
class Finding:
    """Something that a check has found.

    Attributes:
        message: what is wrong, one line.
        bit_offset: from the first bit of the stream; None where no single place is at fault.
        element: path of the syntax element; may be empty.
        clause: section of the text of the format; may be empty.
        value: what the stream has there; may be empty.
        permitted: what it may be; may be empty.
        tensor: name of the tensor concerned; None where no single one is.
        index: of the element of the tensor.
        bins: range of the bins of the payload of `element` that show the place.
    """

    message: str
    bit_offset: int | None = None
    element: str = ""
    clause: str = ""
    value: str = ""
    permitted: str = ""
    tensor: str | None = None
    index: tuple[int, ...] | None = None
    bins: tuple[int, int] | None = None


@dataclass(frozen=True)
class Check:
    """The result of a check.

    Attributes:
        name: one of `CHECKS`.
        result: "note": nothing is wrong with the stream, but something is worth knowing.
        findings: first the most important.
        figures: what was measured, by name.
    """

    name: str
    result: Result
    findings: tuple[Finding, ...] = ()
    figures: Mapping[str, int | float | str] = field(default_factory=dict)

    @staticmethod
    def of(name: str, findings: Iterable[Finding], **figures: int | float | str) -> Check:
        """A check that fails if it has found anything."""
        listed = tuple(findings)
        return Check(name, "fail" if listed else "pass", listed, figures)

    def noting(self, findings: Iterable[Finding]) -> Check:
        """The same with findings that are no failures."""
        notes = tuple(findings)
        result: Result = "note" if notes and self.result == "pass" else self.result
        return replace(self, result=result, findings=(*self.findings, *notes))


def failed(name: str, message: str) -> Check:
    """A check that failed with one finding without a place."""
    return Check(name, "fail", (Finding(message),))


def not_run(name: str, reason: str) -> Check:
    """A check that could not be made."""
    return Check(name, "not run", (Finding(reason),))


@dataclass(frozen=True)
class Encoded:
    """What an encoder made of a model.

    Attributes:
        syntax: "nnc" or "aim".
        model: what it was given.
        data: the stream.
        recon: what the encoder says that a decoder gives, by name; None where it does not say.
        again: the stream of a second run; None without one.
        claims: of the encoder.
    """

    syntax: str
    model: InputModel
    data: bytes
    recon: Mapping[str, NDArray[Any]] | None = None
    again: bytes | None = None
    claims: Claims = field(default_factory=Claims)
