"""Points that no stream of a suite can reach, each with the reason.

A suite has no stream of more than 24 MB, and none whose tensors take more than that.
"""

from __future__ import annotations

__all__ = ["UNREACHABLE"]

TOO_LARGE = "the stream, or what is decoded from it, would have more than 24 MB"
IMPLIED = "follows from the elements before it"
NOT_EMPTY = "a file has at least its PACKAGE unit, and units have at least 64 bytes"
FIRST_IS_PACKAGE = "unit 0 is PACKAGE, which holds no tensor"
SIGNED = "counts and sizes of a file are at most 2^63 - 1"

DATA_UNIT = "nnc/nnr_compressed_data_unit_header"
DATA_UNIT_FLAGS = (
    "nnr_multiple_topology_elements_present_flag",
    "nnr_decompressed_data_format_present_flag",
    "input_parameters_present_flag",
    "node_id_present_flag",
    "parent_node_id_present_flag",
    "temporal_context_modeling_flag",
    "codebook_present_flag",
    "dq_flag",
    "tensor_dimensions_flag",
    "cabac_unary_length_flag",
)


def _pairs_with_zero(flag: str) -> list[str]:
    """Pairs of a data unit header in which a flag is 0."""
    place = DATA_UNIT_FLAGS.index(flag)
    before = [f"{DATA_UNIT}/pair/{other}+{flag}/{value}0" for other in DATA_UNIT_FLAGS[:place] for value in (0, 1)]
    after = [f"{DATA_UNIT}/pair/{flag}+{other}/0{value}" for other in DATA_UNIT_FLAGS[place + 1 :] for value in (0, 1)]
    return before + after


# Elements of 32 bits of clause 14, by structure.
STRUCTURE_WORDS = {
    "structure_payload": "producer_name_size producer_version_size model_domain_size documentation_size text_count"
    " operator_set_count function_count",
    "texts": "text_key_size text_value_size",
    "operator_sets": "set_domain_size",
    "graph": "graph_name_size documentation_size text_count input_count output_count variable_count parameter_count"
    " sparse_parameter_count annotation_count node_count",
    "annotations": "annotated_variable_size part_count",
    "parts": "part_size part_tensor_size",
    "function": "function_name_size operator_domain_size overload_size documentation_size text_count"
    " function_input_count function_input_size function_output_count function_output_size needed_count"
    " needed_attribute_size default_count operator_set_count variable_count node_count",
    "operator_node": "operator_size operator_domain_size overload_size node_name_size documentation_size text_count"
    " node_input_count node_input_size node_output_count node_output_size attribute_count",
    "attribute": "attribute_name_size documentation_size reference_size value_count string_size",
    "variable": "variable_name_size documentation_size text_count",
    "value_type": "denotation_size opaque_domain_size opaque_name_size",
    "dimensions": "dimension_symbol_size dimension_denotation_size",
    "tensor": "constant_name_size documentation_size text_count parameter_size string_size data_size",
}


