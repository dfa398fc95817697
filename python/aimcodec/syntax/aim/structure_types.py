"""Types and constants in the structure of a model (clauses 14.2, 14.8, 14.9)."""

from __future__ import annotations

import math
from enum import IntEnum

from ...errors import InconsistentError, MalformedError, OutOfRangeError
from ..elements import Counted, counted_bytes, counted_utf8, i, u
from ..protocol import Syntax
from .shape import RANK, MemoryLayout, layout_of, shape
from .types import DATA_TYPES

__all__ = [
    "DOCUMENTATION",
    "STRING",
    "TEXT",
    "UNKNOWN_ELEMENTS",
    "TypeCode",
    "about",
    "nested",
    "sparse_tensor",
    "tensor",
    "text",
    "value_type",
]

MAX_DEPTH = 32  # of graphs and types inside each other

UNKNOWN_ELEMENTS = 253  # element_type UNDEFINED
TEXT = 254  # element_type STRING
BOOL = 0


class TypeCode(IntEnum):
    """type_code (14.8)."""

    UNKNOWN = 0
    TENSOR = 1
    SPARSE_TENSOR = 2
    SEQUENCE = 3
    MAP = 4
    OPTIONAL = 5
    OPAQUE = 6


TENSORS = (TypeCode.TENSOR, TypeCode.SPARSE_TENSOR)
HOLDERS = (TypeCode.SEQUENCE, TypeCode.MAP, TypeCode.OPTIONAL)  # have a type inside


def text(name: str, clause: str, doc: str) -> Counted[str]:
    """utf8(name_size) after name_size u(32): names and texts of structures are of any length."""
    return counted_utf8(name, clause, doc, 32)


VALUE, SYMBOL = 1, 2  # dimension_code

DOCUMENTATION = text("documentation", "14.2", "for people")
TEXT_COUNT = u(32, "text_count", "14.2", "number of texts")
TEXT_KEY = text("text_key", "14.2", "unique among the texts of the structure")
TEXT_VALUE = text("text_value", "14.2", "any text")

TYPE_CODE = u(
    8, "type_code", "14.8", "0 unknown, 1 tensor, 2 sparse tensor, 3 sequence, 4 map, 5 optional, 6 opaque", range(7)
)
DENOTATION = text("denotation", "14.8", "what the values mean, for example IMAGE")
ELEMENT_TYPES = frozenset([*DATA_TYPES, UNKNOWN_ELEMENTS, TEXT])
ELEMENT_TYPE = u(8, "element_type", "14.8", "data_type, 254 STRING or 253 UNDEFINED", ELEMENT_TYPES)
SIZE_FLAG = u(8, "size_flag", "14.8", "whether the number of dimensions is known", range(2))
DIMENSION_CODE = u(8, "dimension_code", "14.8", "0 nothing is known, 1 a number, 2 a symbol", range(3))
DIMENSION_VALUE = i(64, "dimension_value", "14.8", "number of elements")
DIMENSION_SYMBOL = text("dimension_symbol", "14.8", "name of the number")
DIMENSION_DENOTATION = text("dimension_denotation", "14.8", "what the dimension means, for example DATA_BATCH")
KEY_TYPE = u(8, "key_type", "14.8", "data_type of an integer, or 254 STRING", frozenset([*range(1, 9), TEXT]))
OPAQUE_DOMAIN = text("opaque_domain", "14.8", "name space of the system that defines the type")
OPAQUE_NAME = text("opaque_name", "14.8", "name of the type there")

CONSTANT_NAME = text("constant_name", "14.9", "variable that has the value, or empty")
CONSTANT_TYPE = u(8, "constant_type", "14.9", "data_type, or 254 STRING", frozenset([*DATA_TYPES, TEXT]))
STORAGE = u(8, "storage", "14.9", "0 here, 1 in a tensor of the package", range(2))
PARAMETER = text("parameter", "14.9", "name of the tensor of the package")
STRING: Counted[bytes] = counted_bytes("string", "14.9", "any bytes")
DATA: Counted[bytes] = counted_bytes("data", "14.9", "memory of the elements")


