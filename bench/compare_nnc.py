"""Size, error and speed of our NNC coder beside NNCodec: both on the same models, interleaved, in one run.

    python bench/compare_nnc.py --models DIR/minilm_l6_fp32.safetensors --qp -38 -24 --isa scalar avx512 --threads 1 2

Needs NNCodec in an interpreter of its own, named by AIMC_NNCODEC_PYTHON. Times are medians of --reps. Both decoders are
timed on the stream that NNCodec wrote; with --parallel ours is timed on our own, written in block rows with entry
points, and that is the size shown. The run fails if the two decoders differ in one bit on the stream of either encoder,
or if our stream depends on instruction set or threads. NNCodec has no threads; ours is pinned to one CPU while it runs
one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeVar

import numpy as np
from bins import count_bins
from distortion import relative_error
from models import Tensors
from nncodec_client import ABSENT, Peer, Timing, interpreter
from safetensors.numpy import load_file

import aimcodec as aimc

Result = TypeVar("Result")


class Way(NamedTuple):
    """A way to run our coder."""

    isa: str
    threads: int


@dataclass(frozen=True)
class Row:
    """One line of the table: a model and setting, one way of running ours. Speeds in million weights per second."""

    model: str
    qp: int
    dq: bool
    isa: str
    threads: int
    weights: int
    bytes_ours: int
    bytes_peer: int
    error_ours: float
    error_peer: float
    encode_ours: float
    encode_peer: float
    encode_peer_native: float
    decode_ours: float
    decode_peer: float
    decode_peer_native: float
    bins: int


COLUMNS: list[tuple[str, Callable[[Row], str]]] = [
    ("model", lambda r: r.model),
    ("qp", lambda r: f"{r.qp}"),
    ("dq", lambda r: "on" if r.dq else "off"),
    ("isa", lambda r: r.isa),
    ("thr", lambda r: f"{r.threads}"),
    ("bytes ours", lambda r: f"{r.bytes_ours}"),
    ("peer", lambda r: f"{r.bytes_peer}"),
    ("ratio", lambda r: f"{r.bytes_ours / r.bytes_peer:.5f}"),
    ("rel. error ours", lambda r: f"{r.error_ours:.6f}"),
    ("peer", lambda r: f"{r.error_peer:.6f}"),
    ("enc Mw/s ours", lambda r: f"{r.encode_ours:.2f}"),
    ("peer API", lambda r: f"{r.encode_peer:.2f}"),
    ("x", lambda r: f"{r.encode_ours / r.encode_peer:.1f}"),
    ("peer C++", lambda r: f"{r.encode_peer_native:.2f}"),
    ("x", lambda r: f"{r.encode_ours / r.encode_peer_native:.1f}"),
    ("dec Mw/s ours", lambda r: f"{r.decode_ours:.2f}"),
    ("peer API", lambda r: f"{r.decode_peer:.2f}"),
    ("x", lambda r: f"{r.decode_ours / r.decode_peer:.1f}"),
    ("peer C++", lambda r: f"{r.decode_peer_native:.2f}"),
    ("x", lambda r: f"{r.decode_ours / r.decode_peer_native:.1f}"),
    ("Mbins/s", lambda r: f"{r.decode_ours * r.bins / r.weights:.0f}"),
]


@contextmanager
def pinned(threads: int) -> Iterator[None]:
    """Keep this process on one CPU while it runs one thread."""
    allowed = os.sched_getaffinity(0)
    if threads == 1:
        os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def seconds_of(call: Callable[[], Result]) -> tuple[float, Result]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def require_same(ours: Tensors, theirs: Tensors, stream: str) -> None:
    """Bit for bit; a codebook tensor comes out of NNCodec in binary64, of ours in binary32."""
    for name in ours.keys() | theirs.keys():
        if name not in ours or name not in theirs:
            raise SystemExit(f"{stream}: only one decoder delivers {name}")
        other = theirs[name].astype(np.float32) if theirs[name].dtype == np.float64 else theirs[name]
        if ours[name].dtype != other.dtype or not np.array_equal(ours[name].view(np.int32), other.view(np.int32)):
            raise SystemExit(f"{stream}: the decoders differ on {name}")


class Comparison:
    """Measures one model and setting in all the given ways; keeps its files in `directory`."""

    def __init__(self, peer: Peer, model: Path, qp: int, dq: bool, parallel: bool, directory: Path) -> None:
        self.peer, self.model, self.qp, self.dq, self.parallel = peer, model, qp, dq, parallel
        self.original: Tensors = load_file(model)
        self.stream, self.decoded = directory / "stream.nnc", directory / "decoded.safetensors"

    def rows(self, ways: list[Way], reps: int) -> list[Row]:
        peer_encode: list[Timing] = []
        peer_decode: list[Timing] = []
        encode: dict[Way, list[float]] = {way: [] for way in ways}
        decode: dict[Way, list[float]] = {way: [] for way in ways}
        streams: set[bytes] = set()
        for _ in range(reps):
            peer_encode.append(self.peer.encode(self.model, self.stream, qp=self.qp, use_dq=self.dq))
            peer_decode.append(self.peer.decode(self.stream, self.decoded))
            peer_stream = self.stream.read_bytes()
            for way in ways:
                seconds, stream = self._encode(way)
                encode[way].append(seconds)
                streams.add(stream)
                seconds, tensors = self._decode(way, stream if self.parallel else peer_stream)
                decode[way].append(seconds)
                if not self.parallel:
                    require_same(tensors, load_file(self.decoded), f"{self.model.stem}, written by NNCodec")
        error_peer = relative_error(self.original, load_file(self.decoded))
        if len(streams) > 1:
            raise SystemExit(f"{self.model.stem}: our stream depends on instruction set or threads")
        error_ours = self._checked_error(stream)
        weights = sum(tensor.size for tensor in self.original.values())
        bins = count_bins(stream if self.parallel else peer_stream)

        def speed(seconds: list[float]) -> float:
            return weights / median(seconds) / 1e6

        return [
            Row(
                *(self.model.stem, self.qp, self.dq, *way, weights),
                *(len(stream), len(peer_stream), error_ours, error_peer),
                speed(encode[way]),
                speed([timing.seconds for timing in peer_encode]),
                speed([timing.quantise + timing.encode for timing in peer_encode]),
                speed(decode[way]),
                speed([timing.seconds for timing in peer_decode]),
                speed([timing.decode for timing in peer_decode]),
                bins,
            )
            for way in ways
        ]

    def _encode(self, way: Way) -> tuple[float, bytes]:
        aimc.set_isa(way.isa)
        settings = {"qp": self.qp, "dq": self.dq, "scan_order": 4 if self.parallel else 0, "threads": way.threads}
        with pinned(way.threads):
            return seconds_of(lambda: aimc.nnc.encode(self.original, **settings))

    def _decode(self, way: Way, stream: bytes) -> tuple[float, Tensors]:
        aimc.set_isa(way.isa)
        with pinned(way.threads):
            return seconds_of(lambda: aimc.nnc.decode(stream, threads=way.threads))

    def _checked_error(self, stream: bytes) -> float:
        self.stream.write_bytes(stream)
        self.peer.decode(self.stream, self.decoded)
        tensors = aimc.nnc.decode(stream)
        require_same(tensors, load_file(self.decoded), f"{self.model.stem}, written by us")
        return relative_error(self.original, tensors)


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def print_table(rows: list[Row]) -> None:
    cells = [[title for title, _ in COLUMNS]] + [[show(row) for _, show in COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, nargs="+", required=True, metavar="SAFETENSORS")
    parser.add_argument("--qp", type=int, nargs="+", default=[-38])
    parser.add_argument("--dq", choices=["on", "off"], nargs="+", default=["on", "off"])
    parser.add_argument("--isa", choices=aimc.available_isas(), nargs="+", default=[aimc.isa()])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--parallel", action="store_true", help="our stream in block rows, our decoder timed on it")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write environment and rows to this file")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if interpreter() is None:
        sys.exit(f"skipped: {ABSENT}")
    ways = [Way(*pair) for pair in product(arguments.isa, arguments.threads)]
    rows: list[Row] = []
    with Peer() as peer, tempfile.TemporaryDirectory() as scratch:
        environment: dict[str, Any] = {
            "cpu": cpu_name(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "aimcodec": aimc.__version__,
            "peer": peer.versions(),
            "reps": arguments.reps,
        }
        print(json.dumps(environment))
        for model, qp, dq in product(arguments.models, arguments.qp, arguments.dq):
            rows += Comparison(peer, model, qp, dq == "on", arguments.parallel, Path(scratch)).rows(
                ways, arguments.reps
            )
    print_table(rows)
    if arguments.json:
        arguments.json.write_text(json.dumps({"environment": environment, "rows": [asdict(r) for r in rows]}, indent=1))


if __name__ == "__main__":
    main()
