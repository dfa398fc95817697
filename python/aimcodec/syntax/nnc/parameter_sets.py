"""Start unit, model parameter set and layer parameter set (sections 3.1 to 3.3)."""

from __future__ import annotations

from ..elements import flt, i, st, u
from ..protocol import Syntax
from .context import StreamContext
from .performance_maps import (
    decomposition_performance_map,
    pruning_performance_map,
    sparsification_performance_map,
    unification_performance_map,
)

__all__ = [
    "nnr_layer_parameter_set_unit_header",
    "nnr_layer_parameter_set_unit_payload",
    "nnr_model_parameter_set_unit_payload",
    "nnr_start_unit_header",
]

GENERAL_PROFILE_IDC = u(8, "general_profile_idc", "3.1", "0: syntax of edition 1, 1: of edition 2", range(2))

TOPOLOGY_CARRIAGE_FLAG = u(1, "topology_carriage_flag", "3.2", "a topology unit may be present")
MPS_SPARSIFICATION_FLAG = u(1, "mps_sparsification_flag", "3.2", "a sparsification performance map follows")
MPS_PRUNING_FLAG = u(1, "mps_pruning_flag", "3.2", "a pruning performance map follows")
MPS_UNIFICATION_FLAG = u(1, "mps_unification_flag", "3.2", "a unification performance map follows")
MPS_DECOMPOSITION_PERFORMANCE_MAP_FLAG = u(
    1, "mps_decomposition_performance_map_flag", "3.2", "a decomposition performance map follows"
)
MPS_QUANTIZATION_METHOD_FLAGS = u(
    3, "mps_quantization_method_flags", "3.2", "1: scalar uniform, 2: codebook; codebooks may also come unannounced"
)
MPS_TOPOLOGY_INDEXED_REFERENCE_FLAG = u(
    1, "mps_topology_indexed_reference_flag", "3.2", "tensors are named by an index into a list"
)
BASE_MODEL_ID_PRESENT_FLAG = u(1, "base_model_id_present_flag", "3.2", "base_model_id follows")
VALIDATION_SET_PERFORMANCE_PRESENT_FLAG = u(
    1, "validation_set_performance_present_flag", "3.2", "validation_set_performance follows"
)
METRIC_TYPE_PERFORMANCE_MAP_VALID_FLAG = u(
    1, "metric_type_performance_map_valid_flag", "3.2", "performance_metric_type holds for the performance maps"
)
MPS_PARENT_SIGNALLING_ENABLED_FLAG = u(
    1, "mps_parent_signalling_enabled_flag", "3.2", "data units have parent-node elements: the stream is an update"
)
NNR_PRE_FLAG = u(1, "nnr_pre_flag", "3.2", "predictive residual encoding; no effect on decoding")
BASE_MODEL_ID = st("base_model_id", "3.2", "identifies the base model of an update")
PERFORMANCE_METRIC_TYPE = st("performance_metric_type", "3.2", "what the accuracies measure")
MPS_QP_DENSITY = u(3, "mps_qp_density", "3.2", "d: 2^d steps of QP double the step size (11.1)")
MPS_QUANTIZATION_PARAMETER = i(13, "mps_quantization_parameter", "3.2", "added to the QP of every tensor")
VALIDATION_SET_PERFORMANCE = flt("validation_set_performance", "3.2", "performance on a validation set")

LPS_SELF_CONTAINED_FLAG = u(1, "lps_self_contained_flag", "3.3", "the layer needs no other")
LPS_SPARSIFICATION_FLAG = u(1, "lps_sparsification_flag", "3.3", "a sparsification performance map follows")
LPS_PRUNING_FLAG = u(1, "lps_pruning_flag", "3.3", "a pruning performance map follows")
LPS_UNIFICATION_FLAG = u(1, "lps_unification_flag", "3.3", "a unification performance map follows")
LPS_QUANTIZATION_METHOD_FLAGS = u(3, "lps_quantization_method_flags", "3.3", "1: scalar uniform, 2: codebook")
LPS_QP_DENSITY = u(3, "lps_qp_density", "3.3", "replaces mps_qp_density")
LPS_QUANTIZATION_PARAMETER = i(13, "lps_quantization_parameter", "3.3", "replaces mps_quantization_parameter")

MPS_RESERVED_1BIT = u(1, "nnr_reserved_zero_1bit", "3.2", "reserved", range(1))
MPS_RESERVED_2BITS = u(2, "nnr_reserved_zero_2bits", "3.2", "reserved", range(1))
MPS_RESERVED_7BITS = u(7, "nnr_reserved_zero_7bits", "3.2", "reserved", range(1))
LPS_RESERVED_1BIT = u(1, "nnr_reserved_zero_1bit", "3.3", "reserved", range(1))
LPS_RESERVED_7BITS = u(7, "nnr_reserved_zero_7bits", "3.3", "reserved", range(1))

