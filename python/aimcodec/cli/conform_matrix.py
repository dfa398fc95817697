"""aimc conform matrix."""

from __future__ import annotations

from typing import Annotated

import typer

from aimcodec.cli.conform_decoder import Level, SyntaxName
from aimcodec.cli.conform_report import (
    HtmlOption,
    JobsOption,
    JsonOption,
    MemoryOption,
    TimeoutOption,
    bytes_of,
    check_places,
    counting,
    kit_errors,
    write_text,
)
from aimcodec.cli.output import print_lines, width
from aimcodec.cli.report import ExitCode

__all__ = ["conform_matrix"]


def conform_matrix(
    *,
    codec: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=FILE", help="A codec file; or native, reference or library: ours. Repeat.", show_default=False
        ),
    ],
    suite: Annotated[Level, typer.Option(help="Which models.")] = Level.SMOKE,
    syntax: Annotated[list[SyntaxName] | None, typer.Option(help="Only of this format.")] = None,
    jobs: JobsOption = 2,
    timeout: TimeoutOption = 30.0,
    memory: MemoryOption = "1G",
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Runs every encoder on the generated models, and every decoder on all that they write.

    Exit codes: 0 all decoders agree, 1 they do not, 2 the kit could not do its work.
    """
    with kit_errors():
        from aimcodec.conformance.child import Allowance
        from aimcodec.conformance.codec_file import read_codec
        from aimcodec.conformance.matrix import run_matrix
        from aimcodec.conformance.report.as_json import json_text
        from aimcodec.conformance.report.matrix_report import matrix_html, matrix_lines, matrix_object

        check_places(None, json, html)
        codecs = [read_codec(word) for word in codec]
        syntaxes = [s.value for s in syntax or SyntaxName]
        allowance = Allowance(timeout, bytes_of(memory), bytes_of(memory))
        with counting("encoders", sum(len(set(c.encoders) & set(syntaxes)) for c in codecs)) as count:
            matrix = run_matrix(codecs, suite.value, syntaxes, allowance, jobs, count)
        write_text(json, lambda: json_text(matrix_object(matrix)))
        write_text(html, lambda: matrix_html(matrix))
        print_lines(matrix_lines(matrix, width()))
        if matrix.disagreements:
            raise typer.Exit(ExitCode.DIFFERENT)
