"""A report as one page that needs nothing else: no scripts, no network; texts of strangers are escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from aimcodec import __version__
from aimcodec.conformance.report.as_json import environment
from aimcodec.conformance.report.records import Entry, Finding, Report
from aimcodec.inspect.text import printable

__all__ = ["html_text", "page", "safe"]

CLASSES = ("valid", "uncommon", "invalid", "limits", "model")
SKIPPED = ("unsupported", "not run")


def safe(text: object) -> str:
    """Text for HTML: on one line, characters that cannot be seen shown as escape sequences."""
    return escape(printable(str(text)))


def html_text(report: Report) -> str:
    """The page."""
    title = f"{report.subject.kind} {report.subject.name}"
    return page(title, [*_head(report), *_matrix(report), *_failures(report), *_others(report), *_about(report)])


def page(title: str, body: Iterable[str]) -> str:
    """A page with our style.

    Args:
        title: plain text.
        body: HTML.
    """
    style = Path(__file__).with_name("page.css").read_text("utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = [
        "<!doctype html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{safe(title)}</title>",
        f"<style>\n{style}</style>",
    ]
    return "\n".join([*head, *body, "</html>", ""])


def _head(report: Report) -> Iterator[str]:
    failed, total = len(report.failures), len(report.entries)
    verdict = f"{failed} of {total} failed" if failed else f"none of {total} failed"
    yield "<header>"
    yield f"<p class=kind>{safe(report.subject.kind)} under test, suite {safe(report.suite)}</p>"
    yield f"<h1>{safe(report.subject.name)}</h1>"
    yield f'<p class="verdict {"bad" if failed else "good"}">{verdict}</p>'
    yield f"<p class=call><code>{safe(report.subject.call)}</code></p>"
    yield "<div class=bar>"
    for result, count in report.results.items():
        yield f'<i class="{_kind(result)}" style="flex-grow:{count}" title="{count} {safe(result)}"></i>'
    yield "</div><p class=legend>"
    for result, count in report.results.items():
        yield f'<span><i class="{_kind(result)}"></i>{count} {safe(result)}</span>'
    yield "</p></header><main>"


def _kind(result: str) -> str:
    """Style of a result."""
    if result == "pass":
        return "good"
    return "skip" if result in SKIPPED else "bad"


def _matrix(report: Report) -> Iterator[str]:
    """Areas by classes: how many passed of how many."""
    yield "<section><h2>By area and class <small>passed of all</small></h2><div class=side>"
    for syntax in sorted({entry.syntax for entry in report.entries}):
        ours = [entry for entry in report.entries if entry.syntax == syntax]
        classes = [klass for klass in CLASSES if any(entry.klass == klass for entry in ours)]
        yield f"<table class=matrix><tr><th><b>{safe(syntax.upper())}</b>"
        yield f"{''.join(f'<th>{klass}' for klass in classes)}</tr>"
        for area in sorted({entry.area for entry in ours}):
            cells = [_cell([e for e in ours if e.area == area and e.klass == klass]) for klass in classes]
            yield f"<tr><th>{safe(area)}</th>{''.join(cells)}</tr>"
        yield "</table>"
    yield "</div></section>"


def _cell(entries: Sequence[Entry]) -> str:
    if not entries:
        return "<td></td>"
    counts = Counter(entry.result for entry in entries)
    failed = [entry for entry in entries if entry.failed]
    others = ", ".join(f"{count} {result}" for result, count in counts.items() if result != "pass")
    kind = "bad" if failed else "good" if counts["pass"] == len(entries) else "skip"
    text = f"{counts['pass']}/{len(entries)}"
    if failed:
        text = f'<a href="#{_anchor(failed[0])}">{text}</a>'
    return f'<td class="{kind}" title="{safe(others)}">{text}</td>'


def _anchor(entry: Entry) -> str:
    return "case-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in entry.id)


def _failures(report: Report) -> Iterator[str]:
    failures = report.failures
    if not failures:
        return
    yield f"<section><h2>Failures <small>{len(failures)}</small></h2>"
    for number, entry in enumerate(failures):
        yield from _failure(entry, number == 0)
    yield "</section>"


def _failure(entry: Entry, is_open: bool) -> Iterator[str]:
    yield f'<details class=failure id="{_anchor(entry)}"{" open" if is_open else ""}>'
    heading = f"<b>{safe(entry.result)}</b> <code>{safe(entry.id)}</code> <span>{safe(entry.detail)}</span>"
    yield f"<summary>{heading}</summary>"
    facts = [
        ("about", safe(entry.purpose or entry.title)),
        ("clauses", safe(", ".join(entry.clauses))),
        ("reproduce", f"<code>{safe(entry.reproduce)}</code>" if entry.reproduce else ""),
        ("ended", safe(entry.ended)),
    ]
    yield from _facts(facts)
    for finding in entry.findings:
        yield from _finding(finding)
    if entry.stderr:
        yield f"<p class=label>printed</p><pre>{_lines(entry.stderr.splitlines())}</pre>"
    yield "</details>"


def _finding(finding: Finding) -> Iterator[str]:
    place = "" if finding.bit_offset is None else f"bit {finding.bit_offset}"
    yield f'<div class="finding {"bad" if finding.level == "fail" else "note"}">'
    yield f"<p><b>{safe(finding.check)}</b> {safe(finding.message)}</p>"
    facts = [
        ("element", safe(", ".join(filter(None, (finding.element, place))))),
        ("clause", safe(finding.clause)),
        *((name, f"<code>{safe(value)}</code>") for name, value in finding.figures.items() if value is not None),
        ("see", f"<code>{safe(finding.inspect)}</code>" if finding.inspect else ""),
    ]
    yield from _facts(facts)
    if finding.excerpt:
        yield f"<pre>{_lines(finding.excerpt)}</pre>"
    yield "</div>"


def _facts(facts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Names and HTML, those that have any."""
    yield "<dl>"
    for name, value in facts:
        if value:
            yield f"<dt>{safe(name)}</dt><dd>{value}</dd>"
    yield "</dl>"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(safe(line) for line in lines)


