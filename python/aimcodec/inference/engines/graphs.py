"""Structures as engines of ONNX take them: most parameters apart, some inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from aimcodec.errors import UnsupportedError
from aimcodec.model.structures import ModelStructure, Tensor
from aimcodec.model.walk import all_tensors

if TYPE_CHECKING:
    import onnx

    from aimcodec.inference.weights import Loading

__all__ = ["apart", "proto_with", "serialized", "without_parameters"]

MAX_MESSAGE_BYTES = (1 << 31) - 1  # of protobuf


def apart(structure: ModelStructure, fits: Callable[[Tensor], bool]) -> list[Tensor]:
    """The parameters that an engine can be given by name: of the main graph, fitting, and used nowhere else."""
    own = {id(t): t for t in structure.graph.parameters if t.parameter is not None and fits(t)}
    elsewhere = {tensor.parameter for tensor in all_tensors(structure) if id(tensor) not in own}
    return [tensor for tensor in own.values() if tensor.parameter not in elsewhere]


def proto_with(structure: ModelStructure, outside: Iterable[Tensor], loading: Loading) -> onnx.ModelProto:
    """The model with the values of all parameters inside, but for those `outside`."""
    from aimcodec.model.onnx import to_proto

    given = {tensor.parameter for tensor in outside}
    return to_proto(structure, lambda name: None if name in given else loading.get(name))


def without_parameters(structure: ModelStructure) -> ModelStructure:
    """The structure without the parameters of its main graph that are apart."""
    here = [tensor for tensor in structure.graph.parameters if tensor.parameter is None]
    return replace(structure, graph=replace(structure.graph, parameters=here))


def serialized(proto: onnx.ModelProto) -> bytes:
    """The message as bytes.

    Raises:
        UnsupportedError: it is beyond what protobuf can say.
    """
    size = proto.ByteSize()
    if not 0 <= size <= MAX_MESSAGE_BYTES:
        raise UnsupportedError("parameters that this engine needs inside the graph are beyond 2 GiB")
    data: bytes = proto.SerializeToString()
    return data
