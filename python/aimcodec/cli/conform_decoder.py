"""aimc conform decoder."""

from __future__ import annotations

import datetime
import tempfile
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    from aimcodec.conformance.codec import Decoder

__all__ = ["Level", "OwnSubject", "SyntaxName", "conform_decoder"]


class Level(str, Enum):
    """How much is run."""

    SMOKE = "smoke"
    CORE = "core"
    FULL = "full"


class SyntaxName(str, Enum):
    """A format."""

    NNC = "nnc"
    AIM = "aim"


class OwnSubject(str, Enum):
    """Our decoders."""

    NATIVE = "native"
    REFERENCE = "reference"
    LIBRARY = "library"


def conform_decoder(
    *,
    cmd: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="The decoder, for example 'dec {in} {outdir}'.")
    ] = None,
    lib: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The decoder, a shared library with conform_plugin.h.")
    ] = None,
    subject: Annotated[OwnSubject | None, typer.Option(help="A decoder of ours.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the decoder, for headings.", show_default=False)] = None,
    suite: Annotated[Level, typer.Option(help="Which cases.")] = Level.CORE,
    case: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Cases instead of a suite; * and ? fit; repeat for several.")
    ] = None,
    syntax: Annotated[list[SyntaxName] | None, typer.Option(help="Only of this format.")] = None,
    streams: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The stream suite, if it is not the one installed.")
    ] = None,
    claims: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What the decoder supports; failing there is a failure.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keeps what failed cases have written, a folder for each.")
    ] = None,
    jobs: JobsOption = 2,
    timeout: TimeoutOption = 30.0,
    memory: MemoryOption = "1G",
    json: JsonOption = None,
    junit: JunitOption = None,
    html: HtmlOption = None,
) -> None:
    """Runs a decoder on the stream suite and compares what it says and gives with what is right.

    Exit codes: 0 nothing failed, 1 something failed, 2 the kit could not do its work.
    """
    with kit_errors():
        from aimcodec.conformance.catalogue import load_catalogue
        from aimcodec.conformance.child import Allowance
        from aimcodec.conformance.decoder import Settings, run_decoder, select_cases
        from aimcodec.conformance.decoder_claims import decoder_claims
        from aimcodec.conformance.decoder_report import decoder_report
        from aimcodec.conformance.json_file import read_object

        check_places(keep, json, junit, html)
        decoder, shown = _decoder(cmd, lib, subject)
        catalogue = load_catalogue(streams)
        cases = select_cases(catalogue, suite.value, [s.value for s in syntax or ()], case or ())
        said = None if claims is None else read_object(claims)
        settings = Settings(
            Allowance(timeout, bytes_of(memory), bytes_of(memory)),
            jobs,
            None if said is None else decoder_claims(said),
            keep,
        )
        started = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        begin = time.monotonic()
        with counting("decoding", len(cases)) as count:
            entries = run_decoder(decoder, cases, settings, count)
        report = decoder_report(
            decoder,
            name or shown,
            said,
            ", ".join(case) if case else suite.value,
            catalogue.digest,
            settings,
            entries,
            started,
            time.monotonic() - begin,
        )
        finish(report, json, junit, html)


def _decoder(cmd: str | None, lib: Path | None, subject: OwnSubject | None) -> tuple[Decoder, str]:
    """The decoder, and a name for it."""
    from aimcodec.conformance.codec import CommandDecoder, LibraryDecoder, library_info
    from aimcodec.conformance.command import parse_command
    from aimcodec.conformance.subjects.own import own_command, own_library

    if sum(choice is not None for choice in (cmd, lib, subject)) != 1:
        raise ArgumentError("one of --cmd, --lib and --subject says which decoder")
    if cmd is not None:
        command = parse_command(cmd, "in", "outdir")
        return CommandDecoder(command), Path(command.words[0]).name
    if subject is not None and subject is not OwnSubject.LIBRARY:
        return CommandDecoder(own_command(subject.value)), f"aimcodec {subject.value}"
    library = own_library() if lib is None else lib
    with tempfile.TemporaryDirectory(prefix="aimc-conform-") as temporary:
        info = library_info(library, Path(temporary))
    return LibraryDecoder(library, frozenset(info["syntaxes"].split())), f"{info['name']} {info['version']}".strip()