def _others(report: Report) -> Iterator[str]:
    """What neither passed nor failed, notes, and the list of all."""
    skipped = [entry for entry in report.entries if entry.result != "pass" and not entry.failed]
    noted = [e for e in report.entries if not e.failed and any(f.level == "note" for f in e.findings)]
    yield "<section><h2>All cases</h2>"
    if skipped:
        yield f"<details><summary>{len(skipped)} that neither passed nor failed</summary>"
        yield from _table(skipped)
        yield "</details>"
    if noted:
        yield f"<details><summary>{len(noted)} with notes, which are no failures</summary>"
        for entry in noted:
            yield f"<p class=label><code>{safe(entry.id)}</code></p>"
            for finding in entry.findings:
                yield from _finding(finding)
        yield "</details>"
    yield f"<details><summary>all {len(report.entries)}</summary>"
    yield from _table(report.entries)
    yield "</details></section>"


def _table(entries: Iterable[Entry]) -> Iterator[str]:
    yield "<div class=wide><table class=list><tr><th>case<th>class<th>result<th>detail<th>seconds<th>MiB</tr>"
    for entry in entries:
        kind = "bad" if entry.failed else _kind(entry.result)
        seconds = f"{entry.seconds:.2f}" if entry.seconds else ""
        memory = str(entry.peak_bytes >> 20) if entry.peak_bytes else ""
        cells = (
            f"<code>{safe(entry.id)}</code><br><small>{safe(entry.title)}</small>",
            safe(entry.klass),
            f'<b class="{kind}">{safe(entry.result)}</b>',
            safe(entry.detail),
            seconds,
            memory,
        )
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</table></div>"


def _about(report: Report) -> Iterator[str]:
    yield "<section><h2>About this run</h2>"
    scalars = {name: value for name, value in report.figures.items() if isinstance(value, int | float | str)}
    facts = [
        ("kit", f"aimcodec {__version__}"),
        ("catalogue", report.catalogue),
        ("started", report.started),
        ("seconds", f"{report.seconds:.1f}"),
        *((name.replace("_", " "), str(value)) for name, value in scalars.items()),
        *((name.replace("_", " "), str(value)) for name, value in report.settings.items()),
        *((name.replace("_", " "), str(value)) for name, value in environment().items()),
        *((f"claim: {name}", str(value)) for name, value in (report.subject.claims or {}).items()),
    ]
    yield from _facts((name, safe(value)) for name, value in facts)
    for name, value in report.figures.items():
        if isinstance(value, list | tuple) and value:
            heading = f"{len(value)} {safe(name.replace('_', ' '))}"
            yield f"<details><summary>{heading}</summary><pre>{_lines(map(str, value))}</pre></details>"
    yield "</section></main>"
