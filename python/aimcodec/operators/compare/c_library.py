"""A library of operators in C (`aimc/operators.h`), loaded into this process, which ends if the library crashes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from aimcodec.dtypes import from_code, from_name, packed_bytes, unpack
from aimcodec.errors import AimcError, ArgumentError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.model.structures import Attribute, AttributeKind, Tensor
from aimcodec.operators.attributes import guessed, tensor_of
from aimcodec.operators.catalogue import Operator
from aimcodec.operators.compare.abi import ABI_VERSION, interface
from aimcodec.operators.compare.case import Case
from aimcodec.operators.compare.library import median_seconds
from aimcodec.operators.compare.memory import Memory
from aimcodec.operators.status import Status, failure

__all__ = ["LoadedLibrary"]

MAX_ENTRIES = 1 << 16
MAX_NAME = 1 << 10
_ARRAYS = {
    AttributeKind.FLOAT: "float[]",
    AttributeKind.INT: "int64_t[]",
    AttributeKind.FLOATS: "float[]",
    AttributeKind.INTS: "int64_t[]",
}


class LoadedLibrary:
    """A shared library.

    Its memory is accounted for: what it does not release, writes behind a block or returns without having asked for it
    is an INTERNAL_ERROR, as are outputs that are not set or not possible.

    Attributes:
        name: what the library calls itself, with its version.
    """

    def __init__(self, path: Path, *, limits: Limits = DEFAULT_LIMITS) -> None:
        """Loads a library.

        Raises:
            ArgumentError: it cannot be loaded, is for another version of the interface, or its table is not possible.
            ModuleNotFoundError: cffi is not installed.
        """
        self._ffi = interface()
        self._limits = limits
        try:
            self._library = self._ffi.dlopen(str(path.resolve()))
            table = self._library.aimc_operator_library(ABI_VERSION)
        except (OSError, AttributeError) as error:
            raise ArgumentError(f"{path.name} is no library of operators: {error}") from error
        if table == self._ffi.NULL or table.abi_version != ABI_VERSION:
            raise ArgumentError(f"{path.name} does not know version {ABI_VERSION} of the interface")
        self.name = f"{self._text(table.name)} {self._text(table.version)}"
        self._entries = self._read(table)

    def operators(self) -> Iterable[str]:
        """See `Library`."""
        return {name for name, domain, _ in self._entries if not domain}

    def call(self, operator: Operator, case: Case, outputs: int) -> list[Any]:
        """See `Library`."""
        function = self._function(operator)
        keep: list[Any] = []
        memory = Memory(self._ffi, self._limits.max_output_bytes)
        call = self._call(operator, case, memory, keep)
        results = self._ffi.new("aimc_op_tensor[]", outputs)
        call.outputs, call.output_count = results, outputs
        status = function(call)
        memory.faults += [f"input {i} was changed" for i in self._changed(call, case)]
        return self._results(operator, status, results, outputs, memory)

    def seconds(self, operator: Operator, case: Case, outputs: int, repeats: int) -> float:
        """See `Library`."""
        return median_seconds(lambda: self.call(operator, case, outputs), repeats)

    def _read(self, table: Any) -> dict[tuple[str, str, int], Any]:
        if table.entry_count > MAX_ENTRIES or (table.entry_count and table.entries == self._ffi.NULL):
            raise ArgumentError(f"{self.name} says that it has {table.entry_count} entries")
        found = {}
        for i in range(table.entry_count):
            entry = table.entries[i]
            if entry.function == self._ffi.NULL:
                raise ArgumentError(f"{self.name}: entry {i} has no function")
            found[self._text(entry.name), self._text(entry.domain), int(entry.version)] = entry.function
        return found

    def _text(self, pointer: Any) -> str:
        return "" if pointer == self._ffi.NULL else self._ffi.string(pointer, MAX_NAME).decode("utf-8", "replace")

    def _function(self, operator: Operator) -> Any:
        """The newest entry that is not newer than the definition asked for; its version brought the meaning on."""
        versions = [
            version
            for name, domain, version in self._entries
            if (name, domain) == (operator.name, operator.domain) and version <= operator.since_version
        ]
        if not versions:
            raise failure(Status.NOT_SUPPORTED, f"not in version {operator.since_version}", operator.full_name)
        return self._entries[operator.name, operator.domain, max(versions)]

    def _call(self, operator: Operator, case: Case, memory: Memory, keep: list[Any]) -> Any:
        ffi = self._ffi
        inputs = [ffi.NULL if value is None else self._tensor(tensor_of(value), keep) for value in case.inputs]
        attributes = [self._attribute(attribute, keep) for attribute in guessed(operator, case.attributes)]
        arrays = (ffi.new("aimc_op_tensor*[]", inputs), ffi.new("aimc_op_attribute[]", attributes))
        call = ffi.new("aimc_op_call*")
        keep += [*arrays, call]
        call.allocator = memory.handle
        call.inputs, call.input_count = arrays[0], len(inputs)
        call.attributes, call.attribute_count = arrays[1], len(attributes)
        return call

    def _changed(self, call: Any, case: Case) -> list[int]:
        """Inputs that do not have the bytes any more that the library was given."""
        found = []
        for i, value in enumerate(case.inputs):
            if value is not None:
                data = tensor_of(value).data or b""
                found += [i] * (bytes(self._ffi.buffer(call.inputs[i].data, len(data))) != data)
        return found

    def _tensor(self, tensor: Tensor, keep: list[Any]) -> Any:
        """An `aimc_op_tensor*`."""
        if not isinstance(tensor.data, bytes):
            raise failure(Status.NOT_SUPPORTED, "texts have no form in the C interface", "tensor")
        dtype = from_name(tensor.element_type).code
        data = self._ffi.new("char[]", max(len(tensor.data), 1))
        self._ffi.memmove(data, tensor.data, len(tensor.data))
        made = self._ffi.new("aimc_op_tensor*")
        made.data, made.dtype, made.rank = data, dtype, len(tensor.shape)
        made.dims = [*tensor.shape]
        keep += [data, made]
        return made

    def _attribute(self, attribute: Attribute, keep: list[Any]) -> dict[str, Any]:
        ffi, kind = self._ffi, attribute.kind
        values = attribute.value if isinstance(attribute.value, list) else [attribute.value]
        count = len(values)
        if kind in _ARRAYS:
            memory = ffi.new(_ARRAYS[kind], values)
        elif kind is AttributeKind.STRING:
            memory, count = ffi.new("char[]", values[0]), len(values[0])
        elif kind is AttributeKind.STRINGS:
            texts = [ffi.new("char[]", value) for value in values]
            keep += texts
            memory = ffi.new("aimc_op_text[]", [(t, len(v)) for t, v in zip(texts, values, strict=True)])
        else:
            tensors = [self._tensor(value, keep) for value in values]
            memory = ffi.new("aimc_op_tensor[]", [tensor[0] for tensor in tensors])
        name = ffi.new("char[]", attribute.name.encode())
        keep += [memory, name]
        return {"name": name, "kind": int(kind), "count": count, "values": ffi.cast("void*", memory)}

    def _results(self, operator: Operator, status: int, results: Any, count: int, memory: Memory) -> list[Any]:
        arrays = []
        try:
            if status == Status.SUCCESS:
                arrays = [self._array(results[i], memory) for i in range(count)]
        except AimcError as error:
            memory.faults.insert(0, error.message)
        memory.close([results[i].data for i in range(count)] if status == Status.SUCCESS else [])
        if memory.faults:
            raise failure(Status.INTERNAL_ERROR, "; ".join(memory.faults), operator.full_name)
        if status != Status.SUCCESS:
            known = status in set(Status)
            message = "the library refuses" if known else f"{status} is no status"
            raise failure(Status(status) if known else Status.INTERNAL_ERROR, message, operator.full_name)
        return arrays

    def _array(self, tensor: Any, memory: Memory) -> np.ndarray[Any, Any]:
        """A copy of an output."""
        if tensor.layout or tensor.device:
            raise ArgumentError(f"an output has layout {tensor.layout} on device {tensor.device}")
        if tensor.rank > len(tensor.dims):
            raise ArgumentError(f"an output has rank {tensor.rank}")
        shape = tuple(tensor.dims[i] for i in range(tensor.rank))
        elements = 1
        for size in shape:
            if size < 0:
                raise ArgumentError(f"an output has dimensions {list(shape)}")
            elements *= size
        dtype = from_code(tensor.dtype)
        size = packed_bytes(dtype, elements)
        if not elements:
            return np.empty(shape, dtype.numpy)
        block = memory.size(tensor.data)
        if block is None:
            raise ArgumentError("an output is not set, or its memory is not of the allocator")
        if block != size:
            raise ArgumentError(f"an output of dimensions {list(shape)} has {block} bytes, {size} are needed")
        data = np.frombuffer(self._ffi.buffer(tensor.data, size), np.uint8).copy()
        return (unpack(data, dtype, elements) if dtype.is_packed else data.view(dtype.numpy)).reshape(shape)
