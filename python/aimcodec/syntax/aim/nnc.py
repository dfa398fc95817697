"""Units of NNC streams (clause 9)."""

from __future__ import annotations

from ..elements import counted_bytes, counted_utf8, u
from ..protocol import Syntax
from .shape import layout_of, shape
from .types import INTEGER_TYPES, REAL_TYPES

__all__ = ["nnc_data_header", "nnc_unit_header"]

VARIANT_ID = u(16, "variant_id", "3.2", "the variant whose stream the unit belongs to")
NNR_HEADER = counted_bytes("nnr_header", "9.2", "the NNR unit up to its payload")
TENSOR_COUNT = u(16, "tensor_count", "9.2", "tensors of the data unit")
TENSOR_NAME = counted_utf8("tensor_name", "9.2", "name of the tensor")
DATA_TYPE = u(8, "data_type", "9.2", "type that the values are given in", range(INTEGER_TYPES.start, REAL_TYPES.stop))


def nnc_unit_header(s: Syntax) -> None:
    """9.1."""
    s.code(VARIANT_ID)


def nnc_data_header(s: Syntax) -> None:
    """9.2."""
    s.code(VARIANT_ID)
    s.counted(NNR_HEADER)
    s.repeat("i < tensor_count", "tensors", s.code(TENSOR_COUNT), _tensor)


def _tensor(s: Syntax, index: int) -> None:
    s.counted(TENSOR_NAME)
    shape(s, layout_of(s.decisive(DATA_TYPE)))
