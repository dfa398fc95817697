"""Packages, local and remote, as commands open them, and what they hold beside their tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aimcodec
from aimcodec.cli.formats import is_url
from aimcodec.cli.report import about, note
from aimcodec.cli.units import UnitReader
from aimcodec.errors import ArgumentError
from aimcodec.package import Package, TensorInfo, Writer
from aimcodec.package.source import open_source

__all__ = ["Opened", "copy_beside", "copy_structure", "opened", "tensor_info"]


@dataclass(frozen=True)
class Opened:
    """A package and its units, read from one source.

    Attributes:
        source: path or URL.
        package: its tensors.
        units: its units.
    """

    source: str
    package: Package
    units: UnitReader


@contextmanager
def opened(source: str, *, variant: str = "", threads: int | None = None) -> Iterator[Opened]:
    """A package; errors name the source, and of a remote one the bytes fetched are told at the end."""
    with about(source):
        reading = open_source(source)
        with aimcodec.open(reading, variant=variant, threads=threads) as package:
            yield Opened(source, package, UnitReader(reading, package.units))
            if is_url(source):
                note(f"{package.bytes_fetched:,} bytes fetched in {package.requests:,} requests")


def tensor_info(package: Package, name: str) -> TensorInfo:
    """What is known of a tensor.

    Raises:
        ArgumentError: there is none of that name.
    """
    if name not in package:
        raise ArgumentError(f"the package has no tensor {name!r}")
    return package.info(name)


def copy_beside(package: Package, writer: Writer, *, licenses: bool = True) -> None:
    """Write what a package has beside tensors and metadata, with the names of its variants; licences if wanted.

    Raises:
        AimcError, OSError: it cannot be read or written.
    """
    first, *others = package.variants
    if first.description:
        writer.add_variant("", first.description)
    for variant in others:
        writer.add_variant(variant.name, variant.description)
    if package.contributors:
        writer.add_contributors(package.contributors)
    for found in package.licenses if licenses else []:
        writer.add_license(found.expression, found.text)
    for asset in package.assets.values():
        writer.add_asset(asset.name, asset.data, asset.media_type)
    if package.evaluations:
        writer.add_evaluations(package.evaluations)
    copy_structure(package, writer)


def copy_structure(package: Package, writer: Writer) -> None:
    """Write the graph of a variant, if there is one."""
    structure = package.structure
    if structure is not None:
        writer.set_structure(structure.data, structure.media_type, variant=package.variant)
