"""Performance maps (section 3.4): metadata for choosing among compressed variants of a model.

The loops run `count - 1` times, and the last loop of the unification map is bounded by upm_class_bitmask: section 3.4
says that this is what the software in use does, so it is what streams contain.
"""

from __future__ import annotations

from ..elements import flt, u, ue
from ..protocol import Syntax

__all__ = [
    "decomposition_performance_map",
    "pruning_performance_map",
    "sparsification_performance_map",
    "unification_performance_map",
]

SPM_COUNT_THRESHOLDS = u(8, "spm_count_thresholds", "3.4", "entries of the map plus 1")
SPARSIFICATION_THRESHOLD = flt("sparsification_threshold", "3.4", "values below it were set to zero")
NON_ZERO_RATIO = flt("non_zero_ratio", "3.4", "share of values that are not zero")
SPM_NN_ACCURACY = flt("spm_nn_accuracy", "3.4", "accuracy")
SPM_COUNT_CLASSES = u(8, "spm_count_classes", "3.4", "number of class accuracies")
SPM_CLASS_BITMASK = ue(7, "spm_class_bitmask", "3.4", "classes with an accuracy")
SPM_NN_CLASS_ACCURACY = flt("spm_nn_class_accuracy", "3.4", "accuracy of one class")

PPM_COUNT_PRUNING_RATIOS = u(8, "ppm_count_pruning_ratios", "3.4", "entries of the map plus 1")
PRUNING_RATIO = flt("pruning_ratio", "3.4", "share of values that were removed")
PPM_NN_ACCURACY = flt("ppm_nn_accuracy", "3.4", "accuracy")
PPM_COUNT_CLASSES = u(8, "ppm_count_classes", "3.4", "number of class accuracies")
PPM_CLASS_BITMASK = ue(7, "ppm_class_bitmask", "3.4", "classes with an accuracy")
PPM_NN_CLASS_ACCURACY = flt("ppm_nn_class_accuracy", "3.4", "accuracy of one class")

UPM_COUNT_THRESHOLDS = u(8, "upm_count_thresholds", "3.4", "entries of the map plus 1")
COUNT_RESHAPED_TENSOR_DIMENSION = ue(1, "count_reshaped_tensor_dimension", "3.4", "dimensions plus 1")
RESHAPED_TENSOR_DIMENSIONS = ue(7, "reshaped_tensor_dimensions", "3.4", "shape that was unified")
COUNT_SUPER_BLOCK_DIMENSION = u(8, "count_super_block_dimension", "3.4", "dimensions plus 1")
SUPER_BLOCK_DIMENSIONS = u(8, "super_block_dimensions", "3.4", "shape of the super blocks")
COUNT_BLOCK_DIMENSION = u(8, "count_block_dimension", "3.4", "dimensions plus 1")
BLOCK_DIMENSIONS = u(8, "block_dimensions", "3.4", "shape of the blocks")
UNIFICATION_THRESHOLD = flt("unification_threshold", "3.4", "threshold of the unification")
UPM_NN_ACCURACY = flt("upm_nn_accuracy", "3.4", "accuracy")
UPM_COUNT_CLASSES = u(8, "upm_count_classes", "3.4", "number of classes; does not bound the loop")
UPM_CLASS_BITMASK = ue(7, "upm_class_bitmask", "3.4", "classes with an accuracy; also the loop count")
UPM_NN_CLASS_ACCURACY = flt("upm_nn_class_accuracy", "3.4", "accuracy of one class")

DPM_COUNT_THRESHOLDS = u(8, "dpm_count_thresholds", "3.4", "entries of the map plus 1")
MSE_THRESHOLD = flt("mse_threshold", "3.4", "mean square error that was admitted")
DPM_NN_ACCURACY = flt("dpm_nn_accuracy", "3.4", "accuracy")
NN_REDUCTION_RATIO = flt("nn_reduction_ratio", "3.4", "reduction of the number of parameters")
DPM_COUNT_CLASSES = u(16, "dpm_count_classes", "3.4", "number of class accuracies")
DPM_NN_CLASS_ACCURACY = flt("dpm_nn_class_accuracy", "3.4", "accuracy of one class")


def sparsification_performance_map(s: Syntax) -> None:
    """Section 3.4."""
    count = s.code(SPM_COUNT_THRESHOLDS)
    s.repeat("spm_count_thresholds - 1", "spm_thresholds", count - 1, _sparsification_threshold)


def _sparsification_threshold(s: Syntax, index: int) -> None:
    s.code(SPARSIFICATION_THRESHOLD)
    s.code(NON_ZERO_RATIO)
    s.code(SPM_NN_ACCURACY)
    classes = s.code(SPM_COUNT_CLASSES)
    s.code(SPM_CLASS_BITMASK)
    s.array("spm_count_classes", SPM_NN_CLASS_ACCURACY, classes)


def pruning_performance_map(s: Syntax) -> None:
    """Section 3.4."""
    count = s.code(PPM_COUNT_PRUNING_RATIOS)
    s.repeat("ppm_count_pruning_ratios - 1", "ppm_pruning_ratios", count - 1, _pruning_ratio)


def _pruning_ratio(s: Syntax, index: int) -> None:
    s.code(PRUNING_RATIO)
    s.code(PPM_NN_ACCURACY)
    classes = s.code(PPM_COUNT_CLASSES)
    s.code(PPM_CLASS_BITMASK)
    s.array("ppm_count_classes", PPM_NN_CLASS_ACCURACY, classes)


def unification_performance_map(s: Syntax) -> None:
    """Section 3.4."""
    count = s.code(UPM_COUNT_THRESHOLDS)
    s.repeat("upm_count_thresholds - 1", "upm_thresholds", count - 1, _unification_threshold)


def _unification_threshold(s: Syntax, index: int) -> None:
    dimensions = s.code(COUNT_RESHAPED_TENSOR_DIMENSION)
    s.array("count_reshaped_tensor_dimension - 1", RESHAPED_TENSOR_DIMENSIONS, dimensions - 1)
    s.align()
    super_blocks = s.code(COUNT_SUPER_BLOCK_DIMENSION)
    s.array("count_super_block_dimension - 1", SUPER_BLOCK_DIMENSIONS, super_blocks - 1)
    blocks = s.code(COUNT_BLOCK_DIMENSION)
    s.array("count_block_dimension - 1", BLOCK_DIMENSIONS, blocks - 1)
    s.code(UNIFICATION_THRESHOLD)
    s.code(UPM_NN_ACCURACY)
    s.code(UPM_COUNT_CLASSES)
    bitmask = s.code(UPM_CLASS_BITMASK)
    s.array("upm_class_bitmask", UPM_NN_CLASS_ACCURACY, bitmask)


def decomposition_performance_map(s: Syntax) -> None:
    """Section 3.4."""
    count = s.code(DPM_COUNT_THRESHOLDS)
    s.repeat("dpm_count_thresholds - 1", "dpm_thresholds", count - 1, _decomposition_threshold)


def _decomposition_threshold(s: Syntax, index: int) -> None:
    s.code(MSE_THRESHOLD)
    s.code(DPM_NN_ACCURACY)
    s.code(NN_REDUCTION_RATIO)
    classes = s.code(DPM_COUNT_CLASSES)
    s.array("dpm_count_classes", DPM_NN_CLASS_ACCURACY, classes)
