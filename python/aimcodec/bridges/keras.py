"""Keras models: `.keras` archives, and HDF5 files of weights or of whole models.

The configuration of a model is data here: it is kept as a file, and no layer, function or class that
it names is ever made. So there is no graph; `aimcodec.bridges.keras_models` takes models that are in memory.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

from aimcodec.bridges.hdf5 import H5Tree
from aimcodec.bridges.keras_names import Layers, legacy_path, parse_config
from aimcodec.bridges.keras_zip import KerasZip
from aimcodec.bridges.mapped import check_size
from aimcodec.bridges.model import Described
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KerasFile", "looks_like_keras"]

H5_MARKER = b"\x89HDF\r\n\x1a\n"
ZIP_MARKER = b"PK\x03\x04"
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
OLD_CONFIG, OLD_TRAINING = "model_config", "training_config"
OLD_ROOT = "model_weights"
PREFIX = "keras/"  # of the names of assets
JSON_TYPE, OTHER_TYPE = "application/json", "application/octet-stream"
WITH_CODE = {"Lambda", "__lambda__"}


def looks_like_keras(start: bytes, path: str) -> bool:
    """Whether a file that starts so is an HDF5 file or, by the names in it, a Keras archive."""
    return start.startswith(H5_MARKER) or (start.startswith(ZIP_MARKER) and _has_members(path))


def _has_members(path: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return {CONFIG, WEIGHTS} <= set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


class KerasFile:
    """A Keras archive, or an HDF5 file of Keras; tensors are new arrays.

    Names are the paths that Keras shows ("dense/kernel") as far as they follow from the file, else places in the file
    ("optimizer/vars/0"); metadata "keras.paths" has the places by name.

    Raises:
        AimcError: it is neither, is damaged, beyond a limit, or has parts of HDF5 that are refused.
        OSError: it cannot be read.
    """

    structure = None

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.assets: dict[str, tuple[str, bytes]] = {}
        self._tree = H5Tree(self._weights(path, limits), limits)
        try:
            self._add_texts()
            layers = self._layers()
            self._places = _places(self._tree, layers)
            self.metadata = self._metadata()
        except BaseException:
            self.close()
            raise
        self.tensors: Sequence[Described] = self._described()
        self.losses: Sequence[str] = tuple(_losses(layers))

    def _weights(self, path: str | os.PathLike[str], limits: Limits) -> IO[bytes]:
        """The HDF5 file; what else an archive has becomes assets."""
        file = open(path, "rb")  # noqa: SIM115 - the tree closes it
        try:
            check_size(file, limits)
            start = file.read(len(H5_MARKER))
            file.seek(0)
        except BaseException:
            file.close()
            raise
        if start == H5_MARKER:
            return file
        with file:
            archive = KerasZip(file, limits)
            for member in archive.members:
                if member.filename != WEIGHTS:
                    kind = JSON_TYPE if member.filename.endswith(".json") else OTHER_TYPE
                    self.assets[PREFIX + member.filename] = (kind, archive.small(member.filename))
            return archive.large(WEIGHTS)

    def _add_texts(self) -> None:
        """Configurations that older files have as attributes."""
        for attribute in (OLD_CONFIG, OLD_TRAINING):
            text = self._tree.text("", attribute)
            if text is not None:
                self.assets[f"{PREFIX}{attribute}.json"] = (JSON_TYPE, text.encode("utf-8", "surrogatepass"))

    def _layers(self) -> Layers:
        for name in (CONFIG, f"{OLD_CONFIG}.json"):
            if PREFIX + name in self.assets:
                return Layers(parse_config(self.assets[PREFIX + name][1], name))
        return Layers(None)

    def _metadata(self) -> dict[str, str]:
        """What Keras says of itself, and where tensors were."""
        known: dict[str, Any] = {name: self._tree.text("", name) for name in ("keras_version", "backend")}
        if PREFIX + METADATA in self.assets:
            parsed = parse_config(self.assets[PREFIX + METADATA][1], METADATA)
            known["keras_version"] = parsed.get("keras_version") if isinstance(parsed, dict) else None
        texts = {f"keras.{name}": value for name, value in known.items() if isinstance(value, str)}
        return {**texts, "keras.paths": json.dumps(self._places)}

    def _described(self) -> list[Described]:
        names = {place: name for name, place in self._places.items()}
        arrays = {name: self._tree.arrays[place] for name, place in self._places.items()}
        return [
            Described(name, array.dtype, array.shape, tied_to=names[array.same_as] if array.same_as else None)
            for name, array in arrays.items()
        ]

    def read(self, name: str) -> NDArray[Any]:
        """A tensor: a new array."""
        return self._tree.read(self._places[name])

    def release(self, name: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """The file is closed."""
        self._tree.close()


def _places(tree: H5Tree, layers: Layers) -> dict[str, str]:
    """Places of arrays by names: paths of Keras, where they follow and are unique, else the places themselves."""
    wanted = _legacy_paths(tree) if OLD_ROOT in tree.groups else _paths(tree, layers)
    often = Counter(name for name in wanted.values() if name is not None)
    places: dict[str, str] = {}
    for place, name in wanted.items():
        places[name if name is not None and often[name] == 1 and name not in tree.arrays else place] = place
    return places


def _legacy_paths(tree: H5Tree) -> dict[str, str | None]:
    return {place: legacy_path(place, f"{OLD_ROOT}/") for place in tree.arrays}


def _paths(tree: H5Tree, layers: Layers) -> dict[str, str | None]:
    groups = [group.removesuffix("vars").rstrip("/") for group in tree.groups if f"/{group}".endswith("/vars")]
    found = {group: tree.text(f"{group}/vars".lstrip("/"), "name") for group in groups}
    names = {group: name for group, name in found.items() if name}
    counts = Counter(place.rpartition("/")[0] for place in tree.arrays)
    return {place: layers.path_of(place, names, counts[place.rpartition("/")[0]]) for place in tree.arrays}


def _losses(layers: Layers) -> list[str]:
    lost = [
        "the network: Keras describes it by classes to be run; the description is kept as a file, there is no graph"
    ]
    code = sorted(WITH_CODE & layers.classes)
    return lost + [f"the code of {name} layers, which is kept in the description and never run" for name in code]
