"""NNCodec as a black box, one process for many calls. Runs under the peer's own interpreter, imports nothing of ours.

Reads one JSON request per line on stdin and writes one JSON reply per line on stdout (`nncodec_client.py` is the other
end):

    {"op": "version"}
    {"op": "encode", "tensors": IN.safetensors, "stream": OUT.nnc, "options": {keywords of nnc.compress}}
    {"op": "decode", "stream": IN.nnc, "tensors": OUT.safetensors or null}

A timed reply has "seconds", the whole call of the public function with everything in memory, and "native", the share
of that spent inside the compiled module by method. A failed call is answered {"error": text}.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs" / "examples" / "nncodec"))

import numpy as np
from nncodec_import import nnc

# isort: split
from nncodec.extensions import deepCABAC
from safetensors.numpy import load_file, save_file

native_seconds: defaultdict[str, float] = defaultdict(float)


def timed(label, method):
    @functools.wraps(method)
    def call(*args, **kwargs):
        start = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            native_seconds[label] += time.perf_counter() - start

    return call


def install_timers() -> None:
    """Wrap the public methods of the compiled classes, found by listing them."""
    for kind in (deepCABAC.Encoder, deepCABAC.Decoder):
        for name in dir(kind):
            if not name.startswith("_"):
                setattr(kind, name, timed(f"{kind.__name__}.{name}", getattr(kind, name)))


def measure(function, *args, **kwargs):
    native_seconds.clear()
    start = time.perf_counter()
    result = function(*args, **kwargs)
    return result, {"seconds": time.perf_counter() - start, "native": dict(native_seconds)}


def encode(request):
    tensors = load_file(request["tensors"])
    stream, reply = measure(nnc.compress, tensors, bitstream_path=None, return_bitstream=True, **request["options"])
    with open(request["stream"], "wb") as file:
        file.write(stream)
    return {"bytes": len(stream), **reply}


def decode(request):
    with open(request["stream"], "rb") as file:
        stream = bytearray(file.read())
    tensors, reply = measure(nnc.decompress, stream)
    if request["tensors"]:
        save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, request["tensors"])
    return reply


def report_version(request):
    del request
    return {name: version(name) for name in ("nncodec", "torch", "numpy")}


def main() -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what NNCodec prints must not get between the replies
    install_timers()
    operations = {"version": report_version, "encode": encode, "decode": decode}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = operations[request["op"]](request)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
