"""Structures of models (clause 14), as plain records: dicts of element names and values, lists of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...errors import AimcError, InconsistentError, MalformedError, OutOfRangeError, UnsupportedError
from .data_types import DATA_TYPES
from .elements import ElementReader

__all__ = ["Record", "read_structure"]

Record = dict[str, Any]

DEEPEST = 32
MAX_RANK = 32
MAX_SIZE = (1 << 63) - 1
UNDEFINED, STRING, OPAQUE = 253, 254, 255
FLOATS, INTS, STRINGS, TENSORS, GRAPHS = (1, 6), (2, 7), (3, 8), (4, 9), (5, 10)
SPARSE_TENSORS, TYPES = (11, 12), (13, 14)
LISTS = (6, 7, 8, 9, 10, 12, 14)


def read_structure(payload: bytes) -> Record:
    """The record of a payload (14.1).

    Raises:
        AimcError: the kind of 14.10; bit offsets are from the start of the payload.
    """
    reader = _StructureReader(payload, 0, 8 * len(payload), "structure_payload")
    record = reader.structure()
    if reader.position < reader.end:
        raise reader.broken(MalformedError, "bytes after the last element", "")
    return record


class _StructureReader(ElementReader):
    """A method for each table of clause 14; none takes notice of where in the structure it is."""

    def text(self, name: str) -> str:
        return self.sized_utf8(name, size_bits=32)

    def expect(self, condition: bool, kind: type[AimcError], message: str, name: str) -> None:
        if not condition:
            raise self.broken(kind, message, name)

    def code(self, name: str, allowed: range | tuple[int, ...]) -> int:
        value = self.u(8, name)
        self.expect(value in allowed, OutOfRangeError, f"{value}", name)
        return value

    def many(self, count: str, one: Callable[..., Any], *arguments: int) -> list[Any]:
        return [one(*arguments) for _ in range(self.u(32, count))]

    def names(self, count: str, name: str) -> list[str]:
        sizes = [self.u(32, f"{name}_size") for _ in range(self.u(32, count))]
        return [self.utf8(size, name) for size in sizes]

    def strings(self, count: int) -> list[bytes]:
        sizes = [self.u(32, "string_size") for _ in range(count)]
        return [self.b(size, "string") for size in sizes]

    def deeper(self, depth: int) -> int:
        self.expect(depth < DEEPEST, OutOfRangeError, "too deep", "")
        return depth + 1

    def structure(self) -> Record:
        """14.1."""
        version = self.u(8, "structure_version_major"), self.u(8, "structure_version_minor")
        self.expect(version == (1, 0), UnsupportedError, "version", "structure_version_minor")
        return {
            "format_version": self.i(64, "format_version"),
            "producer_name": self.text("producer_name"),
            "producer_version": self.text("producer_version"),
            "model_domain": self.text("model_domain"),
            "model_version": self.i(64, "model_version"),
            "about": self.about(),
            "operator_sets": self.many("operator_set_count", self.operator_set),
            "functions": self.many("function_count", self.function),
            "graph": self.graph(1),
        }

    def operator_set(self) -> tuple[str, int]:
        return self.text("set_domain"), self.i(64, "set_version")

    def about(self) -> tuple[str, dict[str, str]]:
        """14.2."""
        return self.text("documentation"), self.pairs("text_count", "text_key", "text_value")

    def pairs(self, count: str, key: str, value: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for _ in range(self.u(32, count)):
            one = self.text(key)
            self.expect(one not in found, MalformedError, f"{one!r} for the second time", key)
            found[one] = self.text(value)
        return found

    def graph(self, depth: int) -> Record:
        """14.3."""
        return {
            "name": self.text("graph_name"),
            "about": self.about(),
            "inputs": self.many("input_count", self.variable, depth),
            "outputs": self.many("output_count", self.variable, depth),
            "variables": self.many("variable_count", self.variable, depth),
            "parameters": self.many("parameter_count", self.tensor),
            "sparse_parameters": self.many("sparse_parameter_count", self.sparse_tensor),
            "annotations": self.many("annotation_count", self.annotation),
            "nodes": self.many("node_count", self.node, depth),
        }

    def annotation(self) -> tuple[str, dict[str, str]]:
        return self.text("annotated_variable"), self.pairs("part_count", "part", "part_tensor")

    def function(self) -> Record:
        """14.4."""
        return {
            "operator": (self.text("function_name"), self.text("operator_domain"), self.text("overload")),
            "about": self.about(),
            "inputs": self.names("function_input_count", "function_input"),
            "outputs": self.names("function_output_count", "function_output"),
            "needed": self.names("needed_count", "needed_attribute"),
            "defaults": self.many("default_count", self.attribute, 1),
            "operator_sets": self.many("operator_set_count", self.operator_set),
            "variables": self.many("variable_count", self.variable, 1),
            "nodes": self.many("node_count", self.node, 1),
        }

    def node(self, depth: int) -> Record:
        """14.5."""
        return {
            "operator": (self.text("operator"), self.text("operator_domain"), self.text("overload")),
            "name": self.text("node_name"),
            "about": self.about(),
            "inputs": self.names("node_input_count", "node_input"),
            "outputs": self.names("node_output_count", "node_output"),
            "attributes": self.many("attribute_count", self.attribute, depth),
        }

    def attribute(self, depth: int) -> Record:
        """14.6."""
        name, kind = self.text("attribute_name"), self.code("attribute_type", range(15))
        found = {
            "name": name,
            "type": kind,
            "documentation": self.text("documentation"),
            "reference": self.text("reference"),
        }
        if kind and not found["reference"]:
            found["values"] = self.values(kind, self.u(32, "value_count") if kind in LISTS else 1, depth)
        return found

    def values(self, kind: int, count: int, depth: int) -> list[Any]:
        if kind in STRINGS:
            return self.strings(count)
        if kind in GRAPHS or kind in TYPES:
            inner = self.deeper(depth)
            return [self.graph(inner) if kind in GRAPHS else self.value_type(inner) for _ in range(count)]
        one: dict[tuple[int, int], Callable[[], Any]] = {
            FLOATS: lambda: self.b(4, "float"),
            INTS: lambda: self.i(64, "int"),
            TENSORS: self.tensor,
            SPARSE_TENSORS: self.sparse_tensor,
        }
        take = next(taker for kinds, taker in one.items() if kind in kinds)
        return [take() for _ in range(count)]

    def variable(self, depth: int) -> Record:
        """14.7."""
        found: Record = {"name": self.text("variable_name"), "about": self.about()}
        if self.code("type_flag", range(2)):
            found["type"] = self.value_type(self.deeper(depth))
        return found

    def value_type(self, depth: int) -> Record:
        """14.8."""
        code = self.code("type_code", range(7))
        found: Record = {"code": code, "denotation": self.text("denotation")}
        if code in (1, 2):
            found["elements"] = self.code("element_type", (*DATA_TYPES, UNDEFINED, STRING))
            if self.code("size_flag", range(2)):
                found["size"] = [self.dimension() for _ in range(self.code("rank", range(MAX_RANK + 1)))]
        elif code in (3, 4, 5):
            if code == 4:
                found["key"] = self.code("key_type", (*range(1, 9), STRING))
            found["inside"] = self.value_type(self.deeper(depth))
        elif code == 6:
            found["opaque"] = self.text("opaque_domain"), self.text("opaque_name")
        return found

    def dimension(self) -> tuple[int | str | None, str]:
        code = self.code("dimension_code", range(3))
        value = self.i(64, "dimension_value") if code == 1 else self.text("dimension_symbol") if code == 2 else None
        self.expect(value != "", OutOfRangeError, "an empty symbol", "dimension_symbol")
        return value, self.text("dimension_denotation")

    def shape(self, bits: int) -> list[int]:
        """4.1, for elements of so many bits."""
        found = [self.u(64, "dimension") for _ in range(self.code("rank", range(MAX_RANK + 1)))]
        room = math.prod(max(size, 1) for size in found)
        self.expect(max(room, (room * bits + 7) // 8) <= MAX_SIZE, OutOfRangeError, "too large", "dimension")
        return found

    def tensor(self) -> Record:
        """14.9."""
        found: Record = {"name": self.text("constant_name"), "about": self.about()}
        kind = found["type"] = self.code("constant_type", (*DATA_TYPES, STRING))
        bits = 8 if kind == STRING else DATA_TYPES[kind].bits
        found["shape"] = self.shape(bits)
        elements = math.prod(found["shape"])
        if self.code("storage", range(2)):
            found["parameter"] = self.text("parameter")
            self.expect(found["parameter"] != "", OutOfRangeError, "no name", "parameter")
        elif kind == STRING:
            found["strings"] = self.strings(elements)
        else:
            found["data"] = self.memory(kind, elements, bits)
        return found

    def memory(self, kind: int, elements: int, bits: int) -> bytes:
        """6.1, 6.2."""
        data = self.b(self.u(32, "data_size"), "data")
        self.expect(len(data) == (elements * bits + 7) // 8, InconsistentError, "size of the data", "data")
        if elements * bits % 8:
            self.expect(data[-1] >> elements * bits % 8 == 0, MalformedError, "bits after the last element", "data")
        self.expect(kind != 0 or set(data) <= {0, 1}, OutOfRangeError, "a BOOL", "data")
        return data

    def sparse_tensor(self) -> Record:
        """14.9."""
        return {"values": self.tensor(), "indices": self.tensor(), "shape": self.shape(8)}
