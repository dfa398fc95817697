"""A report as lines for a terminal: a table by area, then every failure with what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from aimcodec.conformance.report.records import Entry, Finding, Report
from aimcodec.inspect.text import Column, printable, table

__all__ = ["failure_lines", "text_lines"]

GOOD = "pass"
MAX_FINDINGS = 5
SHOWN_LINE = 300


def text_lines(report: Report, width: int) -> Iterator[str]:
    """The summary of a run, safe to print."""
    yield f"{report.subject.kind} {printable(report.subject.name)}, suite {printable(report.suite)}"
    yield ""
    yield from _areas(report, width)
    for entry in report.failures:
        yield ""
        yield from failure_lines(entry)
    yield ""
    for name, value in report.figures.items():
        if isinstance(value, int | float | str):
            yield printable(f"{name.replace('_', ' ')}: {value}")
    yield _verdict(report)


def _areas(report: Report, width: int) -> Iterator[str]:
    """A line for each area, and one for all."""
    others = [result for result in report.results if result != GOOD]
    columns = [Column("syntax"), Column("area", least=8)]
    columns += [Column(title, right=True) for title in ("cases", GOOD, *others)]
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in sorted(report.entries, key=lambda entry: (entry.syntax, entry.area)):
        groups.setdefault((entry.syntax, entry.area), []).append(entry)
    rows = [_row(syntax, area, entries, others) for (syntax, area), entries in groups.items()]
    rows.append(_row("all", "", report.entries, others))
    yield from table(columns, rows, width)


def _row(syntax: str, area: str, entries: Sequence[Entry], others: Sequence[str]) -> list[str]:
    counts = Counter(entry.result for entry in entries)
    figures = [str(len(entries)), str(counts[GOOD]), *(str(counts[name] or "") for name in others)]
    return [syntax, printable(area), *figures]


def failure_lines(entry: Entry) -> Iterator[str]:
    """One failure: the result, what was found, where to look, how to run it again."""
    yield printable(f"FAILED {entry.id}: {entry.result}: {entry.detail}")
    yield printable(f"  about      {entry.purpose or entry.title}")
    if entry.clauses:
        yield printable(f"  clauses    {', '.join(entry.clauses)}")
    for finding in entry.findings[:MAX_FINDINGS]:
        yield from _finding(finding, entry)
    if len(entry.findings) > MAX_FINDINGS:
        yield f"  and        {len(entry.findings) - MAX_FINDINGS} more findings"
    if (last := _last_line(entry.stderr)) and last not in entry.detail:
        yield printable(f"  printed    {last}")
    if entry.reproduce:
        yield printable(f"  reproduce  {entry.reproduce}")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip()[-SHOWN_LINE:] if lines else ""


def _finding(finding: Finding, entry: Entry) -> Iterator[str]:
    if finding.message not in entry.detail:
        yield printable(f"  {finding.check[:10]:<10} {finding.message}")
    if finding.element:
        bit = "" if finding.bit_offset is None else f", bit {finding.bit_offset}"
        yield printable(f"  element    {finding.element}{bit}")
    if finding.inspect:
        yield printable(f"  see        {finding.inspect}")


def _verdict(report: Report) -> str:
    total, failed = len(report.entries), len(report.failures)
    results = ", ".join(f"{count} {result}" for result, count in report.results.items())
    return f"{failed} of {total} failed ({results})" if failed else f"none of {total} failed ({results})"
