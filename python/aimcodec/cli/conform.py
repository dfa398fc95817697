"""aimc conform: codecs under test."""

from __future__ import annotations

import typer

from aimcodec.cli.conform_decoder import conform_decoder
from aimcodec.cli.conform_encoder import conform_encoder
from aimcodec.cli.conform_matrix import conform_matrix

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Tests decoders and encoders of others, or ours.")
app.command("decoder")(conform_decoder)
app.command("encoder")(conform_encoder)
app.command("matrix")(conform_matrix)
