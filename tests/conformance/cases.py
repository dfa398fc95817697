"""The conformance streams as test parameters: where they are, and what each case expects."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aimcodec.conformance.catalogue import streams_root
from aimcodec.errors import AimcError, ArgumentError, InternalError

STREAMS = streams_root()
ENTRIES: list[dict[str, Any]] = json.loads((STREAMS / "catalogue.json").read_text("utf-8"))["cases"]
CORE = set((STREAMS / "levels" / "core.txt").read_text("utf-8").split())
CATALOGUE = [entry for entry in ENTRIES if entry["syntax"] == "nnc"]

Fingerprint = tuple[str, tuple[int, ...], str]


@dataclass(frozen=True)
class Step:
    """One stream of a case and the tensors it decodes to."""

    file: Path
    description: dict[str, Any]

    @property
    def data(self) -> bytes:
        return self.file.read_bytes()

    @property
    def expect(self) -> dict[str, Any]:
        expect: dict[str, Any] = self.description["expect"]
        return expect

    @property
    def fingerprints(self) -> dict[str, Fingerprint]:
        return {tensor["name"]: expected_fingerprint(tensor) for tensor in self.expect["tensors"]}


@dataclass(frozen=True)
class Case:
    """One folder of the catalogue."""

    entry: dict[str, Any]

    @property
    def folder(self) -> Path:
        return STREAMS / self.entry["folder"]

    @cached_property
    def description(self) -> dict[str, Any]:
        return json.loads((self.folder / "case.json").read_text("utf-8"))

    @cached_property
    def steps(self) -> list[Step]:
        return [Step(self.folder / stream["file"], stream) for stream in self.description["streams"]]

    @property
    def hdsp(self) -> bool:
        """Whether the decoder keeps the history map of history-dependent significance."""
        return "hdsp" in self.description["options"]

    @property
    def local_scaling(self) -> bool:
        """Whether the decoder applies local scaling to the weights and drops the vectors."""
        return "reconstruct_lsa" in self.description["options"]

    def arrays(self, file: str) -> dict[str, np.ndarray[Any, Any]]:
        with np.load(self.folder / file, allow_pickle=False) as archive:
            return dict(archive)


def has_certain_place(case: Case) -> bool:
    """Whether the first bit of the violation of an invalid case is certain."""
    return case.steps[-1].expect["bit_offset"] is not None


def case_parameters(
    *classes: str, syntax: str = "nnc", slow_beyond: float = math.inf, all_fast: bool = False
) -> list[Any]:
    """Cases of a syntax and of the classes ("valid", "uncommon", "invalid", "limits").

    Those of more stream bytes than given are marked slow; those outside of level core too, unless all shall be fast.
    """
    return [
        pytest.param(
            Case(entry),
            id=entry["id"],
            marks=[] if entry["bytes"] <= slow_beyond and (all_fast or entry["id"] in CORE) else [pytest.mark.slow],
        )
        for entry in ENTRIES
        if entry["class"] in classes and entry["syntax"] == syntax
    ]


def fingerprint(array: np.ndarray[Any, Any]) -> Fingerprint:
    """What decoding must reproduce: type, shape, and the digest of the elements in C order, little endian."""
    little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return array.dtype.name, array.shape, hashlib.sha256(little_endian.tobytes()).hexdigest()


def expected_fingerprint(tensor: dict[str, Any]) -> Fingerprint:
    """Codebook tensors, binary64 for the producer of the streams, come out of this package in binary32."""
    if "sha256_as_float32" in tensor:
        return "float32", tuple(tensor["shape"]), tensor["sha256_as_float32"]
    return tensor["dtype"], tuple(tensor["shape"]), tensor["sha256"]


def assert_decoded(tensors: Mapping[str, np.ndarray[Any, Any]], step: Step) -> None:
    assert {name: fingerprint(array) for name, array in tensors.items()} == step.fingerprints
    assert list(tensors) == list(step.fingerprints), "order of the tensors"


def assert_refused(error: AimcError, step: Step) -> None:
    """A refusal of the input, at the place of the violation wherever the case is certain about it."""
    assert not isinstance(error, InternalError | ArgumentError)
    offset, element = step.expect["bit_offset"], step.expect["element"]
    if offset is not None:
        assert error.bit_offset == offset
    if element is not None:
        last = error.path.rpartition(".")[2]
        assert element in {last, last.partition("[")[0]}
