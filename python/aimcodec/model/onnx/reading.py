"""From ONNX to a structure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from aimcodec.dtypes import from_name, packed_bytes
from aimcodec.errors import MalformedError
from aimcodec.model.onnx.attributes import FIELDS, SINGLE, attribute_kind
from aimcodec.model.onnx.contributors import CONTRIBUTORS_KEY, contributors_of
from aimcodec.model.onnx.messages import check_messages
from aimcodec.model.onnx.names import UniqueNames
from aimcodec.model.onnx.tensors import is_external, shape_of, tensor_memory, tensor_strings
from aimcodec.model.onnx.types import element_type, read_type
from aimcodec.model.structures import (
    STRING,
    UNDEFINED,
    Attribute,
    AttributeKind,
    Function,
    Graph,
    ModelStructure,
    OperatorNode,
    OperatorSet,
    QuantizationAnnotation,
    SparseTensor,
    Tensor,
    VariableNode,
)

if TYPE_CHECKING:
    import onnx

__all__ = ["INLINE_BYTES", "from_proto", "read_variables"]

INLINE_BYTES = 1024  # of a tensor in an attribute, from which on it is kept apart


def from_proto(proto: onnx.ModelProto) -> tuple[ModelStructure, dict[str, onnx.TensorProto]]:
    """The structure of an ONNX model, and its tensors that are kept apart, by parameter name.

    Kept apart are initializers, and tensors of attributes from 1,024 bytes on or in other files; never those of texts.
    An initializer's parameter has its name where no other has it. What a structure does not carry is in `LOSSES`, and
    `losses` tells what of it a model has. The tensors are parts of `proto`, not copies.

    Raises:
        MalformedError: a text is not UTF-8.
        InconsistentError, OutOfRangeError: values of tensors that do not fit their types and shapes, unknown types.
        LimitExceededError: messages are nested too deeply.
    """
    check_messages(proto)
    return _Reader(proto).model(proto)


def _initializer_names(graphs: Iterable[onnx.GraphProto]) -> Iterator[str]:
    for graph in graphs:
        yield from (tensor.name for tensor in graph.initializer)
        yield from (tensor.values.name for tensor in graph.sparse_initializer)


def _graphs(proto: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    """All graphs of a model."""
    pending = [proto.graph]
    nodes = [node for function in proto.functions for node in function.node]
    while pending or nodes:
        for graph in pending:
            yield graph
            nodes.extend(graph.node)
        pending = [graph for node in nodes for attribute in node.attribute for graph in _inside(attribute)]
        nodes = []


def _inside(attribute: onnx.AttributeProto) -> Iterator[onnx.GraphProto]:
    if attribute.HasField("g"):
        yield attribute.g
    yield from attribute.graphs


def _texts(entries: Iterable[onnx.StringStringEntryProto]) -> dict[str, str]:
    return {entry.key: entry.value for entry in entries}


def _operator_sets(entries: Iterable[onnx.OperatorSetIdProto]) -> list[OperatorSet]:
    return [OperatorSet(entry.domain, entry.version) for entry in entries]


def read_variables(protos: Iterable[onnx.ValueInfoProto]) -> list[VariableNode]:
    """What messages say of variables.

    Raises:
        OutOfRangeError: an unknown data type.
    """
    return [
        VariableNode(
            proto.name,
            read_type(proto.type) if proto.HasField("type") else None,
            proto.doc_string,
            _texts(proto.metadata_props),
        )
        for proto in protos
    ]


class _Reader:
    """Converts, and collects the tensors that are kept apart."""

    def __init__(self, proto: onnx.ModelProto) -> None:
        self._names = UniqueNames(_initializer_names(_graphs(proto)))
        self._apart: dict[str, onnx.TensorProto] = {}

    def model(self, proto: onnx.ModelProto) -> tuple[ModelStructure, dict[str, onnx.TensorProto]]:
        metadata = _texts(proto.metadata_props)
        contributors = contributors_of(metadata.get(CONTRIBUTORS_KEY, ""))
        if contributors is not None:
            del metadata[CONTRIBUTORS_KEY]
        structure = ModelStructure(
            graph=self._graph(proto.graph),
            operator_sets=_operator_sets(proto.opset_import),
            functions=[self._function(function) for function in proto.functions],
            format_version=proto.ir_version,
            producer_name=proto.producer_name,
            producer_version=proto.producer_version,
            domain=proto.domain,
            model_version=proto.model_version,
            documentation=proto.doc_string,
            metadata=metadata,
            contributors=contributors or [],
        )
        return structure, self._apart

    def _graph(self, proto: onnx.GraphProto) -> Graph:
        return Graph(
            name=proto.name,
            # Before the nodes, so that parameters of an outer graph are the first to keep their names.
            parameters=[self._parameter(tensor) for tensor in proto.initializer],
            sparse_parameters=[self._sparse_parameter(tensor) for tensor in proto.sparse_initializer],
            nodes=[self._node(node) for node in proto.node],
            inputs=read_variables(proto.input),
            outputs=read_variables(proto.output),
            variables=read_variables(proto.value_info),
            quantization=[
                QuantizationAnnotation(entry.tensor_name, _texts(entry.quant_parameter_tensor_names))
                for entry in proto.quantization_annotation
            ],
            documentation=proto.doc_string,
            metadata=_texts(proto.metadata_props),
        )

    def _function(self, proto: onnx.FunctionProto) -> Function:
        return Function(
            name=proto.name,
            domain=proto.domain,
            overload=proto.overload,
            inputs=list(proto.input),
            outputs=list(proto.output),
            attributes=list(proto.attribute),
            defaults=[self._attribute(attribute, proto.name) for attribute in proto.attribute_proto],
            nodes=[self._node(node) for node in proto.node],
            variables=read_variables(proto.value_info),
            operator_sets=_operator_sets(proto.opset_import),
            documentation=proto.doc_string,
            metadata=_texts(proto.metadata_props),
        )

    def _node(self, proto: onnx.NodeProto) -> OperatorNode:
        place = proto.name or (proto.output[0] if proto.output else "") or proto.op_type
        return OperatorNode(
            operator=proto.op_type,
            inputs=list(proto.input),
            outputs=list(proto.output),
            attributes=[self._attribute(attribute, place) for attribute in proto.attribute],
            name=proto.name,
            domain=proto.domain,
            overload=proto.overload,
            documentation=proto.doc_string,
            metadata=_texts(proto.metadata_props),
        )

    def _attribute(self, proto: onnx.AttributeProto, place: str) -> Attribute:
        kind = attribute_kind(proto)
        value = None
        if kind and not proto.ref_attr_name:
            value = self._value(kind, getattr(proto, FIELDS[kind]), f"{place}.{proto.name}")
        return Attribute(proto.name, kind, value, proto.ref_attr_name, proto.doc_string)

    def _value(self, kind: AttributeKind, value: Any, place: str) -> Any:
        if kind not in SINGLE:
            inside = _ELEMENTS[kind]
            return [self._value(inside, one, place) for one in value]
        if kind == AttributeKind.TENSOR:
            return self._constant(value, place)
        if kind == AttributeKind.SPARSE_TENSOR:
            values = self._constant(value.values, f"{place}.values")
            return SparseTensor(values, self._constant(value.indices, f"{place}.indices"), _sparse_shape(value))
        if kind == AttributeKind.GRAPH:
            return self._graph(value)
        return read_type(value) if kind == AttributeKind.TYPE else value

    def _parameter(self, proto: onnx.TensorProto) -> Tensor:
        tensor = _described(proto)
        if tensor.data is None:
            self._keep(tensor, proto, self._names.own(proto.name))
        return tensor

    def _sparse_parameter(self, proto: onnx.SparseTensorProto) -> SparseTensor:
        values = self._parameter(proto.values)
        indices = _described(proto.indices)
        if indices.data is None:
            name = proto.indices.name or f"{proto.values.name or 'parameter'}.indices"
            self._keep(indices, proto.indices, self._names.derived(name))
        return SparseTensor(values, indices, _sparse_shape(proto))

    def _constant(self, proto: onnx.TensorProto, place: str) -> Tensor:
        """A tensor of an attribute."""
        tensor = _described(proto)
        if tensor.data is not None:
            return tensor
        size = packed_bytes(from_name(tensor.element_type), math.prod(tensor.shape))
        if is_external(proto) or size >= INLINE_BYTES:
            self._keep(tensor, proto, self._names.derived(proto.name or place))
        else:
            tensor.data = tensor_memory(proto).tobytes()
        return tensor

    def _keep(self, tensor: Tensor, proto: onnx.TensorProto, name: str) -> None:
        tensor.parameter = name
        self._apart[name] = proto


_ELEMENTS = {kind: AttributeKind[kind.name.removesuffix("S")] for kind in FIELDS if kind not in SINGLE}


def _sparse_shape(proto: onnx.SparseTensorProto) -> tuple[int, ...]:
    return tuple(proto.dims)


def _described(proto: onnx.TensorProto) -> Tensor:
    """A tensor without its values, unless they are texts or it has none."""
    kind = element_type(proto.data_type)
    tensor = Tensor(
        proto.name, kind, shape_of(proto), documentation=proto.doc_string, metadata=_texts(proto.metadata_props)
    )
    if kind == STRING:
        tensor.data = tensor_strings(proto)
    elif kind == UNDEFINED:
        tensor.data = _nothing(proto)
    return tensor


def _nothing(proto: onnx.TensorProto) -> bytes:
    if proto.HasField("raw_data") or is_external(proto):
        raise MalformedError(f"tensor {proto.name!r} has values and no type")
    return b""
