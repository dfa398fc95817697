"""NNC streams in packages (clause 9): unchanged bytes, tensors one by one, types and shapes given back."""

from __future__ import annotations

import io
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import aimcodec
from aimcodec.conformance.generators.aim.files import Entry, File
from aimcodec.errors import AimcError, ArgumentError, InconsistentError, OutOfRangeError
from aimcodec.package import Writer
from aimcodec.reference.aim import read
from aimcodec.syntax.aim import Unit, iter_units, write_units
from aimcodec.syntax.nnc import Unit as NnrUnit
from aimcodec.syntax.nnc import UnitType as NnrType
from aimcodec.syntax.nnc import iter_units as nnc_units
from aimcodec.syntax.nnc import write_units as write_nnc_units

from ..conformance.cases import Case, assert_decoded, case_parameters

RNG = np.random.default_rng(5)
MODEL: dict[str, Any] = {
    "conv": RNG.standard_normal((8, 3, 3, 3)).astype(np.float32),
    "half": RNG.standard_normal((20, 10)).astype(np.float16),
    "bias": RNG.standard_normal(8).astype(ml_dtypes.bfloat16),
    "double": RNG.standard_normal((5, 6)),
    "scale": np.array(0.75, np.float32),
    "steps": np.array([1, 2, 3]),
    "nothing": np.empty((0, 4), np.float32),
    "infinite": np.array([np.inf, 1], np.float32),
    "huge": np.array([1e300, 1]),
}


def saved(**options: Any) -> bytes:
    file = io.BytesIO()
    aimcodec.save_file(MODEL, file, coding="nnc", **options)
    return file.getvalue()


def test_what_nnc_can_carry_is_lossy_and_the_rest_is_not() -> None:
    data = saved(qp=-38)
    loaded = aimcodec.load_file(data)
    real = ["conv", "half", "bias", "double", "scale"]
    expected = aimcodec.nnc.decode(
        aimcodec.nnc.encode({name: MODEL[name].astype(np.float32) for name in real}, qp=-38, scalars="reshape")
    )
    with aimcodec.open(data) as package:
        assert set(package) == set(MODEL)
        for name, array in MODEL.items():
            assert loaded[name].dtype == array.dtype
            assert loaded[name].shape == array.shape
            assert package.info(name).coding == ("nnc" if name in real else "lossless")
            if name in real:
                values = expected[name].reshape(array.shape).astype(array.dtype)
                assert loaded[name].tobytes() == values.tobytes()
                assert package[name].tobytes() == values.tobytes()
            else:
                assert loaded[name].tobytes() == array.tobytes()
        assert np.array_equal(package.get_slice("conv")[2:4, ..., 1], loaded["conv"][2:4, ..., 1])
        assert package.memory("half").tobytes() == loaded["half"].tobytes()
        target = np.empty((20, 10), np.float16)
        package.load_into({"half": target})
        assert target.tobytes() == loaded["half"].tobytes()
        assert package.verify() == []
    slow = read(data)
    assert all(slow.tensors[0, name].array.tobytes() == loaded[name].tobytes() for name in MODEL)


def carried(stream: bytes, **options: Any) -> bytes:
    file = io.BytesIO()
    with Writer(file) as writer:
        writer.add_variant("v")
        writer.add_tensor("other", np.arange(3))
        writer.add_nnc(stream, variant="v", **options)
    return file.getvalue()


WHOLE_MODELS = [
    p for p in case_parameters("valid", "uncommon") if len(p.values[0].steps) == 1 and not p.values[0].local_scaling
]


@pytest.mark.parametrize("case", WHOLE_MODELS)
def test_streams_are_carried_unchanged(case: Case) -> None:
    stream = case.steps[0].data
    decoded = aimcodec.nnc.decode(stream)
    data = carried(stream)
    units = [unit for unit in iter_units(data) if unit.kind in (18, 19)]
    assert b"".join(unit.header.get("nnr_header", b"") + bytes(unit.payload) for unit in units) == stream
    with aimcodec.open(data, variant="v") as package:
        loaded = package.load()
        assert list(loaded) == list(decoded)
        assert_decoded(loaded, case.steps[0])
        for name, array in decoded.items():
            assert loaded[name].tobytes() == array.tobytes()
            assert package[name].tobytes() == array.tobytes()


STREAM = aimcodec.nnc.encode({"w": np.ones((2, 6), np.float32), "n": np.array([1, 300], np.int32)})


def test_types_and_shapes() -> None:
    data = carried(STREAM, dtypes={"w": ml_dtypes.bfloat16, "n": np.uint16}, shapes={"w": (3, 4), "n": (2, 1)})
    loaded = aimcodec.load_file(data, variant="v")
    assert (loaded["w"].dtype, loaded["w"].shape) == (np.dtype(ml_dtypes.bfloat16), (3, 4))
    assert (loaded["n"].dtype, loaded["n"].tolist()) == (np.dtype(np.uint16), [[1], [300]])
    with aimcodec.open(carried(STREAM, dtypes={"n": np.uint8}), variant="v") as package:
        with pytest.raises(OutOfRangeError):
            package["n"]
        assert len(package.verify()) == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.bool_])
def test_integers_that_do_not_fit_their_type(dtype: Any) -> None:
    stream = aimcodec.nnc.encode({"n": np.array([-129, 0], np.int32)})
    with aimcodec.open(carried(stream, dtypes={"n": dtype}), variant="v") as package, pytest.raises(OutOfRangeError):
        package["n"]