QUANTIZED = 3  # bits of the quantization method flags that bring a QP density and offset


def nnr_start_unit_header(s: Syntax) -> None:
    """Section 3.1."""
    s.code(GENERAL_PROFILE_IDC)


def nnr_model_parameter_set_unit_payload(s: Syntax, context: StreamContext) -> None:
    """Section 3.2."""
    s.code(TOPOLOGY_CARRIAGE_FLAG)
    sparsification = s.code(MPS_SPARSIFICATION_FLAG)
    pruning = s.code(MPS_PRUNING_FLAG)
    unification = s.code(MPS_UNIFICATION_FLAG)
    decomposition = s.code(MPS_DECOMPOSITION_PERFORMANCE_MAP_FLAG)
    methods = s.code(MPS_QUANTIZATION_METHOD_FLAGS)
    s.code(MPS_TOPOLOGY_INDEXED_REFERENCE_FLAG)
    performance = 0
    if s.when("general_profile_idc == 1", context.edition2):
        performance = _mps_edition2(s)
    else:
        s.reserved(MPS_RESERVED_7BITS)
    if s.when("mps_quantization_method_flags & 3", methods & QUANTIZED):
        s.code(MPS_QP_DENSITY)
        s.code(MPS_QUANTIZATION_PARAMETER)
    if s.when("mps_sparsification_flag", sparsification):
        s.nest("sparsification_performance_map", sparsification_performance_map)
    if s.when("mps_pruning_flag", pruning):
        s.nest("pruning_performance_map", pruning_performance_map)
    if s.when("mps_unification_flag", unification):
        s.nest("unification_performance_map", unification_performance_map)
    if s.when("mps_decomposition_performance_map_flag", decomposition):
        s.nest("decomposition_performance_map", decomposition_performance_map)
    if s.when("general_profile_idc == 1 and validation_set_performance_present_flag", performance):
        s.code(VALIDATION_SET_PERFORMANCE)
    s.align()


def _mps_edition2(s: Syntax) -> int:
    """The elements that edition 2 puts in the place of seven reserved bits; returns the last one needed later."""
    base_model = s.code(BASE_MODEL_ID_PRESENT_FLAG)
    performance = s.code(VALIDATION_SET_PERFORMANCE_PRESENT_FLAG)
    metric = s.code(METRIC_TYPE_PERFORMANCE_MAP_VALID_FLAG)
    parents = s.code(MPS_PARENT_SIGNALLING_ENABLED_FLAG)
    if s.when("mps_parent_signalling_enabled_flag", parents):
        s.code(NNR_PRE_FLAG)
    else:
        s.reserved(MPS_RESERVED_1BIT)
    s.reserved(MPS_RESERVED_2BITS)
    if s.when("base_model_id_present_flag", base_model):
        s.code(BASE_MODEL_ID)
    if s.when(
        "validation_set_performance_present_flag or metric_type_performance_map_valid_flag", performance | metric
    ):
        s.code(PERFORMANCE_METRIC_TYPE)
    return performance


def nnr_layer_parameter_set_unit_header(s: Syntax) -> None:
    """Section 3.3."""
    s.code(LPS_SELF_CONTAINED_FLAG)
    s.reserved(LPS_RESERVED_7BITS)


def nnr_layer_parameter_set_unit_payload(s: Syntax) -> None:
    """Section 3.3."""
    s.reserved(LPS_RESERVED_1BIT)
    sparsification = s.code(LPS_SPARSIFICATION_FLAG)
    pruning = s.code(LPS_PRUNING_FLAG)
    unification = s.code(LPS_UNIFICATION_FLAG)
    methods = s.code(LPS_QUANTIZATION_METHOD_FLAGS)
    s.reserved(LPS_RESERVED_1BIT)
    if s.when("lps_quantization_method_flags & 3", methods & QUANTIZED):
        s.code(LPS_QP_DENSITY)
        s.code(LPS_QUANTIZATION_PARAMETER)
    if s.when("lps_sparsification_flag", sparsification):
        s.nest("sparsification_performance_map", sparsification_performance_map)
    if s.when("lps_pruning_flag", pruning):
        s.nest("pruning_performance_map", pruning_performance_map)
    if s.when("lps_unification_flag", unification):
        s.nest("unification_performance_map", unification_performance_map)
    s.align()
