"""Units that the annotated streams do not show, assembled by hand from the tables of sections 2 to 4."""

from __future__ import annotations

from typing import Any

import pytest

from aimcodec.syntax.nnc import Unit, UnitType, iter_units, write_units

from .bitstrings import aligned, flt, i, ie, st, u, ue, unit

START = {0: bytes.fromhex("00040200"), 1: bytes.fromhex("00040201")}
MPS = {0: unit(1, aligned("10000001" + "0" + "0000000" + "010" + i(13, 0))), 1: bytes.fromhex("0008068100400080")}
MPS_UPDATE = bytes.fromhex("0008068108400080")
TOPOLOGY = bytes.fromhex("00060e000000")


def assert_unit(data: bytes, before: bytes, kind: int, fields: dict[str, Any], payload: bytes = b"") -> Unit:
    """The unit has exactly these fields after its framing, and they give exactly this unit."""
    *earlier, got = iter_units(before + data)
    assert (got.kind, got.offset, bytes(got.payload)) == (kind, len(before), payload)
    assert list(got.fields)[:4] == [
        "nnr_unit_size_flag",
        "nnr_unit_size",
        "nnr_unit_type",
        "independently_decodable_flag",
    ]
    assert {name: value for name, value in got.fields.items() if name.endswith(("_header", "_payload"))} == fields
    assert write_units([*earlier, Unit(kind, fields, payload)]) == before + data
    return got


def test_model_parameter_set_as_the_release_writes_it() -> None:
    assert unit(1, aligned("10000001" + "0000" + "00" + "00" + "010" + i(13, 0))) == MPS[1]
    fields = {
        "topology_carriage_flag": 1,
        "mps_sparsification_flag": 0,
        "mps_pruning_flag": 0,
        "mps_unification_flag": 0,
        "mps_decomposition_performance_map_flag": 0,
        "mps_quantization_method_flags": 1,
        "mps_topology_indexed_reference_flag": 0,
        "base_model_id_present_flag": 0,
        "validation_set_performance_present_flag": 0,
        "metric_type_performance_map_valid_flag": 0,
        "mps_parent_signalling_enabled_flag": 0,
        "mps_qp_density": 2,
        "mps_quantization_parameter": 0,
    }
    got = assert_unit(MPS[1], START[1], UnitType.NNR_MPS, {"nnr_model_parameter_set_unit_payload": fields})
    assert list(got.body) == list(fields)
    edition1 = {name: value for name, value in fields.items() if list(fields).index(name) not in range(7, 11)}
    assert_unit(MPS[0], START[0], UnitType.NNR_MPS, {"nnr_model_parameter_set_unit_payload": edition1})


