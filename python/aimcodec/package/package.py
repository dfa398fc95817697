"""Packages: lazy, random access to what a file holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from aimcodec._native import thread_count
from aimcodec.errors import AimcError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.package.assemble import Damage
from aimcodec.package.beside import Beside
from aimcodec.package.contents import Contents, Reading
from aimcodec.package.html import table_of
from aimcodec.package.info import CODING_NAMES, TensorInfo, UnitInfo
from aimcodec.package.into import load_into, raw_view
from aimcodec.package.load import load_memory, load_tensors
from aimcodec.package.records import Asset, Contributor, Evaluation, License, Structure, Variant
from aimcodec.package.recovery import PaddedSource, recover_contents
from aimcodec.package.slices import TensorSlice
from aimcodec.package.source import Source, SourceLike, open_source
from aimcodec.package.tail import read_contents
from aimcodec.package.verify import verify
from aimcodec.syntax.aim import Entry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.model import ModelStructure

__all__ = ["Package", "open_package", "recover"]


class Package(Mapping[str, Any]):
    """A package: a lazy mapping of the names of tensors to numpy arrays, in the order of the file.

    Made by `aimcodec.open`. Asking for a tensor reads and decodes it; nothing is kept. May be used from many threads.

    Attributes:
        variant: name of the variant whose tensors these are.
        digest: SHA-256 of the index, the identity of the package; empty for a recovered one.
        damage: what of a recovered package is lost, in the order of the file.
    """

    def __init__(
        self,
        source: Source,
        contents: Contents,
        *,
        limits: Limits,
        variant: str = "",
        threads: int | None = None,
        damage: Sequence[Damage] = (),
    ) -> None:
        self.damage = list(damage)
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

    def _repr_html_(self) -> str:
        """What notebooks show: the first tensors in a table. No tensor is read."""
        variant = f", variant {self.variant}" if self.variant else ""
        title = f"AIM package{variant}: {len(self):,} tensors"
        return table_of(title, (self.info(name) for name in self), len(self))

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

    def load_into(self, targets: Mapping[str, Any]) -> None:
        """Decode tensors into memory of the caller.

        Args:
            targets: by name of the tensor a writable numpy array of its type and shape, or a writable buffer of as many
                bytes as the array would have.

        Raises:
            KeyError: there is no tensor of a name.
            ArgumentError: a target does not fit its tensor, or cannot be written.
            AimcError: a tensor is damaged, or they are beyond a limit; what is in the targets is then undefined.
            OSError: the source cannot be read.
        """
        self._beside.check_version()
        load_into(self._reading, {name: (self._resolved(name), target) for name, target in targets.items()})

    def memory(self, name: str) -> NDArray[Any]:
        """The memory of a tensor as the text says (6.2), uint8: elements of less than 8 bits are packed.

        For types that numpy does not have here, and for formats that pack in the same way.

        Raises:
            KeyError: there is no tensor of that name.
            AimcError: it is damaged, or beyond a limit.
            OSError: the source cannot be read.
        """
        number = self._resolved(name)
        self._beside.check_version()
        return load_memory(self._reading, number)

    def get_slice(self, name: str) -> TensorSlice:
        """A tensor to index like an array (integers, slices, ellipsis): only what is asked for is read.

        Raises:
            KeyError: there is no tensor of that name.
            AimcError: its first unit is damaged.
        """
        number = self._resolved(name)
        self._beside.check_version()
        return TensorSlice(self._reading, number)

    def raw_map(self, name: str) -> NDArray[Any]:
        """A read-only view of a tensor of coding "raw" in a local file or buffer: nothing is copied or checked.

        Its checksum is not verified, see `verify`. The view stays good after `close`.

        Raises:
            KeyError: there is no tensor of that name.
            ArgumentError: the tensor is coded or packed, or the source cannot be mapped.
            AimcError: the header of its unit is damaged.
        """
        number = self._resolved(name)
        self._beside.check_version()
        return raw_view(self._reading, number)

    def verify(self) -> list[AimcError]:
        """Read everything front to back: all rules, checksums, digests, and the coded data of all tensors.

        Returns:
            What is wrong, in the order of the file; nothing for a good package.

        Raises:
            OSError: the source cannot be read.
        """
        if self._reading.contents.is_recovered:
            return [damage.error for damage in self.damage]
        return verify(self._reading)

    @property
    def producer(self) -> str:
        """The software that wrote the file."""
        return self._beside.producer

    @property
    def metadata(self) -> dict[str, str]:
        """Texts by key."""
        return dict(self._beside.metadata)

    @property
    def contributors(self) -> list[Contributor]:
        """Who took part."""
        return list(self._beside.contributors)

    @property
    def licenses(self) -> list[License]:
        """SPDX expressions and texts."""
        return list(self._beside.licenses)

    @property
    def assets(self) -> Mapping[str, Asset]:
        """Files that belong to the model, by name; each is read when asked for."""
        return self._beside.assets

    @property
    def structure(self) -> Structure | None:
        """The computational graph of this variant as it is stored, or None."""
        return self._beside.structure(self.variant)

    @property
    def model(self) -> ModelStructure | None:
        """The structure of the model, read from the form of clause 14; None where there is none in that form.

        Raises:
            AimcError: it is damaged, or beyond a limit.
        """
        return self._beside.model(self.variant)

    @property
    def evaluations(self) -> list[Evaluation]:
        """Measured values."""
        return list(self._beside.evaluations)

    @property
    def variants(self) -> list[Variant]:
        """All forms of the parameters that the package holds; the first is the one without a choice."""
        return list(self._beside.variants.values())

    @property
    def units(self) -> list[UnitInfo]:
        """Type, place, size and digest of every unit but INDEX and END."""
        contents = self._reading.contents
        return [
            UnitInfo(kind, contents.offsets[number], contents.size(number), contents.catalogue.unit_digests[number])
            for number, kind in enumerate(contents.catalogue.unit_types)
        ]

    def info(self, name: str) -> TensorInfo:
        """What is known of a tensor without reading it.

        Raises:
            KeyError: there is no tensor of that name.
        """
        entry = self._entry(self._number(name))
        target = self._entry(entry.target)
        contents = self._reading.contents
        dtype = self._beside.dtype_name(target)
        lost = entry.target in contents.failures
        coded = 0 if lost else sum(contents.size(unit) for unit in range(target.unit, target.unit + target.units))
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
        """The entry that has the data. Of an alias its own unit is asked too, as it may say something else."""
        number = self._number(name)
        self._beside.is_tied(number)
        return self._entry(number).target

    def _load(self, numbers: list[int]) -> dict[int, NDArray[Any]]:
        self._beside.check_version()
        return load_tensors(self._reading, numbers)


def open_package(
    source: SourceLike,
    *,
    limits: Limits = DEFAULT_LIMITS,
    variant: str = "",
    threads: int | None = None,
    recover: bool = False,
) -> Package:
    """Open a package for lazy, random access.

    Args:
        source: a path, a URL (http, https; s3, gs, az and others with obstore or fsspec), a buffer, a file object that
            can seek, or any object with the methods of `aimcodec.package.source.Source`.
        limits: what may be spent on it.
        variant: name of the variant whose tensors are wanted.
        threads: threads for decoding; as many as the process may use when None.
        recover: take what is intact of a damaged file (10.3): `damage` lists what is not, and a tensor that is not
            raises its error when it is asked for.

    Raises:
        AimcError: the end of the file, or what it promises, is wrong.
        ArgumentError: there is no such variant; `source` is none of the above.
        OSError: the source cannot be read.
    """
    opened = open_source(source)
    try:
        if recover:
            found, damage = recover_contents(opened, limits)
            padded = PaddedSource(opened)
            return Package(padded, found, limits=limits, variant=variant, threads=threads, damage=damage)
        contents = read_contents(opened, limits)
        return Package(opened, contents, limits=limits, variant=variant, threads=threads)
    except BaseException:
        opened.close()
        raise


def recover(
    source: SourceLike, *, limits: Limits = DEFAULT_LIMITS, variant: str = "", threads: int | None = None
) -> Package:
    """What is intact of a damaged package: `open_package` with `recover=True`."""
    return open_package(source, limits=limits, variant=variant, threads=threads, recover=True)
