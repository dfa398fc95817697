"""Files of torch.save: what PyTorch itself loads from them, and what must never be run."""

from __future__ import annotations

import collections
import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.bridges.torch import TorchFile
from aimcodec.bridges.torch_arrays import check_dense
from aimcodec.cli.app import run
from aimcodec.errors import AimcError, LimitExceededError, MalformedError, UnsupportedError
from aimcodec.limits import Limits

torch = pytest.importorskip("torch")

TYPES = ("float32", "float64", "float16", "bfloat16", "int8", "int64", "uint8", "uint16", "bool", "complex64")
FLOAT8 = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e8m0fnu")


def bits(tensor: Any) -> bytes:
    """The memory of a tensor, row by row, by PyTorch alone."""
    return bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist()) if tensor.numel() else b""


def every_type() -> dict[str, Any]:
    torch.manual_seed(0)
    raw = torch.randint(0, 256, (3, 8), dtype=torch.uint8)
    state = {kind: raw.clone().view(getattr(torch, kind)) for kind in (*TYPES, *FLOAT8) if kind != "bool"}
    return {**state, "bool": raw > 99, "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3), "turned": raw.T}


@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_are_bit_for_bit_those_that_were_saved(legacy: bool, tmp_path: Path) -> None:
    state = every_type()
    for kind in ("uint16", *FLOAT8) if legacy else ():  # which PyTorch itself cannot load from the old form
        del state[kind]
    torch.save(state, tmp_path / "m.pt", _use_new_zipfile_serialization=not legacy)
    model = TorchFile(tmp_path / "m.pt")
    assert [tensor.name for tensor in model.tensors] == list(state)
    for tensor in model.tensors:
        array = model.read(tensor.name)
        assert tensor.dtype is not None
        assert tensor.dtype.name.lower() == str(state[tensor.name].dtype).removeprefix("torch.")
        assert array.shape == tensor.shape == tuple(state[tensor.name].shape)
        assert array.tobytes() == bits(state[tensor.name])


def test_pairs_of_four_bits_are_told_apart(tmp_path: Path) -> None:
    memory = torch.tensor([[0x21, 0x43]], dtype=torch.uint8)
    torch.save({"w": memory.view(torch.float4_e2m1fn_x2)}, tmp_path / "m.pt")
    model = TorchFile(tmp_path / "m.pt")
    assert model.tensors[0].shape == (1, 4)
    assert model.read("w").view(np.uint8).tolist() == [[1, 2, 3, 4]]


def tied_model() -> Any:
    module = torch.nn.Sequential(
        collections.OrderedDict(
            embed=torch.nn.Embedding(7, 5), norm=torch.nn.BatchNorm1d(5), head=torch.nn.Linear(5, 7)
        )
    )
    module.head.weight = module.embed.weight
    return module


def test_tied_weights_stay_tied_through_a_package(tmp_path: Path) -> None:
    module = tied_model()
    torch.save(module.state_dict(), tmp_path / "m.pth")
    model = TorchFile(tmp_path / "m.pth")
    assert {t.name: t.tied_to for t in model.tensors if t.tied_to} == {"head.weight": "embed.weight"}
    assert not model.losses
    assert run(["convert", str(tmp_path / "m.pth"), str(tmp_path / "m.aim")]) == 0
    import aimcodec.torch

    state = aimcodec.torch.load_file(tmp_path / "m.aim")
    assert state["head.weight"].data_ptr() == state["embed.weight"].data_ptr()
    assert {name: bits(t) for name, t in state.items()} == {n: bits(t) for n, t in module.state_dict().items()}
    module.load_state_dict(state)


def test_checkpoints_are_flattened(tmp_path: Path) -> None:
    module = tied_model()
    # As torch.optim has it.
    optimizer = {
        "state": {0: {"momentum_buffer": torch.ones(7, 5)}},
        "param_groups": [{"lr": 0.25, "nesterov": False, "params": [0, 1]}],
    }
    content = {"state_dict": module.state_dict(), "optimizer": optimizer, "epoch": 3, "note": "é", "no": None}
    torch.save(content, tmp_path / "m.pt")
    model = TorchFile(tmp_path / "m.pt")
    names = [tensor.name for tensor in model.tensors]
    assert names[0] == "state_dict.embed.weight"
    assert "optimizer.state.0.momentum_buffer" in names
    assert model.metadata["epoch"] == "3"
    assert model.metadata["note"] == "é"
    assert model.metadata["no"] == "null"
    assert '"lr": 0.25' in model.metadata["optimizer.param_groups"]
    assert '"norm": {"version": 2}' in model.metadata["state_dict._metadata"]


def test_views_that_overlap_are_a_loss_and_neighbours_are_not(tmp_path: Path) -> None:
    memory = torch.arange(12.0)
    torch.save({"a": memory[:4], "b": memory[4:8], "c": memory[6:]}, tmp_path / "m.pt")
    model = TorchFile(tmp_path / "m.pt")
    assert model.losses == ["that tensors 'b' and 'c' have memory in common"]
    assert model.read("c").tolist() == [6, 7, 8, 9, 10, 11]


def test_names_that_meet_are_refused(tmp_path: Path) -> None:
    torch.save({"a.b": torch.zeros(1), "a": {"b": torch.ones(1)}}, tmp_path / "m.pt")
    with pytest.raises(UnsupportedError, match=r"'a\.b'"):
        TorchFile(tmp_path / "m.pt")


def test_values_that_are_no_text_are_losses(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(1), "kinds": {1, 2}, "type": torch.float16}, tmp_path / "m.pt")
    assert TorchFile(tmp_path / "m.pt").losses == ["'kinds', of type set", "'type', of type dtype"]


