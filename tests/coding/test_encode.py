"""The encoder as its users meet it: what it refuses, what it promises, what updates contain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aimcodec as aimc

RNG = np.random.default_rng(7)
LAYER = RNG.laplace(0, 0.1, (70, 40)).astype(np.float32)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.float32(1), "scalar"),
        (np.zeros((0, 3), np.float32), "empty"),
        (np.array([1, np.nan]), "NaN"),
        (np.array([1, -np.inf], np.float16), "infinities"),
        (np.array([2**31]), "32 bits"),
        (np.array([1e300]), "binary32"),
        (np.array([1j]), "complex"),
        (np.array(["text"]), "type <U4"),
        ([[1, 2], [3]], "not an array"),
    ],
)
def test_refused_tensors(array: Any, reason: str) -> None:
    with pytest.raises(aimc.ArgumentError, match=reason) as refusal:
        aimc.nnc.encode({"good": LAYER, "bad": array})
    assert "'bad'" in str(refusal.value)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", 3])
def test_refused_names(name: Any) -> None:
    with pytest.raises(aimc.ArgumentError, match="name"):
        aimc.nnc.encode({name: LAYER})


@pytest.mark.parametrize(
    "settings",
    [
        {"qp": -129},
        {"qp": 128},
        {"qp_per_tensor": {"w": 500}},
        {"qp_density": 8},
        {"cabac_unary_length": 0},
        {"cabac_unary_length": 257},
        {"scan_order": 5},
        {"edition": 3},
        {"edition": 1, "row_skipping": True},
        {"codebook": "maybe"},
        {"threads": 0},
        {"quality": 1},
    ],
)
def test_refused_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(aimc.ArgumentError):
        aimc.nnc.encode({"w": LAYER}, **settings)


def test_detours_for_what_cannot_be_quantised() -> None:
    odd = np.array([np.nan, -0.0, np.inf, 1e-40], np.float32)
    far = np.array([1e30, 1.0], np.float32)
    stream = aimc.nnc.encode({"odd": odd, "far": far, "one": np.float32(0.5)}, non_finite="raw", scalars="reshape")
    tensors = aimc.nnc.decode(stream)
    assert tensors["odd"].tobytes() == odd.tobytes()
    assert tensors["far"].tobytes() == far.tobytes()
    assert tensors["one"].shape == (1,)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4"])
def test_real_types_are_converted(dtype: Any) -> None:
    array = LAYER.astype(np.float16).astype(dtype)
    same = aimc.nnc.encode({"w": array.astype(np.float32)})
    assert aimc.nnc.encode({"w": np.asfortranarray(array)}) == same


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint16, np.int64, ">i4"])
def test_integers_are_exact(dtype: Any) -> None:
    array = RNG.integers(0, 2 if dtype is bool else 100, (9, 5)).astype(dtype)
    decoded = aimc.nnc.decode(aimc.nnc.encode({"w": array}))["w"]
    assert decoded.dtype == np.int32
    assert np.array_equal(decoded, array.astype(np.int32))


@pytest.mark.parametrize("settings", [{}, {"dq": False}, {"scan_order": 1}, {"codebook": "auto", "qp": -8}])
def test_one_stream_whatever_the_machine(settings: dict[str, Any]) -> None:
    model = {f"layer{i}": np.roll(LAYER, i) * (1 + i) for i in range(7)}
    streams = set()
    for isa in aimc.available_isas():
        aimc.set_isa(isa)
        streams |= {aimc.nnc.encode(model, threads=threads, **settings) for threads in (1, 2, 3)}
    assert len(streams) == 1


def test_settings_per_tensor() -> None:
    fine = aimc.nnc.encode({"w": LAYER, "v": LAYER}, qp=-20, qp_per_tensor={"v": -40}, dq=False)
    tensors = aimc.nnc.decode(fine)
    error = {name: float(np.abs(tensors[name] - LAYER).max()) for name in tensors}
    assert error["v"] <= 2.0**-11 < error["w"] <= 2.0**-6  # half a step: QP -40 is 2^-10, QP -20 is 2^-5


def test_progress_reaches_the_total() -> None:
    seen: list[tuple[int, int]] = []
    aimc.nnc.encode({"a": LAYER, "b": LAYER[:5]}, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2800, 3000), (3000, 3000)]


def test_row_skipping_pays_for_rows_of_zeros() -> None:
    sparse = LAYER * (np.arange(70) % 7 == 0)[:, None]
    lengths = {choice: len(aimc.nnc.encode({"w": sparse}, row_skipping=choice)) for choice in (False, True, "auto")}
    assert lengths["auto"] == lengths[True] < lengths[False]
    assert not aimc.nnc.decode(aimc.nnc.encode({"w": sparse}, row_skipping=True))["w"][1].any()


def test_updates_carry_what_changed() -> None:
    model = {"w": LAYER, "same": LAYER + 1, "n": np.arange(6)}
    encoder, decoder = aimc.nnc.Encoder(qp=-24), aimc.nnc.Decoder({})
    decoder.decode(encoder.encode(model))
    for step in range(3):
        model = {**model, "w": model["w"] + np.float32(0.05) * (RNG.random((70, 40)) < 0.1), "n": model["n"] + step}
        differences = decoder.decode(encoder.encode(model))
        assert list(differences) == (["w", "n"] if step else ["w"])
        assert decoder.parameters is not None
        assert encoder.parameters is not None
        for name, array in encoder.parameters.items():
            assert decoder.parameters[name].tobytes() == array.tobytes()
        assert np.array_equal(decoder.parameters["n"], model["n"])
        assert np.abs(decoder.parameters["w"] - model["w"]).max() < 2 * 2.0**-6


def test_update_of_a_known_base() -> None:
    encoder = aimc.nnc.Encoder({"w": LAYER}, qp=-24)
    update = encoder.encode({"w": LAYER + np.float32(0.25)})
    assert np.abs(aimc.nnc.decode(update)["w"] - 0.25).max() < 2 * 2.0**-6
    assert np.abs(aimc.nnc.decode(update, base={"w": LAYER})["w"] - (LAYER + 0.25)).max() < 2 * 2.0**-6


def test_a_failed_update_changes_nothing() -> None:
    encoder = aimc.nnc.Encoder({"w": LAYER})
    before = encoder.parameters
    with pytest.raises(aimc.ArgumentError):
        encoder.encode({"w": LAYER[:3]})
    with pytest.raises(aimc.ArgumentError):
        encoder.encode({"w": LAYER * np.float32(np.nan)})
    assert encoder.parameters is before
