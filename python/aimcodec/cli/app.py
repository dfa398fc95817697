"""The application: global options, and the one place where errors become lines and exit codes."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import aimcodec
from aimcodec.cli import (
    annotate,
    bench,
    conform,
    convert,
    decode,
    diff,
    encode,
    extract,
    graph,
    info,
    inspect,
    ls,
    operators,
    report_page,
    validate,
    verify,
)
from aimcodec.cli.report import CommandError, ExitCode, exit_code, note
from aimcodec.cli.run import run as run_model
from aimcodec.errors import AimcError
from aimcodec.inspect import compiler

__all__ = ["app", "run"]

# Errors in the use of options; the library that they are from is inside typer in some versions and beside it in others.
USAGE_ERRORS: tuple[type[Exception], ...] = tuple(
    c for c in typer.BadParameter.__mro__ if c.__name__ in {"UsageError", "ClickException"}
)


class _Group(TyperGroup):
    """Commands whose errors end in `CommandError`, before typer makes something of them."""

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise CommandError(ExitCode.BROKEN_PIPE, "") from None
        except (AimcError, OSError, MemoryError) as error:
            raise CommandError(exit_code(error), str(error) or type(error).__name__) from error
        return result


app = typer.Typer(
    name="aimc",
    cls=_Group,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Reads and writes AI models: AIM packages, and NNC bitstreams (ISO/IEC 15938-17).",
    epilog="Exit codes: 0 good, 1 a check failed, 2 usage, 3 malformed, 4 unsupported or a limit, 6 input or output.",
)
app.command("encode")(encode.encode)
app.command("decode")(decode.decode)
app.command("convert")(convert.convert)
app.command("info")(info.info)
app.command("ls")(ls.ls)
app.command("extract")(extract.extract)
app.command("verify")(verify.verify)
app.command("validate")(validate.validate)
app.command("graph")(graph.graph)
app.command("inspect")(inspect.inspect)
app.command("annotate")(annotate.annotate)
app.command("diff")(diff.diff)
app.command("report")(report_page.report)
app.command("run")(run_model)
app.command("bench")(bench.bench)
app.add_typer(conform.app, name="conform")
app.add_typer(operators.app, name="operators")


def _version(wanted: bool) -> None:
    if wanted:
        isas = ", ".join(aimcodec.available_isas())
        print(f"aimcodec {aimcodec.__version__}, instruction set {aimcodec.isa()} of {isas}, compiler {compiler()}")
        raise typer.Exit


@app.callback()
def _global(
    isa: Annotated[
        str | None, typer.Option(help="Force an instruction set: scalar, avx2 or avx512. The results are the same.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Version, compiler, instruction set.")
    ] = False,
) -> None:
    if isa is not None:
        aimcodec.set_isa(isa)


def run(arguments: Sequence[str]) -> int:
    """Runs a command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a character must not end the program
            stream.reconfigure(errors="backslashreplace")
    try:
        return int(app(list(arguments), prog_name="aimc", standalone_mode=False) or 0)
    except CommandError as failure:
        return _ended(failure)
    except typer.Abort:
        return int(ExitCode.INTERRUPTED)
    except USAGE_ERRORS as error:
        text = " ".join(str(error.format_message()).split())  # type: ignore[attr-defined]
        if not text:  # nothing was asked for, and the help was shown
            return int(ExitCode.USAGE)
        return _ended(CommandError(ExitCode.USAGE, f"{text} (aimc --help shows how)"))
    except Exception as error:  # a defect must not show as a traceback
        return _ended(
            CommandError(ExitCode.INTERNAL, f"internal error, please report it: {type(error).__name__}: {error}")
        )


def _ended(failure: CommandError) -> int:
    if failure.code == ExitCode.BROKEN_PIPE:
        # The interpreter flushes stdout once more when it ends: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    else:
        note(str(failure))
    return int(failure.code)
