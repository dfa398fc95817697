"""Our end of the pipe to NNCodec, which runs in a process of its own (`nncodec_peer.py`)."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INTERPRETER = "AIMC_NNCODEC_PYTHON"
ABSENT = f"set {INTERPRETER} to a Python interpreter with nncodec and safetensors installed"
PEER = Path(__file__).with_name("nncodec_peer.py")


class PeerError(Exception):
    """NNCodec refused the request, or its process ended."""


@dataclass(frozen=True)
class Timing:
    """Seconds of one call: all of it, and inside the compiled module by `Class.method`."""

    seconds: float
    native: dict[str, float]

    def native_of(self, *methods: str) -> float:
        return sum(seconds for label, seconds in self.native.items() if label.startswith(methods))

    @property
    def quantise(self) -> float:
        return self.native_of("Encoder.quantLayer")

    @property
    def encode(self) -> float:
        """Compiled part of an encoding without its quantisation and without NNCodec's trial decoding."""
        return self.native_of("Encoder.") - self.quantise

    @property
    def decode(self) -> float:
        """Compiled part of a decoding."""
        return self.native_of("Decoder.")


def interpreter() -> str | None:
    """Path of the interpreter that has NNCodec, if the environment names one."""
    return os.environ.get(INTERPRETER)


class Peer:
    """A running NNCodec; use as a context manager. Limited to one thread."""

    def __enter__(self) -> Peer:
        path = interpreter()
        if path is None:
            raise PeerError(ABSENT)
        single = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [path, str(PEER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | single,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def _ask(self, **request: object) -> dict[str, Any]:
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise PeerError(f"process ended with status {self._process.wait()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise PeerError(reply["error"])
        return reply

    def versions(self) -> dict[str, str]:
        return self._ask(op="version")

    def encode(self, tensors: Path, stream: Path, **options: object) -> Timing:
        """Encode a safetensors file; `options` are keywords of nnc.compress."""
        reply = self._ask(op="encode", tensors=str(tensors), stream=str(stream), options=options)
        return Timing(reply["seconds"], reply["native"])

    def decode(self, stream: Path, tensors: Path | None = None) -> Timing:
        """Decode a stream, into a safetensors file if `tensors` names one."""
        reply = self._ask(op="decode", stream=str(stream), tensors=str(tensors) if tensors else None)
        return Timing(reply["seconds"], reply["native"])
