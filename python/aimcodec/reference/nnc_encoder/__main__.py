"""`python -m aimcodec.reference.nnc_encoder MODEL.safetensors -o OUT.nnc` (docs/spec/conformance-kit.md, clause 2)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ...errors import ArgumentError
from .model import encode_model
from .safetensors_file import read_safetensors, safetensors_bytes

__all__ = ["main"]

NOT_SUPPORTED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of clause 2: 0, or 2 for a model that NNC cannot carry."""
    parser = argparse.ArgumentParser(prog="python -m aimcodec.reference.nnc_encoder", description=__doc__)
    parser.add_argument("model", type=Path, metavar="MODEL.safetensors")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.nnc")
    parser.add_argument("--qp", type=int, default=-32, help="quantization parameter; -32 is a step of 1/256")
    parser.add_argument("--dq", action="store_true", help="dependent quantization")
    parser.add_argument("--recon", type=Path, metavar="FILE.safetensors", help="write what decoders will give")
    options = parser.parse_args(arguments)
    try:
        data, reconstruction = encode_model(read_safetensors(options.model.read_bytes()), options.qp, int(options.dq))
    except ArgumentError as error:
        print(f"{options.model}: {error}", file=sys.stderr)
        return NOT_SUPPORTED
    options.output.write_bytes(data)
    if options.recon is not None:
        options.recon.write_bytes(safetensors_bytes(reconstruction))
    return 0


if __name__ == "__main__":
    sys.exit(main())
