"""Attacks seen on readers of ONNX models (rows 20 to 24 of the threat table): paths, links, keys, lengths, trust."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aimcodec.bridges.onnx import OnnxFile, write_onnx
from aimcodec.errors import AimcError, ArgumentError, InconsistentError, MalformedError, TruncatedError

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - only where onnx is installed

SECRET = np.arange(4, dtype=np.float32).tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of a model, beside it a file that models may not read."""
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "models" / "sub").mkdir(parents=True)
    (tmp_path / "models" / "weights").write_bytes(SECRET)
    (tmp_path / "models" / "sub" / "weights").write_bytes(SECRET)
    yield tmp_path / "models"
    assert (tmp_path / "secret").read_bytes() == SECRET


def save(folder: Path, *entries: tuple[str, str], dims: tuple[int, ...] = (4,)) -> Path:
    tensor = TensorProto(name="w", data_type=1, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, value in entries:
        tensor.external_data.add(key=key, value=value)
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [], [tensor])
    (folder / "m.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    return folder / "m.onnx"


def read(folder: Path, *entries: tuple[str, str], dims: tuple[int, ...] = (4,)) -> Any:
    file = OnnxFile(save(folder, *entries, dims=dims))
    try:
        return file.read("w")
    finally:
        file.close()


@pytest.mark.parametrize("location", ["weights", "./weights", "sub/weights", "sub/./weights"])
def test_files_beneath_the_folder(location: str, folder: Path) -> None:
    assert read(folder, ("location", location)).tolist() == [0, 1, 2, 3]
    entries = [("location", location), ("offset", "4"), ("length", "8"), ("checksum", "x")]
    assert read(folder, *entries, dims=(2,)).tolist() == [1, 2]


def test_the_current_folder_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(folder, ("location", "weights"))
    monkeypatch.chdir(folder.parent)
    assert OnnxFile(path).read("w").tolist() == [0, 1, 2, 3]
    monkeypatch.chdir(folder)
    assert OnnxFile("m.onnx").read("w").tolist() == [0, 1, 2, 3]


def test_closed_models(folder: Path) -> None:
    file = OnnxFile(save(folder, ("location", "weights")))
    array = file.read("w")
    file.release("w")
    file.close()
    file.close()
    assert array.tolist() == [0, 1, 2, 3]
    closed = OnnxFile(save(folder, ("location", "weights")))
    closed.close()
    with pytest.raises(ArgumentError, match="closed"):
        closed.read("w")


LOCATIONS = [
    *(
        "../secret",
        "sub/../../secret",
        "..",
        "sub/..",
        ".",
        "",
        "/",
        "//secret",
        "sub//weights",
        "weights/",
        "/etc/passwd",
    ),
    *("weights\0", "..\\secret", "sub\\weights", "C:secret", "c:/secret", "\\\\host\\share"),
]


@pytest.mark.parametrize("location", LOCATIONS)
def test_paths_that_lead_elsewhere(location: str, folder: Path) -> None:
    with pytest.raises(MalformedError, match="no path beneath"):
        read(folder, ("location", location))


def test_an_absolute_path_of_a_file_that_is_beneath(folder: Path) -> None:
    with pytest.raises(MalformedError, match="no path beneath"):
        read(folder, ("location", str(folder / "weights")))


@pytest.mark.parametrize("target", ["../secret", "weights"])
def test_links(target: str, folder: Path) -> None:
    (folder / "link").symlink_to(target)
    with pytest.raises(MalformedError, match="link 'link'"):
        read(folder, ("location", "link"))


def test_links_on_the_way(folder: Path) -> None:
    (folder / "way").symlink_to("..")
    with pytest.raises(MalformedError, match="link 'way'"):
        read(folder, ("location", "way/secret"))
    (folder / "inside").symlink_to("sub")
    with pytest.raises(MalformedError, match="link 'inside'"):
        read(folder, ("location", "inside/weights"))


def test_second_names(folder: Path) -> None:
    os.link(folder.parent / "secret", folder / "second")
    with pytest.raises(MalformedError, match="2 names"):
        read(folder, ("location", "second"))


def test_what_is_no_file(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(MalformedError, match="no regular file"):
        read(folder, ("location", "pipe"))  # and does not wait for somebody to write into it
    with pytest.raises(MalformedError, match="no regular file"):
        read(folder, ("location", "sub"))
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(folder / "socket"))
        with pytest.raises(OSError, match="No such device"):
            read(folder, ("location", "socket"))


@pytest.mark.parametrize(
    "entries",
    [
        [("__class__", "x")],
        [("__dict__", "x"), ("offset", "0")],
        [("basepath", "..")],
        [("Location", "weights")],
        [("offset", "0"), ("offset", "4")],
        [("", "")],
        [("location", "sub/weights")],
    ],
)
def test_unknown_or_repeated_keys(entries: list[tuple[str, str]], folder: Path) -> None:
    with pytest.raises(MalformedError, match="have the keys"):
        read(folder, ("location", "weights"), *entries)


@pytest.mark.parametrize("text", ["-1", "+1", "1.0", "0x10", "1e3", "", " 4", "4\n", "٤", "9" * 20, "9" * 5000])
@pytest.mark.parametrize("key", ["offset", "length"])
def test_what_is_no_number(key: str, text: str, folder: Path) -> None:
    with pytest.raises(MalformedError, match="for a number"):
        read(folder, ("location", "weights"), (key, text))


def test_lengths_that_nothing_fits_into(folder: Path) -> None:
    for offset in ("1", "16", "9" * 19):
        with pytest.raises(TruncatedError, match="has 16 bytes"):
            read(folder, ("location", "weights"), ("offset", offset))
    for length in ("0", "15", "17", "9" * 19):
        with pytest.raises(InconsistentError, match="say 16"):
            read(folder, ("location", "weights"), ("length", length))
    with pytest.raises(TruncatedError):  # 4 GiB of a file of 16 bytes
        read(folder, ("location", "weights"), dims=(1 << 30,))
    with pytest.raises(AimcError):
        read(folder, ("location", "weights"), dims=(1 << 60,))
    (folder / "empty").touch()
    with pytest.raises(TruncatedError, match="empty"):
        read(folder, ("location", "empty"))
    assert read(folder, ("location", "missing"), dims=(0,)).size == 0


def test_missing_files_and_keys(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(folder, ("location", "missing"))
    with pytest.raises(MalformedError, match="no path beneath"):
        read(folder)


def test_attributes_are_held_to_the_same(folder: Path) -> None:
    tensor = TensorProto(name="", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../secret")
    node = helper.make_node("Constant", [], ["y"], value=tensor)
    (folder / "m.onnx").write_bytes(helper.make_model(helper.make_graph([node], "g", [], [])).SerializeToString())
    with pytest.raises(MalformedError, match="no path beneath"):
        OnnxFile(folder / "m.onnx")


def test_names_of_tensors_are_no_paths(folder: Path) -> None:
    """Saving: all values go to one file, whose name is that of the model."""
    name = "../secret"
    tensor = numpy_helper.from_array(np.ones(1000, np.float32), name)
    graph = helper.make_graph([helper.make_node("Identity", [name], ["y"])], "g", [], [], [tensor])
    (folder / "m.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    file = OnnxFile(folder / "m.onnx")
    write_onnx(folder / "n.onnx", file.structure, file.tensors, file.read, external=True)
    assert sorted(os.listdir(folder)) == ["m.onnx", "n.onnx", "n.onnx.data", "sub", "weights"]
    assert OnnxFile(folder / "n.onnx").read(name).tolist() == [1] * 1000


def test_saving_through_a_link(folder: Path) -> None:
    tensor = numpy_helper.from_array(np.ones(1000, np.float32), "w")
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [], [tensor])
    (folder / "m.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    (folder / "n.onnx.data").symlink_to("../secret")
    file = OnnxFile(folder / "m.onnx")
    with pytest.raises(ArgumentError, match="is a link"):
        write_onnx(folder / "n.onnx", file.structure, file.tensors, file.read, external=True)
    assert not (folder / "n.onnx").exists()


def test_refusals_cannot_be_switched_off() -> None:
    """Neither reading nor writing has an option about trust."""
    import inspect

    assert list(inspect.signature(OnnxFile).parameters) == ["path", "limits"]
    assert list(inspect.signature(write_onnx).parameters) == ["path", "structure", "tensors", "read", "external"]


def test_a_cache_made_of_links(folder: Path) -> None:
    """As hubs keep models: the model and its data are links to files of one folder."""
    (folder / "data").symlink_to("sub/weights")
    model = folder / "m.onnx"
    with pytest.raises(MalformedError, match="link 'data'"):
        read(folder, ("location", "data"))
    model.rename(folder / "sub" / "blob")
    model.symlink_to("sub/blob")
    with closing(OnnxFile(model)) as source:
        assert source.read("w").tobytes() == (folder / "sub" / "weights").read_bytes()
    (folder / "data").unlink()
    (folder / "data").symlink_to("../secret")
    with closing(OnnxFile(model)) as source, pytest.raises(MalformedError, match="another folder"):
        source.read("w")
