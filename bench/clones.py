"""One client on three engines with a real model; memory of clones; runs from many threads.

python bench/clones.py DIRECTORY [--clones 8] [--threads 8] [--runs 1000]

The model is all-MiniLM-L6-v2 from its lossless package (`cold_start.py` writes it). Each engine has a process of its
own: resident memory before, with one predictor, and with so many clones that have all run. Then threads run the clones
with inputs of their own, and every output is compared bit for bit with that of one thread. The reference evaluator
takes half a second for what the others do in milliseconds, and gets a fiftieth of the runs.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

ENGINES = ("onnxruntime", "reference", "torch")


def resident() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def client(predictor: Any, feeds: dict[str, Any]) -> Any:
    """The same source for every engine."""
    return predictor.run(feeds, ["embedding"])["embedding"]


def feeds_of(number: int) -> dict[str, Any]:
    ids = np.random.default_rng(number).integers(1000, 30000, (1, 4 + number % 3))
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def child(engine: str, directory: Path, clones: int, threads: int, runs: int) -> None:
    from aimcodec.inference import Config, create_predictor

    faulthandler.enable()
    with create_predictor(Config(directory / "lossless.aim", engine=engine)) as warm:
        client(warm, feeds_of(0))  # libraries are loaded and their pools made
    before = resident()
    predictor = create_predictor(Config(directory / "lossless.aim", engine=engine))
    client(predictor, feeds_of(0))
    one = resident()
    others = [predictor.clone() for _ in range(clones)]
    for number, other in enumerate(others):
        client(other, feeds_of(number))
    many = resident()
    runs = max(1, runs // 50) if engine == "reference" else runs
    wanted = [client(predictor, feeds_of(number)) for number in range(threads)]

    def work(number: int) -> int:
        other, feeds = others[number % clones], feeds_of(number)
        return sum(not np.array_equal(client(other, feeds), wanted[number]) for _ in range(runs))

    begin = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        wrong = sum(pool.map(work, range(threads)))
    seconds = time.perf_counter() - begin
    np.save(directory / f"embedding-{engine}.npy", client(predictor, feeds_of(1)))
    print(
        f"{engine:12} one predictor {one - before:6.1f} MB, {clones} clones {many - one:6.1f} MB more"
        f" ({(many - one) / clones:.2f} MB each); {threads} threads x {runs} runs in {seconds:.0f} s: {wrong} wrong",
        flush=True,
    )
    if wrong:
        sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--clones", type=int, default=8)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        child(options.engine, options.directory, options.clones, options.threads, options.runs)
        return
    for engine in ENGINES:
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--engine", engine], check=True)
    outputs = [np.load(options.directory / f"embedding-{engine}.npy") for engine in ENGINES]
    apart = max(float(np.abs(first - outputs[0]).max()) for first in outputs)
    print(f"largest difference of the embedding between engines: {apart:.2e}")


if __name__ == "__main__":
    main()
