"""Streams that break one rule of the syntax each, and streams that use what decoders need not support."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aimcodec.conformance.generators.nnc.build import BLOCK, FLOAT, element_offset, frame, patched, small_unit
from aimcodec.conformance.generators.nnc.case import Refused, Units, refused
from aimcodec.errors import (
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    UnsupportedError,
)
from aimcodec.reference.nnc_encoder import (
    AnyUnit,
    Codebook,
    DataUnit,
    EntryPoint,
    LayerParameterSet,
    OtherUnit,
    ParentNode,
    PerformanceMap,
    PruningEntry,
    QuantizationUnit,
    SparsificationEntry,
    StartUnit,
    TensorChoices,
    TopologyUnit,
    UnificationEntry,
    Unit,
    encode_stream,
)

__all__ = ["data_unit_cases", "model_cases", "unit_cases", "unsupported_cases"]

BEYOND = (1 << 32) + 1  # the first value that ue(k) cannot carry (section 19)
MPS = "units[1].nnr_model_parameter_set_unit_payload"
LPS = "units[2].nnr_layer_parameter_set_unit_"
TPL = "units[2].nnr_topology_unit_"
NDU = "units[2].nnr_compressed_data_unit_header"
LARGE = (OutOfRangeError, InconsistentError, LimitExceededError)


def unit_cases() -> Iterator[Refused]:
    """Sections 2, 3.1, 3.5, 3.6."""
    start, mps = frame()
    data = small_unit()
    tiny = [start, mps, Unit(OtherUnit(7), nnr_unit_size_flag=1, nnr_unit_size=4)]
    legal = [start, mps, Unit(OtherUnit(7), nnr_unit_size_flag=1)]
    rule = "2: a unit with a size of 31 bits has 5 bytes or more"
    yield refused("nnc-refused-size-4", "framing", rule, OutOfRangeError, tiny, legal, "units[2].nnr_unit_size")
    yield Refused(
        "nnc-refused-surplus",
        "framing",
        "2: the start unit has one byte behind its common header",
        (MalformedError, InconsistentError),
        encode_stream([OtherUnit(0, b"\x01\x00"), mps, data]),
    )
    rule = "3.1: general_profile_idc is 0 or 1"
    path = "units[0].nnr_start_unit_header.general_profile_idc"
    bad = [StartUnit(255), mps, data]
    yield refused("nnc-refused-idc-255", "framing", rule, OutOfRangeError, bad, [*frame(), data], path)
    for storage, compression, word in (
        (7, 0, "storage"),
        (255, 0, "storage"),
        (0, 2, "compression"),
        (0, 255, "compression"),
    ):
        rule = f"3.5: topology_{word}_format has no value {storage or compression}"
        units = [*frame(), TopologyUnit(storage, compression), data]
        path = f"{TPL}header.topology_{word}_format"
        id = f"nnc-refused-topology-{word}-{storage or compression}"
        yield refused(id, "topology", rule, OutOfRangeError, units, [*frame(), TopologyUnit(), data], path)
    rule = "3.5: topology_data is UTF-8"
    units = [*frame(), TopologyUnit(0, 0, b"\xff\xfe"), data]
    path = f"{TPL}payload.topology_data"
    yield refused(
        "nnc-refused-topology-text", "topology", rule, MalformedError, units, [*frame(), TopologyUnit(), data], path
    )
    rule = "3.6: quantization_data is UTF-8"
    units = [*frame(), QuantizationUnit(0, 0, b"\xc3"), data]
    path = "units[2].nnr_quantization_unit_payload.quantization_data"
    legal = [*frame(), QuantizationUnit(), data]
    yield refused("nnc-refused-quantization-text", "topology", rule, MalformedError, units, legal, path)
    names: Units = [*frame(), TopologyUnit(6, 0, topology_elem_ids=("a", "b")), data]
    path = f"{TPL}payload.topology_elements_ids_list"
    yield _bits("nnc-refused-list-align", "topology", "4.2: alignment begins with a 1", names, f"{path}.align", 1, 0)
    names = [*frame(), TopologyUnit(6, 0, topology_elem_ids=("a" * 20, "b"))]
    instead = _exp_golomb(7, BEYOND)
    yield _replaced("nnc-refused-list-count", f"{path}.count_topology_elements_minus2", instead, names)


def model_cases() -> Iterator[Refused]:
    """Sections 3.2 to 3.4."""
    data = small_unit()
    reserved: list[tuple[str, int, int, str]] = [
        ("nnr_reserved_zero_2bits", 1, 1, "1"),
        ("nnr_reserved_zero_2bits", 3, 1, "3"),
        ("nnr_reserved_zero_1bit", 4, 1, "1"),
        ("nnr_reserved_zero_7bits", 1, 0, "1"),
        ("nnr_reserved_zero_7bits", 127, 0, "127"),
    ]
    for element, value, idc, word in reserved:
        yield refused(
            f"nnc-refused-mps-{element.removeprefix('nnr_reserved_zero_')}-{word}",
            "model",
            f"3.2: {element} is 0",
            OutOfRangeError,
            [*frame(idc, reserved=value), data],
            [*frame(idc), data],
            f"{MPS}.{element}",
        )
    texts: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("base_model_id", {"base_model_id": b"\x80"}, {"base_model_id": ""}),
        (
            "performance_metric_type",
            {"performance_metric_type": b"a\xe9", "metric_type_performance_map_valid_flag": 1},
            {"metric_type_performance_map_valid_flag": 1},
        ),
    ]
    for element, bad, good in texts:
        yield refused(
            f"nnc-refused-mps-{element.replace('_', '-')}",
            "model",
            f"3.2: {element} is UTF-8",
            MalformedError,
            [*frame(**bad), data],
            [*frame(**good), data],
            f"{MPS}.{element}",
        )
    yield _bits(
        "nnc-refused-mps-align", "model", "3.2: alignment begins with a 1", [*frame(), data], f"{MPS}.align", 1, 0
    )
    yield from _maps(data)
    yield from _layers(data)
    for word, units in (("mps", []), ("lps", [LayerParameterSet(lps_quantization_method_flags=4)])):
        yield Refused(
            f"nnc-refused-no-density-{word}",
            "model",
            "5: a tensor with a QP needs a parameter set in force that has a qp_density",
            InconsistentError,
            encode_stream([*frame(mps_quantization_method_flags=4), *units, data]),
        )


def _maps(data: AnyUnit) -> Iterator[Refused]:
    """Section 3.4: numbers beyond 32 bits."""
    maps: list[tuple[str, str, Any, Any]] = [
        (
            "sparsification",
            "spm_thresholds[0].spm_class_bitmask",
            SparsificationEntry(spm_class_bitmask=BEYOND),
            SparsificationEntry(),
        ),
        ("pruning", "ppm_pruning_ratios[0].ppm_class_bitmask", PruningEntry(ppm_class_bitmask=BEYOND), PruningEntry()),
        (
            "unification",
            "upm_thresholds[0].count_reshaped_tensor_dimension",
            UnificationEntry(count_reshaped_tensor_dimension=BEYOND),
            UnificationEntry(),
        ),
        (
            "unification",
            "upm_thresholds[0].reshaped_tensor_dimensions[0]",
            UnificationEntry((BEYOND,)),
            UnificationEntry((1,)),
        ),
        (
            "unification",
            "upm_thresholds[0].upm_class_bitmask",
            UnificationEntry(upm_class_bitmask=BEYOND),
            UnificationEntry(),
        ),
    ]
    for name, path, bad, good in maps:
        element = path.rsplit(".", 1)[-1].partition("[")[0]
        yield refused(
            f"nnc-refused-{element.replace('_', '-')}",
            "maps",
            f"1.2: {element} has 32 bits",
            OutOfRangeError,
            [*frame(1, **{name: PerformanceMap((bad,))}), data],
            [*frame(1, **{name: PerformanceMap((good,))}), data],
            f"{MPS}.{name}_performance_map.{path}",
        )
    units = [*frame(unification=PerformanceMap((UnificationEntry(),))), data]
    path = f"{MPS}.unification_performance_map.upm_thresholds[0].align"
    yield _bits("nnc-refused-unification-align", "maps", "3.4: alignment begins with a 1", units, path, 1, 0)


def _layers(data: AnyUnit) -> Iterator[Refused]:
    """Section 3.3."""
    legal = [*frame(), LayerParameterSet(), data]
    for value in (1, 127):
        units = [*frame(), LayerParameterSet(reserved=value), data]
        path = f"{LPS}header.nnr_reserved_zero_7bits"
        rule = "3.3: nnr_reserved_zero_7bits is 0"
        yield refused(f"nnc-refused-lps-7bits-{value}", "layer", rule, OutOfRangeError, units, legal, path)
    rule = "3.3: nnr_reserved_zero_1bit is 0"
    for name in ("reserved_first", "reserved_last"):
        changed: dict[str, Any] = {name: 1}
        data_bad = encode_stream([*frame(), LayerParameterSet(**changed), data])
        begin = element_offset(encode_stream(legal), f"{LPS}payload.lps_sparsification_flag") - 1
        offset = begin if name == "reserved_first" else begin + 7
        id = f"nnc-refused-lps-{name.replace('_', '-')}"
        yield Refused(id, "layer", rule, OutOfRangeError, data_bad, "nnr_reserved_zero_1bit", offset)
    yield _bits("nnc-refused-lps-align", "layer", "3.3: alignment begins with a 1", legal, f"{LPS}payload.align", 1, 0)


def data_unit_cases() -> Iterator[Refused]:
    """Section 4."""
    update = frame(mps_parent_signalling_enabled_flag=1)
    node, parent = (0, 0, 0), ParentNode()
    elements: list[tuple[str, dict[str, Any], dict[str, Any], Units]] = [
        ("device_id", {"node_id": (BEYOND, 0, 0)}, {"node_id": node}, frame()),
        ("parameter_id", {"node_id": (0, BEYOND, 0)}, {"node_id": node}, frame()),
        ("put_node_depth", {"node_id": (0, 0, BEYOND)}, {"node_id": node}, frame()),
        ("parent_node_id_type", {"parent": ParentNode(3)}, {"parent": parent}, update),
        ("parent_device_id", {"parent": ParentNode(parent_device_id=BEYOND)}, {"parent": parent}, update),
        (
            "nnr_decompressed_data_format",
            {"nnr_decompressed_data_format": 10},
            {"nnr_decompressed_data_format": 0},
            frame(),
        ),
        (
            "nnr_decompressed_data_format",
            {"nnr_decompressed_data_format": 127},
            {"nnr_decompressed_data_format": 0},
            frame(),
        ),
        ("first_tensor_dimension_shift", {"first_tensor_dimension_shift": BEYOND}, {}, frame()),
        ("scan_order", {"scan_order": 15}, {}, frame()),
        ("codebook.codebook_zero_value", _book(zero=-(1 << 31) - 1), _book(), frame()),
        ("codebook.codebook_zero_value", _book(zero=1 << 31), _book(), frame()),
        ("codebook.codebook_delta_left[0]", _book(left=BEYOND), _book(), frame()),
        ("codebook.codebook_delta_right[0]", _book(right=BEYOND), _book(), frame()),
    ]
    for number, (path, bad, good, before) in enumerate(elements):
        element = path.rsplit(".", 1)[-1].partition("[")[0]
        yield refused(
            f"nnc-refused-{element.replace('_', '-')}-{number}",
            "data-unit",
            f"4: {element} is within its range",
            OutOfRangeError,
            [*before, _without_codeword(**bad)],
            [*before, _without_codeword(**good)],
            f"{NDU}.{path}",
        )
    unit = DataUnit(31, ("w",), (2, 2), payload=bytes(8))
    path = f"{NDU}.nnr_compressed_data_unit_payload_type"
    rule = "4.1: payload types are 0 to 3"
    yield refused(
        "nnc-refused-payload-type-31",
        "data-unit",
        rule,
        OutOfRangeError,
        [*frame(), unit],
        [*frame(), small_unit()],
        path,
    )
    yield from _codebook_sizes()
    yield from _dimensions()
    yield from _factors()
    yield from _entry_points()
    yield from _indices()


def _without_codeword(**elements: Any) -> DataUnit:
    """A data unit whose payload nobody comes to."""
    return DataUnit(FLOAT, ("w",), **{"tensor_dimensions": (2, 2), "payload": bytes(8), **elements})


def _book(zero: int = 0, left: int = 0, right: int = 0) -> dict[str, Any]:
    return {"codebook": Codebook(2, zero, (left,), (right,))}


def _spliced(units: Units, path: str, instead: str) -> bytes:
    """The legal stream of `units` with an element replaced by other bits; what follows it becomes zeros."""
    data = encode_stream(units)
    offset = element_offset(data, path)
    whole = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"
    changed = (whole[:offset] + instead).ljust(len(whole), "0")[: len(whole)]
    return int(changed, 2).to_bytes(len(data), "big")


def _exp_golomb(k: int, value: int) -> str:
    """ue(k): the value plus 2^k in binary, behind as many zeros as it has bits more than k + 1."""
    bits = f"{value + (1 << k):b}"
    return "0" * (len(bits) - 1 - k) + bits


def _signed(k: int, value: int) -> str:
    return _exp_golomb(k, -2 * value if value <= 0 else 2 * value - 1)


def _replaced(id: str, path: str, instead: str, units: Units, error: Any = LARGE) -> Refused:
    """An element of a data unit replaced by bits that say a value outside its range."""
    element = path.rsplit(".", 1)[-1].partition("[")[0]
    rule = f"4: {element} is within its range"
    offset = element_offset(encode_stream(units), path)
    return Refused(id, "data-unit", rule, error, _spliced(units, path, instead), element, offset)


def _codebook_sizes() -> Iterator[Refused]:
    units: Units = [*frame(), _without_codeword(**_book(), payload=bytes(40))]
    for value in (0, 1 << 32):
        id = f"nnc-refused-codebook-size-{value}"
        yield _replaced(id, f"{NDU}.codebook.codebook_size", _exp_golomb(2, value), units)
    for value in (-(1 << 31) - 1, (1 << 31) + 1):
        id = f"nnc-refused-codebook-center-{value}"
        yield _replaced(id, f"{NDU}.codebook.codebook_center_offset", _signed(2, value), units)


def _dimensions() -> Iterator[Refused]:
    units: Units = [*frame(), _without_codeword(payload=bytes(40))]
    for value in (0, 1 << 32):
        path = f"{NDU}.count_tensor_dimensions"
        yield _replaced(f"nnc-refused-count-dimensions-{value}", path, _exp_golomb(1, value), units)
        path = f"{NDU}.tensor_dimensions[0]"
        # What follows is legal: the second dimension and so on would come behind.
        yield _replaced(f"nnc-refused-dimension-{value}", path, _exp_golomb(7, value), units)


def _factors() -> Iterator[Refused]:
    """Decomposed weights: what this kit's decoders refuse before they would refuse the tool itself."""
    block = DataUnit(
        BLOCK,
        ("g", "h"),
        (4, 4),
        decomposition_rank=2,
        g_number_of_rows=4,
        compressed_parameter_types=1,
        payload=bytes(40),
    )
    units: Units = [*frame(), block]
    for value in (0, 1 << 32):
        for element in ("decomposition_rank", "g_number_of_rows"):
            id = f"nnc-refused-{element.replace('_', '-')}-{value}"
            errors = (*LARGE, UnsupportedError)
            yield _replaced(id, f"{NDU}.{element}", _exp_golomb(3, value), units, errors)


