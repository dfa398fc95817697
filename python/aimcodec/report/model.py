"""The tensors of any stream, and facts about the model: one form for packages and NNC streams."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aimcodec
from aimcodec import nnc
from aimcodec.bits import Buffer
from aimcodec.errors import AimcError
from aimcodec.inspect import is_package, summarize
from aimcodec.package import Package, TensorInfo
from aimcodec.report.values import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Model", "read_model"]

SLICED_BYTES = 64 << 20  # of a larger tensor only the first rows are looked at
SHOWN_TEXT = 2000


@dataclass
class Model:
    """Tensors and facts for the page.

    Attributes:
        tensors: name, variant, dtype, shape, coding, tools, units, bytes of memory, coded bytes, alias_of, and `values`
            (see `describe`) where they could be read.
        facts: pairs of a title and a text.
        errors: what kept tensors from being read.
    """

    tensors: list[dict[str, Any]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    errors: list[AimcError] = field(default_factory=list)


def read_model(data: Buffer, units: Mapping[int, int]) -> Model:
    """What can be read of a package or stream; `units` has the number of the unit at a byte offset."""
    model = Model()
    try:
        if is_package(data):
            _read_package(data, model, units)
        else:
            _read_stream(data, model)
    except AimcError as error:
        model.errors.append(error)
    return model


def _read_package(data: Buffer, model: Model, units: Mapping[int, int]) -> None:
    try:
        opened = aimcodec.open(data)
    except AimcError as error:
        model.errors.append(error)
        opened = aimcodec.recover(data)
    with opened as package:
        model.facts += _package_facts(package)
        names = [variant.name for variant in package.variants]
        _add_variant(package, model, units)
    for name in names[1:]:
        with suppress(AimcError), aimcodec.open(data, variant=name) as package:
            _add_variant(package, model, units)


def _package_facts(package: Package) -> Iterator[tuple[str, str]]:
    yield "producer", package.producer
    if package.digest:
        yield "identity", f"sha256:{package.digest.hex()}"
    for variant in package.variants[1:]:
        yield "variant", f"{variant.name}: {variant.description}".removesuffix(": ")
    for key, value in package.metadata.items():
        yield key, value[:SHOWN_TEXT]
    for license_ in package.licenses:
        yield "licence", license_.expression
    for person in package.contributors:
        yield "contributor", person.name
    for asset in package.assets.values():
        yield "asset", f"{asset.name} ({asset.media_type or 'no type'}, {len(asset.data):,} bytes)"


def _add_variant(package: Package, model: Model, units: Mapping[int, int]) -> None:
    for name in package:
        info = package.info(name)
        row = {
            "name": name,
            "variant": package.variant,
            "dtype": info.dtype.lower(),
            "shape": list(info.shape),
            "coding": info.coding if info.alias_of is None else "alias",
            "tools": [],
            "units": _units_of(package, info, units),
            "elements": info.elements,
            "bytes": info.nbytes,
            "coded": 0 if info.alias_of is not None else info.coded_bytes,
            "alias_of": info.alias_of,
            "values": None,
        }
        model.tensors.append(row)
        try:
            row["values"] = _package_values(package, info)
        except AimcError as error:
            model.errors.append(error)


def _units_of(package: Package, info: TensorInfo, units: Mapping[int, int]) -> list[int]:
    """Numbers in the file; a recovered package counts only what is left."""
    if not info.coded_bytes:
        return []
    first, count = info.units
    return [units[unit.offset] for unit in package.units[first : first + count] if unit.offset in units]


def _package_values(package: Package, info: TensorInfo) -> dict[str, Any] | None:
    if info.alias_of is not None or info.nbytes is None or not info.coded_bytes:
        return None
    if info.nbytes <= SLICED_BYTES or not info.shape:
        return describe(package[info.name], info.elements)
    rows = max(1, info.shape[0] * SLICED_BYTES // info.nbytes)
    return describe(package.get_slice(info.name)[:rows], info.elements)


def _read_stream(data: Buffer, model: Model) -> None:
    summary = summarize(data)
    model.facts.append(("edition", str(summary.edition)))
    for found in summary.tensors:
        model.tensors.append(
            {
                "name": found.name,
                "variant": "",
                "dtype": "",
                "shape": list(found.shape),
                "coding": found.payload.removeprefix("NNR_PT_").lower(),
                "tools": [*([] if found.qp is None else [f"qp {found.qp}"]), *found.tools],
                "units": [found.unit],
                "elements": math.prod(found.shape),
                "bytes": None,
                "coded": found.unit_bytes,
                "alias_of": None,
                "values": None,
            }
        )
    _add_values(nnc.decode(data), model)


def _add_values(tensors: Mapping[str, NDArray[Any]], model: Model) -> None:
    for row in model.tensors:
        array = tensors.get(row["name"])
        if array is not None:
            row |= {"dtype": array.dtype.name, "bytes": array.nbytes, "values": describe(array, array.size)}
