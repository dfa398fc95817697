"""The tensors of a model to a file that is no package."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.model import Model
from aimcodec.bridges.npz import write_npz
from aimcodec.bridges.safetensors import write_safetensors
from aimcodec.cli.files import replacing
from aimcodec.cli.formats import Format
from aimcodec.cli.progress import progress_bar
from aimcodec.cli.report import about, note

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Written", "write_file"]


@dataclass(frozen=True)
class Written:
    """What was written; `memory` is bytes of the memory of all tensors."""

    tensors: int
    elements: int
    memory: int
    seconds: float


def write_file(model: Model, source: str, output: Path) -> Written:
    """Write .npz where the name says so, else safetensors, tensor by tensor; the file appears whole or not at all.

    Raises:
        CommandError: a tensor cannot be read, or the file not written; the message names which.
    """
    tensors = list(model.tensors)
    total = sum(tensor.nbytes for tensor in tensors)
    start = time.perf_counter()
    with (
        about(output, stream=False),
        replacing(output) as part,
        part.open("wb") as file,
        progress_bar("decode", "B") as progress,
    ):
        read = _Reading(model, source, {tensor.name: tensor.nbytes for tensor in tensors}, progress)
        if output.suffix.lower() == Format.NPZ.value:
            if model.metadata:
                note(f"warning: numpy archives have no metadata; {len(model.metadata)} texts are left out")
            write_npz(file, tensors, read)
        else:
            write_safetensors(file, tensors, model.metadata, read)
    seconds = time.perf_counter() - start
    return Written(len(tensors), sum(tensor.elements for tensor in tensors), total, seconds)


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
