"""Memory held while packages are written and loaded, in processes of their own.

    python bench/memory.py DIRECTORY [--gigabytes 6] [--tensor-megabytes 512]

Writes a package of many bfloat16 tensors, each made, added and dropped, and loads a smaller one; prints the peak of the
resident memory beyond what the process held before, as a multiple of the largest tensor, or of the output.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import ml_dtypes
import numpy as np

import aimcodec


def peak() -> int:
    """Bytes of resident memory at most, since the process began."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def weights(megabytes: int, seed: int) -> np.ndarray:
    """One tensor, made in place piece by piece: making it must not need more memory than holding it."""
    rng = np.random.default_rng(seed)
    rows = megabytes * 1_000_000 // 2 // 4096
    array = np.empty((rows, 4096), ml_dtypes.bfloat16)
    for start in range(0, rows, 256):
        part = array[start : start + 256]
        part[...] = rng.normal(0, 0.03, part.shape).astype(np.float32)
    return array


def write(path: Path, count: int, megabytes: int) -> None:
    array = weights(megabytes, 0)
    before, start = peak(), time.perf_counter()
    with aimcodec.Writer(path) as writer:
        for number in range(count):
            array[0, :] = number  # another tensor each time
            writer.add_tensor(f"layer.{number}", array)
    seconds = time.perf_counter() - start
    tensor = array.nbytes
    print(
        f"write: {count} tensors of {tensor / 1e6:.0f} MB, {path.stat().st_size / 1e9:.2f} GB coded, {seconds:.0f} s; "
        f"tensor and extra memory {(tensor + peak() - before) / tensor:.2f} x the tensor"
    )


def load(path: Path) -> None:
    aimcodec.load_file(path.with_name("small.aim"))
    before, start = peak(), time.perf_counter()
    tensors = aimcodec.load_file(path)
    seconds = time.perf_counter() - start
    output = sum(array.nbytes for array in tensors.values())
    print(f"load: {output / 1e9:.2f} GB in {seconds:.1f} s; memory {(peak() - before) / output:.2f} x the output")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--gigabytes", type=float, default=6)
    parser.add_argument("--tensor-megabytes", type=int, default=512)
    parser.add_argument("--step", choices=("write", "load"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    path = arguments.directory / "memory.aim"
    if arguments.step == "write":
        write(path, round(arguments.gigabytes * 1000 / arguments.tensor_megabytes), arguments.tensor_megabytes)
    elif arguments.step == "load":
        load(path)
    else:
        arguments.directory.mkdir(parents=True, exist_ok=True)
        common = ["--tensor-megabytes", str(arguments.tensor_megabytes)]
        again = [sys.executable, __file__, str(arguments.directory), *common]
        subprocess.run([*again, "--step", "write", "--gigabytes", str(arguments.gigabytes)], check=True)
        aimcodec.save_file({"a": weights(1, 1)}, path.with_name("small.aim"))
        subprocess.run([*again, "--step", "write", "--gigabytes", "2"], check=True)
        subprocess.run([*again, "--step", "load"], check=True)


if __name__ == "__main__":
    main()
