"""PyTorch: state dicts to packages and back, without detours through other types.

>>> import aimcodec.torch
>>> aimcodec.torch.save_file(model.state_dict(), "model.aim")
>>> state = aimcodec.torch.load_file("model.aim")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aimcodec.dtypes import OPAQUE, DType, from_name, pack, unpack
from aimcodec.errors import ArgumentError, OutOfMemoryError, UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.package import Package, TensorInfo, Writer, open_package
from aimcodec.package.decode import check_expansion
from aimcodec.package.source import Source, SourceLike, open_source
from aimcodec.package.target import TargetLike
from aimcodec.package.writer import TensorCoding
from aimcodec.syntax.aim.units import read_unit

try:
    import torch
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError(
        "aimcodec.torch needs PyTorch; pip install 'aimcodec[torch]' brings it", name="torch"
    ) from None

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load_file", "save_file"]

NAMES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "int8": "INT8",
    "uint16": "UINT16",
    "int16": "INT16",
    "uint32": "UINT32",
    "int32": "INT32",
    "uint64": "UINT64",
    "int64": "INT64",
    "float16": "FLOAT16",
    "bfloat16": "BFLOAT16",
    "float32": "FLOAT32",
    "float64": "FLOAT64",
    "complex64": "COMPLEX64",
    "complex128": "COMPLEX128",
    "float8_e4m3fn": "FLOAT8_E4M3FN",
    "float8_e4m3fnuz": "FLOAT8_E4M3FNUZ",
    "float8_e5m2": "FLOAT8_E5M2",
    "float8_e5m2fnuz": "FLOAT8_E5M2FNUZ",
    "float8_e8m0fnu": "FLOAT8_E8M0FNU",
}
# Older versions of PyTorch lack some.
TYPES: dict[torch.dtype, DType] = {
    getattr(torch, theirs): from_name(ours) for theirs, ours in NAMES.items() if hasattr(torch, theirs)
}
TORCH_TYPES = {dtype.code: kind for kind, dtype in TYPES.items()}

# Two elements in a byte, the first in the low bits; the last dimension counts bytes.
PAIRS: torch.dtype | None = getattr(torch, "float4_e2m1fn_x2", None)
PAIR_TYPE = from_name("FLOAT4_E2M1FN")

# Types that numpy and PyTorch both know, by size: elements change hands in these.
CARRIERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def save_file(
    state: Mapping[str, torch.Tensor],
    path: TargetLike,
    *,
    coding: TensorCoding = "lossless",
    metadata: Mapping[str, str] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Save tensors as a package; tensors that are one memory (tied weights) are stored once and stay tied.

    Args:
        state: dense tensors by name, on any device, of any layout.
        path: path of the file, or an object with a `write`.
        coding: as for `aimcodec.save_file`.
        metadata: texts by key.
        threads: threads for coding; as many as the process may use when None. The bytes do not depend on it.
        progress: called with the bytes that are done and of all tensors.

    Raises:
        ArgumentError: a name or tensor that the format cannot carry; nothing is left of the file.
        OSError: the file cannot be written; nothing is left of it.
    """
    for name, tensor in state.items():
        _check(name, tensor)
    done, total = 0, sum(_bytes(tensor) for tensor in state.values())
    places: dict[object, str] = {}
    with Writer(path, threads=threads) as writer:
        if metadata:
            writer.add_metadata(metadata)
        for name, tensor in state.items():
            target = places.setdefault(_place(tensor), name) if tensor.numel() else name
            if target == name:
                writer.add_tensor(name, _to_numpy(tensor), coding=coding)
            else:
                writer.add_alias(name, target, tied=True)
            done += _bytes(tensor)
            if progress is not None:
                progress(done, total)


def _check(name: str, tensor: Any) -> None:
    if not isinstance(tensor, torch.Tensor):
        raise ArgumentError(f"{name!r} is no tensor but {type(tensor).__name__}")
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type == "meta":
        raise ArgumentError(f"tensor {name!r} is not a dense tensor with values")
    if tensor.dtype not in TYPES and tensor.dtype is not PAIRS:
        raise ArgumentError(f"tensor {name!r}: elements of type {tensor.dtype} cannot be stored")
    if tensor.dtype is PAIRS and not tensor.ndim:
        raise ArgumentError(f"tensor {name!r} of type {tensor.dtype} has no dimensions")


def _bytes(tensor: torch.Tensor) -> int:
    return int(tensor.numel() * tensor.element_size())


def _place(tensor: torch.Tensor) -> object:
    """Equal for tensors that are the same elements in the same memory."""
    bits = (tensor.is_conj(), tensor.is_neg())
    return (tensor.device, tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride(), *bits)


