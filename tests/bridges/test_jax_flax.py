"""Files of Flax, read as maps and arrays and nothing else."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aimcodec.bridges.flax import FlaxFile, looks_like_flax
from aimcodec.errors import AimcError, InconsistentError, LimitExceededError, MalformedError, UnsupportedError
from aimcodec.limits import Limits

from .fixture_files import DATA, assert_equal, expected, read_all, typed_error

msgpack = pytest.importorskip("msgpack")

FILE = DATA / "state.msgpack"


def array(shape: Any, kind: Any, memory: Any, code: int = 1) -> Any:
    return msgpack.ExtType(code, msgpack.packb((shape, kind, memory)))


def test_arrays_are_those_of_flax() -> None:
    model = FlaxFile(FILE)
    found = read_all(model)
    wanted = expected("state.msgpack")
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert_equal(found[name], values)
    assert {"params.Dense_1.kernel", "quantised.0", "quantised.1", "scale"} <= found.keys()
    assert model.metadata == {"flax.step": "7", "flax.batch_stats": "{}"}


def test_an_array_in_pieces(tmp_path: Path) -> None:
    pieces = {"0": array((4,), "int16", bytes(range(8))), "1": array((2,), "int16", b"\1\0\2\0")}
    shape = {"0": 2, "1": 3}
    whole = {"x": {"__msgpack_chunked_array__": True, "shape": shape, "chunks": pieces}}
    (tmp_path / "m.msgpack").write_bytes(msgpack.packb(whole))
    found = read_all(FlaxFile(tmp_path / "m.msgpack"))
    assert_equal(found["x"], np.frombuffer(bytes(range(8)) + b"\1\0\2\0", "<i2").reshape(2, 3))


def test_lists(tmp_path: Path) -> None:
    """Flax itself writes maps; `msgpack_serialize` takes lists too."""
    content = {"x": [array((), "int8", b"\7"), [1, 2.5], b"raw"], "names": ["a", "b"]}
    (tmp_path / "m.msgpack").write_bytes(msgpack.packb(content))
    model = FlaxFile(tmp_path / "m.msgpack")
    assert {name: values.tolist() for name, values in read_all(model).items()} == {"x.0": 7}
    assert model.metadata == {"flax.x.1": "[1, 2.5]", "flax.names": '["a", "b"]'}
    assert any("3 bytes of 'x.2'" in loss for loss in model.losses)


HOSTILE: dict[str, tuple[type[AimcError], bytes]] = {
    "no map": (MalformedError, msgpack.packb(7)),
    "list of 2^32 - 1": (MalformedError, b"\x81\xa1x\xdd\xff\xff\xff\xff"),
    "lists in lists": (MalformedError, b"\x81\xa1x" + b"\xdc\xff\xff" * 100_000),
    "bytes of 4 GiB": (MalformedError, b"\x81\xa1x\xc6\xff\xff\xff\xff"),
    "maps in maps": (MalformedError, b"\x81\xa1x" * 100_000 + b"\xc0"),
    "a key twice": (MalformedError, b"\x82\xa1x\x01\xa1x\x02"),
    "a number as key": (MalformedError, b"\x81\x01\x02"),
    "bytes after the end": (MalformedError, msgpack.packb({}) + b"\0"),
    "no UTF-8": (MalformedError, b"\x81\xa1\xff\x01"),
    "too few bytes": (InconsistentError, msgpack.packb({"x": array((3,), "float32", bytes(8))})),
    "sizes beyond 64 bits": (LimitExceededError, msgpack.packb({"x": array((1 << 62, 1 << 62), "uint8", b"")})),
    "negative size": (MalformedError, msgpack.packb({"x": array((-1, -8), "uint8", bytes(8))})),
    "size that is no number": (MalformedError, msgpack.packb({"x": array((True,), "uint8", bytes(1))})),
    "objects": (UnsupportedError, msgpack.packb({"x": array((1,), "object", bytes(8))})),
    "type that is no name": (MalformedError, msgpack.packb({"x": array((1,), 7, bytes(8))})),
    "extension": (UnsupportedError, msgpack.packb({"x": msgpack.ExtType(9, b"")})),
    "array in an array": (UnsupportedError, msgpack.packb({"x": array(array((), "uint8", b"\0"), "uint8", b"\0")})),
    "one path twice": (
        InconsistentError,
        msgpack.packb({"a": {"b": array((), "uint8", b"\0")}, "a.b": array((), "uint8", b"\0")}),
    ),
    "pieces of two types": (
        MalformedError,
        msgpack.packb(
            {
                "x": {
                    "__msgpack_chunked_array__": True,
                    "shape": {"0": 2},
                    "chunks": {"0": array((1,), "uint8", b"\0"), "1": array((1,), "int8", b"\0")},
                }
            }
        ),
    ),
    "no bool": (MalformedError, msgpack.packb({"x": array((1,), "bool", b"\2")})),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_refused(case: str, tmp_path: Path) -> None:
    kind, data = HOSTILE[case]
    (tmp_path / "m.msgpack").write_bytes(data)
    with pytest.raises(kind):
        FlaxFile(tmp_path / "m.msgpack")


def test_mutated_files_give_typed_errors(tmp_path: Path) -> None:
    data = FILE.read_bytes()
    draw = random.Random(1)  # noqa: S311
    path = tmp_path / "m.msgpack"
    refused = 0
    for _ in range(500):
        changed = bytearray(data)
        for _ in range(draw.choice((1, 2))):
            changed[draw.randrange(len(changed))] = draw.getrandbits(8)
        path.write_bytes(changed)
        refused += typed_error(lambda: read_all(FlaxFile(path))) is not None
    assert refused > 100


def test_limits_and_first_bytes() -> None:
    for limits in (Limits(max_elements=2), Limits(max_rank=1), Limits(max_stream_bytes=9), Limits(max_string_bytes=5)):
        with pytest.raises(LimitExceededError):
            FlaxFile(FILE, limits=limits)
    start = FILE.read_bytes()[:64]
    assert looks_like_flax(start, "m.MSGPACK")
    assert not looks_like_flax(start, "m.bin")
    assert not looks_like_flax(b"PK\x03\x04", "m.msgpack")
