"""Lossless half of the demonstration: a model to AIM packages and back.

Writes packages, loads them with every instruction set of the machine, compares every bit, and lets the independent
decoder in plain Python read a small part; prints sizes and speeds beside a plain copy of the same memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from medians import medians
from models import Tensors
from rich.console import Console
from rich.table import Table

import aimcodec as aimc
from aimcodec.reference import aim as reference

SAMPLE = "encoder.layer.0.attention.output.LayerNorm.weight"  # the reference is slow
REPEATS = 5


def seconds(function: Callable[[], Any]) -> float:
    return medians(REPEATS, function)[0]


def same_bits(a: Tensors, b: Tensors) -> bool:
    return a.keys() == b.keys() and all(
        a[k].dtype == b[k].dtype and np.array_equal(a[k].view(np.uint8), b[k].view(np.uint8)) for k in a
    )


def check(model: Tensors, path: Path, coding: str) -> None:
    best = aimc.isa()
    for isa in aimc.available_isas():
        aimc.set_isa(isa)
        if not same_bits(aimc.load_file(path), model):
            sys.exit(f"FAILED: {path} does not give the model back with {isa}")
    aimc.set_isa(best)
    if aimc.open(path).verify():
        sys.exit(f"FAILED: {path} has a wrong checksum or digest")
    small = path.with_suffix(".sample.aim")
    aimc.save_file({SAMPLE: model[SAMPLE]}, small, coding=coding)
    read = reference.read(small.read_bytes()).tensors
    if [tensor.memory for tensor in read.values()] != [model[SAMPLE].tobytes()]:
        sys.exit("FAILED: the reference decoder decodes differently")


def show_aim(model: Tensors, directory: Path, console: Console) -> None:
    """Prints the table; leaves the packages in `directory`."""
    bfloat16 = {name: array.astype(ml_dtypes.bfloat16) for name, array in model.items()}
    table = Table(title=f"aimcodec {aimc.__version__}, {aimc.isa()}, AIM packages without loss")
    for column in ("weights", "coding", "MB", "ratio", "save", "load", "copy", "open"):
        table.add_column(column, justify="right")
    for kind, tensors in (("float32", model), ("bfloat16", bfloat16)):
        megabytes = sum(array.nbytes for array in tensors.values()) / 1e6
        copying = seconds(lambda tensors=tensors: [array.copy() for array in tensors.values()])
        for coding in ("lossless", "small"):
            path = directory / f"minilm_{kind}_{coding}.aim"
            saving = seconds(lambda t=tensors, p=path, c=coding: aimc.save_file(t, p, coding=c))
            loading = seconds(lambda p=path: aimc.load_file(p))
            opening = seconds(lambda p=path: aimc.open(p).close())
            check(tensors, path, coding)
            size = path.stat().st_size / 1e6
            table.add_row(
                kind,
                coding,
                f"{size:.2f}",
                f"{size / megabytes:.4f}",
                f"{megabytes / saving:.0f}",
                f"{megabytes / loading:.0f}",
                f"{megabytes / copying:.0f}",
                f"{opening * 1e3:.1f} ms",
            )
    console.print(table)
    console.print(
        "save, load: MB of tensors a second, from and to fresh memory, through the file cache; copy: the same"
    )
    console.print("memory copied; open: until tensors can be read one by one")
    console.print(f"checked: {', '.join(aimc.available_isas())} give the same bits, all digests, the reference\n")
