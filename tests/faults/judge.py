"""Whether a decoder in this process does with a case what the case says."""

from __future__ import annotations

import hashlib
import importlib
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from aimcodec.conformance.case import Case, ExpectedTensor
from aimcodec.errors import AimcError

__all__ = ["first_failure"]

SECONDS = 20
Digests = dict[tuple[int, str], tuple[str, tuple[int, ...], str]]  # type, shape, SHA-256


class HangError(Exception):
    """The decoder does not come to an end."""


@contextmanager
def time_limit() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def first_failure(cases: Iterable[Case], reference: ModuleType) -> str | None:
    """Id of the first case that a decoder does not pass, and why."""
    for case in cases:
        reason = failure(case, reference)
        if reason:
            return f"{case.id}: {reason}"
    return None


def failure(case: Case, reference: ModuleType) -> str:
    """Why a case is not passed; empty if it is."""
    decode = decoder_of(case, reference)
    for number, step in enumerate(case.steps):
        last = number + 1 == len(case.steps)
        try:
            with time_limit():
                given = decode(step.data)
        except AimcError:
            locked = "protected" in step.expect.package  # the decoders here read whole files or none
            return "" if locked or (last and case.verdict != "accept") else "refused"
        except Exception as error:
            return f"crash: {type(error).__name__}"
        if last and case.verdict == "reject":
            return "accepted"
        if not fits(step.expect.tensors, given):
            return "wrong values"
    return ""


def decoder_of(case: Case, reference: ModuleType) -> Any:
    """From a stream to the digests of its tensors."""
    if case.syntax == "nnc":
        options = {"hdsp": "hdsp" in case.options, "local_scaling": "reconstruct_lsa" in case.options}
        decoder = reference.Decoder(**options)
        return lambda data: of_arrays(decoder.decode(data))
    aim = importlib.import_module(f"{reference.__name__}.aim")
    return lambda data: {
        key: (t.data_type.lower(), t.shape, sha256(t.memory)) for key, t in aim.read(data).tensors.items()
    }


def of_arrays(arrays: Mapping[str, np.ndarray[Any, Any]]) -> Digests:
    return {(0, name): (array.dtype.name, array.shape, sha256(array.tobytes())) for name, array in arrays.items()}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fits(expected: Iterable[ExpectedTensor], given: Digests) -> bool:
    """The slow decoder gives codebook tensors in binary32, and names BOOL as the text does."""
    wanted = {(t.variant, t.name): (kind_of(t), t.shape, t.sha256_as_float32 or t.sha256) for t in expected}
    return wanted == given


def kind_of(tensor: ExpectedTensor) -> str:
    return "float32" if tensor.sha256_as_float32 else tensor.dtype
