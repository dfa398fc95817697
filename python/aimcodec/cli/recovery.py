"""What is intact of a damaged package, to a good one (10.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import aimcodec
from aimcodec.cli.packages import Opened
from aimcodec.cli.report import about
from aimcodec.cli.units import UnitReader
from aimcodec.cli.write_model import TensorCoding
from aimcodec.errors import AimcError
from aimcodec.package import Package, TensorInfo, Writer
from aimcodec.package.source import open_source

__all__ = ["Lost", "recover_to"]

T = TypeVar("T")


@dataclass(frozen=True)
class Lost:
    """What could not be read, and why."""

    what: str
    name: str
    why: str


def recover_to(source: str, output: Path, threads: int | None) -> list[Lost]:
    """Write all that can be read; tensors become lossless, raw ones stay raw. Returns what is lost.

    Raises:
        CommandError: the source cannot be read at all, or the output not written.
    """
    with (
        about(source, stream=False),
        aimcodec.recover(source, threads=threads) as package,
        about(output, stream=False),
        Writer(output, threads=threads) as writer,
    ):
        rescue = _Rescue(writer)
        rescue.beside(package)
        for variant in package.variants:
            number_one = variant.name not in rescue.variants
            with aimcodec.recover(source, variant=variant.name, threads=threads) as found:
                units = UnitReader(open_source(source), found.units)
                rescue.tensors(Opened(source, found, units), "" if number_one else variant.name)
                units.source.close()
    return rescue.lost


@dataclass
class _Rescue:
    """Takes what can be read, and keeps a list of what cannot."""

    writer: Writer
    lost: list[Lost] = field(default_factory=list)
    variants: set[str] = field(default_factory=set)

    def beside(self, package: Package) -> None:
        """All but tensors; the texts of several damaged units of a kind are lost together."""
        for variant in package.variants[1:]:
            self.writer.add_variant(variant.name, variant.description)
            self.variants.add(variant.name)
        self._part("metadata", lambda: package.metadata, self.writer.add_metadata)
        self._part("contributors", lambda: package.contributors, self.writer.add_contributors)
        self._part("evaluations", lambda: package.evaluations, self.writer.add_evaluations)
        for licence in self._try("licences", "", lambda: package.licenses) or []:
            self.writer.add_license(licence.expression, licence.text)
        for name in self._try("assets", "", lambda: list(package.assets)) or []:
            asset = self._try("asset", name, partial(package.assets.__getitem__, name))
            if asset is not None:
                self.writer.add_asset(asset.name, asset.data, asset.media_type)

    def tensors(self, found: Opened, variant: str) -> None:
        """The tensors and the structure of a variant."""
        structure = self._try("structure", variant, lambda: found.package.structure)
        if structure is not None:
            self.writer.set_structure(structure.data, structure.media_type, variant=variant)
        written: set[str] = set()
        for info in map(found.package.info, found.package):
            if self._tensor(found, info, written, variant):
                written.add(info.name)

    def _tensor(self, found: Opened, info: TensorInfo, written: set[str], variant: str) -> bool:
        if info.alias_of in written:
            head = self._try("tensor", info.name, lambda: found.units.head(info.units[0]))
            if head is not None:
                tied = bool(head.header["tied_flag"])
                self.writer.add_alias(info.name, info.alias_of or "", tied=tied, variant=variant)
            return False  # an alias is no target
        array = self._try("tensor", info.name, lambda: found.package[info.name])
        if array is None:
            return False
        coding: TensorCoding = "raw" if info.coding == "raw" else "lossless"
        if info.dtype == "OPAQUE":
            head = self._try("tensor", info.name, lambda: found.units.head(info.units[0]))
            if head is None:
                return False
            kind = [head.header[f"opaque_{part}"] for part in ("type", "block_elements", "block_bytes")]
            self.writer.add_opaque(info.name, array.data, info.shape, *kind, coding=coding, variant=variant)
        else:
            self.writer.add_tensor(info.name, array, coding=coding, variant=variant)
        return True

    def _part(self, what: str, read: Callable[[], T], write: Callable[[T], None]) -> None:
        value = self._try(what, "", read)
        if value:
            write(value)

    def _try(self, what: str, name: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except AimcError as error:
            self.lost.append(Lost(what, name, str(error)))
            return None
