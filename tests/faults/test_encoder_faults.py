"""The checks of encoders tell every seeded fault by the models of `core`, and pass the encoder as it is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from aimcodec.conformance.checks.all_checks import check_encoded
from aimcodec.conformance.checks.result import Encoded
from aimcodec.conformance.claims import Claims
from aimcodec.conformance.models import InputModel, models
from aimcodec.errors import ArgumentError

from .decoder_faults import Fault
from .encoder_faults import ENCODER_FAULTS
from .faulty import faulty_reference

QP = -24  # a step of 2^-6 at density 2
CLAIMS = Claims(max_error_steps=0.5, max_error_steps_dq=1.0, deterministic=True)


@cache
def core_models() -> list[InputModel]:
    """Small ones first."""
    return sorted((recipe.model() for recipe in models("core", "nnc")), key=size)


def size(model: InputModel) -> int:
    return sum(array.size for array in model.tensors.values())


def failures(reference: ModuleType) -> Iterator[str]:
    """Models and checks that an encoder does not pass, with and without dependent quantization."""
    encode_model = importlib.import_module(f"{reference.__name__}.nnc_encoder.model").encode_model
    for model in core_models():
        for dq in (0, 1):
            yield from failed_checks(model, dq, encode_model)


def failed_checks(model: InputModel, dq: int, encode_model: object) -> Iterator[str]:
    tensors = {name: readable(array) for name, array in model.tensors.items()}
    try:
        data, recon = encode_model(tensors, QP, dq)  # type: ignore[operator]
    except ArgumentError as error:
        if "nnc" not in model.refusals:
            yield f"{model.id}: {error}"
        return
    except Exception as error:
        yield f"{model.id}: {type(error).__name__}"
        return
    for check in check_encoded(Encoded("nnc", model, data, recon, data, CLAIMS)):
        if check.result == "fail":
            yield f"{model.id}, dq {dq}: {check.name}: {check.findings[0].message}"


def readable(array: np.ndarray[object, np.dtype[np.generic]]) -> np.ndarray[object, np.dtype[np.generic]]:
    """As the front end of the encoder reads it from a file."""
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    return array.astype(np.uint8) if array.dtype == bool else array


def test_there_are_enough() -> None:
    assert len({fault.id for fault in ENCODER_FAULTS}) == len(ENCODER_FAULTS) >= 25


def test_encoder_without_fault_passes(tmp_path: Path) -> None:
    with faulty_reference(None, tmp_path) as reference:
        assert list(failures(reference)) == []


@pytest.mark.parametrize("fault", ENCODER_FAULTS, ids=lambda fault: fault.id)
def test_fault_is_caught(fault: Fault, tmp_path: Path) -> None:
    with faulty_reference(fault, tmp_path) as reference:
        assert next(failures(reference), None), fault.new
