"""The structure and the parameters of what a configuration names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.formats import START_BYTES, find_format
from aimcodec.errors import ArgumentError, UnsupportedError
from aimcodec.inference.weights import BridgeWeights, MappingWeights, PackageWeights, Weights
from aimcodec.model.structures import ModelStructure
from aimcodec.package import Package, open_package

if TYPE_CHECKING:
    from aimcodec.bridges.model import Model
    from aimcodec.inference.config import Config
    from aimcodec.limits import Limits

__all__ = ["Opened", "open_model"]


@dataclass(frozen=True)
class Opened:
    """A model that can be read.

    Attributes:
        structure: of the model.
        weights: its parameters.
        close: gives back what was opened for it.
    """

    structure: ModelStructure
    weights: Weights
    close: Callable[[], None]


def open_model(config: Config) -> Opened:
    """What `Config.source` names.

    Raises:
        UnsupportedError: it has no structure in a form that can be run.
        ArgumentError: it is nothing that can be opened, or has no such variant.
        AimcError: it is damaged, or beyond a limit.
        OSError: it cannot be read.
    """
    source = config.source
    if isinstance(source, tuple):
        return _pair(source)
    if isinstance(source, Package):
        if config.variant not in ("", source.variant):
            raise ArgumentError(f"the package is open at variant {source.variant!r}, not {config.variant!r}")
        return _package(source, _nothing)
    if hasattr(source, "structure") and hasattr(source, "tensors"):
        return _bridge(source, _nothing)
    model = _foreign(os.fspath(source), config.limits) if isinstance(source, (str, os.PathLike)) else None
    if model is not None:
        return _closing(model.close, lambda: _bridge(model, model.close))
    package = open_package(source, limits=config.limits, variant=config.variant, threads=config.decode_threads)
    return _closing(package.close, lambda: _package(package, package.close))


def _foreign(path: str, limits: Limits) -> Model | None:
    """A file in a format of others, told by its first bytes."""
    if not os.path.isfile(path):  # a URL, for example
        return None
    with open(path, "rb") as file:
        found = find_format(file.read(START_BYTES), path)
    return None if found is None else found.open(path, limits)


def _nothing() -> None:
    """What the caller opened stays open."""


def _closing(close: Callable[[], None], make: Callable[[], Opened]) -> Opened:
    try:
        return make()
    except BaseException:
        close()
        raise


def _pair(source: tuple[Any, ...]) -> Opened:
    if len(source) != 2 or not isinstance(source[0], ModelStructure) or not isinstance(source[1], Mapping):
        raise ArgumentError("a pair to run is a ModelStructure and a mapping of names to arrays")
    return Opened(source[0], MappingWeights(source[1]), _nothing)


def _package(package: Package, close: Callable[[], None]) -> Opened:
    structure = package.model
    if structure is None:
        raise UnsupportedError("the package has no structure that can be run: it holds parameters alone")
    return Opened(structure, PackageWeights(package), close)


def _bridge(model: Model, close: Callable[[], None]) -> Opened:
    if model.structure is None:
        raise UnsupportedError("the model has no structure that can be run: it holds parameters alone")
    return Opened(model.structure, BridgeWeights(model), close)
