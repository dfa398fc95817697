"""Packages, local and remote, as commands open them, and what they hold beside their tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aimcodec
from aimcodec.cli.formats import is_url
from aimcodec.cli.report import about, note
from aimcodec.package import Package, Writer

__all__ = ["copy_beside", "copy_structure", "opened"]


@contextmanager
def opened(source: str, *, variant: str = "", threads: int | None = None) -> Iterator[Package]:
    """A package; errors name the source, and of a remote one the bytes fetched are told at the end."""
    with about(source), aimcodec.open(source, variant=variant, threads=threads) as package:
        yield package
        if is_url(source):
            note(f"{package.bytes_fetched:,} bytes fetched in {package.requests:,} requests")


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
