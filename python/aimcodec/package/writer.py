"""Writing packages, front to back."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aimcodec._native import thread_count
from aimcodec.bits import Buffer, byte_view
from aimcodec.errors import ArgumentError
from aimcodec.model import MEDIA_TYPE, ModelStructure, encode_structure
from aimcodec.package.checks import check_text
from aimcodec.package.emit import Emitter
from aimcodec.package.encode import chunks, lossless_parts
from aimcodec.package.memory import Memory, OpaqueMemory, as_array
from aimcodec.package.opaque_fields import known_fields
from aimcodec.package.records import Contributor, Evaluation
from aimcodec.package.target import TargetLike, open_target
from aimcodec.syntax import Fields
from aimcodec.syntax.aim import Coding, UnitType
from aimcodec.syntax.aim.beside import is_asset_name
from aimcodec.syntax.aim.types import MAX_RANK, OPAQUE

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["DEFAULT_PRODUCER", "TensorCoding", "Writer"]

TensorCoding = Literal["lossless", "small", "raw"]
MODES: dict[str, Literal["fast", "small"]] = {"lossless": "fast", "small": "small"}

DEFAULT_PRODUCER = "aimcodec"
MAX_FIELD = 255  # bytes of a field of an opaque block, and fields of a block


class Writer:
    """Writes a package (.aim) front to back, tensor by tensor, in constant memory.

    With a path, the file appears at `close` (or the end of a `with` block) whole, or not at all. Anything else needs a
    `write` method only, so pipes will do.

    Args:
        target: a path, or an object with `write`.
        producer: the software that the file names as its origin.
        threads: threads for coding; as many as the process may use when None. The bytes do not depend on it.

    Every method raises ArgumentError for what the format cannot carry, before anything of it is written, and OSError
    when writing fails; the file is then given up.
    """

    def __init__(self, target: TargetLike, *, producer: str = DEFAULT_PRODUCER, threads: int | None = None) -> None:
        check_text(producer, "producer")
        self._threads = thread_count(threads)
        self._target = open_target(target)
        self._emitter = Emitter(self._target)
        self._variants: dict[str, int] = {"": 0}
        self._described: set[int] = set()
        self._seen: dict[str, set[Any]] = {"metadata key": set(), "asset": set(), "structure of variant": set()}
        self._open = True
        values = {"version_major": 1, "version_minor": 0, "producer": producer}
        self._guarded(self._emitter.structured, UnitType.PACKAGE, {"package_header": values})

    # Tensors.

    def add_tensor(self, name: str, array: Any, *, coding: TensorCoding = "lossless", variant: str = "") -> None:
        """A tensor.

        Args:
            name: not used before in the variant.
            array: numpy array of any layout and byte order, or what numpy takes for one; memmaps are read in pieces.
            coding: "lossless" is quick to read, "small" takes longer and less room, "raw" can be mapped in place.
            variant: name given to `add_variant`, or "".
        """
        memory = as_array(name, array)
        code = memory.dtype.code
        self._add(name, memory, memory.array.shape, {"data_type": code}, code, coding, variant)

    def add_opaque(
        self,
        name: str,
        data: Buffer,
        shape: Sequence[int],
        opaque_type: str,
        block_elements: int,
        block_bytes: int,
        *,
        fields: Sequence[int] = (),
        coding: TensorCoding = "lossless",
        variant: str = "",
    ) -> None:
        """A tensor in the block format of another system, for example of GGUF (4.1).

        Args:
            name: not used before in the variant.
            data: the blocks, contiguous.
            shape: dimensions in elements; the last is a multiple of `block_elements`.
            opaque_type: name of the format, for example "gguf:Q4_1".
            block_elements: elements of a block.
            block_bytes: bytes of a block.
            fields: bytes of the parts of a block (at most 255 of at most 255 bytes), for example scales and numbers,
                where coding them apart saves room; by default those of the format, if it is a known one of GGUF.
            coding: as in `add_tensor`.
            variant: name given to `add_variant`, or "".
        """
        check_text(opaque_type, "opaque_type")
        if not (1 <= block_elements < 1 << 32 and 1 <= block_bytes < 1 << 32):
            raise ArgumentError(f"tensor {name!r}: blocks of {block_elements} elements in {block_bytes} bytes")
        shape = tuple(int(dimension) for dimension in shape)
        if not shape or min(shape) < 0 or shape[-1] % block_elements:
            raise ArgumentError(f"tensor {name!r}: shape {shape} is no multiple of blocks of {block_elements} elements")
        memory = np.frombuffer(byte_view(data), np.uint8)
        expected = math.prod(shape) // block_elements * block_bytes
        if memory.size != expected:
            raise ArgumentError(f"tensor {name!r}: {memory.size} bytes, shape {shape} needs {expected}")
        described = {
            "data_type": OPAQUE,
            "opaque_type": opaque_type,
            "opaque_block_elements": block_elements,
            "opaque_block_bytes": block_bytes,
        }
        parts = _fields(name, fields or known_fields(opaque_type, block_bytes), block_bytes)
        opaque = OpaqueMemory(memory, block_elements, block_bytes, parts, shape[-1])
        self._add(name, opaque, shape, described, OPAQUE, coding if parts else "raw", variant)

    def add_alias(self, name: str, target: str, *, tied: bool = True, variant: str = "") -> None:
        """A further name for a tensor that was added before (4.4); `tied`: the two are one object in memory."""
        number = self._variant(variant)
        self._new_name(number, name)
        catalogue = self._emitter.catalogue
        entry = catalogue.numbers.get((number, target))
        if entry is None or catalogue.entries[entry].is_alias:
            raise ArgumentError(f"alias {name!r}: no tensor {target!r} was added before")
        header = {"variant_id": number, "alias_name": name, "target_name": target, "tied_flag": int(tied)}
        unit = self._emitter.count
        self._guarded(self._emitter.structured, UnitType.ALIAS, {"alias_header": header})
        meant = catalogue.entries[entry]
        catalogue.add_entry((number, name), meant.data_type, meant.shape, Coding.ALIAS, unit, target=entry)

    def add_nnc(
        self,
        stream: Buffer,
        *,
        variant: str = "",
        dtypes: Mapping[str, DTypeLike] | None = None,
        shapes: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        """An NNC stream (ISO/IEC 15938-17), its entropy-coded bytes unchanged (clause 9).

        Args:
            stream: a whole stream.
            variant: name given to `add_variant`, or "". A variant has one stream.
            dtypes: types that tensors are given back in, where not float32 (integers: int32).
            shapes: shapes that tensors are given back in, where not those of the stream; of as many elements.

        Raises:
            AimcError: the stream cannot be read.
        """
        number = self._variant(variant)
        from aimcodec.package.nnc_units import nnc_entries, split_stream  # what needs no NNC does not load it

        pieces = split_stream(stream)
        entries = nnc_entries(pieces, dtypes or {}, shapes or {})
        for name in (entry["tensor_name"] for tensors in entries for entry in tensors):
            self._new_name(number, name)
        for piece, tensors in zip(pieces, entries, strict=True):
            unit = self._emitter.count
            if not piece.is_data:
                fields: Fields = {"nnc_unit_header": {"variant_id": number}}
                self._guarded(self._emitter.coded, UnitType.NNC_UNIT, fields, piece.payload)
                continue
            header = {
                "variant_id": number,
                "nnr_header": piece.header,
                "tensor_count": len(tensors),
                "tensors": tensors,
            }
            self._guarded(self._emitter.coded, UnitType.NNC_DATA, {"nnc_data_header": header}, piece.payload)
            for entry in tensors:
                key = number, entry["tensor_name"]
                self._emitter.catalogue.add_entry(key, entry["data_type"], tuple(entry["dimension"]), Coding.NNC, unit)

    # Beside the tensors.

    def add_variant(self, name: str, description: str = "") -> None:
        """One more form of the parameters, before its first tensor; "" describes the one that is always there (3.2)."""
        check_text(name, "variant")
        check_text(description, "description")
        number = self._variants.get(name, len(self._variants))
        if number in self._described or (name and name in self._variants):
            raise ArgumentError(f"variant {name!r} was added before")
        header = {"variant_id": number, "variant_name": name, "description": description}
        self._guarded(self._emitter.structured, UnitType.VARIANT, {"variant_header": header})
        self._variants[name] = number
        self._described.add(number)

    def add_metadata(self, metadata: Mapping[str, str]) -> None:
        """Texts by key (3.3)."""
        entries = []
        for key, value in metadata.items():
            check_text(key, "metadata key")
            check_text(value, f"metadata value of {key!r}", most=(1 << 32) - 1)
            self._once("metadata key", key)
            entries.append({"key": key, "value": value})
        payload = {"entry_count": len(entries), "entries": entries}
        self._guarded(self._emitter.structured, UnitType.METADATA, {"metadata_payload": payload})

    def add_contributors(self, contributors: Iterable[Contributor]) -> None:
        """Who took part (3.4)."""
        records = []
        for person in contributors:
            record = {name: getattr(person, name) for name in ("name", "role", "organization", "contact")}
            for name, value in record.items():
                check_text(value, name)
            records.append(record)
        payload = {"contributor_count": len(records), "contributors": records}
        self._guarded(self._emitter.structured, UnitType.CONTRIBUTORS, {"contributors_payload": payload})

    def add_license(self, expression: str, text: str = "") -> None:
        """A licence: an SPDX expression, or "", and its text (3.5)."""
        check_text(expression, "license expression")
        check_text(text, "license text", most=(1 << 32) - 1)
        fields: Fields = {
            "license_header": {"license_expression": expression},
            "license_payload": {"license_text": text},
        }
        self._guarded(self._emitter.structured, UnitType.LICENSE, fields)

    def add_asset(self, name: str, data: Buffer, media_type: str = "") -> None:
        """A file that belongs to the model; `name` is a relative path with `/` (3.6)."""
        check_text(name, "asset name")
        check_text(media_type, "media type")
        if not is_asset_name(name):
            raise ArgumentError(f"asset name {name!r} is not a relative path")
        view = byte_view(data)
        self._once("asset", name)
        fields: Fields = {"asset_header": {"asset_name": name, "media_type": media_type}}
        self._guarded(self._emitter.pieces, UnitType.ASSET, fields, partial(_bytes_pieces, view))

    def set_structure(self, data: Buffer, media_type: str, *, variant: str = "") -> None:
        """The computational graph of a variant (3.7)."""
        check_text(media_type, "media type")
        number = self._variant(variant)
        view = byte_view(data)
        self._once("structure of variant", variant)
        fields: Fields = {"structure_header": {"variant_id": number, "media_type": media_type}}
        self._guarded(self._emitter.pieces, UnitType.STRUCTURE, fields, partial(_bytes_pieces, view))

    def set_model(self, structure: ModelStructure, *, variant: str = "") -> None:
        """The structure of the model of a variant (clause 14); its contributors go to their own unit."""
        data = encode_structure(structure)
        if structure.contributors:
            self.add_contributors(structure.contributors)
        self.set_structure(data, MEDIA_TYPE, variant=variant)

    def add_evaluations(self, evaluations: Iterable[Evaluation]) -> None:
        """Measured values (3.8)."""
        records = []
        for evaluation in evaluations:
            record: Fields = {"variant_id": self._variant(evaluation.variant)}
            for name in ("task", "dataset", "metric"):
                record[name] = getattr(evaluation, name)
                check_text(record[name], name)
            record["value_bits"] = int.from_bytes(struct.pack(">d", evaluation.value), "big")
            records.append(record)
        payload = {"evaluation_count": len(records), "evaluations": records}
        self._guarded(self._emitter.structured, UnitType.EVALUATION, {"evaluation_payload": payload})

    # The end.

    def close(self) -> None:
        """Write index and end; a file takes its place. A second call does nothing."""
        if not self._open:
            return
        self._guarded(self._emitter.finish)
        self._open = False
        self._emitter.close()
        self._target.commit()

    def abort(self) -> None:
        """Give up: a file vanishes, what a stream has got lacks its end."""
        if self._open:
            self._open = False
            self._emitter.close()
            self._target.abort()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def __del__(self) -> None:
        if getattr(self, "_open", False):
            self.abort()

    # What all of them need.

    def _guarded(self, step: Callable[..., None], *arguments: Any) -> None:
        """A step that writes; if it fails, the file is given up."""
        if not self._open:
            raise ArgumentError("the writer is closed")
        try:
            step(*arguments)
        except BaseException:
            self.abort()
            raise

    def _add(
        self,
        name: str,
        memory: Memory,
        shape: tuple[int, ...],
        described: Fields,
        data_type: int,
        coding: str,
        variant: str,
    ) -> None:
        number = self._variant(variant)
        self._new_name(number, name)
        if len(shape) > MAX_RANK:
            raise ArgumentError(f"tensor {name!r} has {len(shape)} dimensions, at most {MAX_RANK} can be stored")
        if coding not in ("raw", *MODES):
            raise ArgumentError(f"coding {coding!r} is not one of raw, {', '.join(MODES)}")
        unit = self._emitter.count
        header = {"variant_id": number, "tensor_name": name, **described, "rank": len(shape), "dimension": list(shape)}
        if coding == "raw":
            self._guarded(self._add_raw, header, memory)
        else:
            self._guarded(self._add_lossless, header, memory, MODES[coding])
        units = self._emitter.count - unit
        code = Coding.RAW if coding == "raw" else Coding.LOSSLESS
        self._emitter.catalogue.add_entry((number, name), data_type, shape, code, unit, units)

    def _add_raw(self, header: Fields, memory: Memory) -> None:
        segment = {"coding": Coding.RAW, "segment_start": 0, "segment_elements": memory.elements}
        fields = {"tensor_header": {**header, **segment}}
        self._emitter.pieces(UnitType.TENSOR, fields, partial(chunks, memory))

    def _add_lossless(self, header: Fields, memory: Memory, mode: Literal["fast", "small"]) -> None:
        for part in lossless_parts(memory, mode, self._threads):
            self._emitter.coded(UnitType.TENSOR, {"tensor_header": {**header, **part.fields}}, part.payload)

    def _variant(self, name: str) -> int:
        try:
            return self._variants[name]
        except (KeyError, TypeError):
            raise ArgumentError(f"variant {name!r} was not added before") from None

    def _new_name(self, variant: int, name: str) -> None:
        check_text(name, "tensor name")
        if (variant, name) in self._emitter.catalogue.numbers:
            raise ArgumentError(f"tensor {name!r} was added before")

    def _once(self, what: str, value: str) -> None:
        if value in self._seen[what]:
            raise ArgumentError(f"{what} {value!r} was added before")
        self._seen[what].add(value)


def _bytes_pieces(view: memoryview) -> Iterator[NDArray[np.uint8]]:
    yield np.frombuffer(view, np.uint8)


def _fields(name: str, fields: Sequence[int], block_bytes: int) -> tuple[int, ...]:
    """Fields of a block that cover it; none where no cut in fields can."""
    if fields:
        if sum(fields) != block_bytes or not all(1 <= size <= MAX_FIELD for size in fields) or len(fields) > MAX_FIELD:
            raise ArgumentError(f"tensor {name!r}: fields {tuple(fields)} do not make up blocks of {block_bytes} bytes")
        return tuple(fields)
    if block_bytes > MAX_FIELD * MAX_FIELD:
        return ()
    whole, rest = divmod(block_bytes, MAX_FIELD)
    return (MAX_FIELD,) * whole + ((rest,) if rest else ())
