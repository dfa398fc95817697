"""The tensors of a model to a file that is no package."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.formats import SAFETENSORS, WriteOptions, left_out, written_format
from aimcodec.bridges.model import Model
from aimcodec.cli.progress import progress_bar
from aimcodec.cli.report import about, note

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Written", "tell_losses", "write_file"]


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        tensors: their number.
        elements: of all tensors.
        memory: bytes of the memory of all tensors.
        seconds: that it took.
        losses: what the file does not hold of the source, a line each.
    """

    tensors: int
    elements: int
    memory: int
    seconds: float
    losses: list[str]


def write_file(model: Model, source: str, output: Path, options: WriteOptions | None = None) -> Written:
    """Write the format that the name says, else safetensors, tensor by tensor; files appear whole or not at all.

    What is left out is told on stderr.

    Raises:
        CommandError: a tensor cannot be read, or the file not written; the message names which.
    """
    with about(output, stream=False):
        kind = written_format(output) or SAFETENSORS
        write = kind.writer
    with about(source):
        tensors = list(model.tensors)
        losses = [*model.losses, *left_out(model, kind.name, kind.holds)]
    total = sum(tensor.nbytes for tensor in tensors)
    start = time.perf_counter()
    with about(output, stream=False), progress_bar("decode", "B") as progress:
        read = _Reading(model, source, {tensor.name: tensor.nbytes for tensor in tensors}, progress)
        write(output, model, read, options or WriteOptions())
    seconds = time.perf_counter() - start
    elements = sum(tensor.elements for tensor in tensors)
    return Written(len(tensors), elements, total, seconds, tell_losses(losses))


def tell_losses(losses: Sequence[str]) -> list[str]:
    """Notes what does not go along; gives the same lines."""
    for line in losses:
        note(f"warning: not carried: {line}")
    return list(losses)


class _Reading:
    """Gives one tensor after the other, and lets go of the one before."""

    def __init__(self, model: Model, source: str, sizes: dict[str, int], progress: Any) -> None:
        self._model = model
        self._source = source
        self._sizes = sizes
        self._progress = progress
        self._done = 0
        self._before: str | None = None

    def __call__(self, name: str) -> NDArray[Any]:
        if self._before is not None:
            self._model.release(self._before)
        self._before = name
        with about(self._source):
            array = self._model.read(name)
        self._done += self._sizes[name]
        if self._progress is not None:
            self._progress(self._done, sum(self._sizes.values()))
        return array
