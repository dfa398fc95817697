"""The models that encoders are given: what they cover, and that other software reads the same from their files."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import load_file

from aimcodec.conformance.models import LEVELS, InputModel, models, recipes, write_model
from aimcodec.conformance.values import Numbers
from aimcodec.errors import ArgumentError, UnsupportedError

SMALL = [recipe for recipe in recipes() if recipe.level != "full" and not recipe.id.startswith("size/large")]
THEIR_TYPES = {"float64", "float32", "float16", "bool", *(f"{u}int{b}" for u in ("", "u") for b in (8, 16, 32, 64))}


def all_models() -> list[InputModel]:
    return [recipe.model() for recipe in SMALL]


def arrays() -> list[Any]:
    return [array for model in all_models() for array in model.tensors.values()]


def test_levels_grow_and_names_are_unique() -> None:
    assert len({recipe.id for recipe in recipes()}) == len(recipes())
    for syntax in ("nnc", "aim"):
        ids = [{recipe.id for recipe in models(level, syntax)} for level in LEVELS]
        assert ids[0] < ids[1] < ids[2]


@pytest.mark.parametrize("arguments", [("huge", "nnc"), ("core", "onnx")])
def test_unknown_levels_and_syntaxes(arguments: tuple[str, str]) -> None:
    with pytest.raises(ArgumentError):
        models(*arguments)


def test_the_same_models_in_every_process(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from aimcodec.conformance.models import models, write_model\n"
        "for n, r in enumerate(models('smoke', 'aim')): write_model(r.model(), Path(sys.argv[1]) / f'{n}.safetensors')"
    )
    digests = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        subprocess.run([sys.executable, "-c", script, str(folder)], check=True, env={"PYTHONHASHSEED": seed})
        digests.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())])
    assert digests[0] == digests[1]
    assert len(digests[0]) == len(models("smoke", "aim"))


@pytest.mark.parametrize("recipe", SMALL, ids=lambda r: r.id)
def test_files_hold_the_model_for_other_software(recipe: Any, tmp_path: Path) -> None:
    model = recipe.model()
    write_model(model, tmp_path / "m.safetensors")
    if model.dtypes <= THEIR_TYPES:
        theirs = load_file(tmp_path / "m.safetensors")
        assert theirs.keys() == model.tensors.keys()
        assert all(theirs[n].tobytes() == a.tobytes() and theirs[n].shape == a.shape for n, a in model.tensors.items())
    try:
        write_model(model, tmp_path / "m.npz")
    except UnsupportedError:
        assert not model.dtypes <= THEIR_TYPES | {"complex64"}
        return
    with np.load(tmp_path / "m.npz") as archive:
        assert {n: (archive[n].dtype, archive[n].tobytes()) for n in archive.files} == {
            n: (a.dtype, a.tobytes()) for n, a in model.tensors.items()
        }


def test_what_the_models_cover() -> None:
    every = arrays()
    assert {array.ndim for array in every} >= set(range(9))
    assert any(array.size == 0 for array in every)
    assert any(array.size == 1 for array in every)
    floats = np.concatenate([a.reshape(-1) for a in every if a.dtype == np.float32])
    patterns = set(floats.view(np.uint32).tolist())
    special = {
        0x00000001,
        0x007FFFFF,
        0x00800000,
        0x7F7FFFFF,
        0xFF7FFFFF,
        0x80000000,
        0x7F800000,
        0xFF800000,
        0x7F800001,
    }
    assert special <= patterns
    for name in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"):
        values = np.concatenate([a.reshape(-1) for a in every if a.dtype == name])
        assert {int(values.min()), int(values.max())} == {np.iinfo(name).min, np.iinfo(name).max}
    for small in ("float8_e4m3fn", "float8_e5m2", "float6_e2m3fn", "float4_e2m1fn"):
        bits = ml_dtypes.finfo(small).bits
        codes = {code for a in every if a.dtype.name == small for code in a.reshape(-1).view(np.uint8).tolist()}
        assert codes == set(range(1 << bits))
    assert max(len(name.encode()) for model in all_models() for name in model.tensors) == 4000
    assert max(len(model.tensors) for model in all_models()) >= 300


def test_tied_tensors_are_one_array() -> None:
    tensors = next(recipe for recipe in SMALL if recipe.id == "plain/tied").model().tensors
    assert tensors["embedding.weight"] is tensors["head.weight"]


def test_weights_are_close_to_normal() -> None:
    weights = Numbers(7).weights((64, 2048), 1 / 16).astype(np.float64)
    rows = weights / weights.std(axis=1, keepdims=True)
    assert abs(rows.mean()) < 0.02
    share = [(np.abs(rows) < bound).mean() for bound in (1, 2)]
    assert share == pytest.approx([0.6827, 0.9545], abs=0.02)
    assert weights.std(axis=1).max() > 1.5 * weights.std(axis=1).min()


def test_integers_reach_both_ends() -> None:
    drawn = Numbers(8).integers(-3, 4, (4000,))
    assert set(drawn.tolist()) == set(range(-3, 5))
