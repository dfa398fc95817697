"""Tensors of two models of any formats, for aimc diff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aimcodec.bridges.model import Described, Model
from aimcodec.inspect.tensors import TensorDiff, diff_tensors
from aimcodec.inspect.text import Column, printable, table

__all__ = ["NamedDiff", "compare_models", "tensor_lines", "tensor_record"]

SHOWN_TENSORS = 50


@dataclass(frozen=True)
class NamedDiff:
    """A tensor of one model and that of the same name in the other.

    Attributes:
        name: of both.
        first: in the first model; None if only the second has it.
        second: in the second.
        diff: None where one is missing, or one alone is of a format of others.
    """

    name: str
    first: Described | None
    second: Described | None
    diff: TensorDiff | None

    @property
    def what(self) -> str:
        """The result in words."""
        if self.first is None or self.second is None:
            return "only in B" if self.first is None else "only in A"
        if self.diff is None:
            return "of other types"
        if not self.diff.same_shape:
            return "of other shapes"
        if self.diff.same_bytes:
            return "equal"
        return "of equal values" if self.diff.same_values else "different"

    @property
    def is_same(self) -> bool:
        """Whether no value differs."""
        return self.diff is not None and self.diff.same_values


def compare_models(first: Model, second: Model) -> list[NamedDiff]:
    """Tensors by name, in the order of the first model, then those of the second alone.

    Raises:
        AimcError: a tensor is damaged.
        OSError: it cannot be read.
    """
    theirs = {tensor.name: tensor for tensor in second.tensors}
    found = [_compare(first, second, tensor, theirs.pop(tensor.name, None)) for tensor in first.tensors]
    return found + [NamedDiff(name, None, tensor, None) for name, tensor in theirs.items()]


def _compare(first: Model, second: Model, a: Described, b: Described | None) -> NamedDiff:
    if b is None or (a.dtype is None) is not (b.dtype is None):
        return NamedDiff(a.name, a, b, None)
    if a.shape != b.shape:
        return NamedDiff(a.name, a, b, TensorDiff(same_bytes=False, same_values=False, same_shape=False))
    diff = diff_tensors(first.read(a.name), second.read(a.name))
    first.release(a.name)
    second.release(a.name)
    return NamedDiff(a.name, a, b, diff)


def tensor_record(found: NamedDiff) -> dict[str, Any]:
    """For JSON."""
    return {
        "name": found.name,
        "what": found.what,
        "a": _described(found.first),
        "b": _described(found.second),
        "diff": found.diff and asdict(found.diff),
    }


def _described(tensor: Described | None) -> dict[str, Any] | None:
    if tensor is None:
        return None
    return {"data_type": str(tensor.dtype) if tensor.dtype else "OPAQUE", "shape": list(tensor.shape)}


def tensor_lines(found: Sequence[NamedDiff], width: int) -> Iterator[str]:
    """Counts, then a line for each tensor that is not equal."""
    counts = Counter(tensor.what for tensor in found)
    yield "tensors: " + (", ".join(f"{count} {what}" for what, count in counts.items()) or "none")
    shown = [tensor for tensor in found if tensor.what != "equal"]
    if not shown:
        return
    yield ""
    columns = [
        Column("tensor", least=16),
        Column("what"),
        Column("in A", least=8),
        Column("in B", least=8),
        Column("changed", right=True),
        Column("max error", right=True),
        Column("first", least=6),
        Column("A", least=6),
        Column("B", least=6),
    ]
    yield from table(columns, [_row(tensor) for tensor in shown[:SHOWN_TENSORS]], width)
    if len(shown) > SHOWN_TENSORS:
        yield f"and {len(shown) - SHOWN_TENSORS} more tensors: --json has all"


def _row(found: NamedDiff) -> list[str]:
    diff = found.diff
    cells = [printable(found.name), found.what, _type(found.first), _type(found.second)]
    if diff is None or not diff.changed or found.first is None:
        return [*cells, "", "", "", "", ""]
    error = "not finite" if diff.max_error is None else f"{diff.max_error:.6g}"
    index = "[" + ", ".join(map(str, diff.first)) + "]"
    return [*cells, f"{diff.changed / found.first.elements:.4%}", error, index, *diff.values]


def _type(tensor: Described | None) -> str:
    if tensor is None:
        return "-"
    return f"{tensor.dtype or 'OPAQUE'} {' x '.join(map(str, tensor.shape))}".rstrip()
