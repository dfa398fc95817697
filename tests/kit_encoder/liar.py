"""An encoder that does one thing wrong: liar.py LIE SYNTAX MODEL OUT RECON."""

from __future__ import annotations

import os
import sys
import time
import zlib
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from aimcodec.bridges.model import Described
from aimcodec.bridges.safetensors import SafetensorsFile, write_safetensors
from aimcodec.dtypes import dtype_of
from aimcodec.nnc import Encoder, Unit, encode, iter_units
from aimcodec.package import Writer, save_file
from aimcodec.syntax.nnc import UnitType, write_units

Arrays = dict[str, Any]

QP = -20  # a step of 2^-5 at density 2
STEP = 2.0**-5
SETTINGS = {"qp": QP, "nonweight_qp": QP, "dq": False, "row_skipping": False}


def nnc(tensors: Arrays) -> bytes:
    return encode(tensors, **SETTINGS)


def aim(tensors: Arrays) -> bytes:
    file = BytesIO()
    save_file(tensors, file)
    return file.getvalue()


def changed(data: bytes, bit: int) -> bytes:
    """With one bit flipped."""
    flipped = bytearray(data)
    flipped[bit >> 3] ^= 0x80 >> (bit & 7)
    return bytes(flipped)


def rewritten(data: bytes, change: Callable[[list[Unit]], object]) -> bytes:
    """An NNC stream with its units changed; sizes are made anew."""
    units = list(iter_units(data))
    for unit in units:
        del unit.fields["nnr_unit_size_flag"], unit.fields["nnr_unit_size"]
    change(units)
    return write_units(units)