def _entry_points() -> Iterator[Refused]:
    points = [EntryPoint(0, 0, 1), EntryPoint(0, 0, 2)]
    unit = DataUnit(FLOAT, ("w",), (17, 2), scan_order=1, entry_points=points, payload=bytes(40))
    units: Units = [*frame(), unit]
    path = f"{NDU}.entry_points"
    yield _replaced("nnc-refused-bit-offset", f"{path}[0].cabac_bit_offset", _exp_golomb(11, BEYOND), units)
    for value in (-(1 << 31) - 1, (1 << 31) + 1):
        yield _replaced(f"nnc-refused-bit-offset-{value}", f"{path}[1].cabac_bit_offset", _signed(7, value), units)


def _indices() -> Iterator[Refused]:
    """Tensors named by index."""
    before = frame(mps_topology_indexed_reference_flag=1)
    errors = (*LARGE, UnsupportedError)
    single: Units = [*before, DataUnit(FLOAT, (1,), (2, 2), payload=bytes(40))]
    path = f"{NDU}.topology_elem_id_index"
    yield _replaced("nnc-refused-index", path, _exp_golomb(7, BEYOND), single, errors)
    several: Units = [*before, DataUnit(BLOCK, (1, 2), (2, 2), compressed_parameter_types=8, payload=bytes(40))]
    path = f"{NDU}.topology_elements_ids_list.topology_elem_id_index_list[0]"
    yield _replaced("nnc-refused-index-list", path, _exp_golomb(7, BEYOND), several, errors)


