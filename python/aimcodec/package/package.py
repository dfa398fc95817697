"""Packages: lazy, random access to what a file holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from aimcodec._native import thread_count
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.package.beside import Beside
from aimcodec.package.contents import Contents, Reading
from aimcodec.package.info import CODING_NAMES, TensorInfo
from aimcodec.package.load import load_tensors
from aimcodec.package.source import Source, SourceLike, open_source
from aimcodec.package.tail import read_contents
from aimcodec.syntax.aim import Entry

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Package", "open_package"]


class Package(Mapping[str, Any]):
    """A package: a lazy mapping of the names of tensors to numpy arrays, in the order of the file.

    Made by `aimcodec.open`. Asking for a tensor reads and decodes it; nothing is kept. May be used from many threads.

    Attributes:
        variant: name of the variant whose tensors these are.
        digest: SHA-256 of the index, the identity of the package.
    """

    def __init__(
        self, source: Source, contents: Contents, *, limits: Limits, variant: str = "", threads: int | None = None
    ) -> None:
        self._source = source
        self._reading = Reading(source, contents, limits, thread_count(threads))
        self._beside = Beside(self._reading)
        self.variant = variant
        self.digest = contents.digest
        number = self._beside.variant_number(variant)
        self._entries = {
            entry.name: place for place, entry in enumerate(contents.catalogue.entries) if entry.variant == number
        }

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A tensor: a new array, of the shape and type that were stored.

        Raises:
            KeyError: there is no tensor of that name.
            AimcError: it is damaged, or beyond a limit.
            OSError: the source cannot be read.
        """
        number = self._resolved(name)
        return self._load([number])[number]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def load(self, names: Iterable[str] | None = None) -> dict[str, NDArray[Any]]:
        """Tensors by name, all of them or some, decoded together. Tied aliases are one array object; others are copies.

        Raises:
            KeyError: there is no tensor of a name.
            AimcError: one is damaged, or they are beyond a limit.
            OSError: the source cannot be read.
        """
        wanted = {name: self._resolved(name) for name in (self if names is None else names)}
        arrays = self._load(list(dict.fromkeys(wanted.values())))
        given: set[int] = set()
        result = {}
        for name, number in wanted.items():
            copied = number in given and not self._beside.is_tied(self._entries[name])
            result[name] = arrays[number].copy() if copied else arrays[number]
            given.add(number)
        return result

    def info(self, name: str) -> TensorInfo:
        """What is known of a tensor without reading it.

        Raises:
            KeyError: there is no tensor of that name.
        """
        entry = self._entry(self._number(name))
        target = self._entry(entry.target)
        contents = self._reading.contents
        dtype = self._beside.dtype_name(target)
        coded = sum(contents.size(unit) for unit in range(target.unit, target.unit + target.units))
        return TensorInfo(
            name,
            dtype,
            entry.shape,
            CODING_NAMES[target.coding],
            coded,
            (entry.unit, entry.units),
            target.name if entry.is_alias else None,
            entry.data_type,
        )

    @property
    def bytes_fetched(self) -> int:
        """Bytes read from the source so far."""
        return self._source.bytes_fetched

    @property
    def requests(self) -> int:
        """Reads from the source so far."""
        return self._source.requests

    def close(self) -> None:
        """Close the source; arrays and views given out stay good."""
        self._source.close()

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _number(self, name: str) -> int:
        try:
            return self._entries[name]
        except KeyError:
            raise KeyError(f"no tensor {name!r}") from None

    def _entry(self, number: int) -> Entry:
        return self._reading.contents.catalogue.entries[number]

    def _resolved(self, name: str) -> int:
        """The entry that has the data."""
        return self._entry(self._number(name)).target

    def _load(self, numbers: list[int]) -> dict[int, NDArray[Any]]:
        self._beside.check_version()
        return load_tensors(self._reading, numbers)


def open_package(
    source: SourceLike, *, limits: Limits = DEFAULT_LIMITS, variant: str = "", threads: int | None = None
) -> Package:
    """Open a package for lazy, random access.

    Args:
        source: a path, a URL (http, https; s3, gs, az and others with obstore or fsspec), a buffer, a file object that
            can seek, or any object with the methods of `aimcodec.package.source.Source`.
        limits: what may be spent on it.
        variant: name of the variant whose tensors are wanted.
        threads: threads for decoding; as many as the process may use when None.

    Raises:
        AimcError: the end of the file, or what it promises, is wrong.
        ArgumentError: there is no such variant; `source` is none of the above.
        OSError: the source cannot be read.
    """
    opened = open_source(source)
    try:
        contents = read_contents(opened, limits)
        return Package(opened, contents, limits=limits, variant=variant, threads=threads)
    except BaseException:
        opened.close()
        raise
