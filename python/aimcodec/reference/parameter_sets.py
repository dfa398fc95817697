"""Start unit, model and layer parameter sets, topology unit (section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import OutOfRangeError, UnsupportedError
from .bits import BitReader

__all__ = [
    "ModelParameterSet",
    "Quantization",
    "layer_parameter_set",
    "model_parameter_set",
    "quantization_unit",
    "start_unit",
    "topology_elements_ids_list",
    "topology_unit",
]

NNR_TPL_PRUN = 5
NNR_TPL_REFLIST = 6
NNR_DFL = 1


@dataclass(frozen=True)
class Quantization:
    """`qp_density` and `quantization_parameter` of the parameter set in force (section 5)."""

    qp_density: int
    quantization_parameter: int


@dataclass(frozen=True)
class ModelParameterSet:
    """The elements of section 3.2 that decoding depends on."""

    mps_topology_indexed_reference_flag: int
    mps_parent_signalling_enabled_flag: int
    quantization: Quantization | None


def start_unit(r: BitReader) -> int:
    """Section 3.1; the result is general_profile_idc."""
    offset = r.position
    general_profile_idc = r.u(8, "general_profile_idc")
    if general_profile_idc > 1:
        raise OutOfRangeError(
            f"general_profile_idc is {general_profile_idc}, not 0 or 1",
            bit_offset=offset,
            path=r.element_path("general_profile_idc"),
        )
    r.expect_end()
    return general_profile_idc


def model_parameter_set(r: BitReader, general_profile_idc: int) -> ModelParameterSet:
    """Section 3.2."""
    r.u(1, "topology_carriage_flag")
    mps_sparsification_flag = r.u(1, "mps_sparsification_flag")
    mps_pruning_flag = r.u(1, "mps_pruning_flag")
    mps_unification_flag = r.u(1, "mps_unification_flag")
    mps_decomposition_performance_map_flag = r.u(1, "mps_decomposition_performance_map_flag")
    mps_quantization_method_flags = r.u(3, "mps_quantization_method_flags")
    mps_topology_indexed_reference_flag = r.u(1, "mps_topology_indexed_reference_flag")
    mps_parent_signalling_enabled_flag = 0
    validation_set_performance_present_flag = 0
    if general_profile_idc == 1:
        base_model_id_present_flag = r.u(1, "base_model_id_present_flag")
        validation_set_performance_present_flag = r.u(1, "validation_set_performance_present_flag")
        metric_type_performance_map_valid_flag = r.u(1, "metric_type_performance_map_valid_flag")
        mps_parent_signalling_enabled_flag = r.u(1, "mps_parent_signalling_enabled_flag")
        if mps_parent_signalling_enabled_flag:
            r.u(1, "nnr_pre_flag")
        else:
            r.reserved_zero(1, "nnr_reserved_zero_1bit")
        r.reserved_zero(2, "nnr_reserved_zero_2bits")
        if base_model_id_present_flag:
            r.st("base_model_id")
        if validation_set_performance_present_flag or metric_type_performance_map_valid_flag:
            r.st("performance_metric_type")
    else:
        r.reserved_zero(7, "nnr_reserved_zero_7bits")
    quantization = None
    if mps_quantization_method_flags & 3:
        quantization = Quantization(r.u(3, "mps_qp_density"), r.i(13, "mps_quantization_parameter"))
    if mps_sparsification_flag:
        sparsification_performance_map(r)
    if mps_pruning_flag:
        pruning_performance_map(r)
    if mps_unification_flag:
        unification_performance_map(r)
    if mps_decomposition_performance_map_flag:
        decomposition_performance_map(r)
    if validation_set_performance_present_flag:
        r.flt32("validation_set_performance")
    r.align()
    r.expect_end()
    return ModelParameterSet(mps_topology_indexed_reference_flag, mps_parent_signalling_enabled_flag, quantization)


def layer_parameter_set(r: BitReader) -> Quantization | None:
    """Section 3.3; None when the unit leaves quantization to the model parameter set."""
    r.u(1, "lps_self_contained_flag")
    r.reserved_zero(7, "nnr_reserved_zero_7bits")
    r.reserved_zero(1, "nnr_reserved_zero_1bit")
    lps_sparsification_flag = r.u(1, "lps_sparsification_flag")
    lps_pruning_flag = r.u(1, "lps_pruning_flag")
    lps_unification_flag = r.u(1, "lps_unification_flag")
    lps_quantization_method_flags = r.u(3, "lps_quantization_method_flags")
    r.reserved_zero(1, "nnr_reserved_zero_1bit")
    quantization = None
    if lps_quantization_method_flags & 3:
        quantization = Quantization(r.u(3, "lps_qp_density"), r.i(13, "lps_quantization_parameter"))
    if lps_sparsification_flag:
        sparsification_performance_map(r)
    if lps_pruning_flag:
        pruning_performance_map(r)
    if lps_unification_flag:
        unification_performance_map(r)
    r.align()
    r.expect_end()
    return quantization


def sparsification_performance_map(r: BitReader) -> None:
    """Section 3.4: metadata, read and dropped."""
    spm_count_thresholds = r.u(8, "spm_count_thresholds")
    for i in range(spm_count_thresholds - 1):
        r.flt32(f"sparsification_threshold[{i}]")
        r.flt32(f"non_zero_ratio[{i}]")
        r.flt32(f"spm_nn_accuracy[{i}]")
        spm_count_classes = r.u(8, f"spm_count_classes[{i}]")
        r.ue(7, f"spm_class_bitmask[{i}]")
        for j in range(spm_count_classes):
            r.flt32(f"spm_nn_class_accuracy[{i}][{j}]")


def pruning_performance_map(r: BitReader) -> None:
    """Section 3.4: metadata, read and dropped."""
    ppm_count_pruning_ratios = r.u(8, "ppm_count_pruning_ratios")
    for i in range(ppm_count_pruning_ratios - 1):
        r.flt32(f"pruning_ratio[{i}]")
        r.flt32(f"ppm_nn_accuracy[{i}]")
        ppm_count_classes = r.u(8, f"ppm_count_classes[{i}]")
        r.ue(7, f"ppm_class_bitmask[{i}]")
        for j in range(ppm_count_classes):
            r.flt32(f"ppm_nn_class_accuracy[{i}][{j}]")


def unification_performance_map(r: BitReader) -> None:
    """Section 3.4: metadata, read and dropped. The last loop runs over the bit mask, as in the software."""
    upm_count_thresholds = r.u(8, "upm_count_thresholds")
    for i in range(upm_count_thresholds - 1):
        count_reshaped_tensor_dimension = r.ue(1, f"count_reshaped_tensor_dimension[{i}]")
        for j in range(count_reshaped_tensor_dimension - 1):
            r.ue(7, f"reshaped_tensor_dimensions[{i}][{j}]")
        r.align()
        count_super_block_dimension = r.u(8, f"count_super_block_dimension[{i}]")
        for j in range(count_super_block_dimension - 1):
            r.u(8, f"super_block_dimensions[{i}][{j}]")
        count_block_dimension = r.u(8, f"count_block_dimension[{i}]")
        for j in range(count_block_dimension - 1):
            r.u(8, f"block_dimensions[{i}][{j}]")
        r.flt32(f"unification_threshold[{i}]")
        r.flt32(f"upm_nn_accuracy[{i}]")
        r.u(8, f"upm_count_classes[{i}]")
        upm_class_bitmask = r.ue(7, f"upm_class_bitmask[{i}]")
        for j in range(upm_class_bitmask):
            r.flt32(f"upm_nn_class_accuracy[{i}][{j}]")


def decomposition_performance_map(r: BitReader) -> None:
    """Section 3.4: metadata, read and dropped."""
    dpm_count_thresholds = r.u(8, "dpm_count_thresholds")
    for i in range(dpm_count_thresholds - 1):
        r.flt32(f"mse_threshold[{i}]")
        r.flt32(f"dpm_nn_accuracy[{i}]")
        r.flt32(f"nn_reduction_ratio[{i}]")
        dpm_count_classes = r.u(16, f"dpm_count_classes[{i}]")
        for j in range(dpm_count_classes):
            r.flt32(f"dpm_nn_class_accuracy[{i}][{j}]")


def topology_unit(r: BitReader) -> None:
    """Section 3.5: checked and dropped, tensors do not depend on it."""
    storage_format = named_value(r, "topology_storage_format", NNR_TPL_REFLIST, (NNR_TPL_PRUN,))
    named_value(r, "topology_compression_format", NNR_DFL, (NNR_DFL,))
    if storage_format == NNR_TPL_REFLIST:
        topology_elements_ids_list(r)
    else:
        r.st("topology_data")
    r.expect_end()


def quantization_unit(r: BitReader) -> None:
    """Section 3.6: checked and dropped, tensors do not depend on it."""
    r.u(8, "quantization_storage_format")
    r.u(8, "quantization_compression_format")
    r.st("quantization_data")
    r.expect_end()


def topology_elements_ids_list(r: BitReader) -> tuple[str, ...]:
    """Section 4.2, with string ids."""
    count_topology_elements_minus2 = r.ue(7, "count_topology_elements_minus2")
    r.align()
    names: list[str] = []
    for j in range(count_topology_elements_minus2 + 2):
        names.append(r.st(f"topology_elem_id_list[{j}]"))
    return tuple(names)


def named_value(r: BitReader, name: str, largest: int, not_decoded: tuple[int, ...]) -> int:
    """`u(8)` with the values 0 .. largest."""
    offset = r.position
    value = r.u(8, name)
    if value > largest:
        raise OutOfRangeError(f"{name} is {value}, not 0 .. {largest}", bit_offset=offset, path=r.element_path(name))
    if value in not_decoded:
        raise UnsupportedError(f"{name} {value}", bit_offset=offset, path=r.element_path(name))
    return value
