"""Header of the compressed data unit (section 4.1)."""

from __future__ import annotations

from ...errors import UnsupportedError
from ..elements import st, u, ue
from ..protocol import Syntax
from .codebook import codebook
from .context import PayloadType, StreamContext
from .entry_points import count_entry_points, entry_point_list
from .topology import topology_elements_ids_list

__all__ = ["nnr_compressed_data_unit_header"]

PAYLOAD_TYPE = u(
    5,
    "nnr_compressed_data_unit_payload_type",
    "4.1",
    "0 integers, 1 one tensor, 2 raw binary32 values, 3 several tensors of a layer",
    range(4),
)
MULTIPLE_TOPOLOGY_ELEMENTS_PRESENT_FLAG = u(
    1, "nnr_multiple_topology_elements_present_flag", "4.1", "the unit has a list of ids"
)
DECOMPRESSED_DATA_FORMAT_PRESENT_FLAG = u(
    1, "nnr_decompressed_data_format_present_flag", "4.1", "nnr_decompressed_data_format follows"
)
INPUT_PARAMETERS_PRESENT_FLAG = u(1, "input_parameters_present_flag", "4.1", "dimensions and other parameters follow")
TOPOLOGY_ELEM_ID_INDEX = ue(7, "topology_elem_id_index", "4.1", "index of the tensor in the reference list")
TOPOLOGY_ELEM_ID = st("topology_elem_id", "4.1", "name of the tensor")

NODE_ID_PRESENT_FLAG = u(1, "node_id_present_flag", "4.1", "position in the parameter update tree follows")
DEVICE_ID = ue(1, "device_id", "12.2", "chosen by the application")
PARAMETER_ID = ue(5, "parameter_id", "12.2", "number of the tensor; the parent's where the node id is absent")
PUT_NODE_DEPTH = ue(4, "put_node_depth", "12.2", "0 for a base model; the parent's where the node id is absent")
PARENT_NODE_ID_PRESENT_FLAG = u(1, "parent_node_id_present_flag", "4.1", "the unit is an update of a parent")
PARENT_NODE_ID_TYPE = u(2, "parent_node_id_type", "12.2", "parent named by 0 ids, 1 SHA-256, 2 SHA-512", range(3))
TEMPORAL_CONTEXT_MODELING_FLAG = u(1, "temporal_context_modeling_flag", "12.3", "contexts depend on the last update")
PARENT_DEVICE_ID = ue(1, "parent_device_id", "12.2", "device_id of the parent")
PARENT_NODE_PAYLOAD_SHA256 = u(256, "parent_node_payload_sha256", "12.2", "digest of the parent's payload")
PARENT_NODE_PAYLOAD_SHA512 = u(512, "parent_node_payload_sha512", "12.2", "digest of the parent's payload")

CODEBOOK_PRESENT_FLAG = u(1, "codebook_present_flag", "4.1", "the weight has a codebook")
DQ_FLAG = u(1, "dq_flag", "4.1", "dependent quantization")
DECOMPRESSED_DATA_FORMAT = u(
    7,
    "nnr_decompressed_data_format",
    "4.5",
    "wanted type: 0 INT32, 1 FLOAT32, 2 .. 6 INT2, 3, 4, 8, 16, 7 INT64, 8 FLOAT16, 9 FLOAT64; no effect on decoding",
    range(10),
)

