"""Lossless coding beside ZipNN, OpenZL, zstd and memcpy, in one run, codec by codec in turn.

    python bench/compare_lossless.py CORPUS [--names NAME ...] [--threads 1] [--repeats 7] [--json FILE]

CORPUS is a directory of safetensors files of one dtype each (see bench/corpus.py). The peers are optional; they and the
package are installed in an environment of their own:

    python -m venv peers
    peers/bin/pip install torch==2.13.0
    peers/bin/pip install zipnn==0.5.4 openzl==0.3.0 zstandard ml-dtypes safetensors .

Run it with MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_TOP_PAD_=268435456, so that page
faults of fresh memory do not dominate the fast codecs. Peers get all tensors of a file as one buffer; we code tensor by
tensor, with a checksum for each block, which decoding verifies. Every codec allocates its output. Times are medians;
the output of every codec is compared with the input, outside the time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import struct
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import aimcodec
from aimcodec.coding import lossless

LAYOUTS = {"BF16": (2, True), "F16": (2, True), "F32": (4, True), "U8": (1, False), "I8": (1, False)}
DEFAULT_NAMES = (
    "minilm_l6_bf16cast",
    "crepe_full_bf16cast",
    "minilm_l6_fp32",
    "whisper_tiny_fp16",
    "ddddocr_old_int8",
)


class Model(NamedTuple):
    """The tensors of a file, and all of them in one buffer."""

    dtype: str
    tensors: list[tuple[lossless.Layout, int, np.ndarray[Any, Any]]]  # layout, records of a row, memory
    joined: np.ndarray[Any, Any]


class Codec(NamedTuple):
    """`encode` gives (coded bytes, what decode takes); `decode` gives the joined memory or a list of pieces of it."""

    name: str
    encode: Callable[[], tuple[int, Any]]
    decode: Callable[[Any], Any]


def read_model(path: Path) -> Model:
    data = np.fromfile(path, np.uint8)
    (length,) = struct.unpack("<Q", data[:8].tobytes())
    header = json.loads(data[8 : 8 + length].tobytes())
    header.pop("__metadata__", None)
    sizes: dict[str, int] = {}
    for item in header.values():
        begin, end = item["data_offsets"]
        sizes[item["dtype"]] = sizes.get(item["dtype"], 0) + end - begin
    main = max(sizes, key=sizes.__getitem__)
    tensors = []
    for item in sorted(header.values(), key=lambda i: i["data_offsets"]):
        begin, end = item["data_offsets"]
        if item["dtype"] in (main, "I8") and end > begin:
            layout = lossless.Layout(*LAYOUTS[item["dtype"]])
            row = int(np.prod(item["shape"][1:])) if len(item["shape"]) > 1 else 0
            tensors.append((layout, row, data[8 + length + begin : 8 + length + end]))
    return Model(main, tensors, np.concatenate([t[2] for t in tensors]))


def ours(model: Model, mode: lossless.Mode, threads: int) -> Codec:
    def encode() -> tuple[int, Any]:
        coded = []
        for layout, row, memory in model.tensors:
            block = lossless.default_block_records(layout)
            coded.append(
                lossless.encode(memory, layout, mode=mode, block_records=block, row_records=row, threads=threads)
            )
        return sum(c.payload.nbytes + 8 * len(c.coded_sizes) for c in coded), coded

    def decode(coded: Any) -> list[np.ndarray[Any, Any]]:
        outputs = [aligned(t[2].nbytes) for t in model.tensors]
        jobs = [
            lossless.DecodeJob(
                segment.payload,
                segment.coded_sizes,
                segment.block_crcs,
                memory.nbytes // layout.record_bytes,
                lossless.default_block_records(layout),
                layout,
                output,
            )
            for (layout, _, memory), segment, output in zip(model.tensors, coded, outputs, strict=True)
        ]
        if wrong := lossless.decode(jobs, threads):
            sys.exit(f"FAILED: {wrong[0]}")
        return outputs

    return Codec(f"aimcodec {mode}", encode, decode)


def aligned(size: int) -> np.ndarray[Any, Any]:
    memory = np.empty(size + 64, np.uint8)
    skip = -memory.ctypes.data % 64
    return memory[skip : skip + size]


def memcpy(model: Model) -> Codec:
    return Codec("memcpy", lambda: (model.joined.nbytes, model.joined.copy()), lambda coded: coded.copy())


def zstd(model: Model) -> Codec:
    import zstandard

    compressor, decompressor = zstandard.ZstdCompressor(level=3), zstandard.ZstdDecompressor()
    pieces = [model.joined[i : i + (4 << 20)] for i in range(0, model.joined.nbytes, 4 << 20)]

    def encode() -> tuple[int, Any]:
        coded = [compressor.compress(piece) for piece in pieces]
        return sum(map(len, coded)), coded

    return Codec("zstd -3", encode, lambda coded: [decompressor.decompress(piece) for piece in coded])


def zipnn(model: Model, threads: int) -> Codec:
    from zipnn import ZipNN

    kind = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}[model.dtype]
    coder = ZipNN(bytearray_dtype=kind, input_format="byte", threads=threads)
    copies = [bytearray(model.joined) for _ in range(1)]  # it overwrites its input

    def encode() -> tuple[int, Any]:
        coded = coder.compress(copies.pop())
        copies.append(bytearray(model.joined))
        return len(coded), coded

    return Codec("zipnn", encode, coder.decompress)


def openzl(model: Model) -> Codec:
    import openzl.ext as zl

    compressor = zl.Compressor()
    nodes, graphs = zl.nodes, zl.graphs
    if model.dtype == "BF16":
        split = nodes.BFloat16Deconstruct()(compressor, graphs.Store(), graphs.Huffman())
        graph = nodes.ConvertSerialToNumLE16()(compressor, split)
    elif model.dtype in ("F16", "F32"):
        split = nodes.TransposeSplit()(compressor, graphs.Entropy())
        graph = nodes.ConvertSerialToStruct(2 if model.dtype == "F16" else 4)(compressor, split)
    else:
        graph = graphs.Entropy().base_graph if hasattr(graphs.Entropy(), "base_graph") else graphs.Entropy()
    compressor.select_starting_graph(graph)
    pieces = [model.joined[i : i + (4 << 20)] for i in range(0, model.joined.nbytes, 4 << 20)]

    def encode() -> tuple[int, Any]:
        coded = []
        for piece in pieces:
            context = zl.CCtx()
            context.ref_compressor(compressor)
            context.set_parameter(zl.CParam.FormatVersion, zl.MAX_FORMAT_VERSION)
            source = zl.Input(zl.Type.Serial, piece)
            coded.append(context.compress([source]))
        return sum(map(len, coded)), coded

    def decode(coded: Any) -> Any:
        return [zl.DCtx().decompress(piece)[0] for piece in coded]

    return Codec("openzl", encode, decode)


def as_bytes(decoded: Any) -> bytes:
    pieces = decoded if isinstance(decoded, list) else [decoded]
    return b"".join(
        bytes(p.content.as_bytes()) if hasattr(p, "content") else memoryview(p).cast("B").tobytes() for p in pieces
    )


def codecs(model: Model, threads: int) -> list[Codec]:
    makers: list[Callable[[], Codec]] = [
        lambda: memcpy(model),
        lambda: ours(model, "fast", threads),
        lambda: ours(model, "small", threads),
    ]
    if model.dtype in ("BF16", "F16", "F32"):
        makers.append(lambda: zipnn(model, threads))
    if threads == 1:
        makers += [lambda: openzl(model), lambda: zstd(model)]
    found = []
    for make in makers:
        try:
            found.append(make())
        except ImportError as error:
            print(f"left out: {error.name} is not installed", file=sys.stderr)
    return found


def measure(model: Model, threads: int, repeats: int) -> list[dict[str, Any]]:
    everyone = codecs(model, threads)
    times: dict[str, tuple[list[float], list[float]]] = {c.name: ([], []) for c in everyone}
    sizes: dict[str, int] = {}
    for repeat in range(repeats):
        for codec in everyone:
            start = time.perf_counter()
            size, coded = codec.encode()
            middle = time.perf_counter()
            decoded = codec.decode(coded)
            end = time.perf_counter()
            if repeat == 0:
                if as_bytes(decoded) != model.joined.tobytes():
                    sys.exit(f"FAILED: {codec.name} gives other bytes")
                sizes[codec.name] = size
            else:  # the first round warms up
                times[codec.name][0].append(middle - start)
                times[codec.name][1].append(end - middle)
            del coded, decoded
    total = model.joined.nbytes
    return [
        {
            "codec": name,
            "ratio": sizes[name] / total,
            "encode_mb_s": total / statistics.median(encoding) / 1e6,
            "decode_mb_s": total / statistics.median(decoding) / 1e6,
        }
        for name, (encoding, decoding) in times.items()
    ]


def show(name: str, rows: list[dict[str, Any]]) -> None:
    by_name = {row["codec"]: row for row in rows}
    copy, peer = by_name["memcpy"], by_name.get("zipnn")
    print(f"\n{name}\n{'codec':16} {'ratio':>7} {'encode':>8} {'decode':>8} {'/memcpy':>8} {'/zipnn':>7}   MB/s")
    for row in rows:
        of_peer = f"{row['decode_mb_s'] / peer['decode_mb_s']:7.2f}" if peer else "      -"
        print(
            f"{row['codec']:16} {row['ratio']:7.4f} {row['encode_mb_s']:8.0f} {row['decode_mb_s']:8.0f} "
            f"{row['decode_mb_s'] / copy['decode_mb_s']:8.2f} {of_peer}",
            flush=True,
        )


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--names", nargs="+", default=list(DEFAULT_NAMES), help="files of the corpus; 'all' for all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-arguments.threads :])
    versions = {name: version(name) for name in ("aimcodec", "zipnn", "openzl", "zstandard", "numpy")}
    print(f"{cpu_name()}, {aimcodec.isa()}, {arguments.threads} threads, {versions}")
    names = arguments.names
    if names == ["all"]:
        names = sorted(path.stem for path in arguments.corpus.glob("*.safetensors"))
    results = {}
    for name in names:
        model = read_model(arguments.corpus / f"{name}.safetensors")
        results[name] = measure(model, arguments.threads, arguments.repeats + 1)
        show(name, results[name])
    if arguments.json:
        arguments.json.write_text(json.dumps({"versions": versions, "isa": aimcodec.isa(), "results": results}))


if __name__ == "__main__":
    main()
