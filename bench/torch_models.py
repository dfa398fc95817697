"""Real ONNX models through TorchProgram against ONNX Runtime: how far outputs are apart, and how long a run takes.

python bench/torch_models.py DIRECTORY [--only TEXT]

The models are those of bench/onnx_roundtrip.py, fetched into DIRECTORY. Both have one thread; times are medians of
seven runs that alternate.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from medians import medians
from node_tests import Case
from onnx_roundtrip import feeds, real_cases, session_of

from aimcodec.dtypes import dtype_of
from aimcodec.errors import AimcError
from aimcodec.model.onnx import from_proto
from aimcodec.operators.torch import TorchProgram, from_array

RUNS = 7


def tensor(array: Any) -> torch.Tensor:
    whole = np.asarray(array)
    return from_array(whole, dtype_of(whole.dtype).name)


def program_of(model: onnx.ModelProto) -> TorchProgram:
    structure, apart = from_proto(model)
    return TorchProgram(structure, {name: tensor(onnx.numpy_helper.to_array(t)) for name, t in apart.items()})


def compare(expected: list[Any], found: list[Any]) -> str:
    """The largest difference, beside its largest number, and whether the largest lie in the same places."""
    worst, largest, same = 0.0, 0.0, True
    for one, other in zip(expected, found, strict=True):
        if one.shape != other.shape:
            return f"shapes {one.shape} and {other.shape}"
        if one.size:
            difference = float(np.abs(one.astype(np.float64) - other).max())
            worst, largest = max((worst, largest), (difference, float(np.abs(one).max())))
        if one.ndim:
            same &= bool((one.argmax(-1) == other.argmax(-1)).all()) if one.size else True
    return f"difference {worst:.1e} of {largest:.3g}, argmax {'equal' if same else 'DIFFERS'}"


def report(case: Case) -> str:
    given = feeds(case.model, case, case.data[0][0])
    session = session_of(case.model)
    expected = session.run(None, given)
    try:
        program = program_of(case.model)
        inputs = {name: tensor(value) for name, value in given.items()}
        found = [value.numpy() for value in program.run(inputs).values()]
    except AimcError as error:
        return f"{type(error).__name__}: {error}"
    theirs, ours = medians(RUNS, lambda: session.run(None, given), lambda: program.run(inputs))
    return f"{compare(expected, found)}; {1e3 * theirs:.1f} ms, ours {1e3 * ours:.1f} ms, ratio {ours / theirs:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--only", default="", help="models whose name has this in it")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for kind, case in real_cases(arguments.directory):
        if arguments.only in case.name:
            print(f"{case.name:28} {kind:32} {report(case)}", flush=True)


if __name__ == "__main__":
    main()
