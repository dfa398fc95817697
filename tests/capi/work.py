"""One call of every kind with good arguments: what tests damage, starve and repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimcodec.coding.lossless import DecodeJob, Layout
from aimcodec.coding.lossless import encode as encode_segment
from aimcodec.coding.nnc import payloads
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.nnc import encode, iter_units

from .blocks import Blocks, copy, segment
from .interface import ffi, lib, struct, structs
from .nnc import Codewords, codewords, pointer


@dataclass
class Work:
    """A call: `function(context, *arguments, error)`; `result` gives bytes of what it wrote."""

    function: Any
    arguments: list[Any]
    result: Callable[[], bytes]
    keep: list[Any] = field(default_factory=list)
    outputs: list[NDArray[Any]] = field(default_factory=list)  # of decoders

    def spoil(self) -> None:
        """Makes sure that old results are not taken for new ones."""
        for output in self.outputs:
            output.fill(99)

    def run(self, handle: Any, error: Any = None) -> int:
        return int(self.function(handle, *self.arguments, ffi().NULL if error is None else error))


def weights(rows: int, width: int) -> NDArray[np.float32]:
    """Without a random generator, so that they are the same everywhere: neighbours differ, most are small."""
    grid = np.arange(rows * width, dtype=np.float64).reshape(rows, width)
    return (0.05 * np.sin(grid * 1.7) * np.cos(grid * 0.37) ** 3).astype(np.float32)


def stream(*, scan_order: int = 1) -> bytes:
    tensors = {f"w{i}": weights(40, 24) for i in range(6)}
    return encode(tensors, scan_order=scan_order, threads=1)


def nnc_words(*, integers: bool = False, scan_order: int = 1) -> Codewords:
    units = interpret(iter_units(stream(scan_order=scan_order)))
    return codewords(units, payloads.DIALECT_EDITION2, integers=integers, references=payloads.References())


def nnc_decode() -> Work:
    words = nnc_words()
    words.allocate()
    result = lambda: b"".join(a.tobytes() for arrays in words.outputs for a in arrays)  # noqa: E731
    outputs = [a for arrays in words.outputs for a in arrays]
    return Work(lib().aimc_nnc_decode, [words.array, words.count], result, [words], outputs)


def nnc_probe() -> Work:
    words = nnc_words()
    return Work(lib().aimc_nnc_probe, [words.array, words.count], lambda: b"", [words])


def nnc_input(keep: list[Any], rows: int = 40, width: int = 24) -> Any:
    levels = np.rint(weights(rows, width) * 100).astype(np.int32)
    params = struct("aimc_nnc_params", qp_bits=8, rows=rows, width=width, scan_order=1, unary_length=10, parent=0, dq=0)
    ids = np.zeros(lib().aimc_nnc_context_count(10), np.uint8)
    ids[::3] = 2
    keep += [levels, params, ids]
    return struct(
        "aimc_nnc_input",
        params=params,
        levels=pointer(keep, levels, "int32_t"),
        level_count=levels.size,
        parameter_ids=pointer(keep, ids, "uint8_t"),
        parameter_id_count=ids.size,
    )


def nnc_encode() -> Work:
    keep: list[Any] = []
    inputs = structs("aimc_nnc_input", 2)
    for i in range(2):
        inputs[i] = nnc_input(keep)[0]
    encoded = struct("aimc_nnc_encoded")

    def result() -> bytes:
        points = sum(copy(encoded.entry_counts, encoded.tensor_count, np.uint64).tolist())
        return (
            bytes(ffi().buffer(encoded.payload, encoded.payload_size))
            + copy(encoded.entry_shifts, points, np.uint64).tobytes()
            + copy(encoded.entry_values, points, np.uint8).tobytes()
            + copy(encoded.entry_states, points, np.uint8).tobytes()
        )

    return Work(lib().aimc_nnc_encode, [2, inputs, 2, encoded], result, keep)


def choose_sets() -> Work:
    keep: list[Any] = []
    given = nnc_input(keep)
    ids = ffi().new("uint8_t[]", lib().aimc_nnc_context_count(10))
    bits = ffi().new("double*")
    result = lambda: bytes(ffi().buffer(ids)) + bytes(ffi().buffer(bits))  # noqa: E731
    return Work(lib().aimc_nnc_choose_sets, [2, given, ids, len(ids), bits], result, keep)


LAYOUT = Layout(2, True)


def records() -> NDArray[np.uint8]:
    """16-bit numbers with zeros among them, enough for several blocks of all kinds of planes."""
    numbers = weights(24, 64).astype(np.float16)
    numbers[::5] = 0
    return numbers.reshape(-1).view(np.uint8)


def blocks_job() -> DecodeJob:
    data = records()
    coded = encode_segment(data, LAYOUT, mode="small", block_records=600, row_records=64, threads=1)
    count = data.size // 2
    return DecodeJob(
        coded.payload, coded.coded_sizes, coded.block_crcs, count, 600, LAYOUT, np.empty(data.size, np.uint8)
    )


def blocks_decode() -> Work:
    blocks = Blocks(blocks_job())
    return Work(
        lib().aimc_blocks_decode, [blocks.array, blocks.count], blocks.output.tobytes, [blocks], [blocks.output]
    )


def blocks_probe() -> Work:
    blocks = Blocks(blocks_job())
    return Work(lib().aimc_blocks_probe, [blocks.array, blocks.count], lambda: b"", [blocks])


def blocks_encode() -> Work:
    data = records()
    given, kept = segment(data, LAYOUT, thorough=True, block_records=600, row_records=64)
    encoded = struct("aimc_encoded_blocks")

    def result() -> bytes:
        return (
            bytes(ffi().buffer(encoded.payload, encoded.payload_size))
            + copy(encoded.sizes, encoded.block_count, np.uint32).tobytes()
            + copy(encoded.crcs, encoded.block_count, np.uint32).tobytes()
        )

    return Work(lib().aimc_blocks_encode, [given, encoded], result, [data, given, kept])


def quantise_uniform() -> Work:
    keep: list[Any] = []
    x = pointer(keep, weights(8, 16), "float")
    q = ffi().new("int32_t[]", 128)
    return Work(lib().aimc_quantise_uniform, [x, 128, 0.001, q], lambda: bytes(ffi().buffer(q)), keep)


def quantise_trellis() -> Work:
    keep: list[Any] = []
    x = pointer(keep, weights(8, 16), "float")
    q = ffi().new("int32_t[]", 128)
    return Work(lib().aimc_quantise_trellis, [x, 128, 8, 16, 1, 0.001, q], lambda: bytes(ffi().buffer(q)), keep)


def dequantise() -> Work:
    data = ffi().new("int32_t[]", [0] * 16)
    codebook = ffi().new("int32_t[]", [-4, 0, 9])
    return Work(
        lib().aimc_dequantise,
        [data, 16, -12, 2, codebook, 3, 1],
        lambda: b"",
        [data, codebook],
    )


def memory() -> Work:
    found = struct("aimc_memory")
    return Work(lib().aimc_context_memory, [found], lambda: b"", [found])


ALL: dict[str, Callable[[], Work]] = {
    made.__name__: made
    for made in (
        nnc_decode,
        nnc_probe,
        nnc_encode,
        choose_sets,
        blocks_decode,
        blocks_probe,
        blocks_encode,
        quantise_uniform,
        quantise_trellis,
        dequantise,
        memory,
    )
}