TENSOR_DIMENSIONS_FLAG = u(1, "tensor_dimensions_flag", "4.1", "the dimensions follow")
CABAC_UNARY_LENGTH_FLAG = u(1, "cabac_unary_length_flag", "4.1", "cabac_unary_length_minus1 follows")
COMPRESSED_PARAMETER_TYPES = u(
    4, "compressed_parameter_types", "4.1", "1 decomposed weight, 2 local scaling, 4 batch norm, 8 bias"
)
DECOMPOSITION_RANK = ue(3, "decomposition_rank", "4.6", "columns of G and rows of H", range(1, 1 << 32))
G_NUMBER_OF_ROWS = ue(3, "g_number_of_rows", "4.6", "rows of G", range(1, 1 << 32))
COUNT_TENSOR_DIMENSIONS = ue(1, "count_tensor_dimensions", "4.1", "number of dimensions", range(1, 1 << 32))
TENSOR_DIMENSIONS = ue(7, "tensor_dimensions", "4.1", "a dimension", range(1, 1 << 32))
CABAC_UNARY_LENGTH_MINUS1 = u(8, "cabac_unary_length_minus1", "4.1", "number of greater-than flags, minus 1")
FIRST_TENSOR_DIMENSION_SHIFT = ue(1, "first_tensor_dimension_shift", "4.1", "no effect on decoding")
SCAN_ORDER = u(4, "scan_order", "10.1", "0 row by row, 1 .. 4 blocks of side 8, 16, 32, 64", range(5))

NNR_CPT_DC = 1

QUANTIZED_TYPES = (PayloadType.NNR_PT_FLOAT, PayloadType.NNR_PT_BLOCK)
DEPENDENT_TYPES = (PayloadType.NNR_PT_INT, *QUANTIZED_TYPES)


def nnr_compressed_data_unit_header(s: Syntax, context: StreamContext) -> None:
    """Section 4.1."""
    payload_type = s.code(PAYLOAD_TYPE)
    multiple = s.code(MULTIPLE_TOPOLOGY_ELEMENTS_PRESENT_FLAG)
    format_present = s.code(DECOMPRESSED_DATA_FORMAT_PRESENT_FLAG)
    parameters_present = s.code(INPUT_PARAMETERS_PRESENT_FLAG)
    s.require(parameters_present, "dimensions from outside the stream are not supported", UnsupportedError)
    _element_ids(s, context, multiple)
    _update_tree(s, context)
    has_codebook = 0
    if s.when("payload type is NNR_PT_FLOAT or NNR_PT_BLOCK", payload_type in QUANTIZED_TYPES):
        has_codebook = s.code(CODEBOOK_PRESENT_FLAG)
        if s.when("codebook_present_flag", has_codebook):
            s.nest("codebook", codebook)
    else:
        s.infer(CODEBOOK_PRESENT_FLAG, 0)
    if s.when("payload type is NNR_PT_INT, NNR_PT_FLOAT or NNR_PT_BLOCK", payload_type in DEPENDENT_TYPES):
        dq = s.code(DQ_FLAG)
    else:
        dq = s.infer(DQ_FLAG, 0)
    if s.when("nnr_decompressed_data_format_present_flag", format_present):
        s.code(DECOMPRESSED_DATA_FORMAT)
    is_block = payload_type == PayloadType.NNR_PT_BLOCK
    dimensions, factor_rows = _input_parameters(s, is_block, multiple)
    if s.when(
        "payload type == NNR_PT_BLOCK and compressed_parameter_types & 1 and codebook_present_flag",
        is_block and bool(factor_rows) and has_codebook,
    ):
        s.refuse("codebook", "codebooks of decomposed weights are not supported")
    if s.when("count_tensor_dimensions > 1", len(dimensions) > 1):
        scan_order = _scan_order(s, context)
        if s.when("scan_order > 0", scan_order):
            s.require(
                is_block or not factor_rows,
                "block scans of factors outside a block are not supported",
                UnsupportedError,
            )
            entry_point_list(s, count_entry_points(factor_rows or dimensions[:1], scan_order), dq)
    else:
        s.infer(FIRST_TENSOR_DIMENSION_SHIFT, 0)
        s.infer(SCAN_ORDER, 0)
    s.align()


