"""The catalogue tells the truth about the files: nothing missing, nothing extra, nothing changed."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from .cases import ENTRIES, STREAMS, Case, case_parameters, fingerprint

CLASSES = ("valid", "uncommon", "invalid", "limits")
ALL = case_parameters(*CLASSES, all_fast=True) + case_parameters(*CLASSES, syntax="aim", all_fast=True)


def test_catalogue_lists_every_folder_once() -> None:
    on_disk = sorted(str(path.parent.relative_to(STREAMS)) for path in STREAMS.glob("**/case.json"))
    assert sorted(entry["folder"] for entry in ENTRIES) == on_disk
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES)


def test_the_catalogue_has_the_digest_of_every_case() -> None:
    for entry in ENTRIES:
        data = (STREAMS / entry["folder"] / "case.json").read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()


def test_every_class_has_cases() -> None:
    assert {entry["class"] for entry in ENTRIES} == set(CLASSES)


@pytest.mark.parametrize("case", ALL)
def test_entry_agrees_with_the_case(case: Case) -> None:
    entry = case.entry
    assert entry["folder"] == f"{entry['class']}/{entry['syntax']}/{entry['area']}/{entry['id']}"
    assert entry["id"] == case.description["id"]
    assert entry["title"] == case.description["title"]
    assert entry["verdict"] == case.description["verdict"]
    verdicts = {"invalid": "reject", "limits": "either"}
    skipped = entry["class"] == "invalid" and "structure" in entry["features"]  # by decoders that need not read it
    assert entry["verdict"] == ("either" if skipped else verdicts.get(entry["class"], "accept"))
    assert entry["streams"] == len(case.steps)
    assert entry["bytes"] == sum(step.description["bytes"] for step in case.steps)
    assert entry["tensors"] == sum(len(step.expect.get("tensors", [])) for step in case.steps)


@pytest.mark.parametrize("case", ALL)
def test_stream_files_are_the_catalogued_ones(case: Case) -> None:
    for step in case.steps:
        assert len(step.data) == step.description["bytes"]
        assert hashlib.sha256(step.data).hexdigest() == step.description["sha256"]


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", all_fast=True))
def test_expected_values_have_the_expected_digests(case: Case) -> None:
    tensors = [tensor for step in case.steps for tensor in step.expect["tensors"]]
    tensors += case.description.get("after_all_updates", {}).get("tensors", [])
    archive = case.arrays("expected.npz") if any("npz" in tensor for tensor in tensors) else {}
    for tensor in tensors:
        if "npz" in tensor:
            array = archive[tensor["npz"]]
            assert fingerprint(array) == (tensor["dtype"], tuple(tensor["shape"]), tensor["sha256"])
            if "sha256_as_float32" in tensor:
                assert fingerprint(array.astype(np.float32))[2] == tensor["sha256_as_float32"]
        if "values" in tensor:
            values = np.array(tensor["values"], dtype=tensor["dtype"]).reshape(tensor["shape"])
            assert fingerprint(values)[2] == tensor["sha256"]


@pytest.mark.parametrize("case", [p for p in ALL if "base" in p.values[0].description])
def test_base_tensors_have_the_expected_digests(case: Case) -> None:
    base = case.description["base"]
    arrays = case.arrays(base["file"])
    assert {name: fingerprint(array) for name, array in arrays.items()} == {
        name: (tensor["dtype"], tuple(tensor["shape"]), tensor["sha256"]) for name, tensor in base["tensors"].items()
    }
