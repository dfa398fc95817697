"""Files of `torch.save`: state dicts and checkpoints. Pickles go through the safe loader of PyTorch, or not at all."""

from __future__ import annotations

import itertools
import os
import pickle
import warnings
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from aimcodec.bridges.model import Described, TensorsOnly
from aimcodec.bridges.torch_arrays import array_of, check_dense, load_torch, place_of, shape_of, type_of
from aimcodec.bridges.torch_leaves import leaves_of
from aimcodec.bridges.torch_zip import check_archive
from aimcodec.errors import AimcError, LimitExceededError, MalformedError, UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

__all__ = ["TorchFile"]

ZIP_MARKER = b"PK\x03\x04"
FREE_BYTES = 64 << 20  # of tensors, from which on Limits.max_expansion applies


class TorchFile(TensorsOnly):
    """A file of `torch.save`. What a file of the newer form holds is mapped, not read.

    Names of nested dicts and lists are joined with dots. Values that are no tensors become texts, in JSON if they are
    no texts.

    Attributes:
        metadata: texts by name.
        tensors: in the order of the file; those that are the same elements of one storage are tied.
        losses: values that are neither, and storages that tensors share in part.

    Raises:
        UnsupportedError: the file holds more than tensors and plain values; it is never loaded then. Or a tensor is
            sparse, quantised or of a type that nothing else has; or PyTorch is older than 2.6.
        AimcError: it is damaged, or beyond a limit.
        ModuleNotFoundError: PyTorch is not installed.
        OSError: it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        library = load_torch()
        content = _load(library, path)
        self._tensors, self.metadata, lost = leaves_of(content, library.Tensor, limits)
        _check(self._tensors, os.path.getsize(path), limits)
        self.tensors = _described(self._tensors)
        self.losses = [*lost, *_shared(self._tensors)]

    def read(self, name: str) -> NDArray[Any]:
        """A tensor; a view of the file where it lies there row by row."""
        return array_of(self._tensors[name])

    def release(self, name: str) -> None:
        """All of them stay."""

    def close(self) -> None:
        """Views of tensors stay readable."""


def _load(library: Any, path: str | os.PathLike[str]) -> Any:
    name = os.fspath(path)
    with open(name, "rb") as file:
        is_archive = file.read(len(ZIP_MARKER)) == ZIP_MARKER
        if is_archive:
            check_archive(name)
        file.seek(0)
        # Only what is given by name is mapped; but a name of this kind PyTorch takes for a format.
        is_mapped = is_archive and not name.endswith(".safetensors")
        return _loaded(library, name if is_mapped else file, is_mapped)


def _loaded(library: Any, source: str | BinaryIO, is_mapped: bool) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old forms, which are no concern of who reads them
            return library.load(source, map_location="cpu", weights_only=True, mmap=is_mapped)
    except pickle.UnpicklingError as error:
        raise UnsupportedError(
            f"a PyTorch file of more than tensors and plain values, not loaded: {_asked(error)}"
        ) from None
    except (AimcError, OSError, MemoryError):
        raise
    except Exception as error:  # whatever the loader raises for bad files
        raise MalformedError(f"not a PyTorch file: {str(error)[:200] or type(error).__name__}") from None


def _asked(error: pickle.UnpicklingError) -> str:
    """What the file asks for, where the loader says so."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if "GLOBAL" in line or line.startswith("Unsupported")), lines[0])[:200]


def _check(tensors: Mapping[str, torch.Tensor], file_bytes: int, limits: Limits) -> None:
    total = 0
    for name, tensor in tensors.items():
        check_dense(name, tensor)
        elements = tensor.numel()
        if elements > limits.max_elements or tensor.ndim > limits.max_rank:
            raise LimitExceededError(f"tensor {name!r} of shape {tuple(tensor.shape)} exceeds max_elements or max_rank")
        total += elements * tensor.element_size()
    if total > max(FREE_BYTES, limits.max_expansion * file_bytes):
        raise LimitExceededError(f"{total} bytes of tensors from {file_bytes} exceed max_expansion")


def _described(tensors: Mapping[str, torch.Tensor]) -> list[Described]:
    places: dict[object, str] = {}
    result = []
    for name, tensor in tensors.items():
        target = places.setdefault(place_of(tensor), name) if tensor.numel() else name
        tied_to = None if target == name else target
        result.append(Described(name, type_of(tensor), shape_of(tensor), tied_to=tied_to))
    return result


def _shared(tensors: Mapping[str, torch.Tensor]) -> list[str]:
    """A line for each pair of neighbours that have some memory in common, and are not the same elements."""
    storages: defaultdict[int, dict[object, tuple[int, int, str]]] = defaultdict(dict)
    for name, tensor in tensors.items():
        if tensor.numel():
            reach = int(sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride(), strict=True)))
            begin = int(tensor.storage_offset()) * tensor.element_size()
            place = begin, begin + (reach + 1) * tensor.element_size(), name
            storages[tensor.untyped_storage().data_ptr()].setdefault(place_of(tensor), place)
    lines = []
    for places in storages.values():
        ordered = sorted(places.values())
        for (_, end, one), (begin, _, other) in itertools.pairwise(ordered):
            if begin < end:
                lines.append(f"that tensors {one!r} and {other!r} have memory in common")
    return lines
