"""aimc run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aimcodec.cli.output import print_json, print_lines
from aimcodec.cli.report import CommandError, ExitCode, about, shown_path
from aimcodec.cli.run_arrays import filled, named_files, output_files, read_array, statistics, write_array
from aimcodec.errors import ArgumentError
from aimcodec.inspect.text import printable

if TYPE_CHECKING:
    from aimcodec.inference import Predictor

__all__ = ["run"]


def run(
    model: Annotated[
        str, typer.Argument(metavar="M.aim", help="A package (also a URL), or M.onnx.", show_default=False)
    ],
    *,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="[NAME=]X.npy", help="An input; the name where there are several."),
    ] = None,
    fill: Annotated[
        Literal["zeros", "random"] | None, typer.Option(help="What inputs have that none is given for.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of random inputs.")] = 0,
    size: Annotated[
        list[str] | None, typer.Option(metavar="SYMBOL=N", help="A free dimension of inputs that are filled; else 1.")
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option("-o", "--output", metavar="DIR|NAME=X.npy", help="Where outputs go: all, or one."),
    ] = None,
    engine: Annotated[str, typer.Option(help="onnxruntime, reference or torch.")] = "onnxruntime",
    variant: Annotated[str, typer.Option(help="Form of the parameters.", show_default=False)] = "",
    repeat: Annotated[int, typer.Option(min=1, help="Runs, for the times.")] = 1,
    threads: Annotated[int | None, typer.Option(min=1, help="Of a run; the engine's choice by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Runs a model, straight from its package: no plain file of it is written."""
    from aimcodec.inference import Config, create_predictor

    config = Config(model, engine=engine, variant=variant, threads=threads)
    try:
        with about(model, stream=False):
            predictor = create_predictor(config)
    except ModuleNotFoundError as error:
        raise CommandError(ExitCode.UNSUPPORTED, str(error)) from error
    with predictor:
        files = output_files(output or [], list(predictor.outputs))
        feeds = _feeds(predictor, inputs or [], fill, seed, _sizes(size or []))
        begin = time.perf_counter()
        results = predictor.run(feeds)
        first = time.perf_counter() - begin
        for _ in range(repeat - 1):
            predictor.run(feeds)
        for name, file in files.items():
            with about(file, stream=False):
                write_array(file, name, results[name])
        report = _report(predictor, results, files, first)
    print_json(report) if json else print_lines(_lines(report))


def _sizes(texts: list[str]) -> dict[str, int]:
    sizes = {}
    for text in texts:
        symbol, _, number = text.rpartition("=")
        if not symbol or not number.isascii() or not number.isdigit() or len(number) > 9:
            raise ArgumentError(f"--size {text!r}: SYMBOL=N gives a free dimension a number")
        sizes[symbol] = int(number)
    return sizes


def _feeds(
    predictor: Predictor, texts: list[str], fill: str | None, seed: int, sizes: Mapping[str, int]
) -> dict[str, Any]:
    feeds = {}
    for name, file in named_files("--input", texts, list(predictor.inputs)).items():
        with about(file, stream=False):
            feeds[name] = read_array(file, predictor.inputs[name].dtype)
    lacking = [handle for handle in predictor.inputs.values() if handle.name not in feeds]
    if fill is not None:
        feeds |= filled([handle for handle in lacking if handle.is_needed], fill == "random", seed, sizes)
    return feeds


def _report(
    predictor: Predictor, results: Mapping[str, Any], files: Mapping[str, Path], first: float
) -> dict[str, Any]:
    profile = predictor.profile()
    return {
        "engine": predictor.capabilities.engine,
        "version": predictor.capabilities.version,
        "outputs": [
            {"name": name, **statistics(value), **({"file": str(files[name])} if name in files else {})}
            for name, value in results.items()
        ],
        "seconds": {
            "start": sum(profile.start.values()),
            "first": first,
            "runs": profile.runs,
            "shortest": profile.shortest,
            "mean": profile.mean,
            "longest": profile.longest,
        },
    }


def _lines(report: Mapping[str, Any]) -> list[str]:
    lines = []
    for output in report["outputs"]:
        shape = "x".join(map(str, output["shape"])) if "shape" in output else "no tensor"
        numbers = ", ".join(f"{key} {output[key]:.6g}" for key in ("min", "max", "mean") if output.get(key) is not None)
        bad = f", {output['not_finite']} not finite" if output.get("not_finite") else ""
        file = f" -> {shown_path(output['file'])}" if "file" in output else ""
        kind = output.get("dtype", "")
        lines.append(f"{printable(output['name'])}: {kind} {shape or 'scalar'}: {numbers}{bad}{file}".rstrip(": "))
    seconds = report["seconds"]
    lines.append(
        f"{report['engine']} {report['version']}: start {1e3 * seconds['start']:.1f} ms,"
        f" first run {1e3 * seconds['first']:.2f} ms"
    )
    if seconds["runs"] > 1:
        times = ", ".join(f"{key} {1e3 * seconds[key]:.2f} ms" for key in ("shortest", "mean", "longest"))
        lines.append(f"{seconds['runs']} runs: {times}")
    return lines
