"""Our fast decoders as a subject of the kit.

python -m aimcodec.conformance.subjects.native STREAM ... OUTDIR [OPTION ...]
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aimcodec.conformance.subjects.contract import Decoded, Tensor, run
from aimcodec.errors import UnsupportedError

if TYPE_CHECKING:
    from aimcodec.package import Package

__all__ = ["decode"]

VARIANT = 1  # unit_type


def decode(streams: list[bytes], syntax: str, options: frozenset[str]) -> Iterator[Decoded]:
    """Decodes the streams of a sequence, or a package.

    Raises:
        AimcError: a stream is refused.
    """
    return map(_aim, streams) if syntax == "aim" else _nnc(streams, options)


def _nnc(streams: list[bytes], options: frozenset[str]) -> Iterator[Decoded]:
    from aimcodec.nnc import Decoder

    decoder = Decoder(threads=1, local_scaling="reconstruct_lsa" in options)
    for stream in streams:
        arrays = decoder.decode(stream)
        yield Decoded([Tensor(name, array.dtype.name, array.shape, _little(array)) for name, array in arrays.items()])


def _little(array: Any) -> bytes:
    memory: bytes = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes("C")
    return memory


def _aim(data: bytes) -> Decoded:
    from aimcodec.package import open_package
    from aimcodec.syntax.aim import iter_units

    with open_package(data, threads=1) as package:
        for error in package.verify():
            raise error
        numbers = {u.header["variant_name"]: u.header["variant_id"] for u in iter_units(data) if u.kind == VARIANT}
        ids = {variant.name: numbers.get(variant.name, 0) for variant in package.variants}
        contents = _contents(package, ids)
    tensors: list[tuple[int, Tensor]] = []
    protected: list[str] = []
    for name, variant in ids.items():
        with open_package(data, variant=name, threads=1) as package:
            if package.structure is not None:
                found = package.structure
                contents["structures"].append([variant, found.media_type, _digest(bytes(found.data))])
            for tensor in package:
                try:
                    tensors.append(_tensor(package, tensor, variant))
                except UnsupportedError as error:
                    if not error.path.endswith(".protected_flag"):
                        raise
                    protected.append(tensor)
    contents["structures"].sort()
    if protected:
        contents["protected"] = protected
    return Decoded([tensor for _, tensor in sorted(tensors, key=lambda pair: pair[0])], contents)


def _tensor(package: Package, name: str, variant: int) -> tuple[int, Tensor]:
    """A tensor with the number of its first unit, which gives the order."""
    info = package.info(name)
    memory = package.memory(name).tobytes()
    return info.units[0], Tensor(name, info.dtype.lower(), info.shape, memory, variant, info.alias_of)


def _contents(package: Package, ids: dict[str, int]) -> dict[str, Any]:
    return {
        "digest": package.digest.hex(),
        "producer": package.producer,
        "variants": [{"id": ids[v.name], "name": v.name, "description": v.description} for v in package.variants],
        "metadata": package.metadata,
        "contributors": [[c.name, c.role, c.organization, c.contact] for c in package.contributors],
        "licenses": [[found.expression, found.text] for found in package.licenses],
        "assets": [[a.name, a.media_type, _digest(bytes(a.data))] for a in package.assets.values()],
        "structures": [],
        "evaluations": [
            [ids[e.variant], e.task, e.dataset, e.metric, struct.pack(">d", e.value).hex()] for e in package.evaluations
        ],
    }


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    sys.exit(run(decode, sys.argv[1:]))
