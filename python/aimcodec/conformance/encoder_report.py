"""The results of an encoder as a report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aimcodec.conformance.checks.result import Check, Finding
from aimcodec.conformance.encoder import EncoderRun, EncoderSubject, ModelResult
from aimcodec.conformance.report import records
from aimcodec.inspect import bin_trace, read_tree
from aimcodec.inspect.render import bin_lines, place_lines

__all__ = ["encoder_report"]

WIDTH = 110
MAX_EXCERPT_BYTES = 1 << 20  # longer streams are left to the command
GOOD_OUTCOMES = ("pass", "unsupported", "not run")


def encoder_report(
    run: EncoderRun,
    *,
    suite: str,
    name: str,
    call: str,
    claims: Mapping[str, Any] | None,
    settings: Mapping[str, Any],
    every: bool = False,
    started: str = "",
    seconds: float = 0.0,
) -> records.Report:
    """A report of a run.

    Args:
        run: what was found.
        suite, name, call, claims, settings, started, seconds: as the records of reports have them.
        every: all findings of a check instead of the first.
    """
    return records.Report(
        records.Subject("encoder", name, call, claims),
        suite,
        "",
        settings,
        [_entry(result, run.subject, every) for result in run.results],
        {f"syntax_{key}": value for key, value in run.use.figures.items()} | {"unused_points": list(run.unused)},
        started,
        seconds,
    )


def _entry(result: ModelResult, subject: EncoderSubject, every: bool) -> records.Entry:
    failed = result.outcome not in GOOD_OUTCOMES
    figures: dict[str, Any] = {"checks": {check.name: check.result for check in result.checks}}
    if result.data:
        figures["bytes"] = len(result.data)
    for check in result.checks:
        figures |= check.figures
    return records.Entry(
        id=result.id,
        title=result.purpose,
        syntax=subject.syntax,
        klass="model",
        area=result.id.partition("/")[0],
        result=result.outcome,
        failed=failed,
        detail=result.detail,
        purpose=result.purpose,
        clauses=list(dict.fromkeys(f.clause for c in result.checks for f in c.findings if f.clause)),
        findings=[found for check in result.checks for found in _findings(check, result, every)],
        reproduce=subject.again(result.id) if failed else "",
        ended=result.ended,
        stderr=result.stderr if failed else "",
        figures=figures,
        seconds=result.seconds,
        peak_bytes=result.peak_bytes,
    )


def _findings(check: Check, result: ModelResult, every: bool) -> Iterator[records.Finding]:
    """What a check has found, but for the reasons of those that could not be made."""
    if check.result == "not run" and all(finding.bit_offset is None for finding in check.findings):
        return
    level: records.Level = "fail" if check.result in ("fail", "kit error") else "note"
    for finding in check.findings if every else check.findings[:1]:
        command = _command(finding, result.stream)
        yield records.Finding(
            check.name,
            level,
            finding.message,
            finding.clause,
            finding.element,
            finding.bit_offset,
            finding.tensor,
            _figures(finding, check),
            command,
            _excerpt(finding, result.data) if level == "fail" else (),
        )


def _figures(finding: Finding, check: Check) -> dict[str, Any]:
    figures: dict[str, Any] = {"value": finding.value, "permitted": finding.permitted}
    figures = {key: value for key, value in figures.items() if value}
    if finding.index is not None:
        figures["index"] = list(finding.index)
    if len(check.findings) > 1:
        figures["findings"] = len(check.findings)
    return figures


def _command(finding: Finding, stream: str) -> str:
    """The command that shows the place."""
    command = f"aimc inspect {shlex.quote(stream)}"
    if finding.bins is not None:
        unit = shlex.quote(finding.element.removesuffix(".payload"))
        return f"{command} --bins {unit} --range {finding.bins[0]}:{finding.bins[1]}"
    if finding.bit_offset is not None:
        return f"{command} --at-bit {finding.bit_offset}"
    return f"{command} --path {shlex.quote(finding.element)}" if finding.element else ""


def _excerpt(finding: Finding, data: bytes) -> Sequence[str]:
    """What the inspector shows at the place."""
    if finding.bit_offset is None or len(data) > MAX_EXCERPT_BYTES or not finding.bit_offset < 8 * len(data):
        return ()
    if finding.bins is not None:
        first, end = finding.bins
        trace = bin_trace(data, finding.element.removesuffix(".payload"), first, end - first)
        return [line.rstrip() for line in bin_lines(trace, WIDTH)]
    return [line.rstrip() for line in place_lines(read_tree(data), finding.bit_offset, WIDTH)]
