"""What a file holds, as case.json says it: by the slow decoder and by the package."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import aimcodec
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.reference.aim import AimFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["memory_of", "of_package", "of_slow"]

Contents = dict[str, Any]
SUB_BYTE = {"FLOAT6_E2M3FN": 6, "FLOAT6_E3M2FN": 6, "FLOAT4_E2M1FN": 4, "INT4": 4, "UINT4": 4}
MANY = 1000
SUB_BYTE |= {"INT2": 2, "UINT2": 2, "INT1": 1, "UINT1": 1}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def bits_of(value: float) -> str:
    return struct.pack(">d", value).hex()


def shortened(contents: Contents) -> Contents:
    """Long lists by their number of parts and the digest of their JSON."""
    return {name: summary(value) if is_long(name, value) else value for name, value in contents.items()}


def is_long(name: str, value: Any) -> bool:
    return isinstance(value, list) and len(value) > MANY and name != "tensors"


def summary(value: list[Any]) -> Contents:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return {"count": len(value), "sha256": digest(text.encode())}


def tensor_entry(
    variant: int, name: str, data_type: str, shape: tuple[int, ...], memory: bytes, alias_of: str | None
) -> Contents:
    entry: Contents = {"variant": variant, "name": name, "dtype": data_type.lower(), "shape": list(shape)}
    entry |= {"bytes": len(memory), "sha256": digest(memory)}
    return entry if alias_of is None else entry | {"alias_of": alias_of}


def of_slow(file: AimFile) -> Contents:
    """By the slow decoder."""
    variants = sorted(file.variants.values(), key=lambda v: v.variant_id != 0)
    contents: Contents = {
        "digest": file.digest.hex(),
        "producer": file.producer,
        "variants": [{"id": v.variant_id, "name": v.name, "description": v.description} for v in variants],
        "metadata": file.metadata,
        "contributors": [[c.name, c.role, c.organization, c.contact] for c in file.contributors],
        "licenses": [[x.expression, x.text] for x in file.licences],
        "assets": [[a.name, a.media_type, digest(a.content)] for a in file.assets.values()],
        "structures": [[n, s.media_type, digest(s.content)] for n, s in sorted(file.structures.items())],
        "evaluations": [[e.variant_id, e.task, e.dataset, e.metric, bits_of(e.value)] for e in file.evaluations],
        "tensors": [
            tensor_entry(number, name, t.data_type, t.shape, t.memory, None if t.alias is None else t.alias.target)
            for (number, name), t in file.tensors.items()
        ],
    }
    return shortened(contents)


def memory_of(array: NDArray[Any], data_type: str) -> bytes:
    """Memory (6.2) of an array: elements of less than 8 bits are packed."""
    bits = SUB_BYTE.get(data_type)
    if bits is None:
        return array.tobytes()
    codes = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    single = np.unpackbits(codes[:, None], axis=1, count=bits, bitorder="little")
    return np.packbits(single.reshape(-1), bitorder="little").tobytes()


def of_package(
    data: bytes,
    numbers: Sequence[int],
    *,
    threads: int = 1,
    protected: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> Contents:
    """By the package; `numbers` are those of its variants in the order of the file, which it does not tell."""
    with aimcodec.open(data, threads=threads, limits=limits) as first:
        ids = dict(zip([v.name for v in first.variants], numbers, strict=True))
        contents: Contents = {
            "digest": first.digest.hex(),
            "producer": first.producer,
            "variants": [{"id": ids[v.name], "name": v.name, "description": v.description} for v in first.variants],
            "metadata": first.metadata,
            "contributors": [[c.name, c.role, c.organization, c.contact] for c in first.contributors],
            "licenses": [[x.expression, x.text] for x in first.licenses],
            "assets": [[a.name, a.media_type, digest(bytes(a.data))] for a in first.assets.values()],
            "structures": [],
            "evaluations": [[ids[e.variant], e.task, e.dataset, e.metric, bits_of(e.value)] for e in first.evaluations],
        }
    tensors = []
    for name, number in ids.items():
        with aimcodec.open(data, variant=name, threads=threads, limits=limits) as package:
            if package.structure is not None:
                structure = package.structure
                contents["structures"].append([number, structure.media_type, digest(bytes(structure.data))])
            arrays = package.load([tensor for tensor in package if tensor not in protected])
            for tensor, array in arrays.items():
                info = package.info(tensor)
                memory = memory_of(array, info.dtype)
                tensors.append(
                    (info.units[0], tensor_entry(number, tensor, info.dtype, info.shape, memory, info.alias_of))
                )
    contents["structures"].sort()
    contents["tensors"] = [entry for _, entry in sorted(tensors, key=lambda pair: pair[0])]
    return shortened(contents)
