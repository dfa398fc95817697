"""A matrix as JSON, as lines of text, and as a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aimcodec import __version__
from aimcodec.conformance.matrix import SAME, Cell, Matrix, Row
from aimcodec.conformance.report.as_html import page, safe
from aimcodec.conformance.report.as_json import environment
from aimcodec.inspect.text import Column, printable, table

__all__ = ["matrix_html", "matrix_lines", "matrix_object"]

FORMAT = "aimc-conform-matrix"
VERSION = 1


def matrix_object(matrix: Matrix) -> dict[str, Any]:
    """The whole matrix, of the form of schemas/matrix.schema.json; the same for the same results."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "kit": {"version": __version__},
        "environment": environment(),
        "suite": matrix.suite,
        "settings": dict(matrix.settings),
        "encoders": list(matrix.encoders),
        "decoders": list(matrix.decoders),
        "summary": {"streams": _streams(matrix), "disagreements": len(matrix.disagreements)},
        "rows": [_row(row) for row in matrix.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "syntax": row.syntax,
        "encoder": row.encoder,
        "model": row.model,
        "encoded": row.encoded,
        "detail": row.detail,
        "bytes": row.bytes,
        "compared_with": row.compared_with,
        "cells": [{"decoder": cell.decoder, "result": cell.result, "detail": cell.detail} for cell in row.cells],
    }


def _streams(matrix: Matrix) -> int:
    return sum(row.bytes > 0 for row in matrix.rows)


def _pairs(matrix: Matrix) -> list[tuple[str, str]]:
    """Syntaxes and encoders that there is something of."""
    return list(dict.fromkeys((row.syntax, row.encoder) for row in matrix.rows))


def _verdict(matrix: Matrix) -> str:
    number = len(matrix.disagreements)
    return f"decoders disagree on {number or 'none'} of {_streams(matrix)} streams"


def matrix_lines(matrix: Matrix, width: int) -> Iterator[str]:
    """Encoders by decoders, then every disagreement; safe to print."""
    columns = [
        Column("syntax"),
        Column("encoder", least=8),
        Column("models", right=True),
        Column("streams", right=True),
    ]
    columns += [Column(printable(name), least=8) for name in matrix.decoders]
    rows = []
    for syntax, encoder in _pairs(matrix):
        ours = [row for row in matrix.rows if (row.syntax, row.encoder) == (syntax, encoder)]
        cells = [_counts(matrix.counts(syntax, encoder, decoder)) for decoder in matrix.decoders]
        streams = str(sum(row.bytes > 0 for row in ours))
        rows.append([syntax, printable(encoder), str(len(ours)), streams, *cells])
    yield from table(columns, rows, width)
    for row in matrix.disagreements:
        yield ""
        yield printable(
            f"{row.encoder}, {row.syntax}, model {row.model}: compared with {row.compared_with or 'nothing'}"
        )
        for cell in _telling(row):
            yield printable(f"  {cell.decoder}: {cell.result}{': ' if cell.detail else ''}{cell.detail}")
    yield ""
    yield _verdict(matrix)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {result}" for result, count in sorted(counts.items(), key=lambda p: p[0] != SAME)) or "-"


def _telling(row: Row) -> list[Cell]:
    return [cell for cell in row.cells if cell.result != SAME]


def matrix_html(matrix: Matrix) -> str:
    """The page."""
    return page("encoders by decoders", [*_head(matrix), *_table(matrix), *_disagreements(matrix), *_about(matrix)])


def _head(matrix: Matrix) -> Iterator[str]:
    kind = "bad" if matrix.disagreements else "good"
    yield f"<header><p class=kind>matrix, models of suite {safe(matrix.suite)}</p>"
    yield f'<h1>Encoders by decoders</h1><p class="verdict {kind}">{_verdict(matrix)}</p></header><main>'


def _table(matrix: Matrix) -> Iterator[str]:
    yield "<section><h2>Streams <small>that give the same of all that were decoded</small></h2><div class=wide>"
    yield "<table class=matrix><tr><th>encoder</th>"
    yield f"{''.join(f'<th>{safe(name)}</th>' for name in matrix.decoders)}</tr>"
    for syntax, encoder in _pairs(matrix):
        counts = [matrix.counts(syntax, encoder, decoder) for decoder in matrix.decoders]
        yield f"<tr><th>{safe(encoder)} <small>{safe(syntax)}</small></th>{''.join(map(_html_cell, counts))}</tr>"
    yield "</table></div></section>"


def _html_cell(counts: dict[str, int]) -> str:
    if not counts:
        return "<td></td>"
    same, total = counts.get(SAME, 0), sum(counts.values())
    kind = "good" if same == total else "skip" if set(counts) <= {SAME, "unsupported"} else "bad"
    return f'<td class="{kind}" title="{safe(_counts(counts))}">{same}/{total}</td>'


def _disagreements(matrix: Matrix) -> Iterator[str]:
    if matrix.disagreements:
        yield f"<section><h2>Disagreements <small>{len(matrix.disagreements)}</small></h2>"
        for row in matrix.disagreements:
            heading = f"<b>{safe(row.syntax)}</b> <code>{safe(row.model)}</code> <span>by {safe(row.encoder)}</span>"
            yield f"<details class=failure open><summary>{heading}</summary><dl>"
            yield f"<dt>compared with</dt><dd>{safe(row.compared_with or 'nothing')}</dd>"
            for cell in _telling(row):
                yield f"<dt>{safe(cell.decoder)}</dt><dd><b>{safe(cell.result)}</b> {safe(cell.detail)}</dd>"
            yield "</dl></details>"
        yield "</section>"
    missing = [row for row in matrix.rows if not row.bytes]
    if missing:
        yield f"<section><details><summary>{len(missing)} models that were not encoded</summary><dl>"
        for row in missing:
            yield f"<dt><code>{safe(row.model)}</code> {safe(row.encoder)}, {safe(row.syntax)}</dt>"
            yield f"<dd><b>{safe(row.encoded)}</b> {safe(row.detail)}</dd>"
        yield "</dl></details></section>"


def _about(matrix: Matrix) -> Iterator[str]:
    yield "<section><h2>About this run</h2><dl>"
    for name, value in {"kit": f"aimcodec {__version__}", **matrix.settings, **environment()}.items():
        yield f"<dt>{safe(name.replace('_', ' '))}</dt><dd>{safe(value)}</dd>"
    yield "</dl></section></main>"
