"""Random legal units of every type, drawn from the tables of the text."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as hs

from aimcodec.syntax.nnc import PayloadType, Unit, UnitType

Draw = hs.DrawFn

flag = hs.integers(0, 1)
byte = hs.integers(0, 255) | hs.integers(0, 3)
number = hs.integers(0, 2**32) | hs.integers(0, 200)
positive = hs.integers(1, 2**32 - 1) | hs.integers(1, 200)
name = hs.text(hs.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
binary32 = hs.floats(width=32, allow_nan=False)


def u(width: int) -> hs.SearchStrategy[int]:
    return hs.integers(0, 2**width - 1)


@hs.composite
def class_accuracies(draw: Draw, prefix: str, accuracies: hs.SearchStrategy[list[float]]) -> dict[str, Any]:
    values = draw(accuracies)
    return {
        f"{prefix}_nn_accuracy": draw(binary32),
        f"{prefix}_count_classes": len(values),
        f"{prefix}_class_bitmask": draw(number),
        f"{prefix}_nn_class_accuracy": values,
    }


few_floats = hs.lists(binary32, max_size=4)


@hs.composite
def spm_threshold(draw: Draw) -> dict[str, Any]:
    return {
        "sparsification_threshold": draw(binary32),
        "non_zero_ratio": draw(binary32),
        **draw(class_accuracies("spm", few_floats)),
    }


@hs.composite
def ppm_ratio(draw: Draw) -> dict[str, Any]:
    return {"pruning_ratio": draw(binary32), **draw(class_accuracies("ppm", few_floats))}


@hs.composite
def upm_threshold(draw: Draw) -> dict[str, Any]:
    """Every count is one more than the number of values, except that 0 also means none; the bitmask counts floats."""
    entry: dict[str, Any] = {}
    for count, values, value in (
        ("count_reshaped_tensor_dimension", "reshaped_tensor_dimensions", number),
        ("count_super_block_dimension", "super_block_dimensions", byte),
        ("count_block_dimension", "block_dimensions", byte),
    ):
        entry[values] = draw(hs.lists(value, max_size=4))
        entry[count] = len(entry[values]) + 1 if entry[values] else draw(flag)
    entry |= {"unification_threshold": draw(binary32), **draw(class_accuracies("upm", few_floats))}
    entry["upm_class_bitmask"] = entry["upm_count_classes"]
    entry["upm_count_classes"] = draw(byte)
    return entry


@hs.composite
def dpm_threshold(draw: Draw) -> dict[str, Any]:
    values = draw(few_floats | hs.just([0.5] * 300))
    return {
        "mse_threshold": draw(binary32),
        "dpm_nn_accuracy": draw(binary32),
        "nn_reduction_ratio": draw(binary32),
        "dpm_count_classes": len(values),
        "dpm_nn_class_accuracy": values,
    }


@hs.composite
def performance_map(draw: Draw, count: str, entries: str, entry: hs.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    values = draw(hs.lists(entry, max_size=2))
    return {count: len(values) + 1 if values else draw(flag), entries: values}


MAPS = {
    "sparsification": performance_map("spm_count_thresholds", "spm_thresholds", spm_threshold()),
    "pruning": performance_map("ppm_count_pruning_ratios", "ppm_pruning_ratios", ppm_ratio()),
    "unification": performance_map("upm_count_thresholds", "upm_thresholds", upm_threshold()),
    "decomposition": performance_map("dpm_count_thresholds", "dpm_thresholds", dpm_threshold()),
}


@hs.composite
def parameter_set(draw: Draw, prefix: str, maps: list[str]) -> dict[str, Any]:
    """What the parameter sets of a model and of a layer have in common."""
    methods = draw(u(3))
    tree: dict[str, Any] = {f"{prefix}_quantization_method_flags": methods}
    if methods & 3:
        tree[f"{prefix}_qp_density"] = draw(u(3))
        tree[f"{prefix}_quantization_parameter"] = draw(hs.integers(-(2**12), 2**12 - 1))
    for kind in maps:
        middle = "_performance_map" if kind == "decomposition" else ""
        present = tree[f"{prefix}_{kind}{middle}_flag"] = draw(flag)
        if present:
            tree[f"{kind}_performance_map"] = draw(MAPS[kind])
    return tree


@hs.composite
def model_parameter_set(draw: Draw, edition: int) -> dict[str, Any]:
    tree = draw(parameter_set("mps", list(MAPS)))
    tree |= {"topology_carriage_flag": draw(flag), "mps_topology_indexed_reference_flag": draw(flag)}
    if not edition:
        return tree
    names = ("base_model_id_present_flag", "validation_set_performance_present_flag")
    tree |= {key: draw(flag) for key in (*names, "metric_type_performance_map_valid_flag")}
    tree["mps_parent_signalling_enabled_flag"] = draw(flag)
    if tree["mps_parent_signalling_enabled_flag"]:
        tree["nnr_pre_flag"] = draw(flag)
    if tree["base_model_id_present_flag"]:
        tree["base_model_id"] = draw(name)
    if tree["validation_set_performance_present_flag"] or tree["metric_type_performance_map_valid_flag"]:
        tree["performance_metric_type"] = draw(name)
    if tree["validation_set_performance_present_flag"]:
        tree["validation_set_performance"] = draw(binary32)
    return tree


@hs.composite
def id_list(draw: Draw, indexed: bool) -> dict[str, Any]:
    ids = draw(hs.lists(number if indexed else name, min_size=2, max_size=5))
    key = "topology_elem_id_index_list" if indexed else "topology_elem_id_list"
    return {"count_topology_elements_minus2": len(ids) - 2, key: ids}


@hs.composite
def codebook(draw: Draw) -> dict[str, Any]:
    size = draw(hs.integers(1, 12))
    zero_offset = draw(hs.integers(0, size - 1))
    deltas = draw(hs.lists(number, min_size=size - 1, max_size=size - 1))
    return {
        "codebook_egk": draw(u(4)),
        "codebook_size": size,
        "codebook_center_offset": zero_offset - size // 2,
        "codebook_zero_value": draw(hs.integers(-(2**31), 2**31 - 1)),
        "codebook_delta_left": deltas[:zero_offset],
        "codebook_delta_right": deltas[zero_offset:],
    }


@hs.composite
def update_tree(draw: Draw, edition: int, signalled: int) -> dict[str, Any]:
    if not edition:
        return {"node_id_present_flag": 0, "parent_node_id_present_flag": 0, "temporal_context_modeling_flag": 0}
    node, parent = draw(flag), draw(flag) if signalled else 0
    ids = {"parameter_id": draw(number), "put_node_depth": draw(number)}
    tree: dict[str, Any] = {"node_id_present_flag": node, "parent_node_id_present_flag": parent}
    if node:
        tree |= {"device_id": draw(number), **ids}
    if not parent:
        return {**tree, "temporal_context_modeling_flag": 0}
    tree |= {"parent_node_id_type": draw(hs.integers(0, 2)), "temporal_context_modeling_flag": draw(flag)}
    match tree["parent_node_id_type"]:
        case 0:
            tree |= {"parent_device_id": draw(number), **ids}
        case 1:
            tree["parent_node_payload_sha256"] = draw(u(256))
        case 2:
            tree["parent_node_payload_sha512"] = draw(u(512))
    return tree


@hs.composite
def input_parameters(draw: Draw, is_block: bool, has_codebook: int) -> dict[str, Any]:
    types = draw(u(4))
    if has_codebook:
        types &= ~1
    dimensions = draw(
        hs.lists(positive, min_size=1, max_size=4) | hs.lists(hs.integers(1, 300), min_size=2, max_size=2)
    )
    tree: dict[str, Any] = {
        "tensor_dimensions_flag": 1,
        "cabac_unary_length_flag": draw(flag),
        "compressed_parameter_types": types,
        "count_tensor_dimensions": len(dimensions),
        "tensor_dimensions": dimensions,
    }
    if types & 1:
        tree |= {"decomposition_rank": draw(hs.integers(1, 40)), "g_number_of_rows": draw(hs.integers(1, 100))}
    tree["cabac_unary_length_minus1"] = draw(byte) if tree["cabac_unary_length_flag"] else 9
    return tree


@hs.composite
def scan(draw: Draw, parameters: dict[str, Any], edition: int, is_block: bool, dq: int) -> dict[str, Any]:
    """Section 4.4: the entry points of section 10.2 for the first dimensions of the tensor, or of both factors."""
    dimensions = parameters["tensor_dimensions"]
    if len(dimensions) == 1:
        return {"first_tensor_dimension_shift": 0, "scan_order": 0}
    decomposed = parameters["compressed_parameter_types"] & 1
    rows = [parameters["g_number_of_rows"], parameters["decomposition_rank"]] if decomposed else dimensions[:1]
    possible = (is_block or not decomposed) and max(rows) <= 400
    order = draw(hs.integers(0, 4)) if possible else 0
    tree: dict[str, Any] = {"first_tensor_dimension_shift": draw(number) if edition else 0, "scan_order": order}
    if order:
        block = (None, 8, 16, 32, 64)[order]
        count = sum(len(range(block, n, block)) for n in rows)
        offsets = [draw(number), *draw(hs.lists(hs.integers(-(2**31), 2**31), min_size=count, max_size=count))]
        tree["entry_points"] = [
            {"cabac_entry_point_value": draw(byte), "cabac_bit_offset": offset}
            | ({"cabac_entry_point_dq_state": draw(u(3))} if dq else {})
            for offset in offsets[:count]
        ]
    return tree


@hs.composite
def data_unit_header(draw: Draw, edition: int, mps: dict[str, Any]) -> dict[str, Any]:
    kind = draw(hs.sampled_from(PayloadType))
    is_block = kind == PayloadType.NNR_PT_BLOCK
    quantized = kind in {PayloadType.NNR_PT_FLOAT, PayloadType.NNR_PT_BLOCK}
    multiple = draw(flag) if is_block else 0
    indexed = bool(mps["mps_topology_indexed_reference_flag"])
    tree: dict[str, Any] = {
        "nnr_compressed_data_unit_payload_type": int(kind),
        "nnr_multiple_topology_elements_present_flag": multiple,
        "nnr_decompressed_data_format_present_flag": draw(flag),
        "input_parameters_present_flag": 1,
    }
    if multiple:
        tree["topology_elements_ids_list"] = draw(id_list(indexed))
    elif indexed:
        tree["topology_elem_id_index"] = draw(number)
    else:
        tree["topology_elem_id"] = draw(name)
    tree |= draw(update_tree(edition, mps.get("mps_parent_signalling_enabled_flag", 0)))
    tree["codebook_present_flag"] = draw(flag) if quantized else 0
    if tree["codebook_present_flag"]:
        tree["codebook"] = draw(codebook())
    tree["dq_flag"] = draw(flag) if kind != PayloadType.NNR_PT_RAW_FLOAT else 0
    if tree["nnr_decompressed_data_format_present_flag"]:
        tree["nnr_decompressed_data_format"] = draw(hs.integers(0, 9))
    tree |= draw(input_parameters(is_block, is_block and tree["codebook_present_flag"]))
    return tree | draw(scan(tree, edition, is_block, tree["dq_flag"]))


@hs.composite
def other_unit(draw: Draw, edition: int, mps: dict[str, Any]) -> Unit:
    """A unit that may come after the parameter set of the model."""
    kind = draw(hs.sampled_from(["lps", "tpl", "qnt", "ndu", "ndu", "opaque"]))
    if kind == "lps":
        header = {"lps_self_contained_flag": draw(flag)}
        body = draw(parameter_set("lps", ["sparsification", "pruning", "unification"]))
        fields = {"nnr_layer_parameter_set_unit_header": header, "nnr_layer_parameter_set_unit_payload": body}
        return Unit(UnitType.NNR_LPS, fields)
    if kind == "tpl":
        storage = draw(hs.sampled_from([0, 1, 2, 3, 4, 6]))
        header = {"topology_storage_format": storage, "topology_compression_format": 0}
        data = {"topology_elements_ids_list": draw(id_list(False))} if storage == 6 else {"topology_data": draw(name)}
        return Unit(UnitType.NNR_TPL, {"nnr_topology_unit_header": header, "nnr_topology_unit_payload": data})
    if kind == "qnt":
        header = {"quantization_storage_format": draw(byte), "quantization_compression_format": draw(byte)}
        body = {"quantization_data": draw(name)}
        return Unit(UnitType.NNR_QNT, {"nnr_quantization_unit_header": header, "nnr_quantization_unit_payload": body})
    payload = draw(hs.binary(max_size=30) | hs.just(bytes(32750)))
    if kind == "opaque":
        return Unit(draw(hs.integers(7, 63)), {}, payload)
    return Unit(UnitType.NNR_NDU, {"nnr_compressed_data_unit_header": draw(data_unit_header(edition, mps))}, payload)


@hs.composite
def framed(draw: Draw, unit: Unit) -> Unit:
    """The unit with some of its framing given."""
    framing: dict[str, Any] = {"independently_decodable_flag": draw(flag)}
    if draw(flag):
        framing["nnr_unit_size_flag"] = 1
    if unit.kind != UnitType.NNR_NDU and draw(flag):
        framing |= {"partial_data_counter_present_flag": 1, "partial_data_counter": draw(byte)}
    return Unit(unit.kind, {**framing, **unit.fields}, unit.payload)


@hs.composite
def streams(draw: Draw) -> list[Unit]:
    """Units of a legal stream."""
    edition = draw(flag)
    mps = draw(model_parameter_set(edition))
    units = [
        Unit(UnitType.NNR_STR, {"nnr_start_unit_header": {"general_profile_idc": edition}}),
        Unit(UnitType.NNR_MPS, {"nnr_model_parameter_set_unit_payload": mps}),
        *draw(hs.lists(other_unit(edition, mps), max_size=4)),
    ]
    return [draw(framed(unit)) for unit in units]
