"""From how a decoder ended, and what it left, to a result (docs/spec/conformance-kit.md, clause 4)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from aimcodec.conformance.case import Case
from aimcodec.conformance.child import Ended
from aimcodec.conformance.compare import Mismatch, mismatches
from aimcodec.conformance.outputs import DecoderError, UnusableError, read_error

__all__ = ["ACCEPTED", "RESULTS", "UNSUPPORTED", "Outcome", "breakdown", "outcome_of"]

RESULTS = (
    *("pass", "wrong values", "wrong verdict", "crash", "timeout", "over limit"),
    *("unsupported", "not run", "kit error"),
)
ACCEPTED, REFUSED, UNSUPPORTED = 0, 1, 2
MAY_BE_UNSUPPORTED = frozenset({"unsupported", "limit_exceeded"})
SHOWN_MISMATCHES = 20


@dataclass(frozen=True)
class Outcome:
    """How a decoder did on a case.

    Attributes:
        result: one of `RESULTS`.
        detail: in one line.
        mismatches: of tensors and contents, the first of them.
        error: what the decoder says of its refusal, or None.
        notes: about output that does not keep the contract but changes nothing.
    """

    result: str
    detail: str
    mismatches: Sequence[Mismatch] = ()
    error: DecoderError | None = None
    notes: Sequence[str] = ()


def breakdown(ended: Ended, outdir: Path, file_limit: int) -> Outcome | None:
    """The result of a decoder that did not end as one may: it crashed, or took too much of something. Else None."""
    if ended.timed_out:
        return Outcome("timeout", ended.how)
    if ended.out_of_memory:
        return Outcome("over limit", f"memory: {ended.how}")
    if ended.file_too_large or (ended.exit_code != ACCEPTED and _has_full_file(outdir, file_limit)):
        return Outcome("over limit", f"size of a file: {ended.how}")
    if ended.exit_code not in (ACCEPTED, REFUSED, UNSUPPORTED):
        return Outcome("crash", ended.how)
    return None


def outcome_of(case: Case, ended: Ended, outdir: Path, file_limit: int) -> Outcome:
    """The result, before anything is known of what the decoder claims."""
    broken = breakdown(ended, outdir, file_limit)
    if broken is not None:
        return broken
    if ended.exit_code == ACCEPTED:
        return _accepted(case, outdir)
    return _refused(case, outdir, ended.exit_code == UNSUPPORTED)


def _accepted(case: Case, outdir: Path) -> Outcome:
    if case.verdict == "reject":
        return Outcome("wrong verdict", f"accepted what must be refused: {case.steps[-1].expect.reason or case.title}")
    if case.verdict == "either" and not any(step.expect.tensors for step in case.steps):
        return Outcome("pass", "accepted, as it may")
    found = list(islice(mismatches(case, outdir), SHOWN_MISMATCHES))
    if not found:
        return Outcome("pass", "accepted, all as expected")
    return Outcome("wrong values", found[0].message, found)


def _refused(case: Case, outdir: Path, unsupported: bool) -> Outcome:
    error, notes = None, []
    try:
        error = read_error(outdir)
    except UnusableError as unusable:
        notes.append(str(unusable))
    says = f": {error.message}" if error is not None and error.message else ""
    if unsupported and not _may_be_unsupported(case):
        return Outcome("unsupported", f"not supported{says}", (), error, notes)
    if case.verdict == "accept":
        return Outcome("wrong verdict", f"refused what must be accepted{says}", (), error, notes)
    return Outcome("pass", f"refused{says}", (), error, notes)


def _may_be_unsupported(case: Case) -> bool:
    """Whether "not supported" is a right answer of every decoder."""
    return case.verdict == "either" or not MAY_BE_UNSUPPORTED.isdisjoint(case.steps[-1].expect.errors)


def _has_full_file(outdir: Path, file_limit: int) -> bool:
    """Whether a file went up to the limit; some languages make an error of that and no signal."""
    try:
        with os.scandir(outdir) as entries:
            return any(entry.stat(follow_symlinks=False).st_size >= file_limit for entry in entries)
    except OSError:
        return False
