"""Constant tensors and attributes of a structure as PyTorch has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from aimcodec.errors import (
    InconsistentError,
    LimitExceededError,
    MalformedError,
    MissingReferenceError,
    UnsupportedError,
)
from aimcodec.limits import Limits
from aimcodec.model.structures import STRING, Attribute, SparseTensor, Tensor
from aimcodec.operators.torch.elements import from_memory, torch_type
from aimcodec.operators.torch.registry import Context

__all__ = ["Loader", "parameter_loader", "sparse_loader", "sparse_tensor", "tensor_of", "text", "value_of"]

Loader = Callable[[Context], torch.Tensor]


def text(data: bytes | str) -> str:
    """A text of a structure.

    Raises:
        MalformedError: it is not UTF-8.
    """
    try:
        return data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError(f"{data!r} is not UTF-8") from None


def tensor_of(tensor: Tensor, parameters: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The values of a constant tensor.

    Raises:
        InconsistentError: the parameter has another type or shape than the structure says.
        MissingReferenceError: there is no such parameter.
        UnsupportedError: no type of PyTorch carries the elements.
    """
    if tensor.element_type == STRING:
        raise UnsupportedError("PyTorch has no tensors of texts")
    kind = torch_type(tensor.element_type)
    if tensor.parameter is None:
        return from_memory(bytes(tensor.data or b""), tensor.element_type, tensor.shape)  # type: ignore[arg-type]
    try:
        value = parameters[tensor.parameter]
    except KeyError:
        raise MissingReferenceError(f"there is no parameter {tensor.parameter!r}") from None
    if value.dtype != kind or tuple(value.shape) != tensor.shape:
        told, found = (tensor.element_type, tensor.shape), (value.dtype, tuple(value.shape))
        raise InconsistentError(f"parameter {tensor.parameter!r} is {told} in the structure, its values are {found}")
    return value


def parameter_loader(tensor: Tensor, parameters: Mapping[str, torch.Tensor]) -> Loader:
    """What gives the values when they are first needed; those of `parameters` are looked up at every run."""
    if tensor.parameter is None:
        constant = tensor_of(tensor, parameters)
        return lambda _: constant
    if tensor.parameter not in parameters:
        raise MissingReferenceError(f"there is no parameter {tensor.parameter!r}")
    torch_type(tensor.element_type)
    return lambda _: tensor_of(tensor, parameters)


def sparse_loader(sparse: SparseTensor, parameters: Mapping[str, torch.Tensor], limits: Limits) -> Loader:
    """The same for a sparse tensor, which becomes a dense one."""
    return lambda _: sparse_tensor(sparse, parameters, limits)


def sparse_tensor(sparse: SparseTensor, parameters: Mapping[str, torch.Tensor], limits: Limits) -> torch.Tensor:
    """The dense tensor of a sparse one."""
    values, indices = tensor_of(sparse.values, parameters), tensor_of(sparse.indices, parameters)
    count = 1
    for size in sparse.shape:
        count *= size
    if count > limits.max_elements:
        raise LimitExceededError(f"max_elements is {limits.max_elements}, a sparse tensor has {count}")
    if indices.ndim == 2:
        strides = [1]
        for size in sparse.shape[:0:-1]:
            strides.insert(0, strides[0] * size)
        indices = (indices * torch.tensor(strides)).sum(1)
    if indices.numel() and not 0 <= int(indices.min()) <= int(indices.max()) < count:
        raise InconsistentError("indices of a sparse tensor lie outside it")
    dense = torch.zeros(count, dtype=values.dtype)
    dense[indices] = values
    return dense.reshape(sparse.shape)


def value_of(attribute: Attribute, parameters: Mapping[str, torch.Tensor]) -> Any:
    """The value of an attribute as kernels get it."""
    value = attribute.value
    if isinstance(value, list):
        return [_single(item, parameters) for item in value]
    return _single(value, parameters)


def _single(value: Any, parameters: Mapping[str, torch.Tensor]) -> Any:
    if isinstance(value, bytes):
        return text(value)
    if isinstance(value, Tensor):
        return tensor_of(value, parameters)
    if isinstance(value, SparseTensor):
        raise UnsupportedError("lists of sparse tensors")
    return value
