"""Sources of tensors, whatever their format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.model import Described, Model, Opaque, TensorsOnly
from aimcodec.cli.files import read_stream
from aimcodec.cli.formats import is_package, open_other
from aimcodec.cli.packages import Opened, opened
from aimcodec.cli.report import about
from aimcodec.dtypes import OPAQUE, dtype_of, from_code
from aimcodec.nnc import decode as decode_nnc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.model import ModelStructure
    from aimcodec.package import TensorInfo

__all__ = ["ArraysModel", "PackageModel", "open_model"]


BATCH_BYTES = 32 << 20


class ArraysModel(TensorsOnly):
    """Arrays in memory."""

    metadata: Mapping[str, str] = {}

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays
        self.tensors = [Described(name, dtype_of(array.dtype), array.shape) for name, array in arrays.items()]

    def read(self, name: str) -> NDArray[Any]:
        """An array."""
        return self._arrays[name]

    def release(self, name: str) -> None:
        """All of them stay."""

    def close(self) -> None:
        """Nothing to close."""


class PackageModel:
    """A variant of a package. Tensors that follow each other are decoded together, which is quicker."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.package = opened.package
        self._infos = {name: self.package.info(name) for name in self.package}
        self._places = {name: place for place, name in enumerate(self._infos)}
        self._batch: dict[str, NDArray[Any]] = {}

    @property
    def metadata(self) -> Mapping[str, str]:
        """Texts by key."""
        with about(self.opened.source):
            return self.package.metadata

    @property
    def tensors(self) -> Sequence[Described]:
        """In the order of the file."""
        return [self._described(info) for info in self._infos.values()]

    @property
    def structure(self) -> ModelStructure | None:
        """The model of the variant, if it is stored in the form of clause 14."""
        with about(self.opened.source):
            return self.package.model

    @property
    def assets(self) -> Mapping[str, tuple[str, bytes]]:
        """Files that belong to the model."""
        with about(self.opened.source):
            return {name: (asset.media_type, asset.data) for name, asset in self.package.assets.items()}

    @property
    def losses(self) -> Sequence[str]:
        """What no file of another format holds: `aimc` copies it between packages."""
        with about(self.opened.source):
            package = self.package
            beside: dict[str, Sequence[object]] = {
                # Those that a structure holds go along with it.
                "contributors": package.contributors if package.model is None else [],
                "licences": package.licenses,
                "evaluations": package.evaluations,
                "other variants": package.variants[1:],
            }
        return [f"{len(things)} {what}" for what, things in beside.items() if things]

    def read(self, name: str) -> NDArray[Any]:
        """A tensor."""
        if name not in self._batch:
            with about(self.opened.source):  # an error here is not one of what is written
                self._batch = self.package.load(self._names_from(name))
        return self._batch.pop(name)

    def release(self, name: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """The package is closed by who opened it."""

    def _described(self, info: TensorInfo) -> Described:
        tied_to = info.alias_of if info.alias_of is not None and self._is_tied(info) else None
        if info.code != OPAQUE:
            return Described(info.name, from_code(info.code), info.shape, tied_to=tied_to)
        whole = info if info.alias_of is None else self._infos[info.alias_of]
        with about(self.opened.source):
            head = self.opened.units.head(whole.units[0]).header
        blocks = Opaque(head["opaque_type"], head["opaque_block_elements"], head["opaque_block_bytes"])
        return Described(info.name, None, info.shape, blocks, tied_to)

    def _is_tied(self, info: TensorInfo) -> bool:
        with about(self.opened.source):
            return bool(self.opened.units.head(info.units[0]).header["tied_flag"])

    def _names_from(self, name: str) -> list[str]:
        """A tensor and those after it, of a few MiB in all."""
        names: list[str] = []
        size = 0
        for info in islice(self._infos.values(), self._places[name], None):
            size += info.coded_bytes if info.nbytes is None else info.nbytes
            if names and size > BATCH_BYTES:
                break
            names.append(info.name)
        return names


@contextmanager
def open_model(source: str, *, variant: str = "", threads: int | None = None) -> Iterator[Model]:
    """The tensors of a file, told by its first bytes; of a package those of one variant. NNC is decoded whole.

    Raises:
        AimcError: it cannot be read as what it is.
        OSError: it cannot be read.
    """
    if is_package(source):
        with opened(source, variant=variant, threads=threads) as package:
            yield PackageModel(package)
        return
    model = open_other(source) or ArraysModel(decode_nnc(read_stream(Path(source)), threads=threads))
    try:
        yield model
    finally:
        model.close()
