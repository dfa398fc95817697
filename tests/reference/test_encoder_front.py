"""`python -m aimcodec.reference.nnc_encoder`: the contract of an encoder on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors import numpy as safetensors

from aimcodec.nnc import decode
from aimcodec.reference import decode as decode_slowly
from aimcodec.reference.nnc_encoder.__main__ import main

RNG = np.random.default_rng(3)
MODEL: dict[str, NDArray[Any]] = {
    "weight": RNG.normal(0, 0.1, (13, 7)).astype(np.float32),
    "half": RNG.normal(0, 0.1, (5, 3, 2)).astype(np.float16),
    "brain": RNG.normal(0, 0.1, (40,)).astype(ml_dtypes.bfloat16),
    "double": RNG.normal(0, 0.1, (4, 4)),
    "count": np.array([-(1 << 31), (1 << 31) - 1, 0], np.int32),
    "mask": np.array([[True, False], [True, True]]),
    "long": np.array([5, -6]),
}


def write(model: dict[str, NDArray[Any]], folder: Path) -> Path:
    path = folder / "model.safetensors"
    safetensors.save_file(model, path)
    return path


@pytest.mark.parametrize(("options", "steps"), [([], 0.5), (["--dq"], 1.0), (["--qp", "-20"], 0.5)])
def test_values_are_near_and_as_it_says(tmp_path: Path, options: list[str], steps: float) -> None:
    out, recon = tmp_path / "out.nnc", tmp_path / "recon.safetensors"
    assert main([str(write(MODEL, tmp_path)), "-o", str(out), "--recon", str(recon), *options]) == 0
    decoded = decode(out.read_bytes())
    slow = decode_slowly(out.read_bytes())
    claimed = safetensors.load_file(recon)
    step = 2.0**-5 if "--qp" in options else 2.0**-8
    assert set(decoded) == set(MODEL)
    for name, values in MODEL.items():
        np.testing.assert_array_equal(claimed[name], decoded[name], strict=True)
        np.testing.assert_array_equal(slow[name], decoded[name], strict=True)
        error = np.abs(decoded[name].astype(np.float64) - values.astype(np.float64)).max()
        assert error <= (steps * step if decoded[name].dtype == np.float32 else 0)


@pytest.mark.parametrize(
    "values",
    [
        np.float32(1),
        np.zeros((2, 0), np.float32),
        np.array([np.nan], np.float32),
        np.array([-np.inf], np.float32),
        np.array([1e30], np.float32),
        np.array([1 << 31]),
        np.array([1, 2], np.complex64),
    ],
)
def test_what_nnc_cannot_carry_is_not_supported(tmp_path: Path, values: Any, capsys: Any) -> None:
    out = tmp_path / "out.nnc"
    model = {"t": np.asarray(values)}
    assert main([str(write(model, tmp_path)), "-o", str(out)]) == 2
    assert not out.exists()
    assert capsys.readouterr().err


def test_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aimcodec.reference.nnc_encoder", str(write(MODEL, tmp_path))]
    subprocess.run([*command, "-o", str(tmp_path / "out.nnc")], check=True, timeout=60)
    assert main([command[-1], "-o", str(tmp_path / "again.nnc")]) == 0
    assert (tmp_path / "out.nnc").read_bytes() == (tmp_path / "again.nnc").read_bytes()