def test_model_parameter_set_with_everything() -> None:
    """The counts of the maps are one more than their entries; after ue(7) the floats lie at any bit."""
    sparsification = u(8, 2) + flt(0.5) + flt(0.25) + flt(0.75) + u(8, 2) + ue(7, 200) + flt(1.0) + flt(-1.5)
    pruning = u(8, 2) + flt(0.125) + flt(0.5) + u(8, 1) + ue(7, 1) + flt(2.0)
    unification = u(8, 2) + ue(1, 3) + ue(7, 300) + ue(7, 4)
    strings = st("base") + st("top-1 µ")
    fixed = "1" + "1111" + "011" + "1" + "1" + "1" + "1" + "1" + "1" + "00"
    bits = fixed + strings + u(3, 5) + i(13, -6) + sparsification + pruning
    bits = aligned(bits + unification)
    bits += (
        u(8, 2)
        + u(8, 9)
        + u(8, 3)
        + u(8, 255)
        + u(8, 1)
        + flt(0.5)
        + flt(0.5)
        + u(8, 77)
        + ue(7, 2)
        + flt(0.0)
        + flt(3.0)
    )
    bits += u(8, 2) + flt(0.0625) + flt(0.5) + flt(0.5) + u(16, 1) + flt(0.5) + flt(0.875)
    data = unit(1, aligned(bits))
    fields = {
        "topology_carriage_flag": 1,
        "mps_sparsification_flag": 1,
        "mps_pruning_flag": 1,
        "mps_unification_flag": 1,
        "mps_decomposition_performance_map_flag": 1,
        "mps_quantization_method_flags": 3,
        "mps_topology_indexed_reference_flag": 1,
        "base_model_id_present_flag": 1,
        "validation_set_performance_present_flag": 1,
        "metric_type_performance_map_valid_flag": 1,
        "mps_parent_signalling_enabled_flag": 1,
        "nnr_pre_flag": 1,
        "base_model_id": "base",
        "performance_metric_type": "top-1 µ",
        "mps_qp_density": 5,
        "mps_quantization_parameter": -6,
        "sparsification_performance_map": {
            "spm_count_thresholds": 2,
            "spm_thresholds": [
                {
                    "sparsification_threshold": 0.5,
                    "non_zero_ratio": 0.25,
                    "spm_nn_accuracy": 0.75,
                    "spm_count_classes": 2,
                    "spm_class_bitmask": 200,
                    "spm_nn_class_accuracy": [1.0, -1.5],
                }
            ],
        },
        "pruning_performance_map": {
            "ppm_count_pruning_ratios": 2,
            "ppm_pruning_ratios": [
                {
                    "pruning_ratio": 0.125,
                    "ppm_nn_accuracy": 0.5,
                    "ppm_count_classes": 1,
                    "ppm_class_bitmask": 1,
                    "ppm_nn_class_accuracy": [2.0],
                }
            ],
        },
        "unification_performance_map": {
            "upm_count_thresholds": 2,
            "upm_thresholds": [
                {
                    "count_reshaped_tensor_dimension": 3,
                    "reshaped_tensor_dimensions": [300, 4],
                    "count_super_block_dimension": 2,
                    "super_block_dimensions": [9],
                    "count_block_dimension": 3,
                    "block_dimensions": [255, 1],
                    "unification_threshold": 0.5,
                    "upm_nn_accuracy": 0.5,
                    "upm_count_classes": 77,
                    "upm_class_bitmask": 2,
                    "upm_nn_class_accuracy": [0.0, 3.0],
                }
            ],
        },
        "decomposition_performance_map": {
            "dpm_count_thresholds": 2,
            "dpm_thresholds": [
                {
                    "mse_threshold": 0.0625,
                    "dpm_nn_accuracy": 0.5,
                    "nn_reduction_ratio": 0.5,
                    "dpm_count_classes": 1,
                    "dpm_nn_class_accuracy": [0.5],
                }
            ],
        },
        "validation_set_performance": 0.875,
    }
    got = assert_unit(data, START[1], UnitType.NNR_MPS, {"nnr_model_parameter_set_unit_payload": fields})
    assert list(got.body) == list(fields)


@pytest.mark.parametrize("count", [0, 1])
def test_map_without_entries(count: int) -> None:
    data = unit(1, aligned("11000000" + u(8, 0) + u(8, count)))
    (_, got) = iter_units(START[1] + data)
    assert got.body["sparsification_performance_map"] == {"spm_count_thresholds": count, "spm_thresholds": []}


def test_layer_parameter_set() -> None:
    bits = "1" + "0000000" + "0" + "0" + "1" + "0" + "010" + "0" + u(3, 6) + i(13, -4096) + u(8, 1)
    fields = {
        "nnr_layer_parameter_set_unit_header": {"lps_self_contained_flag": 1},
        "nnr_layer_parameter_set_unit_payload": {
            "lps_sparsification_flag": 0,
            "lps_pruning_flag": 1,
            "lps_unification_flag": 0,
            "lps_quantization_method_flags": 2,
            "lps_qp_density": 6,
            "lps_quantization_parameter": -4096,
            "pruning_performance_map": {"ppm_count_pruning_ratios": 1, "ppm_pruning_ratios": []},
        },
    }
    got = assert_unit(unit(2, aligned(bits)), START[1] + MPS[1], UnitType.NNR_LPS, fields)
    assert got.header == {"lps_self_contained_flag": 1}


def test_topology_with_data() -> None:
    fields = {
        "nnr_topology_unit_header": {"topology_storage_format": 3, "topology_compression_format": 0},
        "nnr_topology_unit_payload": {"topology_data": "net"},
    }
    assert_unit(unit(3, u(8, 3) + u(8, 0) + st("net")), START[1], UnitType.NNR_TPL, fields)


def test_topology_reference_list() -> None:
    ids = {"count_topology_elements_minus2": 1, "topology_elem_id_list": ["a", "", "ü"]}
    fields = {
        "nnr_topology_unit_header": {"topology_storage_format": 6, "topology_compression_format": 0},
        "nnr_topology_unit_payload": {"topology_elements_ids_list": ids},
    }
    bits = aligned(u(8, 6) + u(8, 0) + ue(7, 1)) + st("a") + st("") + st("ü")
    assert_unit(unit(3, bits), START[1], UnitType.NNR_TPL, fields)


