"""Start unit, parameter sets, topology and quantization units (section 3): their elements, and how they are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ...errors import ArgumentError
from .bit_writer import BitWriter

__all__ = [
    "DecompositionEntry",
    "LayerParameterSet",
    "ModelParameterSet",
    "PerformanceMap",
    "PruningEntry",
    "QuantizationUnit",
    "SparsificationEntry",
    "StartUnit",
    "TopologyUnit",
    "UnificationEntry",
    "write_topology_elements_ids_list",
]

NNR_TPL_PRUN = 5
NNR_TPL_REFLIST = 6

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class PerformanceMap(Generic[Entry]):
    """A map of section 3.4. `count` is one more than the entries, or 0 where there are none."""

    entries: tuple[Entry, ...] = ()
    count: int | None = None

    def write(self, w: BitWriter, write_entry: Callable[[BitWriter, Entry], None]) -> None:
        """The count in 8 bits and the entries."""
        w.u(8, len(self.entries) + 1 if self.count is None else self.count)
        for entry in self.entries:
            write_entry(w, entry)


@dataclass(frozen=True)
class SparsificationEntry:
    """sparsification_performance_map, one threshold."""

    sparsification_threshold: float = 0.0
    non_zero_ratio: float = 0.0
    spm_nn_accuracy: float = 0.0
    spm_class_bitmask: int = 0
    spm_nn_class_accuracy: tuple[float, ...] = ()


@dataclass(frozen=True)
class PruningEntry:
    """pruning_performance_map, one ratio."""

    pruning_ratio: float = 0.0
    ppm_nn_accuracy: float = 0.0
    ppm_class_bitmask: int = 0
    ppm_nn_class_accuracy: tuple[float, ...] = ()


@dataclass(frozen=True)
class UnificationEntry:
    """unification_performance_map, one threshold. The counts of dimensions are one more than these are, or 0."""

    reshaped_tensor_dimensions: tuple[int, ...] = ()
    super_block_dimensions: tuple[int, ...] = ()
    block_dimensions: tuple[int, ...] = ()
    count_reshaped_tensor_dimension: int | None = None
    count_super_block_dimension: int | None = None
    count_block_dimension: int | None = None
    unification_threshold: float = 0.0
    upm_nn_accuracy: float = 0.0
    upm_count_classes: int = 0
    upm_class_bitmask: int = 0
    upm_nn_class_accuracy: tuple[float, ...] = ()


@dataclass(frozen=True)
class DecompositionEntry:
    """decomposition_performance_map, one threshold."""

    mse_threshold: float = 0.0
    dpm_nn_accuracy: float = 0.0
    nn_reduction_ratio: float = 0.0
    dpm_nn_class_accuracy: tuple[float, ...] = ()


@dataclass(frozen=True)
class StartUnit:
    """Section 3.1."""

    general_profile_idc: int = 1

    def write(self, w: BitWriter) -> None:
        """Header; there is no payload."""
        w.u(8, self.general_profile_idc)


@dataclass(frozen=True)
class ModelParameterSet:
    """Section 3.2. Elements that are None are absent, and the flags that announce them 0.

    Attributes:
        reserved: the reserved bits: 7 in edition 1, else 2 and, without mps_parent_signalling_enabled_flag, 1 before.
        performance_metric_type: present when one of the two flags before it is 1.
    """

    topology_carriage_flag: int = 1
    sparsification: PerformanceMap[SparsificationEntry] | None = None
    pruning: PerformanceMap[PruningEntry] | None = None
    unification: PerformanceMap[UnificationEntry] | None = None
    decomposition: PerformanceMap[DecompositionEntry] | None = None
    mps_quantization_method_flags: int = 1
    mps_topology_indexed_reference_flag: int = 0
    base_model_id: str | bytes | None = None
    metric_type_performance_map_valid_flag: int = 0
    performance_metric_type: str | bytes = ""
    mps_parent_signalling_enabled_flag: int = 0
    nnr_pre_flag: int = 0
    reserved: int = 0
    mps_qp_density: int = 2
    mps_quantization_parameter: int = 0
    validation_set_performance: float | None = None

    def write(self, w: BitWriter, general_profile_idc: int) -> None:
        """Payload; there is no header."""
        w.u(1, self.topology_carriage_flag)
        for performance_map in (self.sparsification, self.pruning, self.unification, self.decomposition):
            w.u(1, 0 if performance_map is None else 1)
        w.u(3, self.mps_quantization_method_flags)
        w.u(1, self.mps_topology_indexed_reference_flag)
        if general_profile_idc == 1:
            self._write_edition_2(w)
        else:
            w.u(7, self.reserved)
        if self.mps_quantization_method_flags & 3:
            w.u(3, self.mps_qp_density)
            w.i(13, self.mps_quantization_parameter)
        write_maps(w, self.sparsification, self.pruning, self.unification)
        if self.decomposition is not None:
            self.decomposition.write(w, write_decomposition_entry)
        if general_profile_idc == 1 and self.validation_set_performance is not None:
            w.flt32(self.validation_set_performance)
        w.align()

    def _write_edition_2(self, w: BitWriter) -> None:
        w.u(1, 0 if self.base_model_id is None else 1)
        w.u(1, 0 if self.validation_set_performance is None else 1)
        w.u(1, self.metric_type_performance_map_valid_flag)
        w.u(1, self.mps_parent_signalling_enabled_flag)
        if self.mps_parent_signalling_enabled_flag:
            w.u(1, self.nnr_pre_flag)
            w.u(2, self.reserved)
        else:
            w.u(3, self.reserved)
        if self.base_model_id is not None:
            w.st(self.base_model_id)
        if self.validation_set_performance is not None or self.metric_type_performance_map_valid_flag:
            w.st(self.performance_metric_type)


@dataclass(frozen=True)
class LayerParameterSet:
    """Section 3.3. `reserved` is 7 bits of the header, `reserved_first` and `_last` 1 of the payload."""

    lps_self_contained_flag: int = 0
    reserved: int = 0
    reserved_first: int = 0
    sparsification: PerformanceMap[SparsificationEntry] | None = None
    pruning: PerformanceMap[PruningEntry] | None = None
    unification: PerformanceMap[UnificationEntry] | None = None
    lps_quantization_method_flags: int = 1
    reserved_last: int = 0
    lps_qp_density: int = 2
    lps_quantization_parameter: int = 0

    def write(self, w: BitWriter) -> None:
        """Header and payload."""
        w.u(1, self.lps_self_contained_flag)
        w.u(7, self.reserved)
        w.u(1, self.reserved_first)
        for performance_map in (self.sparsification, self.pruning, self.unification):
            w.u(1, 0 if performance_map is None else 1)
        w.u(3, self.lps_quantization_method_flags)
        w.u(1, self.reserved_last)
        if self.lps_quantization_method_flags & 3:
            w.u(3, self.lps_qp_density)
            w.i(13, self.lps_quantization_parameter)
        write_maps(w, self.sparsification, self.pruning, self.unification)
        w.align()


@dataclass(frozen=True)
class TopologyUnit:
    """Section 3.5. `topology_elem_ids` belong to storage format NNR_TPL_REFLIST, `topology_data` to all others."""

    topology_storage_format: int = 0
    topology_compression_format: int = 0
    topology_data: str | bytes = ""
    topology_elem_ids: tuple[str, ...] = ()

    def write(self, w: BitWriter) -> None:
        """Header and payload."""
        w.u(8, self.topology_storage_format)
        w.u(8, self.topology_compression_format)
        if self.topology_storage_format == NNR_TPL_REFLIST:
            write_topology_elements_ids_list(w, self.topology_elem_ids)
        elif self.topology_storage_format != NNR_TPL_PRUN:  # whose payload the text does not know
            w.st(self.topology_data)


@dataclass(frozen=True)
class QuantizationUnit:
    """Section 3.6."""

    quantization_storage_format: int = 0
    quantization_compression_format: int = 0
    quantization_data: str | bytes = ""

    def write(self, w: BitWriter) -> None:
        """Header and payload."""
        w.u(8, self.quantization_storage_format)
        w.u(8, self.quantization_compression_format)
        w.st(self.quantization_data)


def write_topology_elements_ids_list(w: BitWriter, ids: tuple[str | int, ...]) -> None:
    """Section 4.2: names, or indices where the first is one."""
    if len(ids) < 2:
        raise ArgumentError("a list of elements has two or more")
    w.ue(7, len(ids) - 2)
    if isinstance(ids[0], str):
        w.align()
    for id in ids:
        if isinstance(id, str):
            w.st(id)
        else:
            w.ue(7, id)
    if not isinstance(ids[0], str):
        w.align()


def write_maps(
    w: BitWriter,
    sparsification: PerformanceMap[SparsificationEntry] | None,
    pruning: PerformanceMap[PruningEntry] | None,
    unification: PerformanceMap[UnificationEntry] | None,
) -> None:
    """The maps that both parameter sets may have, in their order."""
    if sparsification is not None:
        sparsification.write(w, write_sparsification_entry)
    if pruning is not None:
        pruning.write(w, write_pruning_entry)
    if unification is not None:
        unification.write(w, write_unification_entry)


def write_sparsification_entry(w: BitWriter, entry: SparsificationEntry) -> None:
    """Section 3.4."""
    w.flt32(entry.sparsification_threshold)
    w.flt32(entry.non_zero_ratio)
    w.flt32(entry.spm_nn_accuracy)
    w.u(8, len(entry.spm_nn_class_accuracy))
    w.ue(7, entry.spm_class_bitmask)
    for accuracy in entry.spm_nn_class_accuracy:
        w.flt32(accuracy)


def write_pruning_entry(w: BitWriter, entry: PruningEntry) -> None:
    """Section 3.4."""
    w.flt32(entry.pruning_ratio)
    w.flt32(entry.ppm_nn_accuracy)
    w.u(8, len(entry.ppm_nn_class_accuracy))
    w.ue(7, entry.ppm_class_bitmask)
    for accuracy in entry.ppm_nn_class_accuracy:
        w.flt32(accuracy)


def write_unification_entry(w: BitWriter, entry: UnificationEntry) -> None:
    """Section 3.4."""
    w.ue(1, count_of(entry.count_reshaped_tensor_dimension, entry.reshaped_tensor_dimensions))
    for dimension in entry.reshaped_tensor_dimensions:
        w.ue(7, dimension)
    w.align()
    for count, dimensions in (
        (entry.count_super_block_dimension, entry.super_block_dimensions),
        (entry.count_block_dimension, entry.block_dimensions),
    ):
        w.u(8, count_of(count, dimensions))
        for dimension in dimensions:
            w.u(8, dimension)
    w.flt32(entry.unification_threshold)
    w.flt32(entry.upm_nn_accuracy)
    w.u(8, entry.upm_count_classes)
    w.ue(7, entry.upm_class_bitmask)
    for accuracy in entry.upm_nn_class_accuracy:  # upm_class_bitmask of them (section 3.4)
        w.flt32(accuracy)


def write_decomposition_entry(w: BitWriter, entry: DecompositionEntry) -> None:
    """Section 3.4."""
    w.flt32(entry.mse_threshold)
    w.flt32(entry.dpm_nn_accuracy)
    w.flt32(entry.nn_reduction_ratio)
    w.u(16, len(entry.dpm_nn_class_accuracy))
    for accuracy in entry.dpm_nn_class_accuracy:
        w.flt32(accuracy)


def count_of(count: int | None, dimensions: tuple[int, ...]) -> int:
    """A count of dimensions (section 3.4): one more than there are, unless said otherwise."""
    return len(dimensions) + 1 if count is None else count
