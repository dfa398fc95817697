"""Names of the numbers that elements hold."""

from __future__ import annotations

from aimcodec.syntax import aim
from aimcodec.syntax.aim.structure import AttributeType
from aimcodec.syntax.aim.structure_types import TEXT, UNKNOWN_ELEMENTS, TypeCode
from aimcodec.syntax.aim.types import DATA_TYPES, OPAQUE
from aimcodec.syntax.nnc import PayloadType, UnitType

__all__ = ["symbol"]

AIM_TYPES = {**{code: row.name for code, row in DATA_TYPES.items()}, OPAQUE: "OPAQUE"}
ELEMENT_TYPES = {**AIM_TYPES, UNKNOWN_ELEMENTS: "UNDEFINED", TEXT: "STRING"}
AIM_CODINGS = {coding.value: coding.name for coding in aim.Coding}

NAMES: dict[str, dict[int, str]] = {
    "general_profile_idc": {0: "edition 1", 1: "edition 2"},
    "nnr_unit_type": {kind.value: kind.name for kind in UnitType},
    "nnr_compressed_data_unit_payload_type": {kind.value: kind.name for kind in PayloadType},
    "topology_storage_format": dict(
        enumerate(
            (
                "NNR_TPL_UNREC",
                "NNR_TPL_NNEF",
                "NNR_TPL_ONNX",
                "NNR_TPL_PYT",
                "NNR_TPL_TEF",
                "NNR_TPL_PRUN",
                "NNR_TPL_REFLIST",
            )
        )
    ),
    "topology_compression_format": {0: "NNR_PT_RAW", 1: "NNR_DFL"},
    "nnr_decompressed_data_format": dict(
        enumerate(("INT32", "FLOAT32", "INT2", "INT3", "INT4", "INT8", "INT16", "INT64", "FLOAT16", "FLOAT64"))
    ),
    "parent_node_id_type": {0: "ids", 1: "SHA-256", 2: "SHA-512"},
    "unit_type": {kind.value: kind.name for kind in aim.UnitType},
    "data_type": AIM_TYPES,
    "entry_data_type": AIM_TYPES,
    "element_type": ELEMENT_TYPES,
    "key_type": ELEMENT_TYPES,
    "constant_type": ELEMENT_TYPES,
    "type_code": {code.value: code.name for code in TypeCode},
    "attribute_type": {kind.value: kind.name for kind in AttributeType},
    "dimension_code": {0: "unknown", 1: "number", 2: "symbol"},
    "storage": {0: "here", 1: "parameter"},
    "coding": AIM_CODINGS,
    "entry_coding": AIM_CODINGS,
}

BITS: dict[str, tuple[str, ...]] = {
    "compressed_parameter_types": ("DC", "LS", "BN", "BI"),
    "mps_quantization_method_flags": ("NNR_QSU", "NNR_QCB"),
    "lps_quantization_method_flags": ("NNR_QSU", "NNR_QCB"),
}


def symbol(name: str, value: int) -> str:
    """What a value of the element of that name is called; empty if it has no name."""
    if name in BITS:
        return "+".join(bit for i, bit in enumerate(BITS[name]) if value >> i & 1)
    return NAMES.get(name, {}).get(value, "")