def about(s: Syntax) -> None:
    """14.2: documentation and texts."""
    s.counted(DOCUMENTATION)
    keys: set[str] = set()
    s.repeat("i < text_count", "texts", s.code(TEXT_COUNT), _text, keys)


def _text(s: Syntax, index: int, keys: set[str]) -> None:
    key = s.counted(TEXT_KEY)
    s.require(key not in keys, f"key {key!r} for the second time")
    keys.add(key)
    s.counted(TEXT_VALUE)


def nested(s: Syntax, depth: int) -> None:
    """14.1: something inside a graph or type that is `depth` deep."""
    s.require(depth < MAX_DEPTH, f"graphs and types are more than {MAX_DEPTH} deep inside each other", OutOfRangeError)


def value_type(s: Syntax, index: int, depth: int) -> None:
    """14.8."""
    code = s.decisive(TYPE_CODE)
    s.counted(DENOTATION)
    if s.when("type_code = 1 or type_code = 2", code in TENSORS):
        s.code(ELEMENT_TYPE)
        if s.when("size_flag", s.code(SIZE_FLAG)):
            _size(s)
    elif s.when(
        "type_code = 3 or type_code = 4 or type_code = 5", code in (TypeCode.SEQUENCE, TypeCode.MAP, TypeCode.OPTIONAL)
    ):
        if s.when("type_code = 4", code == TypeCode.MAP):
            s.code(KEY_TYPE)
        nested(s, depth)
        s.nest("value_type", value_type, 0, depth + 1)
    elif s.when("type_code = 6", code == TypeCode.OPAQUE):
        s.counted(OPAQUE_DOMAIN)
        s.counted(OPAQUE_NAME)


def _size(s: Syntax) -> None:
    rank = s.code(RANK)
    s.limited("max_rank", rank)
    s.repeat("i < rank", "dimensions", rank, _dimension)


def _dimension(s: Syntax, index: int) -> None:
    code = s.decisive(DIMENSION_CODE)
    if s.when("dimension_code = 1", code == VALUE):
        s.code(DIMENSION_VALUE)
    elif s.when("dimension_code = 2", code == SYMBOL):
        s.require(bool(s.counted(DIMENSION_SYMBOL)), "the symbol of a dimension is not empty", OutOfRangeError)
    s.counted(DIMENSION_DENOTATION)


def tensor(s: Syntax, index: int) -> None:
    """14.9."""
    s.counted(CONSTANT_NAME)
    about(s)
    kind = s.decisive(CONSTANT_TYPE)
    layout = MemoryLayout(1, 1, 1) if kind == TEXT else layout_of(kind)
    elements = math.prod(shape(s, layout))
    if s.when("storage", s.code(STORAGE)):
        s.require(bool(s.counted(PARAMETER)), "the name of a parameter is not empty", OutOfRangeError)
    elif s.when("constant_type = 254", kind == TEXT):
        s.parts("i < number of elements", STRING, s.array("i < number of elements", STRING.size, elements))
    else:
        _data(s, kind, layout, elements)


def _data(s: Syntax, kind: int, layout: MemoryLayout, elements: int) -> None:
    """The memory of a constant, and what 6.1 and 6.2 ask of it."""
    data = s.counted(DATA)
    s.require(len(data) == layout.memory_bytes(elements), "the data are not those of the elements", InconsistentError)
    surplus = elements * DATA_TYPES[kind].bits % 8
    s.require(not surplus or data[-1] >> surplus == 0, "bits after the last element are not zero", MalformedError)
    s.require(kind != BOOL or max(data, default=0) < 2, "a BOOL is neither 0 nor 1", OutOfRangeError)


def sparse_tensor(s: Syntax, index: int) -> None:
    """14.9: a constant of which most elements are 0."""
    s.nest("values", tensor, 0)
    s.nest("indices", tensor, 0)
    shape(s, MemoryLayout(1, 1, 1))
