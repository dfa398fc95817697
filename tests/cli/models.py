"""Models that the tests of packages are made of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import aimcodec
from aimcodec.package import Contributor, Evaluation

# Types of safetensors, and bits of an element.
SAFETENSORS_BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "U16": 16,
    "I16": 16,
    "U32": 32,
    "I32": 32,
    "U64": 64,
    "I64": 64,
    "F16": 16,
    "BF16": 16,
    "F32": 32,
    "F64": 64,
    "C64": 64,
    "F8_E4M3": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2": 8,
    "F8_E5M2FNUZ": 8,
    "F8_E8M0": 8,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "F4": 4,
}


def write_safetensors(file: Path, tensors: dict[str, tuple[str, list[int], bytes]], metadata: dict[str, str]) -> None:
    """A safetensors file by hand, as the library of the format writes it."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    position = 0
    for name, (kind, shape, data) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [position, position + len(data)]}
        position += len(data)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data for _, _, data in tensors.values()))


def every_type(seed: int = 0) -> dict[str, tuple[str, list[int], bytes]]:
    """A tensor of random bits of each type of safetensors."""
    random = np.random.default_rng(seed)
    tensors = {}
    for kind, bits in SAFETENSORS_BITS.items():
        count = 3 * 8 * 5 * bits // 8
        tensors[f"t.{kind}"] = (
            kind,
            [3, 8, 5],
            random.integers(0, 2 if kind == "BOOL" else 256, count, np.uint8).tobytes(),
        )
    tensors["scalar"] = "F32", [], np.float32(7.5).tobytes()
    tensors["empty"] = "F16", [0, 4], b""
    tensors["ü\n"] = "I8", [1], b"\x07"
    return tensors


def weights(rows: int = 300, columns: int = 64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.02, (rows, columns)).astype(np.float32)


def rich_package(file: Path) -> dict[str, np.ndarray]:
    """A package with something of everything; returns the tensors of variant 0."""
    arrays = {"w": weights(), "b": np.arange(7, dtype=np.int16), "raw": np.arange(12.0).reshape(3, 4)}
    blocks = np.arange(2 * 3 * 18, dtype=np.uint8)
    with aimcodec.Writer(file) as writer:
        writer.add_variant("half", "half precision")
        writer.add_metadata({"title": "tiny \x1b[31m", "k": "v"})
        writer.add_contributors([Contributor("Ada", "author", "Engines", "ada@example.org")])
        writer.add_license("MIT", "do what you like")
        writer.add_asset("tokenizer/vocab.json", b'{"a": 1}', "application/json")
        writer.add_evaluations([Evaluation("lm", "wiki", "ppl", 12.5), Evaluation("lm", "wiki", "ppl", 13.0, "half")])
        writer.set_structure(b"graph", "application/x-graph")
        writer.set_structure(b"graph of halves", "application/x-graph", variant="half")
        writer.add_tensor("w", arrays["w"])
        writer.add_tensor("b", arrays["b"], coding="small")
        writer.add_tensor("raw", arrays["raw"], coding="raw")
        writer.add_opaque("q", blocks.tobytes(), (2, 96), "gguf:Q4_0", 32, 18)
        writer.add_alias("tied", "w")
        writer.add_alias("equal", "b", tied=False)
        writer.add_tensor("w", arrays["w"].astype(np.float16), variant="half")
    return {**arrays, "q": blocks.reshape(2, 54), "tied": arrays["w"], "equal": arrays["b"]}
