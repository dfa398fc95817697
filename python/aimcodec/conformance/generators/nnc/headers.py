"""Cases of framing, parameter sets, topology and quantization units (sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aimcodec.conformance.generators.nnc.build import (
    frame,
    int_unit,
    raw_unit,
    real_unit,
    small_unit,
)
from aimcodec.conformance.generators.nnc.case import Accepted, accepted
from aimcodec.reference.nnc_encoder import (
    DecompositionEntry,
    LayerParameterSet,
    ModelParameterSet,
    OtherUnit,
    PerformanceMap,
    PruningEntry,
    QuantizationUnit,
    SparsificationEntry,
    StartUnit,
    TopologyUnit,
    UnificationEntry,
    Unit,
)

__all__ = ["framing_cases", "layer_cases", "map_cases", "model_cases", "model_flag_cases", "other_cases"]

LARGEST = 1 << 32  # of ue(k) (section 19)
RESERVED, UNSPECIFIED = 7, 63


def framing_cases() -> Iterator[Accepted]:
    """Section 2."""
    yield accepted(
        "nnc-framing-long-sizes",
        "framing",
        "every unit has a size of 31 bits",
        [Unit(part, nnr_unit_size_flag=1) for part in [*frame(), TopologyUnit(), small_unit()]],
        "2",
    )
    yield accepted(
        "nnc-framing-dependent",
        "framing",
        "independently_decodable_flag is 0 everywhere",
        [Unit(part, independently_decodable_flag=0) for part in [*frame(), TopologyUnit(), small_unit()]],
        "2",
    )
    unknown: list[Any] = [
        Unit(OtherUnit(RESERVED), nnr_unit_size_flag=0),
        Unit(OtherUnit(UNSPECIFIED), nnr_unit_size_flag=1),
        Unit(OtherUnit(31, b"\xff\x00what a later edition may say"), independently_decodable_flag=0),
        Unit(OtherUnit(32, b"\x00" * 9), partial_data_counter=0, nnr_unit_size_flag=1),
        Unit(OtherUnit(RESERVED, b"\x80"), independently_decodable_flag=0, nnr_unit_size_flag=1),
    ]
    yield accepted(
        "nnc-framing-unknown-units",
        "framing",
        "units of reserved and unspecified types are skipped, before and between others",
        [*frame(), *unknown, small_unit("a"), *unknown, small_unit("b"), *unknown],
        "2",
        "14",
    )
    start, mps = frame()
    counted: list[Any] = [
        Unit(start, partial_data_counter=0),
        Unit(mps, partial_data_counter=255, independently_decodable_flag=0),
        Unit(TopologyUnit(), partial_data_counter=7, nnr_unit_size_flag=1),
        Unit(TopologyUnit(), partial_data_counter=1, nnr_unit_size_flag=1, independently_decodable_flag=0),
        small_unit(),
    ]
    yield accepted(
        "nnc-framing-partial-counter",
        "framing",
        "partial_data_counter in units that are whole",
        counted,
        "2",
        klass="uncommon",
    )


def model_cases() -> Iterator[Accepted]:
    """Section 3.2."""
    for flags in range(8):
        units: list[Any] = [int_unit("int", [3, -4])]
        if flags & 3:
            units.append(small_unit())
        units.append(raw_unit("raw", [[0.5, -2]]))
        yield accepted(
            f"nnc-mps-methods-{flags}",
            "model",
            f"mps_quantization_method_flags {flags}, mps_qp_density {'present' if flags & 3 else 'absent'}",
            [*frame(mps_quantization_method_flags=flags, topology_carriage_flag=flags & 1), *units],
            "3.2",
        )
    for density in range(8):
        qps = (-32 << density, -1, 0, 1, 5, 31 << density, (32 << density) - 1)
        yield accepted(
            f"nnc-mps-density-{density}",
            "model",
            f"mps_qp_density {density}: steps below, of and above 1, qp_delta of {6 + density} bits",
            [
                *frame(mps_qp_density=density, mps_quantization_parameter=-density),
                *[real_unit(f"{q}", [[1, -1], [0, 7]], q) for q in dict.fromkeys(qps)],
            ],
            "3.2",
            "11.1",
        )
    for parameter in (-4096, 4095):
        yield accepted(
            f"nnc-mps-parameter-{parameter}",
            "model",
            f"mps_quantization_parameter {parameter}",
            [*frame(mps_qp_density=7, mps_quantization_parameter=parameter), small_unit()],
            "3.2",
            "5",
        )
    yield from _model_strings()
    for idc in (0, 1):
        yield accepted(
            f"nnc-mps-edition-{idc + 1}-only",
            "model",
            f"no data units, edition {idc + 1}",
            frame(idc, topology_carriage_flag=idc),
            "3.2",
        )
    yield accepted(
        "nnc-mps-indexed",
        "model",
        "mps_topology_indexed_reference_flag is 1 and there are no data units",
        frame(mps_topology_indexed_reference_flag=1),
        "3.2",
    )
    yield accepted(
        "nnc-mps-pre",
        "model",
        "nnr_pre_flag is 1 and no tensor is an update",
        [*frame(mps_parent_signalling_enabled_flag=1, nnr_pre_flag=1), small_unit()],
        "3.2",
    )


def _model_strings() -> Iterator[Accepted]:
    """All four combinations of each two of the flags of strings and values."""
    ids: tuple[str | None, ...] = (None, "", "a base of \u00e4, \u4e16 and \U0001f600")
    for number, (base, performance, metric, parent) in enumerate(
        (base, performance, metric, parent)
        for base in ids
        for performance in (None, 0.75)
        for metric in (0, 1)
        for parent in (0, 1)
    ):
        elements: dict[str, Any] = {
            "base_model_id": base,
            "validation_set_performance": performance,
            "metric_type_performance_map_valid_flag": metric,
            "performance_metric_type": "" if base is None else "top-1",
            "mps_parent_signalling_enabled_flag": parent,
            "nnr_pre_flag": parent & metric,
            "topology_carriage_flag": number & 1,
        }
        yield accepted(
            f"nnc-mps-strings-{number}",
            "model",
            f"base_model_id {'absent' if base is None else f'of {len(base)} characters'}, performance "
            f"{'absent' if performance is None else performance}, metric {metric}, parents {parent}",
            [*frame(**elements), small_unit()],
            "3.2",
        )


def model_flag_cases(seed: int) -> Iterator[Accepted]:
    """Flags of the model parameter set in combination; no data units where tensors would be named by index."""
    rng = np.random.default_rng(seed)
    maps = {
        "sparsification": PerformanceMap((SparsificationEntry(),)),
        "pruning": PerformanceMap((PruningEntry(),)),
        "unification": PerformanceMap((UnificationEntry(),)),
        "decomposition": PerformanceMap((DecompositionEntry(),)),
    }
    for number in range(32):
        flags = [int(flag) for flag in rng.integers(0, 2, 11)]
        elements: dict[str, Any] = {name: value for name, value in maps.items() if flags.pop()}
        elements |= {
            "topology_carriage_flag": flags.pop(),
            "mps_topology_indexed_reference_flag": flags.pop(),
            "base_model_id": "base" if flags.pop() else None,
            "validation_set_performance": 0.5 if flags.pop() else None,
            "metric_type_performance_map_valid_flag": flags.pop(),
            "mps_parent_signalling_enabled_flag": flags.pop(),
        }
        elements["nnr_pre_flag"] = flags.pop() & elements["mps_parent_signalling_enabled_flag"]
        tensors = [] if elements["mps_topology_indexed_reference_flag"] else [small_unit()]
        yield accepted(
            f"nnc-mps-flags-{seed}-{number}",
            "model",
            f"flags of the model parameter set, combination {number}",
            [*frame(**elements), *tensors],
            "3.2",
        )


def layer_cases() -> Iterator[Accepted]:
    """Section 3.3: a layer parameter set replaces density and parameter for what follows."""
    before = frame(mps_qp_density=1, mps_quantization_parameter=3)
    methods = [
        LayerParameterSet(lps_self_contained_flag=flags & 1, lps_quantization_method_flags=flags, lps_qp_density=4)
        for flags in (0, 3, 4, 1, 5, 2, 6, 7)
    ]
    yield _layers("methods", "every value of lps_quantization_method_flags", before, methods)
    densities = [LayerParameterSet(lps_qp_density=d, lps_quantization_parameter=d - 3) for d in range(8)]
    yield _layers("densities", "every value of lps_qp_density", before, densities)
    ends = [LayerParameterSet(lps_qp_density=7, lps_quantization_parameter=p) for p in (-4096, 4095)]
    yield _layers("parameters", "the least and the greatest lps_quantization_parameter", before, ends)
    maps = {"sparsification": SPARSIFICATION, "pruning": PRUNING, "unification": UNIFICATION}
    sets = []
    for bits in range(16):
        chosen: dict[str, Any] = {name: maps[name] for n, name in enumerate(maps) if bits >> n & 1}
        sets.append(LayerParameterSet(lps_self_contained_flag=bits >> 3, **chosen))
    yield _layers("maps", "layer parameter sets with maps", before, sets)


def _layers(id: str, title: str, before: list[Any], sets: list[LayerParameterSet]) -> Accepted:
    """A tensor before, between and behind layer parameter sets."""
    units = [part for number, lps in enumerate(sets) for part in (lps, small_unit(f"{number}"))]
    return accepted(f"nnc-lps-{id}", "layer", title, [*before, small_unit("before"), *units], "3.3", "3.4", "5")


SPARSIFICATION = PerformanceMap(
    (SparsificationEntry(0.5, 0.25, 0.75, 5, (0.5, 1.0)), SparsificationEntry(1e-30, -0.0, 1e30, 0, (3.5,)))
)
PRUNING = PerformanceMap((PruningEntry(0.5, 0.75, 130, (0.25,)), PruningEntry(0.125, 0.5, 1, ())))
UNIFICATION = PerformanceMap(
    (
        UnificationEntry((4, 300), (2, 2), (1,), None, None, None, 0.5, 0.75, 2, 2, (0.25, 0.5)),
        UnificationEntry((3,), (), (5, 6, 7), upm_count_classes=1, upm_class_bitmask=1, upm_nn_class_accuracy=(0.5,)),
    )
)
DECOMPOSITION = PerformanceMap((DecompositionEntry(0.5, 0.75, 0.25, (0.5, 0.25)), DecompositionEntry()))


def map_cases() -> Iterator[Accepted]:
    """Section 3.4."""
    maps = {
        "sparsification": SPARSIFICATION,
        "pruning": PRUNING,
        "unification": UNIFICATION,
        "decomposition": DECOMPOSITION,
    }
    for idc in (0, 1):
        for bits in range(16):
            chosen: dict[str, Any] = {name: maps[name] for n, name in enumerate(maps) if bits >> n & 1}
            yield accepted(
                f"nnc-maps-edition-{idc + 1}-{bits}",
                "maps",
                f"edition {idc + 1}: {', '.join(chosen) or 'no'} maps",
                [
                    *frame(
                        idc,
                        **chosen,
                        topology_carriage_flag=bits.bit_count() & 1,
                        validation_set_performance=0.5 if idc and bits % 5 == 1 else None,
                        mps_quantization_method_flags=1 + bits % 3,
                    ),
                    small_unit(),
                ],
                "3.4",
            )
    yield from _map_counts()
    yield from _map_ranges()


def _map_counts() -> Iterator[Accepted]:
    entries: dict[str, Any] = {
        "sparsification": SparsificationEntry(),
        "pruning": PruningEntry(),
        "unification": UnificationEntry(),
        "decomposition": DecompositionEntry(),
    }
    for name, entry in entries.items():
        for count in (0, 1, 2, 3, 4, 255):
            values = PerformanceMap((entry,) * max(count - 1, 0), count)
            chosen: dict[str, Any] = {name: values}
            yield accepted(
                f"nnc-maps-{name}-{count}",
                "maps",
                f"a {name} map whose count is {count}",
                [*frame(**chosen), small_unit()],
                "3.4",
            )


def _map_ranges() -> Iterator[Accepted]:
    """Ends of the ranges of what is inside of maps."""
    entries: dict[str, Any] = {
        "sparsification": [
            SparsificationEntry(spm_class_bitmask=LARGEST, spm_nn_class_accuracy=(0.5,) * 255),
            SparsificationEntry(spm_class_bitmask=77, spm_nn_class_accuracy=(0.5,) * 3),
        ],
        "pruning": [
            PruningEntry(ppm_class_bitmask=LARGEST, ppm_nn_class_accuracy=(0.5,) * 255),
            PruningEntry(ppm_class_bitmask=77, ppm_nn_class_accuracy=(0.5, 0.25)),
            PruningEntry(ppm_nn_class_accuracy=(0.5,) * 3),
        ],
        "unification": [
            UnificationEntry((0, LARGEST, 5), (0, 255, 9), (0, 255, 9), upm_count_classes=255),
            UnificationEntry((1, 2), (7,) * 254, (8,) * 254),
            UnificationEntry(
                (1, 2, 3, 4), (1, 2), (1, 2), upm_count_classes=5, upm_class_bitmask=3, upm_nn_class_accuracy=(0.5,) * 3
            ),
            UnificationEntry((), (), (), 0, 0, 0),
            UnificationEntry((9,), (9,), (9,)),
        ],
        "decomposition": [
            DecompositionEntry(dpm_nn_class_accuracy=(0.5,)),
            DecompositionEntry(dpm_nn_class_accuracy=(0.5,) * 3),
        ],
    }
    for name, values in entries.items():
        chosen: dict[str, Any] = {name: PerformanceMap(tuple(values))}
        yield accepted(
            f"nnc-maps-{name}-ranges",
            "maps",
            f"least, greatest and other values in a {name} map",
            [*frame(**chosen), small_unit()],
            "3.4",
        )
    many = DecompositionEntry(dpm_nn_class_accuracy=(0.0,) * 65535)
    yield accepted(
        "nnc-maps-decomposition-classes",
        "maps",
        "a decomposition map of 65535 classes",
        [*frame(decomposition=PerformanceMap((many,))), small_unit()],
        "3.4",
    )


def other_cases() -> Iterator[Accepted]:
    """Sections 3.5 and 3.6."""
    for storage_format in (0, 1, 2, 3, 4):
        yield accepted(
            f"nnc-topology-{storage_format}",
            "topology",
            f"topology_storage_format {storage_format}, with and without data",
            [
                *frame(),
                TopologyUnit(storage_format, 0, ""),
                TopologyUnit(storage_format, 0, "graph { \u00e9 }"),
                small_unit(),
            ],
            "3.5",
        )
    yield accepted(
        "nnc-topology-reflist",
        "topology",
        "lists of 2, 3 and 200 element names",
        [
            *frame(),
            *[TopologyUnit(6, 0, topology_elem_ids=tuple(f"t{n}" for n in range(count))) for count in (2, 3, 200)],
            TopologyUnit(6, 0, topology_elem_ids=("", "")),
            small_unit(),
        ],
        "3.5",
        "4.2",
    )
    formats = [(0, 255), (255, 0), (9, 9)]
    yield accepted(
        "nnc-quantization-unit",
        "topology",
        "quantization units are read and not used",
        [
            StartUnit(),
            QuantizationUnit(),
            ModelParameterSet(),
            *[QuantizationUnit(storage, compression, "tables \u00fc") for storage, compression in formats],
            small_unit(),
        ],
        "3.6",
    )
