"""safetensors models of several files: an index in JSON (`*.safetensors.index.json`) and the shards beside it.

The index names the shard of each tensor (`weight_map`) and the bytes of all (`metadata.total_size`). Shards are regular
files of the same folder and nothing else, as an index of others may name what it likes: no path, no link that leads
away (`beneath`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.beneath import Beneath
from aimcodec.bridges.model import Described, TensorsOnly
from aimcodec.bridges.safetensors import SafetensorsFile, check_tensors, write_safetensors
from aimcodec.errors import InconsistentError, LimitExceededError, MalformedError
from aimcodec.files import replacing
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["INDEX_SUFFIX", "SafetensorsShards", "write_shards"]

INDEX_SUFFIX = ".safetensors.index.json"
SHARD_SUFFIX = ".safetensors"
MAX_INDEX_BYTES = 100_000_000
MAX_SHARDS = 10_000
TOTAL = "total_size"


class SafetensorsShards(TensorsOnly):
    """A safetensors model of several files, found by its index.

    Attributes:
        metadata: texts of the index, and those of the shards.
        tensors: shard by shard, in the order of their names.
        losses: keys of texts that shards disagree about.

    Raises:
        AimcError: the index or a shard breaks a rule, or they contradict each other.
        OSError: a file cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        places, texts, total = _read_index(Path(path))
        if len(places) > limits.max_units:
            raise LimitExceededError(f"{len(places)} tensors exceed max_units {limits.max_units}")
        names = sorted(set(places.values()))
        if len(names) > MAX_SHARDS:
            raise LimitExceededError(f"an index of {len(names)} shards, at most {MAX_SHARDS} are read")
        beneath = Beneath(path)
        try:
            self._shards = {name: _open(name, beneath) for name in names}
        finally:
            beneath.close()
        self._places = places
        _check_places(places, self._shards)
        self.tensors = [tensor for shard in self._shards.values() for tensor in shard.tensors]
        size = sum(tensor.nbytes for tensor in self.tensors)
        if total is not None and total != size:
            raise InconsistentError(f"the index says {total} bytes of tensors, the shards have {size}")
        self.metadata, self.losses = _merged(texts, [shard.metadata for shard in self._shards.values()])

    def read(self, name: str) -> NDArray[Any]:
        """A tensor, as `SafetensorsFile.read` gives it."""
        return self._shards[self._places[name]].read(name)

    def release(self, name: str) -> None:
        """Its pages no longer count as memory of this process."""
        self._shards[self._places[name]].release(name)

    def close(self) -> None:
        """Views of tensors stay readable."""
        for shard in self._shards.values():
            shard.close()


def _read_index(path: Path) -> tuple[dict[str, str], dict[str, str], int | None]:
    """Shards by tensor, texts, and bytes of all tensors if it says so."""
    with path.open("rb") as file:
        data = file.read(MAX_INDEX_BYTES + 1)
    if len(data) > MAX_INDEX_BYTES:
        raise LimitExceededError(f"an index of more than {MAX_INDEX_BYTES} bytes")
    try:
        index = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not an index of safetensors files: {error or type(error).__name__}") from None
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict):
        raise MalformedError("not an index of safetensors files: it has no weight_map")
    for name, shard in places.items():
        _check_shard(name, shard)
    texts = index.get("metadata", {})
    if not isinstance(texts, dict):
        raise MalformedError("the metadata of an index are no JSON object")
    total = texts.pop(TOTAL, None)
    if total is not None and (type(total) is not int or total < 0):
        raise MalformedError(f"{TOTAL} of an index is no number of bytes: {str(total)[:80]}")
    shown = {
        key: text if isinstance(text, str) else json.dumps(text, ensure_ascii=False) for key, text in texts.items()
    }
    return places, shown, total


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedError("an index has a name for the second time")
    return result


def _check_shard(tensor: str, shard: Any) -> None:
    """A plain name of a file of the folder; nothing that any system takes for more."""
    if not isinstance(shard, str) or set(shard) & set("/\\:\0") or not shard.endswith(SHARD_SUFFIX):
        raise MalformedError(f"the index has tensor {tensor!r} in {shard!r}, which is no *{SHARD_SUFFIX} of its folder")
    if not shard.isprintable():
        raise MalformedError(f"the index names a shard {shard!r}")


def _open(name: str, beneath: Beneath) -> SafetensorsFile:
    try:
        return SafetensorsFile(name, opener=lambda name, _: beneath.open([name]))
    except FileNotFoundError:
        raise InconsistentError(f"the index names the shard {name!r}, which is not there") from None


def _check_places(places: Mapping[str, str], shards: Mapping[str, SafetensorsFile]) -> None:
    """Index and shards agree about which tensors there are."""
    found = {(tensor.name, shard) for shard, file in shards.items() for tensor in file.tensors}
    said = set(places.items())
    for name, shard in sorted(found - said)[:1]:
        raise InconsistentError(f"shard {shard!r} has tensor {name!r}, which the index does not have there")
    for name, shard in sorted(said - found)[:1]:
        raise InconsistentError(f"the index has tensor {name!r} in shard {shard!r}, which does not have it")


def _merged(index: dict[str, str], shards: Sequence[Mapping[str, str]]) -> tuple[dict[str, str], list[str]]:
    """Texts of all, and a line for each key with several texts, of which the first is taken."""
    merged = dict(index)
    lost = {}
    for texts in shards:
        for key, text in texts.items():
            if merged.setdefault(key, text) != text:
                lost[key] = f"other texts of metadata {key!r} in some shards"
    return merged, list(lost.values())


def write_shards(
    index: Path,
    tensors: Sequence[Described],
    metadata: Mapping[str, str],
    read: Callable[[str], NDArray[Any]],
    shard_bytes: int,
) -> None:
    """Write shards and then their index, asking for one tensor after the other.

    The shards of `model.safetensors.index.json` are `model-00001-of-00002.safetensors` and so on, as others name them.
    None of the files is there before all shards are whole; the index comes last.

    Args:
        index: where to.
        tensors: what to write, in this order.
        metadata: texts by key; each shard has them, and the index.
        read: gives the array of a tensor.
        shard_bytes: of the tensors of a shard; a larger tensor has one of its own.

    Raises:
        UnsupportedError: a tensor whose name or type the format cannot carry; nothing is written then.
        AimcError, OSError: those of `read` and of writing.
    """
    check_tensors(tensors)
    stem = index.name[: -len(INDEX_SUFFIX)]
    parts = _cut(tensors, shard_bytes)
    places: dict[str, str] = {}
    with ExitStack() as whole:
        for number, part in enumerate(parts, 1):
            name = f"{stem}-{number:05}-of-{len(parts):05}{SHARD_SUFFIX}"
            places |= {tensor.name: name for tensor in part}
            target = whole.enter_context(replacing(index.with_name(name)))
            with target.open("wb") as file:
                write_safetensors(file, part, metadata, read)
    content = {"metadata": {**metadata, TOTAL: sum(tensor.nbytes for tensor in tensors)}, "weight_map": places}
    with replacing(index) as target:
        target.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _cut(tensors: Sequence[Described], shard_bytes: int) -> list[list[Described]]:
    parts: list[list[Described]] = [[]]
    size = 0
    for tensor in tensors:
        size += tensor.nbytes
        if parts[-1] and size > shard_bytes:
            parts.append([])
            size = tensor.nbytes
        parts[-1].append(tensor)
    return parts
