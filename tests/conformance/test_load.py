"""Loading the catalogue: cases, levels, stored values; and that a bad one is told."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aimcodec.conformance.case import Case, case_of
from aimcodec.conformance.catalogue import LEVELS, load_catalogue, streams_root
from aimcodec.conformance.store import render
from aimcodec.errors import AimcError, ArgumentError, MalformedError

CATALOGUE = load_catalogue()


def copy_of(tmp_path: Path, *ids: str) -> Path:
    """A suite of some cases."""
    lines = json.loads((CATALOGUE.root / "catalogue.json").read_text("utf-8"))["cases"]
    kept = [line for line in lines if line["id"] in ids]
    for line in kept:
        shutil.copytree(CATALOGUE.root / line["folder"], tmp_path / line["folder"])
    (tmp_path / "catalogue.json").write_text(json.dumps({"format": 2, "cases": kept}), "utf-8")
    return tmp_path


def test_the_suite_is_that_of_the_source_tree() -> None:
    assert streams_root() == Path(__file__).resolve().parents[2] / "conformance_streams"
    assert CATALOGUE.absent == ()
    assert CATALOGUE.digest == hashlib.sha256((streams_root() / "catalogue.json").read_bytes()).hexdigest()
    assert [case.id for case in CATALOGUE.cases] == sorted(CATALOGUE.by_id)


def test_levels_grow() -> None:
    smoke, core, full = ({case.id for case in CATALOGUE.level(name)} for name in LEVELS)
    assert smoke < core < full == set(CATALOGUE.by_id)
    assert len(smoke) <= 20
    assert len(core) <= 700
    assert {case.syntax for case in CATALOGUE.level("smoke")} == {"nnc", "aim"}
    assert {case.verdict for case in CATALOGUE.level("smoke")} == {"accept", "reject", "either"}


def test_core_has_every_area_and_class() -> None:
    def kinds(cases: tuple[Case, ...]) -> set[tuple[str, ...]]:
        return {(case.syntax, case.klass, case.area) for case in cases}

    assert kinds(CATALOGUE.level("core")) == kinds(CATALOGUE.cases)


def test_stored_values_have_the_expected_digests() -> None:
    checked = 0
    for case in CATALOGUE.cases:
        for step in case.steps if case.syntax == "nnc" and case.bytes < 20_000 else ():
            for tensor in step.expect.tensors:
                array = step.expected_array(tensor)
                if array is not None:
                    assert (array.dtype.name, array.shape) == (tensor.dtype, tensor.shape)
                    assert hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest() == tensor.sha256
                    checked += 1
    assert checked > 250


def test_sequences_have_their_base() -> None:
    case = CATALOGUE.by_id["update-hdsp"]
    assert case.options == ("hdsp",)
    assert len(case.steps) == 5
    assert {name: array.shape for name, array in case.base.items()}["w"] == (24, 20)
    assert CATALOGUE.by_id["dims-2x3"].base == {}


def test_facts_of_a_refused_case() -> None:
    case = CATALOGUE.by_id["invalid-golomb-prefix"]
    (step,) = case.steps
    assert (case.verdict, step.expect.known, step.expect.tensors) == ("reject", False, ())
    assert step.expect.bit_offset == 218
    assert len(step.data) == step.bytes


def test_large_cases_may_be_absent(tmp_path: Path) -> None:
    root = copy_of(tmp_path, "dims-2x3", "model-resnet56-cifar100-qp30-dq")
    shutil.rmtree(root / "valid/nnc/model")
    catalogue = load_catalogue(root)
    assert [case.id for case in catalogue.cases] == ["dims-2x3"]
    assert catalogue.absent == ("model-resnet56-cifar100-qp30-dq",)
    (root / "levels").mkdir()
    (root / "levels/core.txt").write_text("dims-2x3\nmodel-resnet56-cifar100-qp30-dq\n", "utf-8")
    assert [case.id for case in catalogue.level("core")] == ["dims-2x3"]


def remove_field(facts: dict[str, Any]) -> None:
    del facts["streams"][0]["sha256"]


def verdict_unknown(facts: dict[str, Any]) -> None:
    facts["verdict"] = "maybe"


def file_elsewhere(facts: dict[str, Any]) -> None:
    facts["streams"][0]["file"] = "../case.json"


def shape_of_text(facts: dict[str, Any]) -> None:
    facts["streams"][0]["expect"]["tensors"][0]["shape"] = ["2"]


def streams_no_list(facts: dict[str, Any]) -> None:
    facts["streams"] = {}


def expect_no_object(facts: dict[str, Any]) -> None:
    facts["streams"][0]["expect"] = []


def old_format(facts: dict[str, Any]) -> None:
    facts["format"] = 1


def bytes_of_truth(facts: dict[str, Any]) -> None:
    facts["streams"][0]["bytes"] = True


@pytest.mark.parametrize(
    "spoil",
    [
        remove_field,
        verdict_unknown,
        file_elsewhere,
        shape_of_text,
        streams_no_list,
        expect_no_object,
        old_format,
        bytes_of_truth,
    ],
)
def test_bad_cases_are_told(spoil: Callable[[dict[str, Any]], None]) -> None:
    case = CATALOGUE.by_id["dims-2x3"]
    facts = json.loads((case.folder / "case.json").read_text("utf-8"))
    assert case_of(facts, case.folder) == case
    spoil(facts)
    with pytest.raises(MalformedError):
        case_of(facts, case.folder)


def test_bad_catalogues_are_told(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="No such file"):
        load_catalogue(tmp_path)
    for text in ("", "[]", '{"format": 1, "cases": []}', '{"format": 2}', '{"format": 2, "cases": [{"id": 1}]}'):
        (tmp_path / "catalogue.json").write_text(text, "utf-8")
        with pytest.raises(MalformedError):
            load_catalogue(tmp_path)


def test_changed_cases_are_told(tmp_path: Path) -> None:
    root = copy_of(tmp_path, "dims-2x3")
    path = root / "valid/nnc/dims/dims-2x3/case.json"
    path.write_text(path.read_text("utf-8").replace("2x3", "3x2"), "utf-8")
    with pytest.raises(MalformedError, match="not the one in the catalogue"):
        load_catalogue(root)


def test_folders_outside_are_refused(tmp_path: Path) -> None:
    root = copy_of(tmp_path, "dims-2x3")
    path = root / "catalogue.json"
    for folder in ("../x", "/etc", 7):
        line = {"id": "x", "folder": folder, "sha256": ""}
        path.write_text(json.dumps({"format": 2, "cases": [line]}), "utf-8")
        with pytest.raises(AimcError):
            load_catalogue(root)


def test_levels_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError):
        CATALOGUE.level("all")
    root = copy_of(tmp_path, "dims-2x3")
    (root / "levels").mkdir()
    (root / "levels/smoke.txt").write_text("dims-3x2\n", "utf-8")
    with pytest.raises(MalformedError, match="dims-3x2"):
        load_catalogue(root).level("smoke")


def test_rendering_keeps_every_value() -> None:
    values: list[Any] = [[], {}, [1, [2, "[ \n]"]], {"a": {"b": [1.5, None, True]}, "ü": "x" * 200}, [{"a": 1}]]
    for value in values:
        assert json.loads(render(value)) == value