_BY_REASON: dict[str, tuple[str, ...]] = {
    "tensors named by index are not supported": (
        f"{DATA_UNIT}/when/mps_topology_indexed_reference_flag/true",
        f"{DATA_UNIT}/element/topology_elem_id_index",
        *(f"{DATA_UNIT}/range/topology_elem_id_index/{place}" for place in ("min", "max", "interior")),
        "nnc/topology_elements_ids_list/when/not mps_topology_indexed_reference_flag/false",
        "nnc/topology_elements_ids_list/element/topology_elem_id_index_list",
        *(f"nnc/topology_elements_ids_list/count/topology_elem_id_index_list/{count}" for count in ("2", "many")),
        *(
            f"nnc/topology_elements_ids_list/range/topology_elem_id_index_list/{place}"
            for place in ("min", "max", "interior")
        ),
    ),
    "entries of a codebook fit int32": (
        "nnc/codebook/range/codebook_delta_left/max",
        "nnc/codebook/range/codebook_delta_right/max",
    ),
    "dimensions from outside the stream are not supported": (
        f"{DATA_UNIT}/value/input_parameters_present_flag/0",
        f"{DATA_UNIT}/value/tensor_dimensions_flag/0",
        *_pairs_with_zero("input_parameters_present_flag"),
        *_pairs_with_zero("tensor_dimensions_flag"),
    ),
    "several tensors outside of a block are not supported": (
        f"{DATA_UNIT}/when/payload type != NNR_PT_BLOCK and nnr_multiple_topology_elements_present_flag/true",
    ),
    "codebooks of decomposed weights are not supported": (
        f"{DATA_UNIT}/when/payload type == NNR_PT_BLOCK and compressed_parameter_types & 1"
        " and codebook_present_flag/true",
    ),
    "compressed topology data are not supported": ("nnc/nnr_topology_unit_header/value/topology_compression_format/1",),
    "pruning topology containers are not supported": (
        "nnc/nnr_topology_unit_header/value/topology_storage_format/5",
        "nnc/nnr_topology_unit_payload/when/topology_storage_format == NNR_TPL_PRUN/true",
    ),
    "a data unit has at least one value": ("nnc/nnr_unit/length/nnr_compressed_data_unit_payload/0",),
    "a block has at least its block_mode": ("aim/tensor_header/range/coded_size/min",),
    "version 1 is the only one": (
        "aim/package_header/range/version_major/min",
        "aim/package_header/range/version_major/max",
    ),
    "version 1.0 of structures is the only one": (
        "aim/structure_payload/range/structure_version_major/min",
        "aim/structure_payload/range/structure_version_major/max",
        "aim/structure_payload/range/structure_version_minor/max",
        "aim/structure_payload/range/structure_version_minor/interior",
    ),
    "symbols of dimensions and names of parameters are not empty": (
        "aim/dimensions/range/dimension_symbol_size/min",
        "aim/tensor/range/parameter_size/min",
    ),
    "the empty name is no relative path": ("aim/asset_header/range/asset_name_size/min",),
    "coding 255 is one of INDEX only": ("aim/tensor_header/range/coding/max",),
    "the size is a multiple of 64 that holds the header and the payload": (
        "aim/aim_unit/size/payload_size/short",
        "aim/aim_unit/size/payload_size/surplus",
    ),
    "the text fills the payload": (
        "aim/aim_unit/size/license_payload/short",
        "aim/aim_unit/size/license_payload/surplus",
    ),
    IMPLIED: (f"{DATA_UNIT}/when/parent_node_id_type == 2/false",),
    FIRST_IS_PACKAGE: ("aim/index_payload/range/entry_unit/min",),
    "a data unit has a header, and 1 to 8 tensors with at least one value": (
        "aim/nnc_data_header/range/nnr_header_size/min",
        "aim/nnc_data_header/range/tensor_count/min",
        "aim/nnc_data_header/range/tensor_count/max",
        "aim/nnc_data_header/count/tensors/0",
        "aim/tensors/range/dimension/min",
    ),
    "a tensor has at least one unit": ("aim/index_payload/range/entry_units/min",),
    NOT_EMPTY: (
        "aim/index_payload/range/unit_count/min",
        "aim/index_payload/count/unit_type/0",
        "aim/index_payload/count/unit_blocks/0",
        "aim/index_payload/count/unit_digest/0",
        "aim/index_payload/range/unit_blocks/min",
        "aim/end_header/range/index_offset/min",
        "aim/end_header/range/index_size/min",
        "aim/end_header/range/file_size/min",
    ),
    "INDEX and END come after the units that INDEX lists": ("aim/index_payload/range/unit_type/max",),
    SIGNED: (
        "aim/tensor_header/range/dimension/max",
        "aim/tensor_header/range/segment_start/max",
        "aim/tensor_header/range/segment_elements/max",
        "aim/tensors/range/dimension/max",
        "aim/index_payload/range/entry_dimension/max",
        "aim/tensor/range/dimension/max",
        "aim/sparse_tensor/range/dimension/max",
    ),
    TOO_LARGE: (
        "nnc/nnr_unit/range/nnr_unit_size:u(31)/max",
        "nnc/codebook/range/codebook_size/max",
        "nnc/codebook/range/codebook_center_offset/min",
        "nnc/codebook/range/codebook_center_offset/max",
        "nnc/topology_elements_ids_list/range/count_topology_elements_minus2/max",
        "nnc/upm_thresholds/range/count_reshaped_tensor_dimension/max",
        "nnc/upm_thresholds/range/upm_class_bitmask/max",
        f"{DATA_UNIT}/range/decomposition_rank/max",
        f"{DATA_UNIT}/range/g_number_of_rows/max",
        f"{DATA_UNIT}/range/count_tensor_dimensions/max",
        f"{DATA_UNIT}/range/tensor_dimensions/max",
        "nnc/entry_points/range/cabac_bit_offset/max",
        "nnc/entry_points/range/cabac_bit_offset:ie(7)/min",
        "nnc/entry_points/range/cabac_bit_offset:ie(7)/max",
        "aim/aim_unit/range/unit_header_size/max",
        "aim/aim_unit/range/payload_size/max",
        "aim/metadata_payload/range/entry_count/max",
        "aim/entries/range/value_size/max",
        "aim/tensor_header/range/block_count/max",
        "aim/tensor_header/range/coded_size/max",
        "aim/nnc_data_header/range/nnr_header_size/max",
        "aim/index_payload/range/unit_count/max",
        "aim/index_payload/range/unit_blocks/max",
        "aim/index_payload/range/tensor_count/max",
        "aim/index_payload/range/entry_unit/max",
        "aim/index_payload/range/entry_units/max",
        "aim/index_payload/range/entry_target/max",
        "aim/end_header/range/index_offset/max",
        "aim/end_header/range/index_size/max",
        "aim/end_header/range/file_size/max",
        *(
            f"aim/{structure}/range/{word}/max"
            for structure, words in STRUCTURE_WORDS.items()
            for word in words.split()
        ),
    ),
}

UNREACHABLE: dict[str, str] = {point: reason for reason, points in _BY_REASON.items() for point in points}
