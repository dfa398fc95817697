"""Runs a decoder over cases of the stream suite: each in a child of its own, all results in the order of the cases."""

from __future__ import annotations

import hashlib
import shlex
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from shutil import copytree

from aimcodec.conformance.case import Case
from aimcodec.conformance.catalogue import Catalogue
from aimcodec.conformance.child import Allowance, Ended, KitError, Launcher
from aimcodec.conformance.codec import CommandDecoder, Decoder, Job
from aimcodec.conformance.decoder_claims import DecoderClaims
from aimcodec.conformance.findings import findings_of, place_figures
from aimcodec.conformance.outcome import Outcome, outcome_of
from aimcodec.conformance.place import shown_path
from aimcodec.conformance.pool import run_all
from aimcodec.conformance.report.records import Entry, Finding
from aimcodec.errors import ArgumentError

__all__ = ["Settings", "run_decoder", "select_cases"]

FAILURES = frozenset({"wrong values", "wrong verdict", "crash", "timeout", "over limit", "kit error"})
NEEDS_OPTIONS = "reconstruct_lsa"
SHOWN_STDERR = 4000


@dataclass(frozen=True)
class Settings:
    """How to run.

    Attributes:
        allowance: of each child.
        jobs: children at a time.
        claims: of the decoder, or None: then "not supported" is never a failure.
        keep: folder that gets the outputs of failed cases, each in a folder of its id; None: nothing is kept.
    """

    allowance: Allowance = field(default_factory=Allowance)
    jobs: int = 2
    claims: DecoderClaims | None = None
    keep: Path | None = None


def select_cases(
    catalogue: Catalogue, level: str, syntaxes: Sequence[str] = (), patterns: Sequence[str] = ()
) -> tuple[Case, ...]:
    """Cases of a level; with patterns those of the whole suite whose id fits one (as file names do).

    Raises:
        ArgumentError: no such level, or nothing fits.
    """
    cases = catalogue.cases if patterns else catalogue.level(level)
    found = tuple(
        case
        for case in cases
        if (not syntaxes or case.syntax in syntaxes)
        and (not patterns or any(fnmatchcase(case.id, pattern) for pattern in patterns))
    )
    if not found:
        raise ArgumentError("no case of the suite fits what was asked for")
    return found


def run_decoder(
    decoder: Decoder, cases: Sequence[Case], settings: Settings, progress: Callable[[Entry], None] | None = None
) -> list[Entry]:
    """Runs all cases.

    Args:
        decoder: the one to test.
        cases: those to run.
        settings: limits and the like.
        progress: called with each entry, in order, as soon as those before it are done.

    Raises:
        ArgumentError: the decoder cannot be started or loaded at all.
    """
    return run_all(
        lambda case, launcher: _entry(decoder, case, settings, launcher), cases, settings.jobs, progress or _nothing
    )


def _nothing(entry: Entry) -> None:
    """Nobody asked for progress."""


def _entry(decoder: Decoder, case: Case, settings: Settings, launcher: Launcher) -> Entry:
    reason = _why_not(decoder, case, settings)
    if reason:
        return _described(case, "not run", reason, failed=False)
    try:
        with tempfile.TemporaryDirectory(prefix="aimc-conform-", ignore_cleanup_errors=True) as folder:
            return _run(decoder, case, settings, launcher, Path(folder))
    except ArgumentError:  # the decoder cannot be run: so it is with all cases
        raise
    except Exception as error:  # a defect of the kit must not end the run, nor count against the decoder
        text = str(error) if isinstance(error, KitError | OSError) else f"{type(error).__name__}: {error}"
        return _described(case, "kit error", text, failed=True)


def _why_not(decoder: Decoder, case: Case, settings: Settings) -> str:
    if settings.claims is not None and case.syntax not in settings.claims.syntaxes:
        return f"no claim to decode {case.syntax}"
    if settings.claims is None and case.syntax not in decoder.syntaxes:
        return f"the library does not say that it decodes {case.syntax}"
    if NEEDS_OPTIONS in case.options and not decoder.takes_options:
        return f"needs the option {NEEDS_OPTIONS}, and the command has no {{options}}"
    return ""


def _run(decoder: Decoder, case: Case, settings: Settings, launcher: Launcher, folder: Path) -> Entry:
    outdir, temporary = folder / "out", folder / "tmp"
    outdir.mkdir()
    temporary.mkdir()
    _check_streams(case)
    streams = [step.file for step in case.steps]
    job = Job(streams, case.syntax, case.options, outdir, folder / "trace.jsonl", temporary)
    ended = decoder.decode(job, launcher, settings.allowance)
    if decoder.is_broken(ended):
        raise ArgumentError(_text(ended.stderr, folder).strip() or ended.how)
    outcome = outcome_of(case, ended, outdir, settings.allowance.file_bytes)
    entry = _judged(decoder, case, settings, ended, outcome, folder)
    if entry.failed and settings.keep is not None:
        (folder / "stderr").write_bytes(ended.stderr)
        copytree(folder, settings.keep / case.id, symlinks=True, dirs_exist_ok=True, ignore=lambda *_: ["tmp"])
    return entry


def _check_streams(case: Case) -> None:
    """A stream that is not the one of the case says nothing about a decoder."""
    for step in case.steps:
        if hashlib.sha256(step.file.read_bytes()).hexdigest() != step.sha256:
            raise KitError(f"{step.file}: not the stream of the case")


def _judged(decoder: Decoder, case: Case, settings: Settings, ended: Ended, outcome: Outcome, folder: Path) -> Entry:
    claimed = outcome.result == "unsupported" and settings.claims is not None and settings.claims.cover(case)
    failed = outcome.result in FAILURES or claimed
    findings = [replace(f, message=_without(f.message, folder)) for f in findings_of(case, outcome, failed)]
    return replace(
        _described(case, outcome.result, _without(outcome.detail, folder), failed=failed),
        findings=findings,
        reproduce=_reproduce(decoder, case, _streams_shown(case)) if failed else "",
        ended=ended.how,
        stderr=_text(ended.stderr, folder) if failed else "",
        figures=place_figures(case, outcome),
        seconds=ended.seconds,
        peak_bytes=ended.peak_bytes,
    )


def _described(case: Case, result: str, detail: str, *, failed: bool) -> Entry:
    return Entry(
        id=case.id,
        title=case.title,
        purpose=case.purpose,
        syntax=case.syntax,
        klass=case.klass,
        area=case.area,
        clauses=case.clauses,
        result=result,
        failed=failed,
        detail=detail,
        findings=[Finding("run", "fail", detail)] if result == "kit error" else (),
    )


def _streams_shown(case: Case) -> list[Path]:
    """The streams of a case, as one would type their paths."""
    return [Path(shown_path(step.file)) for step in case.steps]


def _reproduce(decoder: Decoder, case: Case, streams: list[Path]) -> str:
    if isinstance(decoder, CommandDecoder):
        job = Job(streams, case.syntax, case.options, Path("out"), Path("trace.jsonl"), Path("."))
        return f"mkdir out && {shlex.join(decoder.words(job))}"
    return f"aimc conform decoder --lib {shlex.quote(decoder.call)} --case {shlex.quote(case.id)}"


def _text(output: bytes, folder: Path) -> str:
    """The end of what was printed, without the names of temporary folders, which differ from run to run."""
    return _without(output.decode("utf-8", "backslashreplace"), folder)[-SHOWN_STDERR:]


def _without(text: str, folder: Path) -> str:
    return text.replace(str(folder / "out"), "{outdir}").replace(str(folder), "{tmp}")
