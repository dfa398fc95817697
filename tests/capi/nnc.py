"""Data units of NNC through the C interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimcodec.coding.nnc.data_unit import DIALECT_EDITION2, PT_INT, CodedTensor, DataUnit
from aimcodec.coding.nnc.payloads import OUTPUT_INTEGERS, References, output_kind

from .interface import checked, ffi, lib, struct, structs


def pointer(keep: list[Any], array: NDArray[Any] | None, ctype: str) -> Any:
    if array is None:
        return ffi().NULL
    array = np.ascontiguousarray(array)
    keep.append(array)
    return ffi().cast(f"{ctype}*", array.ctypes.data)


@dataclass
class Codewords:
    """Codewords with the memory that they point to."""

    array: Any
    count: int
    outputs: list[list[NDArray[Any]]] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)
    keep: list[Any] = field(default_factory=list)

    def probe(self, handle: Any) -> None:
        checked(lib().aimc_nnc_probe, handle, self.array, self.count)

    def decode(self, handle: Any) -> None:
        checked(lib().aimc_nnc_decode, handle, self.array, self.count)

    def allocate(self) -> None:
        """Memory for the results, which did not have to be there for probing."""
        for targets in self.targets:
            arrays = []
            for target, shape in targets[1]:
                kind = np.int32 if target.output == OUTPUT_INTEGERS else np.float32
                array = np.full(shape, 77, kind)
                target.data = ffi().cast("void*", array.ctypes.data)
                target.data_size = array.nbytes
                arrays.append(array)
            self.outputs.append(arrays)

    def qp(self, unit: int, tensor: int) -> int:
        return int(self.targets[unit][0][tensor].qp)


def params(unit: DataUnit, tensor: CodedTensor, dialect: int, references: References, keep: list[Any]) -> Any:
    codebook = tensor.codebook
    reference = references.integers.get(tensor.name) if unit.temporal else None
    history = references.history.get(tensor.name) if unit.parent else None
    made = struct(
        "aimc_nnc_params",
        qp_bits=0 if unit.payload_type == PT_INT else 6 + unit.qp_density,
        rows=tensor.rows,
        width=tensor.width,
        scan_order=unit.scan_order,
        unary_length=unit.unary_length,
        dq=unit.dq and unit.payload_type != PT_INT,
        parent=unit.parent,
        codebook_coded=codebook is not None and dialect == DIALECT_EDITION2,
        codebook_zero=0 if codebook is None else codebook.zero,
        codebook_size=0 if codebook is None else len(codebook.values),
        codebook=pointer(keep, None if codebook is None else codebook.values, "int32_t"),
        reference=pointer(keep, reference, "int32_t"),
        history=pointer(keep, history, "uint8_t"),
        reference_size=0 if reference is None else reference.size,
        history_size=0 if history is None else history.size,
    )
    keep.append(made)
    return made


def codewords(units: Sequence[DataUnit], dialect: int, *, integers: bool, references: References) -> Codewords:
    """The same as what the Python package hands to its native module."""
    made = Codewords(structs("aimc_nnc_codeword", len(units)), len(units))
    keep = made.keep
    for i, unit in enumerate(units):
        payload = np.frombuffer(unit.payload, np.uint8)
        targets = structs("aimc_nnc_target", len(unit.tensors))
        shapes = []
        for target, tensor in zip(targets, unit.tensors, strict=False):
            target.params = params(unit, tensor, dialect, references, keep)
            target.output = OUTPUT_INTEGERS if integers else output_kind(unit, tensor)
            target.qp_offset = unit.qp_offset
            target.qp_density = unit.qp_density
            points = tensor.entry_points
            if points is not None:
                target.entry_count = len(points)
                target.entry_shifts = pointer(keep, points[:, 0], "uint64_t")
                target.entry_values = pointer(keep, points[:, 1].astype(np.uint8), "uint8_t")
                target.entry_states = pointer(keep, points[:, 2].astype(np.uint8), "uint8_t")
            shapes.append((target, tensor.shape))
        made.array[i].dialect = dialect
        made.array[i].payload = pointer(keep, payload, "uint8_t")
        made.array[i].payload_size = len(payload)
        made.array[i].targets = targets
        made.array[i].target_count = len(unit.tensors)
        made.targets.append((targets, shapes))
    return made
