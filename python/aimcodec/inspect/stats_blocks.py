"""Where the bits of lossless blocks go: by purpose, and by plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec._native import error_from_status
from aimcodec.errors import AimcError
from aimcodec.inspect.blocks import BlockMap, map_block
from aimcodec.inspect.packaged import Block
from aimcodec.inspect.stats_model import PayloadShares, PlaneShare
from aimcodec.inspect.stats_units import CodedUnit
from aimcodec.inspect.steps import native_steps, place_in_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["block_shares"]

CONTEXTS = 4


def block_shares(coded: CodedUnit) -> PayloadShares:
    """The shares of the blocks of a unit; what cannot be read is a part of its own."""
    (tensor,) = coded.tensors
    shares = PayloadShares(tensors={tensor: 8 * len(coded.payload)})
    planes: dict[str, PlaneShare] = {}
    purposes: dict[str, list[int]] = {}
    for block in coded.blocks:
        map_ = map_block(block.data, block.layout, block.records)
        for piece in map_.pieces:
            plane = planes.setdefault(_top(piece.path), PlaneShare(coded.path, tensor, _top(piece.path)))
            purpose, bits = _purpose(piece.path, piece.part), 8 * (piece.end - piece.begin)
            plane.bits[purpose] = plane.bits.get(purpose, 0) + bits
            total = purposes.setdefault(purpose, [0, 0])
            total[0] += 1
            total[1] += bits
        error = _add_ideals(block, map_, planes)
        if error is not None:
            shares.errors.append(error)
    shares.planes = list(planes.values())
    shares.parts = [(f"blocks: {name}", count, bits) for name, (count, bits) in purposes.items()]
    return shares


def _top(path: str) -> str:
    """The part of a block that a plane is in."""
    return path.partition(".")[0]


def _purpose(path: str, part: str) -> str:
    is_escaped = ".escapes" in path or path.startswith("escapes[")
    return "escapes" if is_escaped and part != "unread" else part


def _add_ideals(block: Block, map_: BlockMap, planes: dict[str, PlaneShare]) -> AimcError | None:
    """Adds what the planes of a block are and what their symbols cost at best; the first error of decoding them."""
    for path, method in map_.methods.items():
        plane = planes[_top(path)]
        if path == plane.part:
            plane.methods[method] = plane.methods.get(method, 0) + 1
            plane.bytes += map_.sizes[path]
    for piece in map_.pieces:
        if piece.part == "raw" and piece.path and ".escapes" not in piece.path:
            values = np.frombuffer(block.data[piece.begin : piece.end], np.uint8)
            planes[_top(piece.path)].ideal += _order_0(np.bincount(values, minlength=256))
    for coded in map_.coded:
        if ".escapes" in coded.path:  # what they stand for is counted with the plane that has them
            continue
        steps = native_steps(block, coded)
        counts = steps.counts()
        error = error_from_status(steps.status(), 8 * coded.begin, "")
        if error is not None:
            return place_in_block(block, error)
        tables = counts.reshape(CONTEXTS, -1) if coded.path == "codes" else counts[np.newaxis]
        planes[_top(coded.path)].ideal += sum(map(_order_0, tables))
    return None if map_.error is None else place_in_block(block, map_.error)


def _order_0(counts: NDArray[Any]) -> float:
    """Bits of symbols of such counts."""
    used = counts[counts > 0].astype(np.float64)
    return float(used.sum() * np.log2(used.sum()) - (used * np.log2(used)).sum()) if len(used) else 0.0
