"""Random legal AIM files, at the level of the syntax: units of NNC streams, ciphertext and files in them are bytes."""

from __future__ import annotations

import copy
import hashlib
import random
from dataclasses import dataclass, field

from ...errors import AimcError, InternalError
from ..coverage import counters
from ..drawer import Choices, Drawer, RejectedError, draw_bytes
from .beside import VERSION
from .draw_structure import draw_structure, write_structure
from .draw_tensor import draw_tensor
from .index import END_SIZE
from .model import Unit
from .rules import FileRules
from .structure import STRUCTURE_MEDIA_TYPE
from .types import UnitType, is_critical
from .unit import EMPTY, NEVER_PROTECTED, has_structured_payload, typed_header, typed_payload
from .units import write_units

__all__ = ["draw_units"]

MOST_UNITS = 8
FILE_NAMES = ("a", "dir/name.txt", "\u00fcber/\u00fc", "..a/b..", " ", "a b")
NEW_VARIANTS = (0, 1, 2, 300, 65534, 65535)
RESERVED_TYPES = (8, 15, 20, 128, 253)
WITH_PAYLOAD = (UnitType.ASSET, UnitType.STRUCTURE, UnitType.NNC_UNIT, UnitType.NNC_DATA, *RESERVED_TYPES)
BESIDE = (
    UnitType.VARIANT,
    UnitType.METADATA,
    UnitType.CONTRIBUTORS,
    UnitType.LICENSE,
    UnitType.EVALUATION,
    UnitType.ALIAS,
    *WITH_PAYLOAD,
)


@dataclass
class _File:
    """A file that grows.

    Attributes:
        variants: known variant_ids.
        size: bytes of the units so far.
    """

    units: list[Unit] = field(default_factory=list)
    rules: FileRules = field(default_factory=FileRules)
    variants: list[int] = field(default_factory=lambda: [0])
    size: int = 0

    def add(self, unit: Unit) -> None:
        """One more unit.

        Raises:
            AimcError: it breaks a rule about the units before it.
        """
        data = write_units([unit])
        unit.offset, unit.size = self.size, len(data)
        rules = copy.deepcopy(self.rules)  # a unit that breaks a rule may have left some of its names there
        rules.take(unit, hashlib.sha256(data).digest())
        self.rules = rules
        self.size += len(data)
        self.units.append(unit)
        if unit.kind == UnitType.VARIANT:
            self.variants.append(unit.header["variant_id"])


def draw_units(rng: random.Random) -> list[Unit]:
    """Units of a random legal file, from PACKAGE to END, which `write_units` writes.

    Tensors are raw, or lossless in blocks that are stored, so they can be decoded; those that are protected, and the
    units of NNC streams, hold random bytes.

    Args:
        rng: where all choices come from: the same state gives the same file.
    """
    file = _File()
    file.add(_beside(file, rng, UnitType.PACKAGE))
    for _ in range(rng.randrange(MOST_UNITS)):
        if rng.randrange(2):
            units = draw_tensor(rng, _names(file, rng, UnitType.TENSOR))
        else:
            units = [_beside(file, rng, rng.choice(BESIDE))]
        try:
            for unit in units:
                file.add(unit)
        except AimcError:
            continue  # a name for the second time, for example; only the first unit of a tensor can have such a fault
    file.add(Unit(UnitType.INDEX, {"index_payload": file.rules.catalogue.index_fields()}))
    file.add(_end(file))
    return file.units


def _end(file: _File) -> Unit:
    index = file.units[-1]
    header = {
        "index_offset": index.offset,
        "index_size": index.size,
        "file_size": file.size + END_SIZE,
        "index_digest": hashlib.sha256(write_units([index])).digest(),
    }
    return Unit(UnitType.END, {"end_header": header})


def _beside(file: _File, rng: random.Random, kind: int) -> Unit:
    """A unit of any type but TENSOR."""
    protected = kind not in (*NEVER_PROTECTED, *EMPTY) and rng.randrange(8) == 0
    drawer = Drawer(rng, _names(file, rng, kind), counters("aim"))
    try:
        fields = drawer.draw(typed_header, kind, 0, None)
        if has_structured_payload(kind, protected):
            fields |= drawer.draw(typed_payload, kind, protected, 0)
    except RejectedError:  # has not been seen; a choice is missing
        raise InternalError(f"no unit of type {kind} could be drawn") from None
    payload = draw_bytes(rng, rng.choice((0, 1, 63, 64, 65))) if protected or kind in WITH_PAYLOAD else b""
    if not protected and fields.get("structure_header", {}).get("media_type") == STRUCTURE_MEDIA_TYPE:
        payload = write_structure(draw_structure(rng))
    name = kind if is_critical(kind) is None else UnitType(kind)
    return Unit(name, {"protected_flag": int(protected), **fields}, payload)


def _names(file: _File, rng: random.Random, kind: int) -> Choices:
    """What draws the elements that other units have to do with."""
    variants = NEW_VARIANTS if kind == UnitType.VARIANT else file.variants
    choices = {**CHOICES, "variant_id": lambda drawer: drawer.rng.choice(variants)}
    if kind == UnitType.STRUCTURE and rng.randrange(2):
        choices["media_type"] = lambda _: STRUCTURE_MEDIA_TYPE
    targets = [entry for entry in file.rules.catalogue.entries if not entry.is_alias]
    if kind == UnitType.ALIAS and targets:
        target = rng.choice(targets)
        choices |= {"variant_id": lambda _: target.variant, "target_name": lambda _: target.name}
    return choices


def _asset_name(drawer: Drawer) -> str:
    return drawer.rng.choice((*FILE_NAMES, f"{drawer.rng.randrange(1000)}/{drawer.rng.randrange(1000)}"))


CHOICES: Choices = {
    "version_major": lambda _: VERSION,
    "asset_name": _asset_name,
}
