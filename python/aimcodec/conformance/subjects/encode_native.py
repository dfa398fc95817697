"""Our own encoders as a subject of the kit (docs/spec/conformance-kit.md, clause 2).

python -m aimcodec.conformance.subjects.encode_native SYNTAX MODEL -o OUT [--recon FILE] [--set NAME=JSON ...]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.model import Described
from aimcodec.bridges.npz import NpzFile
from aimcodec.bridges.safetensors import SafetensorsFile, write_safetensors
from aimcodec.dtypes import dtype_of
from aimcodec.errors import AimcError, ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["main"]

GOOD, FAILED, UNSUPPORTED = 0, 1, 2

Arrays = Mapping[str, "NDArray[Any]"]


def main(arguments: Sequence[str]) -> int:
    """Encodes a model; returns the exit code of the contract."""
    parser = argparse.ArgumentParser(prog="encode_native")
    parser.add_argument("syntax", choices=("nnc", "aim"))
    parser.add_argument("model", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--recon", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", dest="settings")
    given = parser.parse_args(arguments)
    try:
        settings = {name: json.loads(value) for name, _, value in (s.partition("=") for s in given.settings)}
        tensors = _read(given.model)
        stream, recon = (_nnc if given.syntax == "nnc" else _aim)(tensors, settings)
        _write(given.out, lambda file: file.write(stream))
        if given.recon is not None:
            described = [Described(name, dtype_of(array.dtype), array.shape) for name, array in recon.items()]
            _write(given.recon, lambda file: write_safetensors(file, described, {}, recon.__getitem__))
    except (ArgumentError, UnsupportedError) as error:
        print(error, file=sys.stderr)
        return UNSUPPORTED
    except (AimcError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return FAILED
    return GOOD


def _read(path: Path) -> Arrays:
    model = NpzFile(path) if path.suffix == ".npz" else SafetensorsFile(path)
    return {tensor.name: model.read(tensor.name) for tensor in model.tensors}


def _nnc(tensors: Arrays, settings: Mapping[str, Any]) -> tuple[bytes, Arrays]:
    from aimcodec.nnc import Encoder

    encoder = Encoder(**{"threads": 1, **settings})
    stream = encoder.encode(tensors)
    return stream, encoder.parameters or {}


def _aim(tensors: Arrays, settings: Mapping[str, Any]) -> tuple[bytes, Arrays]:
    from io import BytesIO

    from aimcodec.package import save_file

    file = BytesIO()
    save_file(tensors, file, threads=1, **settings)
    return file.getvalue(), tensors


def _write(path: Path, write: Any) -> None:
    """Nothing half-written is left under the name."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        write(file)
    os.replace(part, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