@pytest.mark.parametrize(
    "options",
    [
        {"dtypes": {"w": np.int32}},
        {"dtypes": {"n": np.float32}},
        {"dtypes": {"w": np.complex64}},
        {"dtypes": {"x": np.float32}},
        {"shapes": {"w": (5,)}},
        {"shapes": {"x": (5,)}},
    ],
)
def test_refusals(options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        carried(STREAM, **options)


def test_names_that_are_taken() -> None:
    with Writer(io.BytesIO()) as writer:
        writer.add_tensor("w", np.arange(3))
        with pytest.raises(ArgumentError):
            writer.add_nnc(STREAM)
    with pytest.raises(AimcError):
        carried(b"no stream")


def test_damage_is_placed_in_the_file() -> None:
    data = carried(STREAM)
    unit = next(u for u in iter_units(data) if u.kind == 19)
    damaged = bytearray(data)
    damaged[unit.payload_offset] ^= 255
    with aimcodec.open(bytes(damaged), variant="v") as package, pytest.raises(InconsistentError) as refusal:
        package["w"]
    assert refusal.value.bit_offset == 8 * unit.payload_offset
    assert refusal.value.path.endswith("payload_crc")


@pytest.mark.parametrize("move", [-1, 1])
def test_units_that_are_not_those_of_the_stream(move: int) -> None:
    """A byte goes from the header of a data unit to its payload or back: the stream is the same."""
    units = list(iter_units(carried(STREAM)))
    number = next(n for n, u in enumerate(units) if u.kind == 19)
    whole = units[number].header["nnr_header"] + bytes(units[number].payload)
    cut = len(units[number].header["nnr_header"]) + move
    header = {**units[number].header, "nnr_header": whole[:cut], "nnr_header_size": cut}
    file = File(package=write_units(units[:1]))
    changed = {number: Unit(units[number].kind, {"nnc_data_header": header}, whole[cut:])}
    file.add(*(write_units([changed.get(place, old)]) for place, old in enumerate(units[1:-2], 1)))
    index = units[-2].body
    file.entries = [
        Entry(variant, name, kind, shape, coding, unit)
        for variant, name, kind, shape, coding, unit in zip(
            index["entry_variant"],
            index["entry_name"],
            index["entry_data_type"],
            [(3,), (2, 6), (2,)],
            index["entry_coding"],
            index["entry_unit"],
            strict=True,
        )
    ]
    with aimcodec.open(file.data(), variant="v") as package:
        with pytest.raises(InconsistentError) as refusal:
            package["w"]
        assert refusal.value.path == f"units[{number}]"
        assert len(package.verify()) == 1


def test_recovery_gives_no_tensor_whose_parameter_sets_may_be_lost() -> None:
    data = bytearray(carried(STREAM))
    parameter_set = [u for u in iter_units(bytes(data)) if u.kind == 18][1]
    data[parameter_set.payload_offset] ^= 255
    with aimcodec.recover(bytes(data), variant="v") as package:
        assert list(package) == ["w", "n"]
        with pytest.raises(AimcError):
            package["w"]


def with_layer_parameters() -> bytes:
    """A stream of "w", and then of "v" with a quantization step of its own."""
    tensor = np.arange(12, dtype=np.float32).reshape(3, 4)
    units = list(nnc_units(aimcodec.nnc.encode({"w": tensor, "v": tensor}, qp=-20)))
    layer = {
        "nnr_layer_parameter_set_unit_header": {"lps_self_contained_flag": 1},
        "nnr_layer_parameter_set_unit_payload": {
            "lps_sparsification_flag": 0,
            "lps_pruning_flag": 0,
            "lps_unification_flag": 0,
            "lps_quantization_method_flags": 1,
            "lps_qp_density": 2,
            "lps_quantization_parameter": 8,
        },
    }
    return write_nnc_units([*units[:-1], NnrUnit(NnrType.NNR_LPS, layer), units[-1]])


@pytest.mark.parametrize("header", [True, False])
def test_recovery_gives_no_tensor_of_another_step(header: bool) -> None:
    """Without the layer parameter set the last tensor decodes to wrong values."""
    stream = with_layer_parameters()
    right = aimcodec.nnc.decode(stream)
    assert np.array_equal(right["v"], 4 * right["w"])
    data = bytearray(carried(stream))
    with aimcodec.open(bytes(data), variant="v") as package:
        assert np.array_equal(package["v"], right["v"])
    layer = [u for u in iter_units(bytes(data)) if u.kind == 18][-1]
    data[layer.offset + 20 if header else layer.payload_offset] ^= 255
    with aimcodec.recover(bytes(data), variant="v") as package:
        assert np.array_equal(package["w"], right["w"])
        with pytest.raises(AimcError):
            package["v"]


def test_all_streams_were_there() -> None:
    assert len(WHOLE_MODELS) > 50


def test_units_that_no_tensor_needs_are_verified() -> None:
    """A stream that goes on wrongly after its last tensor, and one without any."""
    wrong = write_units([Unit(18, {"nnc_unit_header": {"variant_id": 0}}, b"\xff\xff\xff")])
    good = io.BytesIO()
    with Writer(good) as writer:
        writer.add_nnc(STREAM)
    units = list(iter_units(good.getvalue()))
    index = units[-2].body
    columns = ("entry_variant", "entry_name", "entry_data_type", "entry_coding", "entry_unit")
    rows = zip(*(index[name] for name in columns), strict=True)
    shapes = [(2, 6), (2,)]
    after = File(package=write_units(units[:1]))
    after.add(*(write_units([unit]) for unit in units[1:-2]), wrong)
    after.entries = [Entry(v, n, kind, s, coding, u) for (v, n, kind, coding, u), s in zip(rows, shapes, strict=True)]
    alone = File(package=write_units(units[:1]))
    alone.add(wrong)
    for file in (after, alone):
        with aimcodec.open(file.data()) as package:
            assert len(package.verify()) == 1
            assert set(package.load()) <= {"w", "n"}