def test_quantization_unit() -> None:
    fields = {
        "nnr_quantization_unit_header": {"quantization_storage_format": 7, "quantization_compression_format": 1},
        "nnr_quantization_unit_payload": {"quantization_data": "q"},
    }
    assert_unit(unit(4, u(8, 7) + u(8, 1) + st("q")), START[1], UnitType.NNR_QNT, fields)


@pytest.mark.parametrize("kind", [7, 31, 32, 63])
def test_units_of_unknown_type_keep_their_bytes(kind: int) -> None:
    assert_unit(unit(kind, u(24, 0xABCDEF)), START[1], kind, {}, b"\xab\xcd\xef")
    assert_unit(unit(kind, ""), START[1], kind, {})


def test_partial_data_counter_of_another_unit() -> None:
    data = unit(7, u(8, 200) + u(8, 1), flags="11")
    *_, got = iter_units(START[1] + data)
    assert (got.fields["partial_data_counter"], bytes(got.payload)) == (200, b"\1")
    assert write_units(iter_units(START[1] + data)) == START[1] + data


def ndu(bits: str, payload: bytes = b"\1\2") -> bytes:
    return unit(5, aligned(bits) + "".join(u(8, byte) for byte in payload))


PARAMETERS = "11" + "0000" + ue(1, 2) + ue(7, 20) + ue(7, 3) + u(8, 10)
PARAMETER_FIELDS = {
    "tensor_dimensions_flag": 1,
    "cabac_unary_length_flag": 1,
    "compressed_parameter_types": 0,
    "count_tensor_dimensions": 2,
    "tensor_dimensions": [20, 3],
    "cabac_unary_length_minus1": 10,
}


def header(kind: int, **fields: Any) -> dict[str, Any]:
    """A data unit header with the defaults of what the stream leaves out."""
    return {
        "nnr_compressed_data_unit_payload_type": kind,
        "nnr_multiple_topology_elements_present_flag": 0,
        "nnr_decompressed_data_format_present_flag": 0,
        "input_parameters_present_flag": 1,
        "node_id_present_flag": 0,
        "parent_node_id_present_flag": 0,
        "temporal_context_modeling_flag": 0,
        "codebook_present_flag": 0,
        "dq_flag": 0,
        **PARAMETER_FIELDS,
        "first_tensor_dimension_shift": 0,
        "scan_order": 0,
        **fields,
    }


def assert_data_unit(bits: str, before: bytes, fields: dict[str, Any]) -> None:
    expected = {"nnr_compressed_data_unit_header": fields}
    assert_unit(ndu(bits), before + TOPOLOGY, UnitType.NNR_NDU, expected, b"\1\2")


def test_data_unit_of_edition_1() -> None:
    """No update tree and no dimension shift."""
    bits = u(5, 1) + "001" + st("w") + "0" + "1" + PARAMETERS + u(4, 0)
    assert_data_unit(bits, START[0] + MPS[0], header(1, topology_elem_id="w", dq_flag=1))


def test_integer_and_raw_units() -> None:
    """Integers have no codebook flag, raw values no dq_flag either."""
    tail = PARAMETERS + ue(1, 3) + u(4, 0)
    named = {"topology_elem_id": "w", "first_tensor_dimension_shift": 3}
    assert_data_unit(u(5, 0) + "001" + st("w") + "0" + "1" + tail, START[1] + MPS[1], header(0, dq_flag=1, **named))
    assert_data_unit(u(5, 2) + "001" + st("w") + "0" + tail, START[1] + MPS[1], header(2, **named))


def test_vector_with_defaults_and_output_format() -> None:
    bits = u(5, 1) + "011" + st("b") + "0" + "00" + u(7, 8) + "10" + "1000" + ue(1, 1) + ue(7, 129)
    fields = header(
        1,
        nnr_decompressed_data_format_present_flag=1,
        topology_elem_id="b",
        nnr_decompressed_data_format=8,
        cabac_unary_length_flag=0,
        compressed_parameter_types=8,
        count_tensor_dimensions=1,
        tensor_dimensions=[129],
        cabac_unary_length_minus1=9,
    )
    assert_data_unit(bits, START[1] + MPS[1], fields)


