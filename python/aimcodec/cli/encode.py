"""aimc encode."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from aimcodec.cli.encode_aim import PackageOptions, encode_package
from aimcodec.cli.encode_nnc import encode_nnc
from aimcodec.cli.nnc_options import NncOptions, NonFinite, Switch
from aimcodec.cli.write_model import Coding
from aimcodec.errors import ArgumentError

__all__ = ["encode"]

PACKAGE, NNC = "Packages", "NNC"


def encode(
    context: typer.Context,
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model of any format that is read, for example .safetensors, .onnx or .aim.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="What to write: .aim is a package, else an NNC stream.", show_default=False
        ),
    ],
    coding: Annotated[
        Coding,
        typer.Option(help="small takes longer, raw can be mapped, nnc is lossy.", rich_help_panel=PACKAGE),
    ] = Coding.LOSSLESS,
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A text; repeat for several.", rich_help_panel=PACKAGE)
    ] = None,
    license_expression: Annotated[
        str | None, typer.Option("--license", metavar="SPDX", help="Licence expression.", rich_help_panel=PACKAGE)
    ] = None,
    asset: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="File that belongs to the model; repeat.", rich_help_panel=PACKAGE),
    ] = None,
    qp: Annotated[
        int, typer.Option(help="Quantization parameter of weights; 4 more is twice the step.", rich_help_panel=NNC)
    ] = -38,
    nonweight_qp: Annotated[int, typer.Option(help="The same for vectors.", rich_help_panel=NNC)] = -75,
    qp_density: Annotated[
        int, typer.Option(help="Steps double every 2^D values of the parameter.", rich_help_panel=NNC)
    ] = 2,
    dq: Annotated[bool, typer.Option("--dq/--no-dq", help="Dependent quantization.", rich_help_panel=NNC)] = True,
    parallel: Annotated[
        bool,
        typer.Option("--parallel", help="Entry points, so that one tensor takes many threads.", rich_help_panel=NNC),
    ] = False,
    codebook: Annotated[Switch, typer.Option(help="Codebooks.", rich_help_panel=NNC)] = Switch.OFF,
    row_skipping: Annotated[Switch, typer.Option(help="Rows of zeros are left out.", rich_help_panel=NNC)] = Switch.OFF,
    non_finite: Annotated[
        NonFinite, typer.Option(help="Tensors with infinities or NaNs, in a stream.", rich_help_panel=NNC)
    ] = NonFinite.REFUSE,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Compresses the tensors of a file into a package or an NNC stream.

    Packages are lossless unless --coding nnc is asked for; structure, metadata and assets of the file go along, and
    everything that a package has beside its tensors.
    """
    nnc = NncOptions(qp, nonweight_qp, qp_density, dq, parallel, codebook, row_skipping, non_finite)
    options = PackageOptions(coding, nnc, metadata or [], license_expression, asset or [])
    if output.suffix.lower() == ".aim":
        if coding is not Coding.NNC:
            _refuse(context, [field.name for field in fields(NncOptions)], "--coding nnc")
        encode_package(model, output, options, threads, json)
    else:
        _refuse(context, ["coding", "metadata", "license_expression", "asset"], "packages (.aim)")
        encode_nnc(model, output, nnc, threads, json)


def _refuse(context: typer.Context, names: list[str], what: str) -> None:
    """Options that were given although they do nothing."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            shown = name.removesuffix("_expression").replace("_", "-")
            raise ArgumentError(f"--{shown} is an option of {what}")
