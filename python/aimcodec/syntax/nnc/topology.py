"""Topology unit and quantization unit (sections 3.5 and 3.6), and lists of element ids (section 4.2)."""

from __future__ import annotations

from ...errors import UnsupportedError
from ..elements import st, u, ue
from ..protocol import Syntax

__all__ = [
    "nnr_quantization_unit_header",
    "nnr_quantization_unit_payload",
    "nnr_topology_unit_header",
    "nnr_topology_unit_payload",
    "topology_elements_ids_list",
]

TOPOLOGY_STORAGE_FORMAT = u(
    8,
    "topology_storage_format",
    "3.5",
    "0 unrecognised, 1 NNEF, 2 ONNX, 3 PyTorch, 4 TensorFlow, 5 pruning container, 6 reference list",
    range(7),
)
TOPOLOGY_COMPRESSION_FORMAT = u(8, "topology_compression_format", "3.5", "0 raw, 1 deflate", range(2))
TOPOLOGY_DATA = st("topology_data", "3.5", "the topology in its storage format")

QUANTIZATION_STORAGE_FORMAT = u(8, "quantization_storage_format", "3.6", "format of quantization_data")
QUANTIZATION_COMPRESSION_FORMAT = u(8, "quantization_compression_format", "3.6", "compression of quantization_data")
QUANTIZATION_DATA = st("quantization_data", "3.6", "the quantization in its storage format")

COUNT_TOPOLOGY_ELEMENTS_MINUS2 = ue(7, "count_topology_elements_minus2", "4.2", "number of ids minus 2")
TOPOLOGY_ELEM_ID_LIST = st("topology_elem_id_list", "4.2", "name of a tensor")
TOPOLOGY_ELEM_ID_INDEX_LIST = ue(7, "topology_elem_id_index_list", "4.2", "index of a tensor in the reference list")

NNR_TPL_PRUN = 5
NNR_TPL_REFLIST = 6
NNR_PT_RAW = 0


def nnr_topology_unit_header(s: Syntax) -> int:
    """Section 3.5; returns topology_storage_format."""
    storage_format = s.code(TOPOLOGY_STORAGE_FORMAT)
    compression = s.code(TOPOLOGY_COMPRESSION_FORMAT)
    s.require(compression == NNR_PT_RAW, "compressed topology data are not supported", UnsupportedError)
    return storage_format


def nnr_topology_unit_payload(s: Syntax, storage_format: int) -> None:
    """Section 3.5."""
    if s.when("topology_storage_format == NNR_TPL_PRUN", storage_format == NNR_TPL_PRUN):
        s.refuse("nnr_pruning_topology_container", "not supported")
    elif s.when("topology_storage_format == NNR_TPL_REFLIST", storage_format == NNR_TPL_REFLIST):
        s.nest("topology_elements_ids_list", topology_elements_ids_list, indexed=False)
    else:
        s.code(TOPOLOGY_DATA)


def nnr_quantization_unit_header(s: Syntax) -> None:
    """Section 3.6."""
    s.code(QUANTIZATION_STORAGE_FORMAT)
    s.code(QUANTIZATION_COMPRESSION_FORMAT)


def nnr_quantization_unit_payload(s: Syntax) -> None:
    """Section 3.6."""
    s.code(QUANTIZATION_DATA)


def topology_elements_ids_list(s: Syntax, *, indexed: bool) -> None:
    """Section 4.2."""
    count = s.code(COUNT_TOPOLOGY_ELEMENTS_MINUS2) + 2
    if s.when("not mps_topology_indexed_reference_flag", not indexed):
        s.align()
        s.array("count_topology_elements_minus2 + 2", TOPOLOGY_ELEM_ID_LIST, count)
    else:
        s.array("count_topology_elements_minus2 + 2", TOPOLOGY_ELEM_ID_INDEX_LIST, count)
        s.align()
