"""What a report says of a case beside its result: what was wrong, where, and how to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aimcodec.conformance.case import Case
from aimcodec.conformance.outcome import Outcome
from aimcodec.conformance.place import at_bit, of_tensor
from aimcodec.conformance.report.records import Finding

__all__ = ["findings_of", "place_figures"]


def findings_of(case: Case, outcome: Outcome, failed: bool) -> Iterator[Finding]:
    """Failures first, then notes."""
    if outcome.result == "wrong values":
        yield from _of_values(case, outcome)
    elif outcome.result == "wrong verdict":
        yield _of_verdict(case, outcome)
    elif failed:
        check = "claims" if outcome.result == "unsupported" else "run"
        says = "claimed, but " if outcome.result == "unsupported" else ""
        yield Finding(check, "fail", f"{says}{outcome.detail}", clause=_clauses(case))
    yield from (Finding("contract", "note", note) for note in outcome.notes)
    yield from _of_place(case, outcome)


def place_figures(case: Case, outcome: Outcome) -> dict[str, Any]:
    """Whether a decoder that refused rightly also said where, if the case is certain about that."""
    offset = case.steps[-1].expect.bit_offset
    if outcome.result != "pass" or case.verdict != "reject" or offset is None:
        return {}
    told = outcome.error.bit_offset if outcome.error is not None else None
    return {"place": "not told" if told is None else "right" if told == offset else "other"}


def _clauses(case: Case) -> str:
    return ", ".join(case.clauses)


def _of_values(case: Case, outcome: Outcome) -> Iterator[Finding]:
    for number, mismatch in enumerate(outcome.mismatches):
        which = f"stream {mismatch.step}: " if len(case.steps) > 1 else ""
        finding = Finding(
            "values",
            "fail",
            which + mismatch.message,
            clause=_clauses(case),
            tensor=mismatch.tensor,
            figures=mismatch.figures or {},
        )
        if number == 0 and mismatch.tensor is not None:
            finding = of_tensor(finding, case.steps[mismatch.step].file, case.syntax, mismatch.tensor)
        yield finding


def _of_verdict(case: Case, outcome: Outcome) -> Finding:
    step = case.steps[-1]
    if case.verdict == "reject":
        expect = step.expect
        finding = Finding("verdict", "fail", outcome.detail, _clauses(case), expect.element or "", expect.bit_offset)
    else:
        error = outcome.error
        finding = Finding(
            "verdict",
            "fail",
            outcome.detail,
            _clauses(case),
            error.element if error is not None else "",
            error.bit_offset if error is not None else None,
        )
    return finding if finding.bit_offset is None else at_bit(finding, step.file, finding.bit_offset)


def _of_place(case: Case, outcome: Outcome) -> Iterator[Finding]:
    """A refusal for another reason than the one that was planted: information, as several answers can be right."""
    expect = case.steps[-1].expect
    if place_figures(case, outcome).get("place") != "other" or outcome.error is None or expect.bit_offset is None:
        return
    told = f"refused at bit {outcome.error.bit_offset}" + (
        f" ({outcome.error.element})" if outcome.error.element else ""
    )
    planted = f"the rule is broken at bit {expect.bit_offset}" + (f" ({expect.element})" if expect.element else "")
    finding = Finding("place", "note", f"{told}; {planted}", _clauses(case), expect.element or "", expect.bit_offset)
    yield replace(at_bit(finding, case.steps[-1].file, expect.bit_offset), excerpt=())
