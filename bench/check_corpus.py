"""Lossless coding of real weights: every path gives the same bytes, and the slow decoder agrees.

    python bench/check_corpus.py CORPUS [--names NAME ...] [--reference-megabytes 2]

For every tensor of every safetensors file: fast and small coding give the same blocks on every instruction set and with
one and two threads, and every instruction set decodes them to the tensor, with one and two threads. The slow decoder in
plain Python decodes blocks of each file, smallest first, up to the megabytes given.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from compare_lossless import Model, read_model

import aimcodec
from aimcodec.coding import lossless
from aimcodec.reference.aim import decode_block


def encode(memory: np.ndarray[Any, Any], layout: lossless.Layout, row: int, mode: lossless.Mode, threads: int) -> Any:
    block = lossless.default_block_records(layout)
    return lossless.encode(memory, layout, mode=mode, block_records=block, row_records=row, threads=threads)


def decode(segment: Any, memory: np.ndarray[Any, Any], layout: lossless.Layout, threads: int) -> np.ndarray[Any, Any]:
    output = np.empty_like(memory)
    records, block = memory.nbytes // layout.record_bytes, lossless.default_block_records(layout)
    sizes, checksums = segment.coded_sizes, segment.block_crcs
    job = lossless.DecodeJob(segment.payload, sizes, checksums, records, block, layout, output)
    if wrong := lossless.decode([job], threads):
        sys.exit(f"FAILED: {wrong[0]}")
    return output


def check_tensor(memory: np.ndarray[Any, Any], layout: lossless.Layout, row: int, mode: lossless.Mode) -> Any:
    """The coded segment, after all comparisons."""
    first = None
    for isa in aimcodec.available_isas():
        aimcodec.set_isa(isa)
        for threads in (1, 2):
            segment = encode(memory, layout, row, mode, threads)
            first = first or segment
            if not np.array_equal(segment.payload, first.payload):
                sys.exit(f"FAILED: {isa} with {threads} threads writes other bytes")
            if not np.array_equal(decode(first, memory, layout, threads), memory):
                sys.exit(f"FAILED: {isa} with {threads} threads reads other bytes")
    return first


def check_reference(model: Model, segments: list[Any], budget: int) -> int:
    """Bytes that the slow decoder has read the same."""
    done = 0
    for (layout, _, memory), segment in sorted(zip(model.tensors, segments, strict=True), key=lambda p: p[0][2].nbytes):
        step = lossless.default_block_records(layout) * layout.record_bytes
        at = 0
        for i, size in enumerate(segment.coded_sizes.tolist()):
            piece = memory[i * step : (i + 1) * step]
            if done + piece.nbytes > budget:
                return done
            block = segment.payload[at : at + size].tobytes()
            read = decode_block(block, piece.nbytes // layout.record_bytes, layout.record_bytes, layout.rotate)
            if read != piece.tobytes():
                sys.exit("FAILED: the slow decoder reads other bytes")
            at += size
            done += piece.nbytes
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--reference-megabytes", type=float, default=2)
    arguments = parser.parse_args()
    names = arguments.names or sorted(path.stem for path in arguments.corpus.glob("*.safetensors"))
    for name in names:
        start = time.perf_counter()
        model = read_model(arguments.corpus / f"{name}.safetensors")
        for mode in ("fast", "small"):
            segments = [check_tensor(memory, layout, row, mode) for layout, row, memory in model.tensors]
            read = check_reference(model, segments, round(arguments.reference_megabytes * 1e6))
            coded = sum(segment.payload.nbytes for segment in segments)
            print(
                f"{name:26} {mode:5} ratio {coded / model.joined.nbytes:.4f}  {len(segments)} tensors: all paths "
                f"agree, and the slow decoder on {read / 1e6:.1f} MB; {time.perf_counter() - start:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
