"""What a comparison has found, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Finding", "OperatorReport", "Report", "printable"]

FORMAT = "aimcodec operators 1"
SHOWN = 8  # findings of an operator in the text; JSON has all
PASSED, FAILED, PARTLY, NOTHING = "passed", "failed", "partly", "not supported"


@dataclass(frozen=True)
class Finding:
    """A case in which a library did something else than the reference.

    Attributes:
        case: its label.
        message: what is wrong.
    """

    case: str
    message: str


@dataclass
class OperatorReport:
    """An operator.

    Attributes:
        name: of the operator.
        tolerance: how far results may be off, in words.
        cases: how many calls were made.
        refused: how many right calls the library answered with NOT_SUPPORTED.
        right: how many right calls there were.
        skipped: how many calls were not judged, since the reference has no result.
        findings: what is wrong.
        speed: time of the reference divided by that of the library for its largest call, or None.
    """

    name: str
    tolerance: str
    cases: int = 0
    refused: int = 0
    right: int = 0
    skipped: int = 0
    findings: list[Finding] = field(default_factory=list)
    speed: float | None = None

    @property
    def verdict(self) -> str:
        """In words: "failed" if anything is wrong; else how much of it is supported."""
        if self.findings:
            return FAILED
        if self.refused:
            return NOTHING if self.refused == self.right else PARTLY
        return PASSED


@dataclass
class Report:
    """A comparison of a library with the reference.

    Attributes:
        library: its name.
        version: of the operator set.
        seed: of the drawn inputs.
        operators: one entry for each that was tested.
        untested: operators of the library that there are no cases for.
        missing: operators of the minimal set that the library does not have.
    """

    library: str
    version: int
    seed: int
    operators: list[OperatorReport] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return any(entry.findings for entry in self.operators)

    def lines(self) -> Iterator[str]:
        """Text for people; names and messages are made safe to print."""
        yield f"operators of {printable(self.library)}, version {self.version}, seed {self.seed}"
        for entry in self.operators:
            speed = "" if entry.speed is None else f", {entry.speed:.2f} times as fast as the reference"
            refused = f", {entry.refused} not supported" if entry.refused else ""
            skipped = f", {entry.skipped} not judged" if entry.skipped else ""
            counts = f"{entry.cases} cases{refused}{skipped}"
            yield f"{entry.verdict:13} {entry.name:22} {counts}, tolerance {entry.tolerance}{speed}"
            for finding in entry.findings[:SHOWN]:
                yield f"    {printable(finding.case)}: {printable(finding.message)}"
            if len(entry.findings) > SHOWN:
                yield f"    and {len(entry.findings) - SHOWN} more"
        if self.untested:
            yield f"not tested, there are no cases: {', '.join(map(printable, self.untested))}"
        if self.missing:
            yield f"{len(self.missing)} of the minimal set are missing: {', '.join(self.missing)}"
        count = Counter(entry.verdict for entry in self.operators)
        yield ", ".join(
            f"{count[verdict]} {verdict}" for verdict in (PASSED, PARTLY, FAILED, NOTHING) if count[verdict]
        )

    def record(self) -> dict[str, Any]:
        """For JSON; `schemas/report.schema.json` describes it."""
        return {
            "format": FORMAT,
            "library": self.library,
            "version": self.version,
            "seed": self.seed,
            "failed": self.failed,
            "operators": [
                {
                    "name": entry.name,
                    "verdict": entry.verdict,
                    "tolerance": entry.tolerance,
                    "cases": entry.cases,
                    "not_supported": entry.refused,
                    "not_judged": entry.skipped,
                    "speed": entry.speed,
                    "findings": [{"case": f.case, "message": f.message} for f in entry.findings],
                }
                for entry in self.operators
            ],
            "untested": self.untested,
            "missing": self.missing,
        }


def printable(text: str) -> str:
    """A text of a library with everything that a terminal would act on as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
