"""The tensors of a model to a package, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec import nnc
from aimcodec.bridges.model import Described, Model, Opaque
from aimcodec.cli.models import PackageModel
from aimcodec.cli.nnc_options import NncOptions
from aimcodec.cli.progress import progress_bar
from aimcodec.cli.report import about
from aimcodec.cli.same import find_equal
from aimcodec.errors import ArgumentError, UnsupportedError
from aimcodec.package import Writer
from aimcodec.package.writer import TensorCoding
from aimcodec.syntax.aim.types import REAL_TYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CODINGS", "Coding", "Counts", "TensorCoding", "write_model"]


class Coding(str, Enum):
    """How tensors are coded."""

    LOSSLESS = "lossless"
    SMALL = "small"
    RAW = "raw"
    NNC = "nnc"


CODINGS: dict[Coding, TensorCoding] = {
    Coding.LOSSLESS: "lossless",
    Coding.SMALL: "small",
    Coding.RAW: "raw",
    Coding.NNC: "lossless",  # of what NNC does not carry
}


@dataclass(frozen=True)
class Counts:
    """What was written; `memory` is bytes of the memory of all tensors, aliases included."""

    tensors: int
    elements: int
    memory: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tensors + other.tensors, self.elements + other.elements, self.memory + other.memory)


def write_model(
    writer: Writer, source: str, model: Model, coding: Coding, options: NncOptions, variant: str, threads: int | None
) -> Counts:
    """Write all tensors; equal ones are stored once.

    Args:
        writer: of the package.
        source: where the model is from.
        model: the tensors.
        coding: for all of them; NNC for those that it can carry.
        options: of NNC.
        variant: of the package that is written.
        threads: for NNC; others follow the writer.

    Raises:
        AimcError, OSError: a tensor cannot be read or written.
    """
    writing = _Writing(writer, model, source, CODINGS[coding], variant)
    if coding is Coding.NNC:
        writing.code_nnc(options, threads)
    tensors = model.tensors
    memory, done = sum(tensor.nbytes for tensor in tensors), 0
    with progress_bar("encode", "B") as progress:
        for tensor in tensors:
            try:
                writing.add(tensor)
            except ArgumentError as error:  # of the model, not of the command
                raise UnsupportedError(error.message) from None
            model.release(tensor.name)
            done += tensor.nbytes
            if progress is not None:
                progress(done, memory)
    return Counts(len(tensors), sum(tensor.elements for tensor in tensors), memory)


class _Writing:
    """One model on its way to one variant."""

    def __init__(self, writer: Writer, model: Model, source: str, coding: TensorCoding, variant: str) -> None:
        self._writer = writer
        self._model = model
        self._source = source
        self._coding = coding
        self._variant = variant
        with about(source):
            self._aliases = _aliases(model)
        self._lossy: dict[str, NDArray[Any]] = {}
        self._stream = b""

    def code_nnc(self, options: NncOptions, threads: int | None) -> None:
        """Code what NNC can carry, together: they come where the first of them is."""
        arrays = {t.name: self._read(t.name) for t in self._model.tensors if self._may_be_lossy(t)}
        self._lossy = {name: array for name, array in arrays.items() if _is_finite(array)}
        if self._lossy:
            self._stream = nnc.encode(self._lossy, **options.settings(), threads=threads)

    def add(self, tensor: Described) -> None:
        """The next tensor."""
        name = tensor.name
        if name in self._aliases:
            target, tied = self._aliases[name]
            self._writer.add_alias(name, target, tied=tied, variant=self._variant)
        elif tensor.opaque is not None:
            self._add_opaque(tensor, tensor.opaque)
        elif name not in self._lossy:
            self._writer.add_tensor(name, self._read(name), coding=self._coding, variant=self._variant)
        elif self._stream:
            dtypes = {n: array.dtype for n, array in self._lossy.items()}
            shapes = {n: array.shape for n, array in self._lossy.items()}
            self._writer.add_nnc(self._stream, variant=self._variant, dtypes=dtypes, shapes=shapes)
            self._stream = b""

    def _read(self, name: str) -> NDArray[Any]:
        with about(self._source):
            return self._model.read(name)

    def _add_opaque(self, tensor: Described, blocks: Opaque) -> None:
        """Blocks of another system go along as they are."""
        data = self._read(tensor.name).data
        sizes = blocks.block_elements, blocks.block_bytes
        self._writer.add_opaque(
            tensor.name, data, tensor.shape, blocks.name, *sizes, coding=self._coding, variant=self._variant
        )

    def _may_be_lossy(self, tensor: Described) -> bool:
        real = tensor.dtype is not None and tensor.dtype.code in REAL_TYPES
        return real and tensor.elements > 0 and tensor.name not in self._aliases


def _is_finite(array: NDArray[Any]) -> bool:
    """Whether all values are finite as binary32, which is what NNC decodes to."""
    with np.errstate(over="ignore"):
        return bool(np.isfinite(array.astype(np.float32)).all())


def _aliases(model: Model) -> dict[str, tuple[str, bool]]:
    """Names to target and tied_flag: those that a package says, else tied tensors and those that are equal."""
    if isinstance(model, PackageModel):
        infos = [model.package.info(tensor.name) for tensor in model.tensors]
        said = {tensor.name: tensor.tied_to is not None for tensor in model.tensors}
        return {info.name: (info.alias_of, said[info.name]) for info in infos if info.alias_of is not None}
    tied = {tensor.name: (tensor.tied_to, True) for tensor in model.tensors if tensor.tied_to is not None}
    # What others are tied to stays a tensor of its own: an alias of an alias there is not.
    whole = {target for target, _ in tied.values()}
    equal = {name: (target, False) for name, target in find_equal(model).items() if name not in whole}
    return equal | tied
