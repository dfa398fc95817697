"""What tracing costs beside plain decoding of the same payload: one chain, scalar code, one thread.

Prints medians of one run.  Usage: python bench/trace.py [--repeat N] [--values N]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from medians import medians

import aimcodec
from aimcodec import _core, nnc
from aimcodec.coding.nnc.data_unit import DIALECT_EDITION2, DataUnit
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.coding.nnc.payloads import References, build_job
from aimcodec.syntax.nnc import iter_units

CHUNK_BINS = 1 << 16

PAYLOADS: dict[str, dict[str, Any]] = {
    "fine steps": {"qp": -30},
    "coarse steps": {"qp": -20},
    "dependent quantization": {"qp": -26, "dq": True},
}


def measure(unit: DataUnit, repeat: int) -> tuple[int, list[float]]:
    """Bins, and the seconds of: decoding, recording every bin, recording and deriving every value of every bin."""
    job = build_job(unit, DIALECT_EDITION2, integers=True, references=References())
    job.set_data(0, np.empty(unit.tensors[0].shape, np.int32))

    def trace(derive: bool) -> None:
        bins = _core.BinTrace(job)
        while len((chunk := bins.next(CHUNK_BINS))[0]):
            if derive:
                _core.expand_bins(unit.payload, chunk[0], chunk[2])

    counted = _core.BinTrace(job, 0, 0)
    counted.finish()
    return counted.count(), medians(repeat, lambda: _core.decode([job], 1), lambda: trace(False), lambda: trace(True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--values", type=int, default=2_000_000)
    arguments = parser.parse_args()
    values = np.random.default_rng(1).normal(0, 0.02, (1000, arguments.values // 1000)).astype("f4")
    aimcodec.set_isa("scalar")
    for name, settings in PAYLOADS.items():
        # Row by row there are no entry points: one chain.
        (unit,) = interpret(iter_units(nnc.encode({"w": values}, scan_order=0, **settings)))
        bins, (decode, record, derive) = measure(unit, arguments.repeat)
        print(
            f"{name}: {bins} bins in {len(unit.payload)} bytes, decoding {1e9 * decode / bins:.1f} ns/bin; "
            f"recording {record / decode:.2f}x, with everything derived {derive / decode:.2f}x"
        )


if __name__ == "__main__":
    main()
