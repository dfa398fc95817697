"""Tensors of PyTorch as arrays, and which of them are one memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aimcodec.bridges.optional import needed
from aimcodec.dtypes import DType, from_name, unpack
from aimcodec.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

__all__ = ["array_of", "check_dense", "load_torch", "place_of", "shape_of", "type_of"]

MINIMUM = (2, 6)  # the first whose safe loader is safe: CVE-2025-32434
CARRIERS = {1: "uint8", 2: "int16", 4: "int32", 8: "int64"}  # types that numpy has too, by size
PAIRS = "float4_e2m1fn_x2"  # two elements in a byte, the first in the low bits; the last dimension counts bytes
PAIR_TYPE = "FLOAT4_E2M1FN"


def load_torch() -> Any:
    """The library.

    Raises:
        ModuleNotFoundError: it is not installed.
        UnsupportedError: it is older than 2.6.
    """
    with needed("PyTorch files need PyTorch", "torch", "torch"):
        import torch
    release = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if release < MINIMUM:
        raise UnsupportedError(f"PyTorch {torch.__version__}: its safe loader can be tricked; 2.6 or newer is needed")
    return torch


def check_dense(name: str, tensor: torch.Tensor) -> None:
    """Nothing, if its values can be had as an array.

    Raises:
        UnsupportedError: it is sparse, quantised, nested, without values, or of a type that nothing else has.
    """
    kind = next(
        (
            kind
            for kind, found in (
                ("quantised", tensor.is_quantized),
                ("nested", tensor.is_nested),
                ("without values", tensor.device.type == "meta"),
                (str(tensor.layout).removeprefix("torch."), str(tensor.layout) != "torch.strided"),
            )
            if found
        ),
        None,
    )
    if kind is not None:
        raise UnsupportedError(f"tensor {name!r} is {kind}: only dense tensors are read")
    try:
        type_of(tensor)
    except ArgumentError:
        raise UnsupportedError(f"tensor {name!r}: elements of type {tensor.dtype} cannot be stored") from None


def type_of(tensor: torch.Tensor) -> DType:
    """The type of its elements.

    Raises:
        ArgumentError: there is none.
    """
    name = str(tensor.dtype).removeprefix("torch.")
    return from_name(PAIR_TYPE if name == PAIRS else name)


def shape_of(tensor: torch.Tensor) -> tuple[int, ...]:
    """Its shape in elements."""
    shape = tuple(tensor.shape)
    return (*shape[:-1], 2 * shape[-1]) if type_of(tensor).is_packed and shape else shape


def array_of(tensor: torch.Tensor) -> NDArray[Any]:
    """Its elements, of the type that numpy or ml_dtypes has; a view where the tensor is in memory as it should be."""
    import torch

    dtype = type_of(tensor)
    plain = tensor.detach().resolve_conj().resolve_neg()
    if dtype.is_packed:
        memory = plain.view(torch.uint8).contiguous().numpy()
        return unpack(memory.reshape(-1), dtype, 2 * memory.size).reshape(shape_of(tensor))
    carrier = CARRIERS.get(plain.element_size())
    if carrier is not None:  # elements change hands in a type of their size
        plain = plain.view(getattr(torch, carrier))
    array: NDArray[Any] = plain.contiguous().numpy()
    return array.view(dtype.numpy)


def place_of(tensor: torch.Tensor) -> object:
    """Equal for tensors that are the same elements in the same memory."""
    form = (str(tensor.dtype), tuple(tensor.shape), tensor.stride(), tensor.is_conj(), tensor.is_neg())
    return (tensor.untyped_storage().data_ptr(), tensor.storage_offset(), *form)
