"""Data units to arrays: limits, jobs for the native decoder, results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec import _core
from aimcodec._native import error_from_status
from aimcodec.coding.nnc.data_unit import (
    DIALECT_EDITION1,
    DIALECT_EDITION1_REM32,
    DIALECT_EDITION2,
    PT_INT,
    PT_RAW_FLOAT,
    CodedTensor,
    DataUnit,
)
from aimcodec.coding.nnc.quantise import Quantised, reconstruct
from aimcodec.errors import (
    AimcError,
    InconsistentError,
    LimitExceededError,
    OutOfMemoryError,
    OutOfRangeError,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.limits import Limits

__all__ = ["References", "allocate", "build_job", "check_sizes", "decode_integers", "decode_values", "raw_values"]

# Output kinds of the native module.
OUTPUT_INTEGERS, OUTPUT_UNIFORM, OUTPUT_CODEBOOK = range(3)

# Output beyond which Limits.max_expansion applies.
FREE_OUTPUT_BYTES = 64 << 20

BYTES_PER_ELEMENT = 4

# Whatever the limits say: no address space holds more.
ADDRESSABLE_ELEMENTS = 1 << 44


class References:
    """What an update may refer to, by tensor name: integers of the previous update and the history map (12.3, 12.5)."""

    def __init__(
        self,
        integers: Mapping[str, NDArray[np.int32]] | None = None,
        history: Mapping[str, NDArray[np.uint8]] | None = None,
    ) -> None:
        self.integers = integers or {}
        self.history = history or {}


def check_sizes(units: Iterable[DataUnit], stream_bytes: int, limits: Limits) -> None:
    """Refuse declared sizes that the payload cannot hold or the limits do not allow; nothing is allocated yet.

    Raises:
        OutOfRangeError: a dimension is 0.
        InconsistentError: a payload cannot hold what is declared.
        LimitExceededError: `max_elements`, `max_output_bytes` or `max_expansion`.
    """
    total = 0
    for unit in units:
        for tensor in unit.tensors:
            _check_tensor(unit, tensor, limits)
            total += tensor.count * BYTES_PER_ELEMENT
    if total > limits.max_output_bytes:
        raise LimitExceededError(f"output of {total} bytes exceeds max_output_bytes {limits.max_output_bytes}")
    if total > max(FREE_OUTPUT_BYTES, limits.max_expansion * stream_bytes):
        raise LimitExceededError(
            f"output of {total} bytes from {stream_bytes} bytes exceeds max_expansion {limits.max_expansion}"
        )


def _check_tensor(unit: DataUnit, tensor: CodedTensor, limits: Limits) -> None:
    path = f"{unit.path}.nnr_compressed_data_unit_header.tensor_dimensions"
    if any(d < 1 for d in tensor.shape):
        raise OutOfRangeError(f"tensor {tensor.name!r} has a dimension 0", bit_offset=None, path=path)
    if unit.payload_type == PT_RAW_FLOAT:
        if tensor.count * BYTES_PER_ELEMENT != len(unit.payload):
            raise InconsistentError(
                f"{len(unit.payload)} payload bytes for {tensor.count} binary32 values",
                bit_offset=unit.payload_bit,
                path=unit.path,
            )
        return
    skippable = unit.profile == 1 and tensor.is_2d
    one_entry = unit.profile == 1 and tensor.codebook is not None and len(tensor.codebook.values) == 1
    least_bins = 0 if one_entry else tensor.rows if skippable else tensor.count
    if least_bins > _core.max_bins(len(unit.payload)):
        raise InconsistentError(
            f"tensor {tensor.name!r} of {tensor.count} elements cannot fit {len(unit.payload)} payload bytes", path=path
        )
    most = min(limits.max_elements, ADDRESSABLE_ELEMENTS)
    if tensor.count > most:
        raise LimitExceededError(
            f"tensor {tensor.name!r} of {tensor.count} elements exceeds max_elements {most}", path=path
        )


def dialects(units: Sequence[DataUnit]) -> tuple[int, ...]:
    """Variants to try for a stream: nothing in an edition-1 stream tells its two variants apart (13.1)."""
    if any(u.profile == 0 for u in units):
        return (DIALECT_EDITION1, DIALECT_EDITION1_REM32)
    return (DIALECT_EDITION2,)


def output_kind(unit: DataUnit, tensor: CodedTensor) -> int:
    """How the native decoder turns the levels of a tensor into values."""
    if unit.payload_type == PT_INT:
        return OUTPUT_INTEGERS
    return OUTPUT_UNIFORM if tensor.codebook is None else OUTPUT_CODEBOOK


def build_job(unit: DataUnit, dialect: int, *, integers: bool, references: References) -> Any:
    """The native job of a data unit; its tensors have no memory yet."""
    job = _core.Job(unit.payload, dialect)
    for tensor in unit.tensors:
        codebook = tensor.codebook
        job.add_tensor(
            tensor.rows,
            tensor.width,
            qp_bits=0 if unit.payload_type == PT_INT else 6 + unit.qp_density,
            scan_order=unit.scan_order,
            unary_length=unit.unary_length,
            dq=unit.dq and unit.payload_type != PT_INT,
            parent=unit.parent,
            codebook=None if codebook is None else codebook.values,
            codebook_zero=0 if codebook is None else codebook.zero,
            codebook_coded=dialect == DIALECT_EDITION2,
            reference=references.integers.get(tensor.name) if unit.temporal else None,
            history=references.history.get(tensor.name) if unit.parent else None,
            entry_points=tensor.entry_points,
            output=OUTPUT_INTEGERS if integers else output_kind(unit, tensor),
            qp_offset=unit.qp_offset,
            qp_density=unit.qp_density,
        )
    return job


def allocate(shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
    """Memory for one tensor.

    Raises:
        OutOfMemoryError: the system refused it.
    """
    try:
        return np.empty(shape, dtype)
    except MemoryError:
        raise OutOfMemoryError(f"no memory for {math.prod(shape)} elements") from None


def _run(
    units: Sequence[DataUnit], dialect: int, threads: int, *, integers: bool, references: References
) -> tuple[list[Any], list[list[NDArray[Any]]]]:
    jobs = [build_job(u, dialect, integers=integers, references=references) for u in units]
    _core.probe(jobs)
    _raise_first(jobs, units)
    arrays = []
    for job, unit in zip(jobs, units, strict=True):
        outputs = []
        for i, tensor in enumerate(unit.tensors):
            whole = integers or output_kind(unit, tensor) == OUTPUT_INTEGERS
            array = allocate(tensor.shape, np.int32 if whole else np.float32)
            job.set_data(i, array)
            outputs.append(array)
        arrays.append(outputs)
    try:
        _core.decode(jobs, threads)
    except MemoryError:
        raise OutOfMemoryError("no memory to decode") from None
    _raise_first(jobs, units)
    return jobs, arrays


def _raise_first(jobs: Sequence[Any], units: Sequence[DataUnit]) -> None:
    for job, unit in zip(jobs, units, strict=True):
        error = error_from_status(job.status(), unit.payload_bit, unit.path + ".payload")
        if error is not None:
            raise error


def _first_that_fits(units: Sequence[DataUnit], attempt: Any) -> Any:
    """The result of the first variant in which every codeword ends with its unit; the first error where none does."""
    first_error: AimcError | None = None
    for dialect in dialects(units):
        try:
            return attempt(dialect)
        except AimcError as error:
            first_error = first_error or error
    if first_error is None:
        return [], []
    raise first_error


def decode_values(units: Sequence[DataUnit], threads: int) -> list[list[NDArray[Any]]]:
    """Values of the tensors of arithmetic-coded units: float32, or int32 for NNR_PT_INT. References are not needed."""
    _, arrays = _first_that_fits(
        units, lambda dialect: _run(units, dialect, threads, integers=False, references=References())
    )
    return list(arrays)


def decode_integers(
    units: Sequence[DataUnit], threads: int, references: References
) -> list[list[tuple[NDArray[np.int32], NDArray[Any]]]]:
    """Integers and values of the tensors of arithmetic-coded units, under references."""
    jobs, arrays = _first_that_fits(
        units, lambda dialect: _run(units, dialect, threads, integers=True, references=references)
    )
    results = []
    for job, unit, outputs in zip(jobs, units, arrays, strict=True):
        results.append(
            [(q, _values(unit, t, q, job.qp(i))) for i, (t, q) in enumerate(zip(unit.tensors, outputs, strict=True))]
        )
    return results


def _values(unit: DataUnit, tensor: CodedTensor, integers: NDArray[np.int32], qp: int) -> NDArray[Any]:
    quantised = Quantised(integers, qp, dq=unit.dq, real=unit.payload_type != PT_INT)
    try:
        return reconstruct(quantised, unit.qp_density, tensor.codebook)
    except AimcError as error:
        raise type(error)(error.message, bit_offset=unit.payload_bit, path=unit.path + ".payload") from None


def raw_values(unit: DataUnit) -> NDArray[np.float32]:
    """Values of an NNR_PT_RAW_FLOAT unit (11.5)."""
    tensor = unit.tensors[0]
    values = np.frombuffer(unit.payload, "<f4").reshape(tensor.shape)
    return np.array(values, np.float32)