def _element_ids(s: Syntax, context: StreamContext, multiple: int) -> None:
    indexed = context.mps_flag("mps_topology_indexed_reference_flag")
    if s.when("nnr_multiple_topology_elements_present_flag", multiple):
        s.nest("topology_elements_ids_list", topology_elements_ids_list, indexed=indexed)
    elif s.when("mps_topology_indexed_reference_flag", indexed):
        s.code(TOPOLOGY_ELEM_ID_INDEX)
    else:
        s.code(TOPOLOGY_ELEM_ID)


def _update_tree(s: Syntax, context: StreamContext) -> None:
    node = parent = 0
    if s.when("general_profile_idc == 1", context.edition2):
        node = s.code(NODE_ID_PRESENT_FLAG)
        if s.when("node_id_present_flag", node):
            s.code(DEVICE_ID)
            s.code(PARAMETER_ID)
            s.code(PUT_NODE_DEPTH)
    else:
        s.infer(NODE_ID_PRESENT_FLAG, 0)
    signalled = context.edition2 and context.mps_flag("mps_parent_signalling_enabled_flag")
    if s.when("general_profile_idc == 1 and mps_parent_signalling_enabled_flag", signalled):
        parent = s.code(PARENT_NODE_ID_PRESENT_FLAG)
    else:
        s.infer(PARENT_NODE_ID_PRESENT_FLAG, 0)
    if s.when("parent_node_id_present_flag", parent):
        _parent(s, node)
    else:
        s.infer(TEMPORAL_CONTEXT_MODELING_FLAG, 0)


def _parent(s: Syntax, node: int) -> None:
    kind = s.code(PARENT_NODE_ID_TYPE)
    s.code(TEMPORAL_CONTEXT_MODELING_FLAG)
    if s.when("parent_node_id_type == 0", kind == 0):
        s.code(PARENT_DEVICE_ID)
        if s.when("not node_id_present_flag", not node):
            s.code(PARAMETER_ID)
            s.code(PUT_NODE_DEPTH)
    elif s.when("parent_node_id_type == 1", kind == 1):
        s.code(PARENT_NODE_PAYLOAD_SHA256)
    elif s.when("parent_node_id_type == 2", kind == 2):
        s.code(PARENT_NODE_PAYLOAD_SHA512)


def _input_parameters(s: Syntax, is_block: bool, multiple: int) -> tuple[list[int], list[int]]:
    """Returns the dimensions, and the numbers of rows of the factors of a decomposed weight (4.6)."""
    dimensions_present = s.code(TENSOR_DIMENSIONS_FLAG)
    s.require(dimensions_present, "dimensions from outside the stream are not supported", UnsupportedError)
    unary_length_present = s.code(CABAC_UNARY_LENGTH_FLAG)
    decomposed = s.code(COMPRESSED_PARAMETER_TYPES) & NNR_CPT_DC
    factor_rows: list[int] = []
    if s.when("compressed_parameter_types & 1", decomposed):
        rank = s.code(DECOMPOSITION_RANK)
        factor_rows = [s.code(G_NUMBER_OF_ROWS), rank]
    count = s.code(COUNT_TENSOR_DIMENSIONS)
    s.limited("max_rank", count)
    dimensions = s.array("count_tensor_dimensions", TENSOR_DIMENSIONS, count)
    if s.when(
        "payload type != NNR_PT_BLOCK and nnr_multiple_topology_elements_present_flag", not is_block and multiple
    ):
        s.refuse("topology_tensor_dimension_mapping", "several tensors outside of a block are not supported")
    if s.when("cabac_unary_length_flag", unary_length_present):
        s.code(CABAC_UNARY_LENGTH_MINUS1)
    else:
        s.infer(CABAC_UNARY_LENGTH_MINUS1, 9)
    return dimensions, factor_rows


def _scan_order(s: Syntax, context: StreamContext) -> int:
    if s.when("general_profile_idc == 1", context.edition2):
        s.code(FIRST_TENSOR_DIMENSION_SHIFT)
    else:
        s.infer(FIRST_TENSOR_DIMENSION_SHIFT, 0)
    return s.code(SCAN_ORDER)