def with_payload(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The first data unit with another payload."""

    def first(units: list[Unit]) -> None:
        unit = next(u for u in units if u.kind == UnitType.NNR_NDU)
        unit.payload = change(bytes(unit.payload))

    return rewritten(data, first)


def without_stop_bit(payload: bytes) -> bytes:
    last = payload[-1]
    return payload[:-1] + bytes([last & (last - 1)])


def long_topology(data: bytes, text: str) -> bytes:
    """A legal stream with so much beside the tensors."""

    def fill(units: list[Unit]) -> None:
        topology = next(u for u in units if u.kind == UnitType.NNR_TPL)
        topology.fields["nnr_topology_unit_payload"]["topology_data"] = text

    return rewritten(data, fill)


def off_by_one(tensors: Arrays) -> Arrays:
    """One value a step away."""
    name = next(iter(tensors))
    array = tensors[name].copy()
    array[5, 7] += np.float32(STEP)
    return {**tensors, name: array}


def truncated(tensors: Arrays) -> Arrays:
    """Values rounded towards zero."""
    return {name: np.trunc(array / np.float32(STEP)) * np.float32(STEP) for name, array in tensors.items()}


def exchanged(tensors: Arrays) -> Arrays:
    """The first two tensors of equal shape under each other's name."""
    names = list(tensors)
    one, other = next((a, b) for a in names for b in names if a < b and tensors[a].shape == tensors[b].shape)
    return {**tensors, one: tensors[other], other: tensors[one]}


def transposed(tensors: Arrays) -> Arrays:
    return {name: array.T.copy() if array.ndim == 2 else array for name, array in tensors.items()}


def without_last(tensors: Arrays) -> Arrays:
    return dict(list(tensors.items())[:-1])


def with_another(tensors: Arrays) -> Arrays:
    return {**tensors, "surplus": np.ones((2, 2), np.float32)}


def reversed_order(tensors: Arrays) -> Arrays:
    return dict(reversed(tensors.items()))


def integer_off(tensors: Arrays) -> Arrays:
    array = tensors["small"].copy()
    array[3, 4] += 1
    return {**tensors, "small": array}


def bit_off(tensors: Arrays) -> Arrays:
    """The least significant bit of one value."""
    array = tensors["weight"].copy()
    array.view(np.uint32)[2, 9] ^= 1
    return {**tensors, "weight": array}


def widened(tensors: Arrays) -> Arrays:
    return {name: array.astype(np.float64) for name, array in tensors.items()}


def padded_with_asset(tensors: Arrays) -> bytes:
    file = BytesIO()
    with Writer(file) as writer:
        for name, array in tensors.items():
            writer.add_tensor(name, array)
        writer.add_asset("padding.bin", bytes(1 << 16))
    return file.getvalue()


def with_clock(tensors: Arrays) -> bytes:
    file = BytesIO()
    save_file(tensors, file, metadata={"made at": str(time.time_ns())})
    return file.getvalue()


def unit_places(data: bytes) -> list[int]:
    """First bytes of the units of a package (2.2)."""
    places = [0]
    while places[-1] < len(data):
        at = places[-1]
        header, payload = int.from_bytes(data[at + 10 : at + 14], "big"), int.from_bytes(data[at + 14 : at + 22], "big")
        places.append(at + -(-header // 64) * 64 + -(-payload // 64) * 64)
    return places


def sealed(data: bytearray, unit: int) -> bytes:
    """With the checksum of a header that was changed made anew."""
    at = unit_places(data)[unit]
    end = at + int.from_bytes(data[at + 10 : at + 14], "big")
    data[end - 4 : end] = zlib.crc32(data[at : end - 4]).to_bytes(4, "big")
    return bytes(data)


def wrong_crc(data: bytes) -> bytes:
    """The first tensor's payload has another checksum than its header says."""
    changing = bytearray(data)
    at = unit_places(data)[1]
    changing[at + 22] ^= 1
    return sealed(changing, 1)


def reserved_bit(data: bytes) -> bytes:
    """The last of reserved_zero_6bits of the first tensor."""
    changing = bytearray(data)
    changing[unit_places(data)[1] + 9] ^= 1
    return sealed(changing, 1)


def wrong_digest(data: bytes) -> bytes:
    """The index has another digest of unit 1 than the unit; everything that depends on the index is made anew."""
    changing = bytearray(data)
    *_, index, end, _ = unit_places(data)
    units = int.from_bytes(changing[index + 64 : index + 68], "big")
    digest = index + 64 + 4 + units * (1 + 8) + 32  # of unit 1
    changing[digest] ^= 0x80
    payload = int.from_bytes(changing[index + 14 : index + 22], "big")
    changing[index + 22 : index + 26] = zlib.crc32(changing[index + 64 : index + 64 + payload]).to_bytes(4, "big")
    changing = bytearray(sealed(changing, units))
    changing[end + 26 + 24 : end + 26 + 56] = sha256(changing[index:end]).digest()
    return sealed(changing, units + 1)


def wrong_size(data: bytes) -> bytes:
    """The size of the first data unit is one too many."""
    at = sum(int.from_bytes(data[p : p + 2], "big") for p in (0, 4, 12))
    size = int.from_bytes(data[at : at + 2], "big") + 1
    return data[:at] + size.to_bytes(2, "big") + data[at + 2 :]


def hang() -> bytes:
    while True:
        time.sleep(60)


def crash() -> bytes:
    os.abort()


def eat_memory() -> bytes:
    return bytes(1 << 40)


def write_for_ever(out: Path) -> bytes:
    with out.open("wb") as file:
        while True:
            file.write(bytes(1 << 20))


def no_stream() -> bytes:
    raise SystemExit(0)


def refuse() -> bytes:
    raise SystemExit(2)


def linked(out: Path) -> bytes:
    out.symlink_to("/dev/zero")
    raise SystemExit(0)


def reconstruction(tensors: Arrays, *, lie: bool) -> Arrays:
    """What a decoder will give; in a lie, one value is not that."""
    encoder = Encoder(**SETTINGS)
    encoder.encode(tensors)
    decoded = {name: array.copy() for name, array in (encoder.parameters or {}).items()}
    if lie:
        decoded["weight"][3, 2] += np.float32(STEP)
    return decoded


LIES: dict[str, dict[str, Callable[[Arrays, Path], bytes]]] = {
    "nnc": {
        "none": lambda t, _: nnc(t),
        "recon": lambda t, _: nnc(t),
        "recon garbage": lambda t, _: nnc(t),
        "bytes after the stream": lambda t, _: nnc(t) + b"\0\0\0",
        "bytes after a payload": lambda t, _: with_payload(nnc(t), lambda p: p + b"\0"),
        "payload cut": lambda t, _: with_payload(nnc(t), lambda p: p[:-3]),
        "stop bit": lambda t, _: with_payload(nnc(t), without_stop_bit),
        "unit size": lambda t, _: wrong_size(nnc(t)),
        "reserved bit": lambda t, _: changed(nnc(t), 69),
        "profile": lambda t, _: changed(nnc(t), 24 + 6),
        "missing": lambda t, _: nnc(without_last(t)),
        "surplus": lambda t, _: nnc(with_another(t)),
        "shape": lambda t, _: nnc(transposed(t)),
        "names": lambda t, _: nnc(exchanged(t)),
        "order": lambda t, _: nnc(reversed_order(t)),
        "off by one": lambda t, _: nnc(off_by_one(t)),
        "rounding": lambda t, _: nnc(truncated(t)),
        "integer": lambda t, _: nnc(integer_off(t)),
        "clock": lambda t, _: long_topology(nnc(t), str(time.time_ns())),
        "bloat": lambda t, _: long_topology(nnc(t), "x" * 20000),
        "long size": lambda t, _: rewritten(nnc(t), lambda units: units[0].fields.update(nnr_unit_size_flag=1)),
        "empty": lambda t, _: b"",
        "garbage": lambda t, _: bytes(range(256)),
    },
    "aim": {
        "none": lambda t, _: aim(t),
        "recon": lambda t, _: aim(t),
        "crc": lambda t, _: wrong_crc(aim(t)),
        "digest": lambda t, _: wrong_digest(aim(t)),
        "reserved bit": lambda t, _: reserved_bit(aim(t)),
        "bytes after the file": lambda t, _: aim(t) + bytes(64),
        "missing": lambda t, _: aim(without_last(t)),
        "shape": lambda t, _: aim(transposed(t)),
        "names": lambda t, _: aim(exchanged(t)),
        "bit": lambda t, _: aim(bit_off(t)),
        "type": lambda t, _: aim(widened(t)),
        "clock": lambda t, _: with_clock(t),
        "bloat": lambda t, _: padded_with_asset(t),
        "another syntax": lambda t, _: nnc(t),
    },
}
TROUBLES: dict[str, Callable[[Arrays, Path], bytes]] = {
    "hang": lambda *_: hang(),
    "crash": lambda *_: crash(),
    "exit 7": lambda *_: sys.exit(7),
    "memory": lambda *_: eat_memory(),
    "file size": lambda _, out: write_for_ever(out),
    "no stream": lambda *_: no_stream(),
    "refuse": lambda *_: refuse(),
    "link": lambda _, out: linked(out),
}


def main() -> None:
    lie, syntax, model, out, recon = sys.argv[1:]
    file = SafetensorsFile(model)
    tensors = {tensor.name: file.read(tensor.name).copy() for tensor in file.tensors}
    Path(out).write_bytes((LIES[syntax] | TROUBLES)[lie](tensors, Path(out)))
    if lie == "recon garbage":
        Path(recon).write_bytes(b"this is no reconstruction")
    elif syntax == "nnc" and lie in ("none", "recon"):
        claimed = reconstruction(tensors, lie=lie == "recon")
        described = [Described(name, dtype_of(array.dtype), array.shape) for name, array in claimed.items()]
        with open(recon, "wb") as target:
            write_safetensors(target, described, {}, claimed.__getitem__)


if __name__ == "__main__":
    main()
