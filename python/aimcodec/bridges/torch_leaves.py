"""Checkpoints of PyTorch taken apart: tensors by dotted names, everything else as texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aimcodec.errors import LimitExceededError, MalformedError, UnsupportedError
from aimcodec.limits import Limits

__all__ = ["leaves_of"]

MAX_DEPTH = 64
MAX_NODES = 1 << 20
TEXT_BYTES = 64  # of a text that count as one more value
VERSIONS = "_metadata"  # attribute of state dicts: versions of modules


def leaves_of(content: Any, tensor_type: type, limits: Limits) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """What a checkpoint holds.

    Args:
        content: what was loaded: a tensor, or dicts and lists of tensors and plain values in any depth.
        tensor_type: the class of tensors.
        limits: of their number.

    Returns:
        Tensors by name; texts by name, of what is no text in JSON; names of what is neither, with its type.

    Raises:
        MalformedError: it is no dict, list or tensor; or it is endless.
        UnsupportedError: two names are the same when written with dots.
        LimitExceededError: more than the limits allow.
    """
    tensors: dict[str, Any] = {}
    texts: dict[str, str] = {}
    lost: list[str] = []
    for name, value in _walk(content, tensor_type):
        if len(name.encode("utf-8", "replace")) > limits.max_string_bytes:
            raise LimitExceededError(f"the name {name[:40]!r}... exceeds max_string_bytes {limits.max_string_bytes}")
        if name in tensors or name in texts:
            raise UnsupportedError(f"two values of a checkpoint have the name {name!r}, written with dots")
        if isinstance(value, tensor_type):
            tensors[name] = value
            continue
        text = _text(value)
        if text is None:
            lost.append(f"{name!r}, of type {type(value).__name__}")
        else:
            texts[name] = text
        if len(tensors) + len(texts) + len(lost) > limits.max_units:
            raise LimitExceededError(f"a checkpoint of more values than max_units {limits.max_units}")
    return tensors, texts, lost


def _walk(content: Any, tensor_type: type) -> Iterator[tuple[str, Any]]:
    """Names and values, in order; containers without tensors are values."""
    if isinstance(content, tensor_type):
        yield "tensor", content
        return
    if not isinstance(content, (Mapping, list, tuple)):
        raise MalformedError(f"a PyTorch file of a {type(content).__name__}: neither a checkpoint nor a tensor")
    finder = _Finder(tensor_type)
    pending: list[tuple[str, Any, int]] = [("", content, 0)]
    while pending:
        name, value, depth = pending.pop()
        if isinstance(value, tensor_type) or (name and not finder.has_tensors(value, depth)):
            yield name, value
        else:
            prefix = f"{name}." if name else ""
            pending.extend((prefix + key, part, depth + 1) for key, part in reversed(_parts(value)))


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Values inside a container, with what they are called there."""
    if not isinstance(value, Mapping):
        return [(str(number), part) for number, part in enumerate(value)]
    versions = getattr(value, VERSIONS, None)
    parts = [(str(key), part) for key, part in value.items()]
    return [*parts, (VERSIONS, versions)] if versions else parts


class _Finder:
    """Tells which containers have tensors inside; counts, as containers can hold each other over and over."""

    def __init__(self, tensor_type: type) -> None:
        self._tensor_type = tensor_type
        self._nodes = 0

    def has_tensors(self, value: Any, depth: int) -> bool:
        """Whether there is a tensor in it, at any depth."""
        pending = [(value, depth)]
        while pending:
            inner, level = pending.pop()
            self._nodes += 1 + (len(inner) // TEXT_BYTES if isinstance(inner, str) else 0)
            if level > MAX_DEPTH or self._nodes > MAX_NODES:
                raise LimitExceededError(f"a checkpoint more than {MAX_DEPTH} levels deep, or of {MAX_NODES} values")
            if isinstance(inner, self._tensor_type):
                return True
            if isinstance(inner, Mapping):
                pending.extend((part, level + 1) for part in inner.values())
            elif isinstance(inner, (list, tuple)):
                pending.extend((part, level + 1) for part in inner)
        return False


def _text(value: Any) -> str | None:
    """A value without tensors as text; None if JSON has nothing like it."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return None