def _bits(id: str, area: str, rule: str, units: Units, path: str, bits: int, value: int) -> Refused:
    """Bits of a legal stream changed in place."""
    data = encode_stream(units)
    offset = element_offset(data, path)
    return Refused(id, area, rule, MalformedError, patched(data, offset, bits, value), "align", offset)


def unsupported_cases() -> Iterator[Refused]:
    """What the text leaves to decoders: legal, or reserved for what it does not describe (section 14)."""
    start, mps = frame()
    data = small_unit()
    zeros = np.zeros((2, 2), np.int64)
    g, h = TensorChoices(zeros), TensorChoices(zeros)
    factors: dict[str, Any] = {"compressed_parameter_types": 1, "decomposition_rank": 2, "g_number_of_rows": 2}
    book = Codebook(0, 0, (0,), (0,))
    streams: list[tuple[str, str, Units]] = [
        ("second-start", "a second start unit", [start, mps, start, data]),
        ("aggregate", "an aggregate unit", [start, mps, OtherUnit(6, bytes(8)), data]),
        ("partial", "a data unit in parts", [start, mps, Unit(data, partial_data_counter=0)]),
        ("deflate", "compressed topology data", [start, mps, TopologyUnit(0, 1), data]),
        ("pruning", "a pruning container", [start, mps, TopologyUnit(5), data]),
        (
            "no-parameters",
            "dimensions from elsewhere",
            [start, mps, _without_codeword(input_parameters_present_flag=0, tensor_dimensions=None)],
        ),
        ("no-dimensions", "dimensions from elsewhere", [start, mps, _without_codeword(tensor_dimensions=None)]),
        (
            "several",
            "several tensors in a unit that is no block",
            [start, mps, DataUnit(FLOAT, ("a", "b"), (2, 2), payload=bytes(8))],
        ),
        (
            "indexed",
            "a tensor named by index",
            [*frame(mps_topology_indexed_reference_flag=1), DataUnit(FLOAT, (3,), (2, 2), (g,))],
        ),
        (
            "decomposed-codebook",
            "codebooks of factors",
            [start, mps, DataUnit(BLOCK, ("g", "h"), (2, 2), (g, h), codebook=book, codebook_H=book, **factors)],
        ),
        (
            "decomposed-scan",
            "a block scan of factors that are no block",
            [start, mps, DataUnit(FLOAT, ("w",), (2, 2), (g,), scan_order=1, **factors)],
        ),
    ]
    for word, title, units in streams:
        yield Refused(
            f"nnc-unsupported-{word}",
            "unsupported",
            f"14: {title}",
            (UnsupportedError, MalformedError) if word == "second-start" else UnsupportedError,
            encode_stream(units),
            klass="limits",
        )
