"""Decoding of NNC streams and of sequences of updates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from aimcodec._native import thread_count
from aimcodec.coding.nnc import payloads
from aimcodec.coding.nnc.data_unit import CPT_LS, PT_BLOCK, PT_RAW_FLOAT, BlockRole, DataUnit, NodeId
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.errors import ArgumentError, InconsistentError, LimitExceededError, MissingReferenceError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.syntax.nnc import iter_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Decoder", "StreamSource", "decode", "read_source"]

StreamSource = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]"]


def read_source(source: StreamSource, limits: Limits) -> bytes | memoryview:
    """The bytes of a stream given as a buffer or as the path of a file.

    Raises:
        ArgumentError: neither a contiguous buffer nor a path that a file can have.
        LimitExceededError: longer than `max_stream_bytes`.
        OSError: the file cannot be read.
    """
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        try:
            size = path.stat().st_size
        except ValueError as error:  # a NUL character, for example
            raise ArgumentError(f"{source!r} is not a path: {error}") from None
        _check_stream_bytes(size, limits)
        return path.read_bytes()
    try:
        data = memoryview(source).cast("B")
    except TypeError:
        raise ArgumentError(f"a stream is a contiguous buffer or a path, not {type(source).__name__}") from None
    _check_stream_bytes(data.nbytes, limits)
    return data


def _check_stream_bytes(size: int, limits: Limits) -> None:
    if size > limits.max_stream_bytes:
        raise LimitExceededError(f"stream of {size} bytes exceeds max_stream_bytes {limits.max_stream_bytes}")


@dataclass
class _TensorState:
    """What an update leaves to the next one, for one tensor (12.3, 12.5)."""

    integers: NDArray[np.int32]
    node: NodeId | None


class Decoder:
    """Decodes a stream, or the streams of an update sequence in order.

    Each `decode` returns what one stream codes: the tensors of a model, or for an update the differences. The object
    keeps what later updates refer to: the integers of the previous update of each tensor, for temporal contexts, and
    where earlier updates were nonzero, for history-dependent significance.

    Args:
        base: tensors of the base model; then `parameters` is the model so far.
        limits: what may be spent on a stream.
        threads: number of threads; as many as the process may use when None. The result does not depend on it.
        local_scaling: multiply the rows of a weight by its local scaling vector and leave the vector out (11.6).
    """

    def __init__(
        self,
        base: Mapping[str, NDArray[Any]] | None = None,
        *,
        limits: Limits | None = None,
        threads: int | None = None,
        local_scaling: bool = False,
    ) -> None:
        self._limits = limits or DEFAULT_LIMITS
        self._threads = thread_count(threads)
        self._local_scaling = local_scaling
        self._states: dict[str, _TensorState] = {}
        self._history: dict[str, NDArray[np.uint8]] = {}
        self.parameters: dict[str, NDArray[Any]] | None = None if base is None else dict(base)

    def decode(self, source: StreamSource) -> dict[str, NDArray[Any]]:
        """Decode one stream.

        Args:
            source: the stream, or the path of its file.

        Returns:
            Arrays by name, in the order of the payloads: float32, or int32 for integer tensors. In an update a tensor
            that is missing is all zero (12.4).

        Raises:
            AimcError: one of its subclasses; state and `parameters` are then as before.
            OSError: the file cannot be read.
        """
        data = read_source(source, self._limits)
        units = interpret(iter_units(data, limits=self._limits))
        _refuse_repeated_names(units)
        payloads.check_sizes(units, memoryview(data).nbytes, self._limits)
        self._check_references(units)
        coded = [u for u in units if u.payload_type != PT_RAW_FLOAT]
        integers: dict[str, NDArray[np.int32]] = {}
        arrays: dict[int, list[NDArray[Any]]] = {}
        if any(u.update_signalled for u in coded):
            results = payloads.decode_integers(coded, self._threads, self.references())
            for unit, pairs in zip(coded, results, strict=True):
                arrays[id(unit)] = [values for _, values in pairs]
                integers |= {t.name: q for t, (q, _) in zip(unit.tensors, pairs, strict=True)}
        else:
            for unit, values in zip(coded, payloads.decode_values(coded, self._threads), strict=True):
                arrays[id(unit)] = values
        for unit in units:
            if unit.payload_type == PT_RAW_FLOAT:
                arrays[id(unit)] = [payloads.raw_values(unit)]
        tensors = _named(units, arrays)
        if self._local_scaling:
            _apply_local_scaling(units, tensors)
        self._advance(units, tensors, integers)
        return tensors

    def references(self) -> payloads.References:
        """What the next update may refer to (12.3, 12.5)."""
        return payloads.References({name: s.integers for name, s in self._states.items()}, self._history)

    def _check_references(self, units: list[DataUnit]) -> None:
        """12.3, 12.5: an update has the shape of those before it; with temporal contexts it follows the one named."""
        for unit in units:
            for tensor in unit.tensors if unit.parent else []:
                history = self._history.get(tensor.name)
                if history is not None and history.shape != tensor.shape:
                    path = f"{unit.path}.nnr_compressed_data_unit_header.tensor_dimensions"
                    raise InconsistentError(f"tensor {tensor.name!r} and its history differ in shape", path=path)
            if not unit.temporal:
                continue
            for tensor in unit.tensors:
                path = f"{unit.path}.nnr_compressed_data_unit_header.temporal_context_modeling_flag"
                state = self._states.get(tensor.name)
                if state is None:
                    raise MissingReferenceError(
                        f"tensor {tensor.name!r} needs the integers of an earlier update", path=path
                    )
                if state.integers.shape != tensor.shape:
                    raise InconsistentError(f"tensor {tensor.name!r} and its reference differ in shape", path=path)
                if unit.node is not None and state.node is not None and not _follows(unit.node, state.node):
                    raise MissingReferenceError(
                        f"tensor {tensor.name!r} refers to another node than the last one decoded", path=path
                    )

    def _advance(
        self, units: list[DataUnit], tensors: dict[str, NDArray[Any]], integers: dict[str, NDArray[np.int32]]
    ) -> None:
        """Take a decoded stream in; nothing changes if it does not fit the base."""
        updates = {t.name: u for u in units if u.parent for t in u.tensors}
        if self.parameters is not None:
            self.parameters = _updated(self.parameters, tensors, updates)
        for name, q in integers.items():
            nonzero = (q != 0).astype(np.uint8)
            earlier = self._history.get(name)
            accumulates = earlier is not None and earlier.shape == nonzero.shape
            self._history[name] = earlier | nonzero if earlier is not None and accumulates else nonzero
            if name in updates:  # a base model is not an update, and not the reference of one
                self._states[name] = _TensorState(q, updates[name].node)


def _updated(
    parameters: dict[str, NDArray[Any]], tensors: dict[str, NDArray[Any]], updates: Mapping[str, DataUnit]
) -> dict[str, NDArray[Any]]:
    """Differences added in the type of the base; a tensor without a base starts at 0."""
    result = dict(parameters)
    for name, values in tensors.items():
        base = parameters.get(name)
        if name not in updates or base is None:
            result[name] = values
        elif base.shape != values.shape:
            raise InconsistentError(f"the update of {name!r} has shape {values.shape}, its base {base.shape}")
        else:
            result[name] = base + values.astype(base.dtype, copy=False)
    return result


def decode(
    source: StreamSource,
    *,
    base: Mapping[str, NDArray[Any]] | None = None,
    limits: Limits | None = None,
    threads: int | None = None,
    local_scaling: bool = False,
) -> dict[str, NDArray[Any]]:
    """Decode an NNC stream.

    Args:
        source: the stream, or the path of its file.
        base: for an update, the tensors it is an update of.
        limits: what may be spent on the stream.
        threads: number of threads; as many as the process may use when None. The result does not depend on it.
        local_scaling: multiply the rows of a weight by its local scaling vector and leave the vector out (11.6).

    Returns:
        Arrays by name: float32, or int32 for integer tensors. With `base`, the base with the differences added (in the
        types of the base); without it, what the stream codes.

    Raises:
        AimcError: one of its subclasses.
        OSError: the file cannot be read.
    """
    decoder = Decoder(base, limits=limits, threads=threads, local_scaling=local_scaling)
    tensors = decoder.decode(source)
    return tensors if decoder.parameters is None else decoder.parameters


def _follows(node: NodeId, kept: NodeId) -> bool:
    return (node.device_id, node.parameter_id, node.put_node_depth) == (
        kept.device_id,
        kept.parameter_id,
        kept.put_node_depth + 1,
    )


def _refuse_repeated_names(units: list[DataUnit]) -> None:
    seen: set[str] = set()
    for unit in units:
        for tensor in unit.tensors:
            if tensor.name in seen:
                raise InconsistentError(
                    f"tensor {tensor.name!r} is coded twice",
                    path=f"{unit.path}.nnr_compressed_data_unit_header.topology_elem_id",
                )
            seen.add(tensor.name)


def _named(units: list[DataUnit], arrays: dict[int, list[NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {tensor.name: array for unit in units for tensor, array in zip(unit.tensors, arrays[id(unit)], strict=True)}


def _apply_local_scaling(units: list[DataUnit], tensors: dict[str, NDArray[Any]]) -> None:
    """11.6: row r of the weight times element r of the vector, in binary32."""
    for unit in units:
        if unit.payload_type != PT_BLOCK or not unit.parameter_types & CPT_LS:
            continue
        names = {t.role: t.name for t in unit.tensors}
        target = names.get(BlockRole.WEIGHT, names.get(BlockRole.FACTOR_G, ""))
        scaling = tensors.pop(names[BlockRole.LOCAL_SCALING])
        weight = tensors[target]
        if len(scaling) != len(weight):  # the factor G may have other rows than the weight
            message = f"{len(scaling)} factors of local scaling for the {len(weight)} rows of {target!r}"
            raise InconsistentError(message, path=unit.path)
        tensors[target] = weight * scaling.reshape((-1,) + (1,) * (weight.ndim - 1))
