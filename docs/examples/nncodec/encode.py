"""NNCodec as an encoder for `aimc conform`: encode.py MODEL.safetensors OUT.nnc [NAME=VALUE of nnc.compress ...].

Runs under an interpreter that has nncodec and safetensors; nothing of aimcodec is needed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nncodec_import import nnc
from safetensors.numpy import load_file


def main() -> int:
    """The exit code of the contract."""
    model, out, *settings = sys.argv[1:]
    options = {name: json.loads(value) for name, value in (setting.split("=", 1) for setting in settings)}
    try:
        tensors = load_file(model)
    except (TypeError, AttributeError) as error:  # a type that numpy has not
        print(error, file=sys.stderr)
        return 2
    stream = nnc.compress(tensors, bitstream_path=None, return_bitstream=True, **options)
    Path(out).write_bytes(stream)
    return 0


if __name__ == "__main__":
    sys.exit(main())