def _to_numpy(tensor: torch.Tensor) -> NDArray[Any]:
    """An array of the type that numpy or ml_dtypes has; a view where the tensor is in memory as it should be."""
    plain = tensor.detach().resolve_conj().resolve_neg()
    if tensor.dtype is PAIRS:
        memory = plain.view(torch.uint8).cpu().contiguous().numpy()
        return unpack(memory.reshape(-1), PAIR_TYPE, 2 * memory.size).reshape(*plain.shape[:-1], 2 * plain.shape[-1])
    return _elements(plain, TYPES[tensor.dtype])


def _elements(tensor: torch.Tensor, dtype: DType) -> NDArray[Any]:
    """The elements as an array; of a contiguous tensor in memory of this machine they are not copied."""
    carrier = CARRIERS.get(tensor.element_size())
    if carrier is not None:
        tensor = tensor.view(carrier)
    array: NDArray[Any] = tensor.cpu().contiguous().numpy()
    return array.view(dtype.numpy)


def load_file(
    path: SourceLike,
    device: str | torch.device = "cpu",
    *,
    threads: int | None = None,
    variant: str = "",
    limits: Limits = DEFAULT_LIMITS,
) -> dict[str, torch.Tensor]:
    """Load the tensors of a package, decoded straight into their memory.

    Args:
        path: as for `aimcodec.open`.
        device: where the tensors are wanted.
        threads: threads for decoding; as many as the process may use when None.
        variant: name of the variant wanted.
        limits: what may be spent.

    Returns:
        Tensors by name, in the order of the file. Tied ones share their storage. FLOAT4_E2M1FN is float4_e2m1fn_x2,
        with two elements in each of the last dimension; opaque types are uint8.

    Raises:
        UnsupportedError: a tensor of a type that PyTorch does not have.
        AimcError: the file is damaged, or beyond a limit.
        OSError: it cannot be read.
    """
    source = open_source(path)
    with open_package(source, limits=limits, variant=variant, threads=threads) as package:
        infos = [package.info(name) for name in package]
        tied = _tied(source, package, infos)
        tensors = _load(package, [info for info in infos if info.alias_of is None], limits)
    moved = {name: tensor.to(device) for name, tensor in tensors.items()}
    result = {}
    for info in infos:
        tensor = moved[info.alias_of or info.name]
        # A tensor object of its own for each name, as in a state dict.
        result[info.name] = tensor.clone() if info.alias_of is not None and info.name not in tied else tensor.detach()
    return result


def _load(package: Package, infos: list[TensorInfo], limits: Limits) -> dict[str, torch.Tensor]:
    """Tensors that are no aliases, in memory of this machine."""
    for info in infos:
        _check_type(info)
    check_expansion(sum(i.nbytes or 0 for i in infos), sum(i.coded_bytes for i in infos), limits)
    direct = {info.name: info for info in infos if info.code in TORCH_TYPES}
    try:
        tensors = {name: torch.empty(info.shape, dtype=TORCH_TYPES[info.code]) for name, info in direct.items()}
    except (MemoryError, RuntimeError):
        raise OutOfMemoryError("no memory for the tensors asked for") from None
    targets = {name: _elements(tensor, TYPES[tensor.dtype]) for name, tensor in tensors.items()}
    package.load_into(targets)
    tensors |= {info.name: _converted(package, info) for info in infos if info.name not in direct}
    return {info.name: tensors[info.name] for info in infos}


def _check_type(info: TensorInfo) -> None:
    if info.code in TORCH_TYPES or info.code == OPAQUE:
        return
    if info.code != PAIR_TYPE.code or PAIRS is None:
        raise UnsupportedError(f"tensor {info.name!r} is of type {info.dtype}, which this PyTorch does not have")
    if not info.shape or info.shape[-1] % 2:
        raise UnsupportedError(
            f"tensor {info.name!r} of type {info.dtype} and shape {info.shape} is not of whole bytes"
        )


def _converted(package: Package, info: TensorInfo) -> torch.Tensor:
    array = package[info.name]
    if info.code == OPAQUE or PAIRS is None:
        return torch.from_numpy(array)
    memory = pack(array.reshape(-1), PAIR_TYPE.bits)
    return torch.from_numpy(memory).reshape(*info.shape[:-1], info.shape[-1] // 2).view(PAIRS)


def _tied(source: Source, package: Package, infos: Iterable[TensorInfo]) -> set[str]:
    """Names of aliases that are one object in memory with their targets (4.4)."""
    units = package.units
    tied = set()
    for info in infos:
        if info.alias_of is not None:
            place = units[info.units[0]]
            unit = read_unit(source.read_at(place.offset, place.size), f"units[{info.units[0]}]", place.offset)
            if unit.header["tied_flag"]:
                tied.add(info.name)
    return tied
