"""The engines, by name."""

from __future__ import annotations

from importlib import import_module

from aimcodec.errors import ArgumentError
from aimcodec.inference.engines.base import Capabilities, Engine

__all__ = ["ENGINES", "Capabilities", "Engine", "capabilities", "engine_of"]

ENGINES = ("onnxruntime", "reference", "torch")


def engine_of(name: str) -> Engine:
    """An engine; its library is imported when a model is prepared.

    Raises:
        ArgumentError: there is none of that name.
    """
    if name not in ENGINES:
        raise ArgumentError(f"{name!r} is not an engine; there are {', '.join(ENGINES)}")
    made: Engine = import_module(f"aimcodec.inference.engines.{name}_engine").ENGINE
    return made


def capabilities() -> dict[str, Capabilities]:
    """What each engine can do here."""
    return {name: engine_of(name).capabilities() for name in ENGINES}
