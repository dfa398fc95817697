"""aimc conform encoder."""

from __future__ import annotations

import datetime
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aimcodec.cli.conform_decoder import Level, OwnSubject, SyntaxName
from aimcodec.cli.conform_report import (
    HtmlOption,
    JobsOption,
    JsonOption,
    JunitOption,
    MemoryOption,
    TimeoutOption,
    bytes_of,
    check_places,
    counting,
    finish,
    kit_errors,
)
from aimcodec.errors import ArgumentError

if TYPE_CHECKING:
    from aimcodec.conformance.encoder import EncoderSubject

__all__ = ["conform_encoder"]


def conform_encoder(
    *,
    cmd: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="The encoder, for example 'enc {model} -o {out}'.")
    ] = None,
    lib: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The encoder, a shared library with conform_plugin.h.")
    ] = None,
    subject: Annotated[OwnSubject | None, typer.Option(help="An encoder of ours; the reference writes NNC.")] = None,
    syntax: Annotated[SyntaxName, typer.Option(help="What it writes.")],
    options: Annotated[str, typer.Option(metavar="WORDS", help="Options for a library.")] = "",
    name: Annotated[str | None, typer.Option(help="Of the encoder, for headings.", show_default=False)] = None,
    suite: Annotated[Level, typer.Option(help="Which models.")] = Level.CORE,
    model: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Models instead of a suite; * and ? fit; repeat for several.")
    ] = None,
    claims: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What the encoder claims; what it does not is measured only.")
    ] = None,
    keep: Annotated[Path | None, typer.Option(metavar="DIR", help="Keeps the streams.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All findings of a check instead of the first.")] = False,
    jobs: JobsOption = 2,
    timeout: TimeoutOption = 30.0,
    memory: MemoryOption = "1G",
    json: JsonOption = None,
    junit: JunitOption = None,
    html: HtmlOption = None,
) -> None:
    """Runs an encoder on generated models and checks everything about the streams that it writes.

    Exit codes: 0 nothing failed, 1 something failed, 2 the kit could not do its work.
    """
    with kit_errors():
        from aimcodec.conformance.child import Allowance
        from aimcodec.conformance.claims import encoder_claims
        from aimcodec.conformance.encoder import run_encoder
        from aimcodec.conformance.encoder_report import encoder_report
        from aimcodec.conformance.json_file import read_object
        from aimcodec.conformance.models import select_models

        check_places(keep, json, junit, html)
        encoder, shown = _encoder(cmd, lib, subject, syntax.value, tuple(options.split()))
        recipes = select_models(suite.value, syntax.value, model or ())
        said = None if claims is None else read_object(claims)
        allowance = Allowance(timeout, bytes_of(memory), bytes_of(memory))
        started = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        begin = time.monotonic()
        with counting("encoding", len(recipes)) as count:
            run = run_encoder(
                encoder,
                recipes,
                claims=encoder_claims(said or {}),
                allowance=allowance,
                jobs=jobs,
                keep=keep,
                progress=count,
            )
        report = encoder_report(
            run,
            suite=", ".join(model) if model else suite.value,
            name=name or shown,
            call=encoder.call,
            claims=said,
            settings={
                "seconds": timeout,
                "memory_bytes": allowance.memory_bytes,
                "file_bytes": allowance.file_bytes,
            },
            every=every,
            started=started,
            seconds=time.monotonic() - begin,
        )
        finish(report, json, junit, html)


def _encoder(
    cmd: str | None, lib: Path | None, subject: OwnSubject | None, syntax: str, options: tuple[str, ...]
) -> tuple[EncoderSubject, str]:
    """The encoder, and a name for it."""
    from aimcodec.conformance.codec import library_info
    from aimcodec.conformance.command import parse_command
    from aimcodec.conformance.encoder import EncoderSubject
    from aimcodec.conformance.subjects.own import own_library
    from aimcodec.conformance.subjects.own_encoders import own_encoder

    if sum(choice is not None for choice in (cmd, lib, subject)) != 1:
        raise ArgumentError("one of --cmd, --lib and --subject says which encoder")
    library = own_library() if subject is OwnSubject.LIBRARY else lib
    if library is not None:
        with tempfile.TemporaryDirectory(prefix="aimc-conform-") as temporary:
            info = library_info(library, Path(temporary))
        name = f"{info['name']} {info['version']}".strip()
        if syntax not in info["syntaxes"].split():
            raise ArgumentError(f"{library}: it does not say that it writes {syntax}, only {info['syntaxes']!r}")
        return EncoderSubject(syntax, library=library, options=options), name
    if options:
        raise ArgumentError("--options is for libraries: a command has its options in it")
    if subject is not None:
        return EncoderSubject(syntax, own_encoder(subject.value, syntax)), f"aimcodec {subject.value}"
    command = parse_command(cmd or "", "model|npz", "out")
    return EncoderSubject(syntax, command), Path(command.words[0]).name
