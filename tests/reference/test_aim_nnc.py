"""NNC streams in AIM files (docs/spec/aim-bitstream.md, clause 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import aimcodec
from aimcodec.conformance.generators.aim.files import File, numbers, text, unit
from aimcodec.errors import AimcError, InconsistentError, MalformedError, OutOfRangeError, TruncatedError
from aimcodec.reference.aim import read

from ..conformance.cases import CATALOGUE, Case, fingerprint
from .annotated import UNIFORM

FLOAT16, BFLOAT16, FLOAT32, FLOAT64 = 9, 10, 11, 12
INT8, UINT8, INT32, INT64 = 2, 1, 6, 8

# Section 17.1 of the NNC text: a start unit, a parameter set, a topology and a data unit with a header of 14 bytes.
STREAM = bytes.fromhex(UNIFORM["stream"])
START, MPS, TOPOLOGY, DATA = STREAM[:4], STREAM[4:12], STREAM[12:18], STREAM[18:]
DATA_HEADER, DATA_PAYLOAD = DATA[:14], DATA[14:]


@dataclass(frozen=True)
class Given:
    """A tensor as NNC_DATA declares it."""

    name: str
    data_type: int
    dimensions: tuple[int, ...]


def nnc_unit(content: bytes, variant: int = 0) -> bytes:
    return unit(18, numbers("H", variant), content)


def nnc_data(header: bytes, payload: bytes, tensors: list[Given], variant: int = 0) -> bytes:
    head = numbers("H", variant) + numbers("I", len(header)) + header + numbers("H", len(tensors))
    for t in tensors:
        head += text(t.name) + bytes([t.data_type, len(t.dimensions)]) + numbers("Q", *t.dimensions)
    return unit(19, head, payload)


class NncFile(File):
    """A file whose NNC_DATA units have their entries."""

    def data_unit(self, header: bytes, payload: bytes, tensors: list[Given]) -> NncFile:
        for t in tensors:
            self.tensor(t.name, t.data_type, t.dimensions, [], coding=2)
            self.entries[-1] = replace(self.entries[-1], units=1)
        self.add(nnc_data(header, payload, tensors))
        return self

    def nnr(self, *contents: bytes) -> NncFile:
        self.add(*(nnc_unit(content) for content in contents))
        return self


def uniform(data_type: int = FLOAT32, dimensions: tuple[int, ...] = (2, 3), name: str = "w") -> NncFile:
    file = NncFile().nnr(START, MPS, TOPOLOGY)
    return file.data_unit(DATA_HEADER, DATA_PAYLOAD, [Given(name, data_type, dimensions)])


def test_the_stream_of_the_text() -> None:
    tensor = read(uniform().data()).tensors[0, "w"]
    assert tensor.array.dtype == np.float32
    assert tensor.array.tolist() == UNIFORM["result"]


@pytest.mark.parametrize(
    ("data_type", "dtype"), [(FLOAT16, np.float16), (BFLOAT16, ml_dtypes.bfloat16), (FLOAT64, np.float64)]
)
def test_other_types(data_type: int, dtype: type) -> None:
    array = read(uniform(data_type).data()).tensors[0, "w"].array
    assert array.dtype == dtype
    assert array.tolist() == np.array(UNIFORM["result"], np.float32).astype(dtype).tolist()


@pytest.mark.parametrize("dimensions", [(6,), (3, 2), (1, 6, 1)])
def test_other_shapes(dimensions: tuple[int, ...]) -> None:
    array = read(uniform(dimensions=dimensions).data()).tensors[0, "w"].array
    assert array.tolist() == np.array(UNIFORM["result"]).reshape(dimensions).tolist()


def test_an_alias_of_an_nnc_tensor() -> None:
    tensors = read(uniform().alias("v", "w").data()).tensors
    assert tensors[0, "v"].array.tolist() == UNIFORM["result"]
    assert tensors[0, "v"].memory is tensors[0, "w"].memory


def wrapped(stream: bytes, data_units: list[list[Given]]) -> NncFile:
    """A stream cut by the fast reader, with the tensors of each of its data units."""
    file = NncFile()
    units = list(aimcodec.nnc.iter_units(stream))
    ends = [u.offset for u in units[1:]] + [len(stream)]
    left = iter(data_units)
    for u, end in zip(units, ends, strict=True):
        content = stream[u.offset : end]
        if u.kind == 5:
            cut = u.payload_offset - u.offset
            file.data_unit(content[:cut], content[cut:], next(left))
        else:
            file.nnr(content)
    return file


ARRAYS = {
    "real": np.linspace(-1, 1, 30, dtype=np.float32).reshape(5, 6),
    "whole": np.arange(-20, 40, 3, dtype=np.int32),
    "wide": np.array([1 << 20, -5, 0, 7], np.int32),
}


def encoded(types: dict[str, int]) -> tuple[bytes, NncFile]:
    """Some of the arrays, in data units of one tensor each."""
    stream = aimcodec.nnc.encode({name: ARRAYS[name] for name in types})
    return stream, wrapped(stream, [[Given(name, code, ARRAYS[name].shape)] for name, code in types.items()])


def test_several_data_units() -> None:
    stream, file = encoded({"real": FLOAT32, "whole": INT8, "wide": INT64})
    expected = aimcodec.nnc.decode(stream)
    tensors = read(file.data()).tensors
    assert list(tensors) == [(0, name) for name in ARRAYS]
    for name, array in expected.items():
        assert tensors[0, name].array.tolist() == array.tolist()
    assert tensors[0, "whole"].array.dtype == np.int8
    assert tensors[0, "wide"].array.dtype == np.int64


BLOCKS = [case for case in CATALOGUE if case["id"] in ("block-bias-bn", "block-folded")]


@pytest.mark.parametrize("entry", BLOCKS, ids=lambda entry: entry["id"])
def test_data_units_of_several_tensors(entry: dict[str, Any]) -> None:
    """The catalogue lists tensors in the order of the payloads, not of the list of names; the last has its own unit."""
    (step,) = Case(entry).steps
    given = [Given(t["name"], FLOAT32, tuple(t["shape"])) for t in step.expect["tensors"]]
    tensors = read(wrapped(step.data, [given[:-1], given[-1:]]).data()).tensors
    assert {n: fingerprint(t.array) for (_, n), t in tensors.items()} == step.fingerprints
    by_name = [given[-2], *given[:-2]]
    with pytest.raises(InconsistentError):
        read(wrapped(step.data, [by_name, given[-1:]]).data())


@pytest.mark.parametrize(
    ("name", "data_type", "error"),
    [
        ("wide", INT8, OutOfRangeError),
        ("whole", UINT8, OutOfRangeError),
        ("whole", 7, OutOfRangeError),
        ("whole", 0, OutOfRangeError),
        ("whole", FLOAT32, OutOfRangeError),
        ("real", INT32, OutOfRangeError),
        ("real", 13, OutOfRangeError),
        ("real", 18, OutOfRangeError),
        ("real", 255, OutOfRangeError),
    ],
)
def test_types_that_do_not_fit(name: str, data_type: int, error: type[AimcError]) -> None:
    _, file = encoded({name: data_type})
    with pytest.raises(error):
        read(file.data())


def test_beyond_half_precision_is_infinity() -> None:
    """Raw values: 1e6 has no neighbour in binary16."""
    stream = aimcodec.nnc.encode({"x": np.array([1e6, -1e6, 1], np.float32)}, qp=-60)
    array = read(wrapped(stream, [[Given("x", FLOAT16, (3,))]]).data()).tensors[0, "x"].array
    assert array.tolist() == [np.inf, -np.inf, 1]


TENSOR = [Given("w", FLOAT32, (2, 3))]


def after_a_raw_tensor() -> NncFile:
    """A data unit with the name of a tensor before it."""
    file = NncFile()
    file.raw("w", 1, (3,), b"abc")
    return file.nnr(START, MPS, TOPOLOGY).data_unit(DATA_HEADER, DATA_PAYLOAD, TENSOR)


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (NncFile().nnr(MPS, TOPOLOGY), MalformedError),
        (NncFile().nnr(START, MPS, START), MalformedError),
        (NncFile().nnr(START).data_unit(DATA_HEADER, DATA_PAYLOAD, TENSOR), MalformedError),
        (NncFile().nnr(START + MPS, TOPOLOGY), InconsistentError),
        (NncFile().nnr(START, MPS[:-1]), TruncatedError),
        (NncFile().nnr(START, MPS[:4], MPS[4:]), InconsistentError),
        (NncFile().nnr(START, MPS, DATA), InconsistentError),
        (NncFile().data_unit(START, b"", []), InconsistentError),
        (NncFile().data_unit(START[:3], START[3:], []), InconsistentError),
        (NncFile().nnr(START, MPS).data_unit(DATA_HEADER[:-1], DATA[13:], TENSOR), InconsistentError),
        (NncFile().nnr(START, MPS).data_unit(DATA, b"", TENSOR), InconsistentError),
        (NncFile().nnr(START, MPS).data_unit(DATA_HEADER, DATA_PAYLOAD, []), InconsistentError),
        (NncFile().nnr(START, MPS).data_unit(DATA_HEADER, DATA_PAYLOAD, [Given("x", 11, (2, 3))]), InconsistentError),
        (NncFile().nnr(START, MPS).data_unit(DATA_HEADER, DATA_PAYLOAD, [Given("w", 11, (2, 4))]), InconsistentError),
        (
            NncFile().nnr(START, MPS).data_unit(DATA_HEADER, DATA_PAYLOAD, [*TENSOR, Given("x", 11, ())]),
            InconsistentError,
        ),
        (uniform().data_unit(DATA_HEADER, DATA_PAYLOAD, TENSOR), MalformedError),
        (uniform().raw("w", 1, (3,), b"abc"), MalformedError),
        (after_a_raw_tensor(), MalformedError),
        (NncFile().add(nnc_unit(START, variant=3)), InconsistentError),
    ],
)
def test_streams_that_break_a_rule(file: NncFile, error: type[AimcError]) -> None:
    with pytest.raises(error) as refusal:
        read(file.data())
    assert refusal.value.path.startswith("units[")


def test_streams_of_two_variants() -> None:
    """Each variant has its own stream, in any interleaving."""
    file = NncFile().add(unit(1, numbers("H", 1) + text("b") + text("")))
    for variant in (0, 1):
        file.add(nnc_unit(START, variant))
    for variant in (1, 0):
        file.add(nnc_unit(MPS, variant))
    for variant in (0, 1):
        made = nnc_data(DATA_HEADER, DATA_PAYLOAD, TENSOR, variant)
        file.tensor("w", FLOAT32, (2, 3), [made], coding=2, variant=variant)
    tensors = read(file.data()).tensors
    assert [tensors[v, "w"].array.tolist() for v in (0, 1)] == [UNIFORM["result"]] * 2