class Evil:
    """Would make a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle", "inside"])
@pytest.mark.parametrize("suffix", [".pt", ".bin", ".safetensors", ".npz"])
def test_a_pickle_is_never_run(form: str, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Row 30: by no name, in no form of file."""
    file, made = tmp_path / f"evil{suffix}", tmp_path / "made"
    content = {"w": torch.zeros(2), "evil": Evil(made)}
    if form == "pickle":
        file.write_bytes(pickle.dumps(content["evil"], 2))
    elif form == "inside":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(content["evil"], 2))
            archive.writestr("archive/version", "3\n")
            archive.writestr("archive/byteorder", "little")
    else:
        torch.save(content, file, _use_new_zipfile_serialization=form == "zip")
    assert run(["convert", str(file), str(tmp_path / "m.aim")]) == 4
    assert "mkdir" in capsys.readouterr().err
    assert not made.exists()
    assert not (tmp_path / "m.aim").exists()
    pickle.loads(pickle.dumps(content["evil"]))  # noqa: S301 - else the test could not fail
    assert made.is_dir()


def test_whole_modules_are_refused(tmp_path: Path) -> None:
    torch.save(tied_model(), tmp_path / "m.pt")
    with pytest.raises(UnsupportedError, match="Sequential"):
        TorchFile(tmp_path / "m.pt")


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (torch.eye(3).to_sparse(), "'bad' is sparse_coo"),
        (torch.empty(3, device="meta"), "'bad' is without values"),
    ],
)
def test_tensors_without_dense_values_are_refused_by_name(tensor: Any, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        check_dense("bad", tensor)


def test_sparse_tensors_of_files_are_refused_by_name(tmp_path: Path) -> None:
    torch.save({"good": torch.zeros(1), "bad": torch.eye(3).to_sparse()}, tmp_path / "m.pt")
    with pytest.raises(UnsupportedError, match="'bad' is sparse_coo"):
        TorchFile(tmp_path / "m.pt")


def test_a_tensor_of_much_from_nothing_is_refused(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(1).expand(1 << 30)}, tmp_path / "m.pt")
    with pytest.raises(LimitExceededError, match="max_expansion"):
        TorchFile(tmp_path / "m.pt", limits=Limits(max_expansion=100))
    with pytest.raises(LimitExceededError, match="max_elements"):
        TorchFile(tmp_path / "m.pt", limits=Limits(max_elements=100))


def bomb(depth: int) -> Any:
    inner: Any = [0] * 2
    for _ in range(depth):
        inner = {"a": inner, "b": inner}
    return inner


@pytest.mark.parametrize("content", [bomb(40), bomb(70), [["x" * 100_000] * 100] * 10], ids=["wide", "deep", "texts"])
def test_values_that_hold_each_other_over_and_over_are_refused(content: Any, tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(1), "bomb": content}, tmp_path / "m.pt")
    with pytest.raises(LimitExceededError):
        TorchFile(tmp_path / "m.pt")


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    """PyTorch itself takes changed values for good."""
    torch.save({"w": torch.arange(64.0)}, tmp_path / "m.pt")
    data = (tmp_path / "m.pt").read_bytes()
    place = data.index(np.float32(40).tobytes())
    (tmp_path / "m.pt").write_bytes(data[:place] + b"\xff" + data[place + 1 :])
    with pytest.raises(MalformedError, match="CRC"):
        TorchFile(tmp_path / "m.pt")


def test_compressed_archives_are_refused(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(64)}, tmp_path / "m.pt")
    with (
        zipfile.ZipFile(tmp_path / "m.pt") as old,
        zipfile.ZipFile(tmp_path / "n.pt", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(UnsupportedError, match="compressed"):
        TorchFile(tmp_path / "n.pt")


def test_torchscript_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        for name in ("data.pkl", "constants.pkl", "version"):
            archive.writestr(f"m/{name}", b"")
    with pytest.raises(UnsupportedError, match="TorchScript"):
        TorchFile(tmp_path / "m.pt")


@pytest.mark.parametrize("legacy", [False, True])
def test_every_damage_is_a_typed_error_or_nothing(legacy: bool, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({"w": torch.arange(6.0), "n": {"x": [1, "a"]}}, buffer, _use_new_zipfile_serialization=not legacy)
    data = buffer.getvalue()
    random = np.random.default_rng(0)
    for _ in range(200):
        changed = bytearray(data)
        for place in random.integers(0, len(data), 2):
            changed[place] = random.integers(256)
        (tmp_path / "m.pt").write_bytes(bytes(changed[: random.integers(len(data) // 2, len(data) + 1)]))
        try:
            model = TorchFile(tmp_path / "m.pt")
            for tensor in model.tensors:
                model.read(tensor.name)
        except AimcError:
            continue


def test_an_exported_program_is_not_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "m.pt2", "w") as archive:
        archive.writestr("m/archive_format", "pt2")
    assert run(["convert", str(tmp_path / "m.pt2"), str(tmp_path / "m.aim")]) == 4
    assert "from_exported" in capsys.readouterr().err


def test_aimcodec_names_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    (tmp_path / "m.pt").write_bytes(b"PK\3\4")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'aimcodec\[torch\]'"):
        TorchFile(tmp_path / "m.pt")
    assert aimcodec.__name__ == "aimcodec"