@pytest.mark.parametrize("node", [0, 1])
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_parents(node: int, kind: int) -> None:
    ids = {"parameter_id": 70, "put_node_depth": 3}
    id_bits = ue(5, 70) + ue(4, 3)
    bits = u(5, 1) + "001" + st("w") + u(1, node) + (ue(1, 9) + id_bits if node else "") + "1" + u(2, kind) + "1"
    fields = header(1, topology_elem_id="w", parent_node_id_present_flag=1, temporal_context_modeling_flag=1)
    fields |= {"parent_node_id_type": kind, "node_id_present_flag": node} | ({"device_id": 9, **ids} if node else {})
    if kind == 0:
        bits += ue(1, 4) + ("" if node else id_bits)
        fields |= {"parent_device_id": 4, **ids}
    else:
        size, name = [(256, "parent_node_payload_sha256"), (512, "parent_node_payload_sha512")][kind - 1]
        fields[name] = 3**150
        bits += u(size, 3**150)
    assert_data_unit(bits + "00" + PARAMETERS + ue(1, 0) + u(4, 0), START[1] + MPS_UPDATE, fields)


@pytest.mark.parametrize("dq", [0, 1])
def test_entry_points(dq: int) -> None:
    """20 rows in blocks of 8 have 2 entry points: the first offset is ue(11), the next a difference."""
    states = [5, 6]
    points = [
        {"cabac_entry_point_value": 255, "cabac_bit_offset": 4000},
        {"cabac_entry_point_value": 1, "cabac_bit_offset": -12},
    ]
    codes = [ue(11, 4000), ie(7, -12)]
    bits = u(5, 1) + "001" + st("w") + "0" + "0" + u(1, dq) + PARAMETERS + ue(1, 0) + u(4, 1)
    for point, state, code in zip(points, states, codes, strict=True):
        bits += u(8, point["cabac_entry_point_value"]) + (u(3, state) if dq else "") + code
        if dq:
            point["cabac_entry_point_dq_state"] = state
    fields = header(1, topology_elem_id="w", dq_flag=dq, scan_order=1, entry_points=points)
    assert_data_unit(bits, START[1] + MPS[1], fields)


def test_block_with_decomposed_weight() -> None:
    """Entry points of G (17 rows) and H (9 rows) in blocks of 8: 2 and 1."""
    ids = {"count_topology_elements_minus2": 0, "topology_elem_id_list": ["g", "h"]}
    bits = aligned(u(5, 3) + "101" + ue(7, 0)) + st("g") + st("h") + "0" + "0" + "0"
    bits += "10" + "0001" + ue(3, 9) + ue(3, 17) + ue(1, 2) + ue(7, 17) + ue(7, 5) + ue(1, 0) + u(4, 1)
    bits += u(8, 1) + ue(11, 1) + u(8, 2) + ie(7, 0) + u(8, 3) + ie(7, 1)
    fields = header(
        3,
        nnr_multiple_topology_elements_present_flag=1,
        topology_elements_ids_list=ids,
        cabac_unary_length_flag=0,
        compressed_parameter_types=1,
        decomposition_rank=9,
        g_number_of_rows=17,
        tensor_dimensions=[17, 5],
        cabac_unary_length_minus1=9,
        scan_order=1,
        entry_points=[
            {"cabac_entry_point_value": 1, "cabac_bit_offset": 1},
            {"cabac_entry_point_value": 2, "cabac_bit_offset": 0},
            {"cabac_entry_point_value": 3, "cabac_bit_offset": 1},
        ],
    )
    assert_data_unit(bits, START[1] + MPS[1], fields)


def test_indexed_references() -> None:
    indexed = unit(1, aligned("10000001" + "1000" + "00" + "00" + "010" + i(13, 0)))
    tail = "00" + PARAMETERS + ue(1, 0) + u(4, 0)
    bits = u(5, 1) + "001" + ue(7, 130) + "0" + tail
    assert_data_unit(bits, START[1] + indexed, header(1, topology_elem_id_index=130))
    bits = aligned(u(5, 3) + "101" + ue(7, 0) + ue(7, 1) + ue(7, 500)) + "0" + tail
    ids = {"count_topology_elements_minus2": 0, "topology_elem_id_index_list": [1, 500]}
    fields = header(3, nnr_multiple_topology_elements_present_flag=1, topology_elements_ids_list=ids)
    assert_data_unit(bits, START[1] + indexed, fields)


def test_short_and_long_form_at_their_limit() -> None:
    for size, long_form in ((32767, False), (32768, True)):
        content = bytes(size - 3)
        data = write_units([*iter_units(START[1]), Unit(40, {}, content)])[4:]
        assert data == unit(40, "0" * 8 * len(content), long_form=long_form)
