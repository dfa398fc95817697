"""safetensors of several files: as others name and read them; indexes that lie, and names that lead elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from aimcodec.bridges.model import Described
from aimcodec.bridges.safetensors_shards import SafetensorsShards, write_shards
from aimcodec.cli.app import run
from aimcodec.dtypes import dtype_of
from aimcodec.errors import AimcError, InconsistentError, MalformedError

Arrays = dict[str, Any]
INDEX = "model.safetensors.index.json"


def arrays(count: int = 5) -> Arrays:
    return {f"layer.{i}": np.arange(10 * i, 10 * i + 10, dtype=np.float32) for i in range(count)}


def described(values: Arrays) -> list[Described]:
    return [Described(name, dtype_of(array.dtype), array.shape) for name, array in values.items()]


def write_by_hand(folder: Path, values: Arrays, **changes: Any) -> Path:
    """Two shards by the library, and an index."""
    names = list(values)
    shards = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for shard, inside in shards.items():
        safetensors.numpy.save_file({n: values[n] for n in inside}, folder / shard, metadata={"format": "pt"})
    places = {name: shard for shard, inside in shards.items() for name in inside}
    total = sum(array.nbytes for array in values.values())
    index = {"metadata": {"total_size": total}, "weight_map": places, **changes}
    (folder / INDEX).write_text(json.dumps(index))
    return folder / INDEX


def read_all(model: SafetensorsShards) -> Arrays:
    return {tensor.name: model.read(tensor.name) for tensor in model.tensors}


def same(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


def test_shards_of_the_library_are_one_model(tmp_path: Path) -> None:
    model = SafetensorsShards(write_by_hand(tmp_path, arrays()))
    assert same(read_all(model), arrays())
    assert model.metadata == {"format": "pt"}
    assert not model.losses


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), max_size=8), st.integers(1, 200), st.booleans())
def test_the_library_reads_the_shards_that_are_written(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], shard_bytes: int, texts: bool
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    values = {f"t{i}": np.full(size, i, np.int16) for i, size in enumerate(sizes)}
    metadata = {"k": "v"} if texts else {}
    write_shards(folder / INDEX, described(values), metadata, values.__getitem__, shard_bytes)
    index = json.loads((folder / INDEX).read_text())
    assert index["metadata"]["total_size"] == 2 * sum(sizes)
    found: Arrays = {}
    shards = sorted(set(os.listdir(folder)) - {INDEX})
    for number, shard in enumerate(shards, 1):
        assert shard == f"model-{number:05}-of-{len(shards):05}.safetensors"
        part = safetensors.numpy.load_file(folder / shard)
        assert len(part) <= 1 or sum(array.nbytes for array in part.values()) <= shard_bytes
        assert all(index["weight_map"][name] == shard for name in part)
        found |= part
    assert same(found, values)
    again = SafetensorsShards(folder / INDEX)
    assert same(read_all(again), values)
    assert again.metadata == metadata


def test_through_a_package_and_back(tmp_path: Path) -> None:
    index = write_by_hand(tmp_path, arrays())
    (tmp_path / "out").mkdir()
    assert run(["convert", str(index), str(tmp_path / "m.aim")]) == 0
    out = tmp_path / "out" / INDEX
    assert run(["convert", str(tmp_path / "m.aim"), str(out), "--shard-bytes", "80"]) == 0
    assert len(list(out.parent.glob("*.safetensors"))) == 3
    assert same(read_all(SafetensorsShards(out)), arrays())
    assert run(["convert", str(tmp_path / "m.aim"), str(tmp_path / "x.npz"), "--shard-bytes", "80"]) == 2


LIES: dict[str, tuple[type[AimcError], str, Callable[[dict[str, Any]], Any]]] = {
    "no map": (MalformedError, "no weight_map", lambda i: {"metadata": {}}),
    "no object": (MalformedError, "no weight_map", lambda i: []),
    "total": (InconsistentError, "201 bytes", lambda i: {**i, "metadata": {"total_size": 201}}),
    "total text": (MalformedError, "total_size", lambda i: {**i, "metadata": {"total_size": "200"}}),
    "metadata": (MalformedError, "no JSON object", lambda i: {**i, "metadata": [1]}),
    "missing": (
        InconsistentError,
        "'more' in shard 'a.safetensors', which does not",
        lambda i: {**i, "weight_map": {**i["weight_map"], "more": "a.safetensors"}},
    ),
    "extra": (
        InconsistentError,
        "'layer.0', which the index",
        lambda i: {**i, "weight_map": {k: v for k, v in i["weight_map"].items() if k != "layer.0"}},
    ),
    "elsewhere": (
        InconsistentError,
        "'layer.0'",
        lambda i: {**i, "weight_map": {**i["weight_map"], "layer.0": "b.safetensors"}},
    ),
    "no file": (
        InconsistentError,
        "'c.safetensors', which is not there",
        lambda i: {**i, "weight_map": {**i["weight_map"], "layer.0": "c.safetensors"}},
    ),
}


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.replace(" ", "-"))
def test_an_index_that_lies_is_a_typed_error(lie: str, tmp_path: Path) -> None:
    kind, words, change = LIES[lie]
    index = write_by_hand(tmp_path, arrays())
    index.write_text(json.dumps(change(json.loads(index.read_text()))))
    with pytest.raises(kind, match=words):
        SafetensorsShards(index)


PLACES = [
    "../a.safetensors",
    "/etc/a.safetensors",
    "sub/a.safetensors",
    "..\\a.safetensors",
    "C:a.safetensors",
    "a.safetensors\0",
    "a\0.safetensors",
    "a\n.safetensors",
    "\x1b[31m.safetensors",
    "passwd",
    "",
    7,
    None,
]


@pytest.mark.parametrize("place", PLACES)
def test_names_of_shards_lead_nowhere(place: Any, tmp_path: Path) -> None:
    """Row 20."""
    safetensors.numpy.save_file({"layer.0": np.zeros(1)}, tmp_path / "a.safetensors")
    folder = tmp_path / "model"
    folder.mkdir()
    index = write_by_hand(folder, arrays(), weight_map={"layer.0": place})
    with pytest.raises(MalformedError, match=r"shard|folder"):
        SafetensorsShards(index)


@pytest.mark.parametrize("kind", ["symbolic", "hard", "pipe", "folder"])
def test_shards_are_regular_files_with_one_name(kind: str, tmp_path: Path) -> None:
    """Row 22."""
    index = write_by_hand(tmp_path, arrays())
    shard, other = tmp_path / "b.safetensors", tmp_path / "other"
    shard.rename(other)
    if kind == "symbolic":
        shard.symlink_to(other)
    elif kind == "hard":
        shard.hardlink_to(other)
    elif kind == "pipe":
        os.mkfifo(shard)
    else:
        shard.mkdir()
    with pytest.raises(MalformedError, match=r"'b\.safetensors'"):
        SafetensorsShards(index)


def cache_of(folder: Path, model: Path) -> Path:
    """As hubs keep models: a folder of blobs, and links to them."""
    blobs, snapshot = folder / "blobs", folder / "snapshots" / "1"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(model.iterdir())):
        file.rename(blobs / f"{number:064x}")
        (snapshot / file.name).symlink_to(f"../../blobs/{number:064x}")
    return snapshot


def test_caches_made_of_links_are_read(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    index = write_by_hand(model, arrays())
    with closing(SafetensorsShards(cache_of(tmp_path, model) / index.name)) as source:
        assert all(np.array_equal(source.read(name), array) for name, array in arrays().items())


@pytest.mark.parametrize("target", ["../../secret", "../../blobs/sub/secret", "/etc/passwd", "../../blobs/../secret"])
def test_links_of_a_cache_lead_to_its_blobs_only(target: str, tmp_path: Path) -> None:
    """Row 22."""
    model = tmp_path / "model"
    model.mkdir()
    index = write_by_hand(model, arrays())
    snapshot = cache_of(tmp_path, model)
    (tmp_path / "blobs" / "sub").mkdir()
    for secret in (tmp_path / "secret", tmp_path / "blobs" / "sub" / "secret"):
        secret.write_bytes((snapshot / "b.safetensors").read_bytes())
    (snapshot / "b.safetensors").unlink()
    (snapshot / "b.safetensors").symlink_to(target)
    with pytest.raises(MalformedError, match="another folder"):
        SafetensorsShards(snapshot / index.name)


@pytest.mark.parametrize("place", ['{"a": 1, "a": 2}', '{"weight_map": {"w": "a.safetensors", "w": "b.safetensors"}}'])
def test_names_for_the_second_time_are_refused(place: str, tmp_path: Path) -> None:
    """Row 9."""
    (tmp_path / INDEX).write_text(place)
    with pytest.raises(MalformedError, match="second time"):
        SafetensorsShards(tmp_path / INDEX)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\xff", '{"weight_map": NaN}'])
def test_what_is_no_index_is_a_typed_error(text: str, tmp_path: Path) -> None:
    (tmp_path / INDEX).write_text(text, "latin-1")
    with pytest.raises(MalformedError, match="index"):
        SafetensorsShards(tmp_path / INDEX)


def test_texts_that_shards_disagree_about_are_a_loss(tmp_path: Path) -> None:
    index = write_by_hand(tmp_path, arrays(), metadata={"total_size": 200, "note": {"a": 1}})
    values = safetensors.numpy.load_file(tmp_path / "b.safetensors")
    safetensors.numpy.save_file(values, tmp_path / "b.safetensors", metadata={"format": "tf"})
    model = SafetensorsShards(index)
    assert model.metadata == {"note": '{"a": 1}', "format": "pt"}
    assert model.losses == ["other texts of metadata 'format' in some shards"]


def test_nothing_is_left_of_shards_that_cannot_be_written(tmp_path: Path) -> None:
    values = arrays()

    def read(name: str) -> Any:
        if name == "layer.4":
            raise MalformedError("damaged")
        return values[name]

    with pytest.raises(MalformedError):
        write_shards(tmp_path / INDEX, described(values), {}, read, 40)
    assert os.listdir(tmp_path) == []
