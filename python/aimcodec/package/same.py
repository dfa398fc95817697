"""Tensors that need to be stored once only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from aimcodec.coding.lossless import crc32
from aimcodec.package.encode import chunks
from aimcodec.package.memory import ArrayMemory

__all__ = ["Same", "find_same"]


SAMPLE_ELEMENTS = 4096


class Same(NamedTuple):
    """What a tensor is a further name of; `tied` where both are one memory."""

    target: str
    tied: bool


def find_same(memories: Mapping[str, ArrayMemory]) -> dict[str, Same]:
    """Names of tensors that are the same as one before them: in the same memory, or of equal content."""
    found: dict[str, Same] = {}
    places: dict[object, str] = {}
    alike: defaultdict[object, list[str]] = defaultdict(list)
    for name, memory in memories.items():
        array = memory.array
        place = (array.__array_interface__["data"][0], array.dtype, array.shape, array.strides)
        if array.size and place in places:
            found[name] = Same(places[place], tied=True)
            continue
        places[place] = name
        alike[memory.dtype, array.shape].append(name)
    for names in alike.values():
        for suspects in _grouped(names, lambda name: _sample(memories[name])):
            for equal in _grouped(suspects, lambda name: _checksum(memories[name])):
                found |= _equal({name: memories[name] for name in equal})
    return found


def _grouped(names: list[str], key: Callable[[str], int]) -> list[list[str]]:
    """Names of the same key; those that are alone in having it are left out."""
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for name in names if len(names) > 1 else []:
        groups[key(name)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _equal(memories: Mapping[str, ArrayMemory]) -> dict[str, Same]:
    """Among tensors of one type, shape and checksum."""
    found: dict[str, Same] = {}
    kept: list[str] = []
    for name, memory in memories.items():
        target = next((other for other in kept if _same_bytes(memory, memories[other])), None)
        if target is None:
            kept.append(name)
        else:
            found[name] = Same(target, tied=False)
    return found


def _sample(memory: ArrayMemory) -> int:
    """Of the first elements: tells most tensors apart without reading them."""
    return crc32(memory.piece(0, min(memory.elements, SAMPLE_ELEMENTS)))


def _checksum(memory: ArrayMemory) -> int:
    value = 0
    for piece in chunks(memory):
        value = crc32(piece, value)
    return value


def _same_bytes(one: ArrayMemory, other: ArrayMemory) -> bool:
    return all((a == b).all() for a, b in zip(chunks(one), chunks(other), strict=True))
