"""Keras files: values and names as Keras has them; configurations are data; what HDF5 and archives must not do."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aimcodec.bridges.keras import KerasFile, looks_like_keras
from aimcodec.errors import (
    AimcError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    UnsupportedError,
)
from aimcodec.limits import Limits

from .fixture_files import DATA, assert_equal, expected, read_all, typed_error

h5py = pytest.importorskip("h5py")


def content(path: Path, limits: Limits = Limits()) -> dict[str, Any]:  # noqa: B008 - it cannot be changed
    model = KerasFile(path, limits=limits)
    try:
        return read_all(model)
    finally:
        model.close()


def rewritten(path: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """An archive of Keras with other members."""
    with zipfile.ZipFile(DATA / "lambda.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["functional.keras", "lambda.keras", "whole.h5"])
def test_names_and_values_are_those_of_keras(name: str) -> None:
    found = content(DATA / name)
    wanted = {key: array for key, array in expected(name).items() if "seed_generator" not in key}
    assert found.keys() - wanted.keys() <= {key for key in found if key.startswith("optimizer")}
    for key, array in wanted.items():
        assert_equal(found[key], array)
    assert len(wanted) >= 2


def test_names_without_a_configuration_are_places(tmp_path: Path) -> None:
    with zipfile.ZipFile(DATA / "functional.keras") as archive:
        (tmp_path / "m.weights.h5").write_bytes(archive.read("model.weights.h5"))
    found = content(tmp_path / "m.weights.h5")
    assert_equal(found["layers/conv2d/vars/0"], expected("functional.keras")["first/kernel"])
    with closing(KerasFile(DATA / "functional.keras")) as model:
        places = json.loads(model.metadata["keras.paths"])
    assert places["first/kernel"] == "layers/conv2d/vars/0"
    assert set(places.values()) == found.keys()


def test_a_lambda_is_kept_and_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = {"module": "os", "class_name": "system", "config": f"touch {mark}", "registered_name": f"touch {mark}"}

    def change(members: dict[str, bytes]) -> None:
        config = json.loads(members["config.json"])
        config["config"]["layers"].append({"module": "builtins", "class_name": "__lambda__", "config": {"value": code}})
        config["build_config"] = code
        members["config.json"] = json.dumps(config).encode()

    path = rewritten(tmp_path / "m.keras", change)
    with closing(KerasFile(path)) as model:
        assert read_all(model).keys() == content(DATA / "lambda.keras").keys()
    assert not mark.exists()
    assert any("Lambda" in loss for loss in model.losses)
    assert any("__lambda__" in loss for loss in model.losses)
    with zipfile.ZipFile(path) as archive:
        assert model.assets["keras/config.json"] == ("application/json", archive.read("config.json"))
    assert model.structure is None


def test_old_files_have_their_configuration_as_a_file() -> None:
    with closing(KerasFile(DATA / "whole.h5")) as model:
        pass
    assert json.loads(model.assets["keras/model_config.json"][1])["class_name"] == "Functional"
    assert model.metadata["keras.keras_version"] == "3.15.1"


def test_what_is_told_by_first_bytes(tmp_path: Path) -> None:
    assert looks_like_keras((DATA / "whole.h5").read_bytes()[:64], "m.npz")
    archive = DATA / "lambda.keras"
    assert looks_like_keras(archive.read_bytes()[:64], str(archive))
    np.savez(tmp_path / "m.keras", x=np.zeros(1))
    assert not looks_like_keras(b"PK\x03\x04", str(tmp_path / "m.keras.npz"))


def test_objects_that_are_one_are_tied(tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(3, dtype=np.float32)
        file["b"] = file["a"]
    with closing(KerasFile(path)) as model:
        assert [(tensor.name, tensor.tied_to) for tensor in model.tensors] == [("a", None), ("b", "a")]
        assert model.read("b").tolist() == [0, 1, 2]


def test_types(tmp_path: Path) -> None:
    arrays = {
        "bool": np.array([True, False]),
        "big endian": np.arange(3, dtype=">i4"),
        "half": np.arange(3, dtype=np.float16),
        "nothing": np.zeros((2, 0), np.float64),
        "one": np.array(7, np.uint64),
    }
    with h5py.File(tmp_path / "m.h5", "w") as file:
        for name, array in arrays.items():
            file[name] = array
    found = content(tmp_path / "m.h5")
    for name, array in arrays.items():
        assert_equal(found[name], array.astype(array.dtype.newbyteorder("<")))


def soft_link(file: Any) -> None:
    file["x"] = h5py.SoftLink("/y")


def external_link(file: Any) -> None:
    file["x"] = h5py.ExternalLink("/etc/passwd", "/")


def external_storage(file: Any) -> None:
    file.create_dataset("x", (8,), np.uint8, external=[("/etc/passwd", 0, 8)])


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((4,), np.float32)
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    file.create_virtual_dataset("x", layout)


def circle(file: Any) -> None:
    file.create_group("a/b")
    file["a/b/c"] = file["a"]


def bomb(file: Any) -> None:
    file.create_dataset("x", (1 << 33,), np.uint8, chunks=(1 << 20,), compression="gzip")


def never_written(file: Any) -> None:
    file.create_dataset("x", (1 << 20,), np.float64)


def chunk(file: Any) -> None:
    file.create_dataset("x", (4,), np.float64, maxshape=(None,), chunks=(1 << 26,), compression="gzip")


def blocks(file: Any) -> None:
    file["x"] = np.zeros(4, "V2")


def filtered(file: Any) -> None:
    file.create_dataset("x", data=np.zeros(1000), compression="lzf")


def newer(file: Any) -> None:
    file.create_group("x", track_order=True)


def deep(file: Any) -> None:
    file.create_group("/".join("a" * 100))


HOSTILE: dict[str, tuple[type[AimcError], Callable[[Any], object]]] = {
    "soft link": (UnsupportedError, soft_link),
    "external link": (UnsupportedError, external_link),
    "external storage": (UnsupportedError, external_storage),
    "virtual": (UnsupportedError, virtual),
    "circle": (MalformedError, circle),
    "bomb": (UnsupportedError, bomb),
    "never written": (InconsistentError, never_written),
    "chunk": (UnsupportedError, chunk),
    "blocks": (UnsupportedError, blocks),
    "filter": (UnsupportedError, filtered),
    "newer form": (UnsupportedError, newer),
    "complex": (UnsupportedError, lambda file: file.__setitem__("x", np.zeros(1, np.complex64))),
    "deep": (LimitExceededError, deep),
    "texts": (UnsupportedError, lambda file: file.create_dataset("x", data=["a"])),
    "objects": (UnsupportedError, lambda file: file.create_dataset("x", (1,), h5py.vlen_dtype(np.int32))),
    "references": (UnsupportedError, lambda file: file.create_dataset("x", (1,), h5py.ref_dtype)),
    "records": (UnsupportedError, lambda file: file.create_dataset("x", (1,), [("a", "i4")])),
    "arrays": (UnsupportedError, lambda file: file.create_dataset("x", (1,), "(2,)i4")),
    "type": (UnsupportedError, lambda file: file.__setitem__("x", np.dtype("f4"))),
    "no shape": (UnsupportedError, lambda file: file.__setitem__("x", h5py.Empty("f4"))),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_refused(case: str, tmp_path: Path) -> None:
    kind, fill = HOSTILE[case]
    with h5py.File(tmp_path / "m.h5", "w") as file:
        fill(file)
    with pytest.raises(kind):
        KerasFile(tmp_path / "m.h5")


def test_a_file_of_the_newest_form(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w", libver="latest") as file:
        file["x"] = np.zeros(3)
    with pytest.raises(UnsupportedError, match="newer"):
        KerasFile(tmp_path / "m.h5")


def test_many_groups_and_long_texts(tmp_path: Path) -> None:
    """More than a node of the tree, and a heap, hold."""
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps({"long": "x" * 100_000})
        for number in range(1000):
            file[f"{number}"] = np.float32(number)
    with closing(KerasFile(tmp_path / "m.h5")) as model:
        assert [float(model.read(tensor.name)) for tensor in model.tensors] == list(range(1000))
        assert len(model.assets["keras/model_config.json"][1]) > 100_000


def test_limits() -> None:
    path = DATA / "functional.keras"
    for limits in (Limits(max_units=5), Limits(max_elements=3), Limits(max_rank=2), Limits(max_output_bytes=99)):
        with pytest.raises(LimitExceededError):
            KerasFile(path, limits=limits)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "C:\\x", "a\\b", "x\0y"])
def test_members_that_lead_elsewhere(name: str, tmp_path: Path) -> None:
    path = rewritten(tmp_path / "m.keras", lambda members: members.update(placeholder_=b""))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"placeholder_", name.encode().ljust(12, b"/" if name.endswith("x") else b"b")))
    with pytest.raises((OutOfRangeError, MalformedError)):
        KerasFile(path)


def test_a_member_twice(tmp_path: Path) -> None:
    path = rewritten(tmp_path / "m.keras", lambda members: None)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"{}")
    with pytest.raises(MalformedError, match="second time"):
        KerasFile(path)


def test_archives_that_are_wrong(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with pytest.raises(MalformedError, match="no member"):
        KerasFile(rewritten(path, lambda members: members.pop("model.weights.h5")))
    with pytest.raises(MalformedError, match="JSON"):
        KerasFile(rewritten(path, lambda members: members.update({"config.json": b"[" * 100_000})))
    with pytest.raises(MalformedError):
        KerasFile(rewritten(path, lambda members: members.update({"model.weights.h5": b"no HDF5 file"})))
    good = rewritten(path, lambda members: None).read_bytes()
    path.write_bytes(good.replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0"))
    with pytest.raises(UnsupportedError, match="encrypted"):
        KerasFile(path)
    path.write_bytes(good.replace(b'"keras_version"', b'"keras_versiom"'))  # and so its checksum is wrong
    with pytest.raises(MalformedError, match="CRC"):
        KerasFile(path)
    end = bytearray(good)
    end[-6:-2] = b"\xff\xff\xff\x7f"  # the directory would lie before the file
    path.write_bytes(end)
    with pytest.raises(MalformedError):
        KerasFile(path)
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(MalformedError):
        KerasFile(path)


def test_an_archive_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b"{}")
        with archive.open("model.weights.h5", "w") as member:
            for _ in range(80):
                member.write(bytes(1 << 20))
    with pytest.raises(LimitExceededError, match="max_expansion"):
        KerasFile(path, limits=Limits(max_expansion=100))


@pytest.mark.parametrize("name", ["whole.h5", "lambda.keras"])
def test_mutated_files_give_typed_errors(name: str, tmp_path: Path) -> None:
    data = (DATA / name).read_bytes()
    draw = random.Random(name)  # noqa: S311
    path = tmp_path / "m.keras"
    refused = 0
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(draw.choice((1, 2, 4))):
            place = draw.randrange(len(changed) - 4)
            changed[place : place + 4] = draw.choice((b"\xff" * 4, bytes(4), draw.randbytes(4)))
        path.write_bytes(changed)
        refused += typed_error(lambda: content(path)) is not None
    assert refused > 50
