"""Native core. Internal: reviewed by hand, compared with the module by a test."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_Status = tuple[str, int, str]

class Job:
    def __init__(self, payload: bytes | bytearray | memoryview, dialect: int) -> None: ...
    def add_tensor(
        self,
        rows: int,
        width: int,
        *,
        qp_bits: int,
        scan_order: int,
        unary_length: int,
        dq: bool,
        parent: bool = ...,
        codebook: NDArray[np.int32] | None = ...,
        codebook_zero: int = ...,
        codebook_coded: bool = ...,
        reference: NDArray[np.int32] | None = ...,
        history: NDArray[np.uint8] | None = ...,
        entry_points: NDArray[np.uint64] | None = ...,
        output: int = ...,
        qp_offset: int = ...,
        qp_density: int = ...,
    ) -> None: ...
    def set_data(self, tensor: int, data: NDArray[Any]) -> None: ...
    def status(self) -> _Status: ...
    def qp(self, tensor: int) -> int: ...

def probe(jobs: list[Job]) -> None: ...
def decode(jobs: list[Job], threads: int) -> None: ...
def reconstruct(
    data: NDArray[np.int32],
    qp: int,
    qp_density: int,
    *,
    codebook: NDArray[np.int32] | None = ...,
    codebook_zero: int = ...,
) -> _Status: ...

class Levels:
    def __init__(
        self,
        integers: NDArray[np.int32],
        rows: int,
        width: int,
        *,
        qp_bits: int,
        scan_order: int,
        unary_length: int,
        dq: bool,
        dialect: int,
        parent: bool = ...,
        codebook_size: int = ...,
        codebook_zero: int = ...,
        reference: NDArray[np.int32] | None = ...,
        history: NDArray[np.uint8] | None = ...,
    ) -> None: ...
    def search(self, *, row_skip: bool, history_flag: bool, enabled: bool) -> tuple[NDArray[np.uint8], float]: ...

def encode_codeword(
    tensors: list[tuple[Levels, int, bool, bool, NDArray[np.uint8] | None]],
) -> tuple[_Status, bytes, list[NDArray[np.uint64]]]: ...
def quantise_uniform(x: NDArray[np.float32], step: float, out: NDArray[np.int32]) -> _Status: ...
def quantise_trellis(
    x: NDArray[np.float32], rows: int, width: int, scan_order: int, step: float, out: NDArray[np.int32]
) -> _Status: ...
def max_bins(payload_bytes: int) -> int: ...
def isa() -> str: ...
def available_isas() -> list[str]: ...
def set_isa(name: str) -> bool: ...
def compiler() -> str: ...

class LosslessJobs:
    def __init__(self) -> None: ...
    def add(
        self,
        payload: bytes | bytearray | memoryview | NDArray[Any],
        sizes: NDArray[np.uint32],
        checksums: NDArray[np.uint32],
        records: int,
        block_records: int,
        record_bytes: int,
        rotate: bool,
        opaque: bool,
        output: bytearray | memoryview | NDArray[Any],
    ) -> None: ...
    def decode(self, threads: int) -> list[tuple[int, int, _Status]]: ...

def lossless_encode(
    data: bytes | bytearray | memoryview | NDArray[Any],
    record_bytes: int,
    rotate: bool,
    opaque: bool,
    fields: list[int],
    block_records: int,
    row_records: int,
    thorough: bool,
    threads: int,
) -> tuple[NDArray[np.uint8], NDArray[np.uint32], NDArray[np.uint32]]: ...

class BinTrace:
    def __init__(
        self,
        job: Job,
        first: int = ...,
        limit: int = ...,
        tensor: int = ...,
        first_level: int = ...,
        levels: int = ...,
    ) -> None: ...
    def next(self, least: int) -> tuple[NDArray[np.uint8], int, int]: ...
    def finish(self) -> None: ...
    def count(self) -> int: ...
    def status(self) -> _Status: ...

def expand_bins(
    payload: bytes | bytearray | memoryview, records: NDArray[np.uint8], shifts: int
) -> NDArray[np.uint8]: ...
def bin_costs(
    job: Job,
) -> tuple[list[tuple[NDArray[np.uint64], NDArray[np.uint64], int]], int, int, _Status]: ...

class RansSteps:
    def __init__(self, data: bytes | bytearray | memoryview, count: int, depth: int) -> None: ...
    def skip(self, count: int) -> None: ...
    def next(self, count: int) -> NDArray[np.uint8]: ...
    def counts(self) -> NDArray[np.uint64]: ...
    def status(self) -> _Status: ...

class ContextSteps:
    def __init__(self, data: bytes | bytearray | memoryview, count: int, record_bytes: int) -> None: ...
    def skip(self, count: int) -> None: ...
    def next(self, count: int) -> NDArray[np.uint8]: ...
    def counts(self) -> NDArray[np.uint64]: ...
    def status(self) -> _Status: ...

def crc32(data: bytes | bytearray | memoryview | NDArray[Any], value: int = ...) -> int: ...
