"""Combined parameters of PaddlePaddle, with names from both kinds of programs; pickles are refused."""

from __future__ import annotations

import json
import pickle
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from aimcodec.bridges.formats import find_format
from aimcodec.bridges.paddle import PaddleFile, from_state_dict, looks_like_paddle
from aimcodec.errors import (
    AimcError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)
from aimcodec.limits import DEFAULT_LIMITS, Limits

from .fixture_files import DATA, assert_equal, expected, read_all, typed_error


@pytest.mark.parametrize(("name", "source"), [("linear", ".json"), ("older", ".pdmodel")])
def test_values_and_names_are_those_of_the_framework(name: str, source: str) -> None:
    model = PaddleFile(DATA / f"{name}.pdiparams")
    found = read_all(model)
    wanted = expected(f"{name}.pdiparams")
    assert found.keys() == wanted.keys()
    assert len({array.shape for array in wanted.values()}) >= 3
    for key, array in wanted.items():
        assert_equal(found[key], array)
    assert model.metadata == {"paddle.names": source}


def test_without_a_program_they_are_numbered(tmp_path: Path) -> None:
    shutil.copy(DATA / "linear.pdiparams", tmp_path)
    model = PaddleFile(tmp_path / "linear.pdiparams")
    wanted = [array.tobytes() for _, array in sorted(expected("linear.pdiparams").items())]
    assert [model.read(f"parameter_{number}").tobytes() for number in range(len(model.tensors))] == wanted


def test_a_program_that_does_not_fit(tmp_path: Path) -> None:
    shutil.copy(DATA / "linear.pdiparams", tmp_path)
    program = json.loads((DATA / "linear.json").read_text())
    operators = program["program"]["regions"][0]["blocks"][0]["ops"]
    operators[0]["A"][-1] = "aaa"  # sorted, it takes the place of one of another shape
    for text in (json.dumps(program), "{", "[" * 100_000, '{"#": "p"}', '{"#": "p", "A": [7], "O": []}'):
        (tmp_path / "linear.json").write_text(text)
        with pytest.raises((InconsistentError, MalformedError)):
            PaddleFile(tmp_path / "linear.pdiparams")


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    class Code:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (mark,)

    path = tmp_path / "m.pdparams"
    path.write_bytes(pickle.dumps({"x": Code()}))
    found = find_format(path.read_bytes()[:64], str(path))
    assert found is not None
    with pytest.raises(UnsupportedError, match="from_state_dict"):
        found.open(str(path), DEFAULT_LIMITS)
    assert not mark.exists()


def parameter(description: bytes, memory: bytes, *, version: int = 0, levels: int = 0) -> bytes:
    head = version.to_bytes(4, "little") + levels.to_bytes(8, "little") + bytes(4)
    return head + len(description).to_bytes(4, "little") + description + memory


GOOD = parameter(b"\x08\x05\x10\x02", bytes(8))
HOSTILE: dict[str, tuple[type[AimcError], bytes]] = {
    "empty": (MalformedError, b""),
    "early end": (TruncatedError, GOOD[:-1]),
    "bytes after the end": (TruncatedError, GOOD + b"\0"),
    "unknown type": (OutOfRangeError, parameter(b"\x08\x63\x10\x02", bytes(8))),
    "two types": (OutOfRangeError, parameter(b"\x08\x05\x08\x05", bytes(4))),
    "negative size": (OutOfRangeError, parameter(b"\x08\x05\x10" + b"\xff" * 9 + b"\1", bytes(8))),
    "sizes beyond 64 bits": (LimitExceededError, parameter(b"\x08\x05" + (b"\x10" + b"\xff" * 8 + b"\x7f") * 2, b"")),
    "a number without end": (MalformedError, parameter(b"\x08\x05\x10" + b"\xff" * 11, bytes(8))),
    "levels": (UnsupportedError, GOOD + parameter(b"\x08\x05\x10\x02", bytes(8), levels=1)),
    "version": (UnsupportedError, GOOD + parameter(b"\x08\x05\x10\x02", bytes(8), version=1)),
    "long description": (MalformedError, parameter(b"\x08\x05", b"")[:16] + b"\xff\xff\0\0\x08\x05"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_refused(case: str, tmp_path: Path) -> None:
    kind, data = HOSTILE[case]
    (tmp_path / "m.pdiparams").write_bytes(data)
    with pytest.raises(kind):
        PaddleFile(tmp_path / "m.pdiparams")


def test_mutated_files_give_typed_errors(tmp_path: Path) -> None:
    data, program = ((DATA / f"older{suffix}").read_bytes() for suffix in (".pdiparams", ".pdmodel"))
    draw = random.Random(1)  # noqa: S311
    refused = 0
    for step in range(300):
        parts = [bytearray(data), bytearray(program)]
        changed = parts[step % 2]
        for _ in range(draw.choice((1, 2, 4))):
            changed[draw.randrange(len(changed))] = draw.getrandbits(8)
        (tmp_path / "m.pdiparams").write_bytes(parts[0])
        (tmp_path / "m.pdmodel").write_bytes(parts[1])
        refused += typed_error(lambda: read_all(PaddleFile(tmp_path / "m.pdiparams"))) is not None
    assert refused > 30


def test_limits_and_first_bytes() -> None:
    path = DATA / "linear.pdiparams"
    for limits in (Limits(max_units=2), Limits(max_elements=1), Limits(max_rank=1), Limits(max_stream_bytes=99)):
        with pytest.raises(LimitExceededError):
            PaddleFile(path, limits=limits)
    assert looks_like_paddle(path.read_bytes()[:64], "m.bin")
    assert not looks_like_paddle(bytes(64), "m.pdiparams")


def test_a_state_dict() -> None:
    paddle = pytest.importorskip("paddle")
    layer = paddle.nn.Linear(3, 2)
    small = paddle.to_tensor([1.0, -2.0])
    more = {"half": small.astype("bfloat16"), "eight": small.astype("float8_e4m3fn"), "tied": layer.weight}
    state = {"weight": layer.weight, **more}
    model = from_state_dict(state)
    found = read_all(model)
    assert_equal(found["weight"], np.asarray(layer.weight.numpy()))
    assert {tensor.name: str(tensor.dtype) for tensor in model.tensors if tensor.name in more} == {
        **{"half": "BFLOAT16", "eight": "FLOAT8_E4M3FN", "tied": "FLOAT32"}
    }
    assert found["half"].astype(float).tolist() == found["eight"].astype(float).tolist() == [1.0, -2.0]
    assert [tensor.tied_to for tensor in model.tensors if tensor.name == "tied"] == ["weight"]
