"""Options of TFLite operators as attributes: names and types come from the generated readers of the `tflite` package.

Those readers trust their input, so a table is checked before they see it; what they read then lies inside the file or
raises, and vectors are read at one go.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from aimcodec.bridges.optional import needed
from aimcodec.bridges.tflite_tables import Table
from aimcodec.errors import MalformedError
from aimcodec.model.structures import Attribute, AttributeKind

__all__ = ["operator_names", "options_of", "schema"]

AS_VECTOR = "AsNumpy"
NOT_FIELDS = re.compile(r"Init|GetRootAs.*|.*BufferHasIdentifier|.*IsNone|_.*")
MIXED_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def schema() -> Any:
    """The `tflite` package.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    with needed("reading TFLite models needs tflite", "tflite", "tflite", "flatbuffers"):
        import tflite  # type: ignore[import-untyped, import-not-found, unused-ignore]
    return tflite


@cache
def operator_names() -> dict[int, str]:
    """Names of the built-in operators by number."""
    return _members(schema().BuiltinOperator)


@cache
def _option_names(union: str) -> dict[int, str]:
    """Names of the tables of options by number."""
    kinds = {"BuiltinOptions": schema().BuiltinOptions, "BuiltinOptions2": schema().BuiltinOptions2}
    return _members(kinds[union])


def _members(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if type(value) is int}


def options_of(table: Table, kind: int, union: str) -> list[Attribute] | None:
    """The fields of a table of options: numbers, texts, and vectors of numbers; None if nothing is known of the kind.

    Args:
        table: checked but for its fields.
        kind: number of the table in the union.
        union: "BuiltinOptions" or "BuiltinOptions2".

    Raises:
        MalformedError: a field is outside the file.
        LimitExceededError: vectors that are shared too often.
    """
    reader = getattr(schema(), _option_names(union).get(kind, ""), None)
    if reader is None:
        return None
    table.check_fields()
    options = reader()
    options.Init(table.file.data, table.position)
    found: list[Attribute] = []
    for name, method, is_vector in _fields(reader):
        try:
            value = method(options)
        except (struct.error, ValueError, IndexError, TypeError, OverflowError) as error:
            raise MalformedError(f"field {name} of {reader.__name__}: {error}", path=table.path) from None
        if not is_vector or isinstance(value, np.ndarray):  # an absent vector reads as 0
            found.extend(_attribute(name, value, table))
    return found


@cache
def _fields(reader: type) -> list[tuple[str, Any, bool]]:
    """Fields of a generated reader that need no index: attribute name, method, whether it is a vector."""
    known = {name: method for name, method in vars(reader).items() if callable(method)}
    methods = {name: method for name, method in known.items() if not NOT_FIELDS.fullmatch(name)}
    vectors = {name.removesuffix(AS_VECTOR) for name in methods if name.endswith(AS_VECTOR)}
    lengths = {name for name in methods if name.endswith("Length") and name.removesuffix("Length") in methods}
    return [
        (MIXED_CASE.sub("_", name.removesuffix(AS_VECTOR)).lower(), method, name.endswith(AS_VECTOR))
        for name, method in methods.items()
        if name not in vectors | lengths and method.__code__.co_argcount == 1
    ]


def _attribute(name: str, value: Any, table: Table) -> Iterator[Attribute]:
    """None for fields that are absent, or neither numbers nor texts."""
    if isinstance(value, np.ndarray):
        table.file.spend(value.nbytes)
        kind = AttributeKind.FLOATS if value.dtype.kind == "f" else AttributeKind.INTS
        yield Attribute(name, kind, value.tolist())
    elif isinstance(value, int):
        yield Attribute(name, AttributeKind.INT, int(value))
    elif isinstance(value, float):
        yield Attribute(name, AttributeKind.FLOAT, value)
    elif isinstance(value, bytes):
        table.file.spend(len(value))
        yield Attribute(name, AttributeKind.STRING, value)
