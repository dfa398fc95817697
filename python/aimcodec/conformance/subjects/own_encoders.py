"""Where our own encoders are."""

from __future__ import annotations

import shlex
import sys

from aimcodec.conformance.command import Command, parse_command
from aimcodec.errors import ArgumentError

__all__ = ["own_encoder"]


def own_encoder(name: str, syntax: str) -> Command:
    """The command of an encoder: "native", or "reference", which writes NNC only.

    Raises:
        ArgumentError: the reference encoder does not write that syntax.
    """
    if name == "native":
        return _command("aimcodec.conformance.subjects.encode_native {syntax} {model} -o {out} --recon {recon}")
    if syntax != "nnc":
        raise ArgumentError(f"there is no reference encoder of {syntax}")
    return _command("aimcodec.reference.nnc_encoder {model} -o {out} --recon {recon}")


def _command(module: str) -> Command:
    return parse_command(f"{shlex.quote(sys.executable)} -m {module}", "model", "out")
