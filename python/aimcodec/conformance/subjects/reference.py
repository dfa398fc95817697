"""Our slow decoders, written from the texts alone, as a subject of the kit.

python -m aimcodec.conformance.subjects.reference STREAM ... OUTDIR [OPTION ...]
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Iterator

from aimcodec.conformance.subjects.contract import Decoded, Tensor, run

__all__ = ["decode"]


def decode(streams: list[bytes], syntax: str, options: frozenset[str]) -> Iterator[Decoded]:
    """Decodes the streams of a sequence, or a package.

    Raises:
        AimcError: a stream is refused.
    """
    return map(_aim, streams) if syntax == "aim" else _nnc(streams, options)


def _nnc(streams: list[bytes], options: frozenset[str]) -> Iterator[Decoded]:
    from aimcodec.reference import Decoder

    decoder = Decoder(hdsp="hdsp" in options, local_scaling="reconstruct_lsa" in options)
    for stream in streams:
        arrays = decoder.decode(stream)
        yield Decoded(
            [
                Tensor(name, a.dtype.name, a.shape, a.astype(a.dtype.newbyteorder("<")).tobytes("C"))
                for name, a in arrays.items()
            ]
        )


def _aim(data: bytes) -> Decoded:
    from aimcodec.reference.aim import read

    file = read(data)
    variants = sorted(file.variants.values(), key=lambda v: v.variant_id != 0)
    contents = {
        "digest": file.digest.hex(),
        "producer": file.producer,
        "variants": [{"id": v.variant_id, "name": v.name, "description": v.description} for v in variants],
        "metadata": file.metadata,
        "contributors": [[c.name, c.role, c.organization, c.contact] for c in file.contributors],
        "licenses": [[found.expression, found.text] for found in file.licences],
        "assets": [[a.name, a.media_type, _digest(a.content)] for a in file.assets.values()],
        "structures": [[n, s.media_type, _digest(s.content)] for n, s in sorted(file.structures.items())],
        "evaluations": [
            [e.variant_id, e.task, e.dataset, e.metric, struct.pack(">d", e.value).hex()] for e in file.evaluations
        ],
    }
    tensors = [
        Tensor(name, t.data_type.lower(), t.shape, t.memory, number, None if t.alias is None else t.alias.target)
        for (number, name), t in file.tensors.items()
    ]
    return Decoded(tensors, contents)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    sys.exit(run(decode, sys.argv[1:]))
