"""State dicts of PyTorch to packages and back, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import aimcodec
from aimcodec.errors import AimcError, ArgumentError, LimitExceededError, UnsupportedError

torch = pytest.importorskip("torch")

from aimcodec.torch import NAMES, load_file, save_file  # noqa: E402 - only where there is PyTorch

TYPES = [name for name in NAMES if hasattr(torch, name)]


def random_bits(dtype: object, shape: tuple[int, ...], seed: int = 1) -> object:
    """A tensor of random bit patterns: NaNs with payloads, subnormals and all."""
    empty = torch.empty(shape, dtype=dtype)
    count = empty.numel() * empty.element_size()
    if not count:
        return empty
    data = np.random.default_rng(seed).integers(0, 2 if dtype == torch.bool else 256, count, np.uint8)
    return torch.from_numpy(data).view(dtype).reshape(shape)


def bits(tensor: object) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


@pytest.mark.parametrize("coding", ["lossless", "small", "raw"])
@pytest.mark.parametrize("name", TYPES)
def test_every_type_comes_back_bit_for_bit(name: str, coding: str, tmp_path: Path) -> None:
    dtype = getattr(torch, name)
    state = {"w": random_bits(dtype, (37, 16)), "s": random_bits(dtype, ()), "e": random_bits(dtype, (0, 3))}
    save_file(state, tmp_path / "m.aim", coding=coding)
    loaded = load_file(tmp_path / "m.aim")
    assert list(loaded) == list(state)
    for key, tensor in state.items():
        assert loaded[key].dtype is dtype
        assert loaded[key].shape == tensor.shape
        assert bits(loaded[key]) == bits(tensor)


def test_no_real_type_of_pytorch_is_forgotten() -> None:
    kinds = {value for value in vars(torch).values() if isinstance(value, torch.dtype)}
    real = {str(kind).removeprefix("torch.") for kind in kinds if kind.is_floating_point or kind.is_complex}
    assert real - {"complex32", "float4_e2m1fn_x2"} <= set(NAMES)  # experimental; two elements in a byte


def test_pairs_of_four_bits(tmp_path: Path) -> None:
    if not hasattr(torch, "float4_e2m1fn_x2"):
        pytest.skip("this PyTorch has no float4_e2m1fn_x2")
    tensor = random_bits(torch.uint8, (5, 7)).view(torch.float4_e2m1fn_x2)
    save_file({"w": tensor}, tmp_path / "m.aim")
    with aimcodec.open(tmp_path / "m.aim") as package:
        info = package.info("w")
    assert (info.dtype, info.shape, info.nbytes) == ("FLOAT4_E2M1FN", (5, 14), 35)
    loaded = load_file(tmp_path / "m.aim")["w"]
    assert loaded.dtype is tensor.dtype
    assert loaded.shape == tensor.shape
    assert bits(loaded) == bits(tensor)


def test_values_are_those_that_numpy_sees(tmp_path: Path) -> None:
    values = torch.tensor([1.0, -2.5, 3.140625, float("inf")])
    save_file({"b": values.to(torch.bfloat16), "f": values.to(torch.float8_e5m2)}, tmp_path / "m.aim")
    arrays = aimcodec.load_file(tmp_path / "m.aim")
    assert arrays["b"].dtype.name == "bfloat16"
    assert arrays["b"].astype(np.float32).tolist() == values.tolist()
    assert arrays["f"].astype(np.float32).tolist() == values.to(torch.float8_e5m2).float().tolist()


def test_tied_weights_are_stored_once_and_share_storage(tmp_path: Path) -> None:
    model = torch.nn.Module()
    model.embedding = torch.nn.Embedding(1000, 64)
    model.head = torch.nn.Linear(64, 1000, bias=False)
    model.head.weight = model.embedding.weight
    state = model.state_dict()
    save_file(state, tmp_path / "m.aim", coding="raw")
    assert (tmp_path / "m.aim").stat().st_size < 1.1 * 1000 * 64 * 4
    loaded = load_file(tmp_path / "m.aim")
    assert loaded["head.weight"].data_ptr() == loaded["embedding.weight"].data_ptr()
    loaded["head.weight"][3] = 7
    assert loaded["embedding.weight"][3].tolist() == [7] * 64
    model.load_state_dict(loaded)


def test_equal_but_not_tied_weights_do_not_share(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32)
    aimcodec.save_file({"a": array, "b": array.copy()}, tmp_path / "m.aim")
    loaded = load_file(tmp_path / "m.aim")
    loaded["a"][0] = 9
    assert loaded["b"].tolist() == array.tolist()


def test_views_of_one_storage_are_tensors_of_their_own(tmp_path: Path) -> None:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state = {"base": base, "rows": base[1:3], "turned": base.T, "step": base[:, ::2], "wide": base[:1].expand(3, 6)}
    save_file(state, tmp_path / "m.aim")
    loaded = load_file(tmp_path / "m.aim")
    for name, tensor in state.items():
        assert torch.equal(loaded[name], tensor), name
        assert loaded[name].is_contiguous()


def test_turned_tensors_of_every_size(tmp_path: Path) -> None:
    state = {name: random_bits(getattr(torch, name), (6, 5)).T for name in TYPES}
    save_file(state, tmp_path / "m.aim")
    loaded = load_file(tmp_path / "m.aim")
    for name, tensor in state.items():
        assert loaded[name].shape == (5, 6)
        assert bits(loaded[name]) == bits(tensor), name


def test_conjugates_are_resolved(tmp_path: Path) -> None:
    values = torch.tensor([1 + 2j, -3j], dtype=torch.complex64)
    save_file({"v": values, "c": values.conj()}, tmp_path / "m.aim")
    loaded = load_file(tmp_path / "m.aim")
    assert loaded["v"].tolist() == [1 + 2j, -3j]
    assert loaded["c"].tolist() == [1 - 2j, 3j]


def test_gradients_stay_behind(tmp_path: Path) -> None:
    save_file(dict(torch.nn.Linear(3, 2).named_parameters()), tmp_path / "m.aim")
    assert not any(tensor.requires_grad for tensor in load_file(tmp_path / "m.aim").values())


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(3, 3).to_sparse(),
        torch.empty(3, device="meta"),
        torch.empty(3, dtype=torch.bits8),
        np.zeros(3),
        None,
    ],
    ids=["sparse", "meta", "bits", "numpy", "none"],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_written(tensor: object, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="'bad'"):
        save_file({"good": torch.zeros(2), "bad": tensor}, tmp_path / "m.aim")
    assert list(tmp_path.iterdir()) == []


def test_types_that_pytorch_lacks_are_named(tmp_path: Path) -> None:
    import ml_dtypes

    aimcodec.save_file({"w": np.zeros(8, ml_dtypes.float8_e3m4)}, tmp_path / "m.aim")
    with pytest.raises(UnsupportedError, match=r"'w'.*FLOAT8_E3M4"):
        load_file(tmp_path / "m.aim")


def test_damage_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "m.aim"
    save_file({"w": random_bits(torch.float32, (64, 64))}, file)
    data = bytearray(file.read_bytes())
    data[1000] ^= 1
    file.write_bytes(data)
    with pytest.raises(AimcError):
        load_file(file)


def test_limits_hold_before_memory_is_taken(tmp_path: Path) -> None:
    save_file({"w": torch.zeros(1000)}, tmp_path / "m.aim")
    with pytest.raises(LimitExceededError):
        load_file(tmp_path / "m.aim", limits=aimcodec.Limits(max_output_bytes=3999))


def test_loaded_for_another_device(tmp_path: Path) -> None:
    save_file({"w": torch.zeros(3)}, tmp_path / "m.aim")
    assert load_file(tmp_path / "m.aim", "meta")["w"].device.type == "meta"


def test_progress_and_metadata(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    state = {"a": torch.zeros(10), "b": torch.zeros(5, dtype=torch.int8)}
    save_file(state, tmp_path / "m.aim", metadata={"k": "v"}, progress=lambda *call: calls.append(call))
    assert calls == [(40, 45), (45, 45)]
    with aimcodec.open(tmp_path / "m.aim") as package:
        assert package.metadata == {"k": "v"}


def test_a_missing_pytorch_is_named() -> None:
    program = "import sys; sys.modules['torch'] = None; import aimcodec.torch"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "pip install 'aimcodec[torch]'" in run.stderr.splitlines()[-1]
