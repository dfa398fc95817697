"""The outputs of a decoder against what a case expects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aimcodec.conformance.case import Case, ExpectedTensor, Step
from aimcodec.conformance.distance import first_difference
from aimcodec.conformance.expected import OPAQUE, expected_memory, packed_bits
from aimcodec.conformance.outputs import Given, Outputs, UnusableError, read_outputs
from aimcodec.dtypes import from_name, packed_bytes
from aimcodec.errors import AimcError

__all__ = ["Mismatch", "mismatches"]

CONTENTS = (
    *("digest", "producer", "variants", "metadata", "contributors", "licenses"),
    *("assets", "structures", "evaluations", "protected"),
)
WIDE = "float64"  # what the values of a codebook are; a decoder may round them to float32, once


@dataclass(frozen=True)
class Mismatch:
    """One thing that is not as expected.

    Attributes:
        message: what.
        step: number of the stream.
        tensor: the tensor concerned, or None.
        figures: `index`, `expected`, `got`, `ulp`, `differing`, `elements` where two values differ.
    """

    message: str
    step: int
    tensor: str | None = None
    figures: dict[str, Any] | None = None


def mismatches(case: Case, outdir: Path) -> Iterator[Mismatch]:
    """Compares what is in a directory with a case, stream by stream, tensor by tensor in the order of the case."""
    several = len(case.steps) > 1
    for number, step in enumerate(case.steps):
        folder = outdir / str(number) if several else outdir
        try:
            outputs = read_outputs(folder)
        except UnusableError as error:
            yield Mismatch(str(error), number)
            continue
        yield from _of_step(case, number, step, outputs)


def _of_step(case: Case, number: int, step: Step, outputs: Outputs) -> Iterator[Mismatch]:
    expected = {(tensor.variant, tensor.name): tensor for tensor in step.expect.tensors}
    for key, tensor in expected.items():
        given = outputs.tensors.get(key)
        if given is None:
            yield Mismatch(f"tensor {tensor.name!r}{_variant(tensor.variant)} is missing", number, tensor.name)
            continue
        try:
            found = _of_tensor(case, number, tensor, given, outputs)
        except UnusableError as error:
            found = Mismatch(str(error), number, tensor.name)
        if found is not None:
            yield found
    protected = set(step.expect.package.get("protected", ()))
    for variant, name in sorted(outputs.tensors.keys() - expected.keys()):
        if name not in protected:
            yield Mismatch(f"tensor {name[:200]!r}{_variant(variant)} should not be there", number, name[:200])
    yield from _of_contents(number, step, outputs)


def _variant(variant: int) -> str:
    return f" of variant {variant}" if variant else ""


def _of_tensor(case: Case, number: int, tensor: ExpectedTensor, given: Given, outputs: Outputs) -> Mismatch | None:
    name = tensor.name
    dtype = _fitting_dtype(tensor, given)
    if dtype is None:
        return Mismatch(f"tensor {name!r} is {given.dtype[:40]}, not {tensor.dtype}", number, name)
    if given.shape != tensor.shape:
        return Mismatch(f"tensor {name!r} has shape {_shape(given.shape)}, not {_shape(tensor.shape)}", number, name)
    if given.alias_of is not None and given.alias_of != (tensor.alias_of or ""):
        return Mismatch(
            f"tensor {name!r} is an alias of {given.alias_of[:200]!r}, not {tensor.alias_of!r}", number, name
        )
    as_float32 = dtype != tensor.dtype
    digest = tensor.sha256_as_float32 if as_float32 else tensor.sha256
    size = _bytes_of(dtype, tensor.shape)
    bits = packed_bits(dtype)
    if outputs.digest(given, size, bits) == digest:
        return None
    if given.file is None:
        return Mismatch(f"tensor {name!r} has another digest", number, name)
    return _values(case, number, tensor, dtype, outputs.memory(given, size, bits))


def _values(case: Case, number: int, tensor: ExpectedTensor, dtype: str, got: bytes) -> Mismatch:
    expected = expected_memory(case, number, tensor, dtype != tensor.dtype)
    if expected is None:
        return Mismatch(f"tensor {tensor.name!r} has other values", number, tensor.name)
    if len(expected) != len(got):
        text = f"tensor {tensor.name!r} has {len(got)} bytes, not {len(expected)}"
        return Mismatch(text, number, tensor.name)
    try:
        difference = first_difference(expected, got, dtype, tensor.shape)
    except AimcError:  # a type that is not installed here
        difference = None
    if difference is None:
        return Mismatch(f"tensor {tensor.name!r} has other values", number, tensor.name)
    figures = {name: getattr(difference, name) for name in ("expected", "got", "ulp", "differing", "elements")}
    return Mismatch(
        f"tensor {tensor.name!r}, {difference}", number, tensor.name, {"index": list(difference.index), **figures}
    )


def _fitting_dtype(tensor: ExpectedTensor, given: Given) -> str | None:
    """The type to compare in, or None if it is another one."""
    if given.dtype == tensor.dtype:
        return tensor.dtype
    if tensor.dtype == WIDE and tensor.sha256_as_float32 is not None and given.dtype == "float32":
        return "float32"
    return tensor.dtype if given.dtype == "void" and tensor.dtype != OPAQUE else None


def _bytes_of(dtype: str, shape: tuple[int, ...]) -> int | None:
    if dtype == OPAQUE:
        return None
    elements = 1
    for size in shape:
        elements *= size
    return packed_bytes(from_name(dtype), elements)


def _shape(shape: tuple[int, ...]) -> str:
    text = " x ".join(map(str, shape[:32])) or "of a scalar"
    return text if len(shape) <= 32 else f"{text} ..."


def _of_contents(number: int, step: Step, outputs: Outputs) -> Iterator[Mismatch]:
    """What else is in a package, as far as the decoder tells it."""
    for name in CONTENTS:
        if name in outputs.contents and name in step.expect.package:
            got, expected = outputs.contents[name], step.expect.package[name]
            if got != expected and _summary(got) != expected:
                yield Mismatch(f"{name}: {str(got)[:200]} instead of {str(expected)[:200]}", number)


def _summary(value: Any) -> Any:
    """What cases have of a long list: its number of parts, and the digest of its JSON without spaces."""
    if not isinstance(value, list):
        return value
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return {"count": len(value), "sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()}
