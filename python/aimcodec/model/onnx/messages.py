"""Visiting every message inside an ONNX model, and what all of them have to be like."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from aimcodec.errors import LimitExceededError, MalformedError

__all__ = ["MAX_DEPTH", "all_messages", "check_messages"]

MAX_DEPTH = 100  # of messages inside messages that protobuf reads

# Values of tensors are not looked at: reading such a field copies it.
_OPAQUE = {"raw_data", "string_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data"}


@lru_cache(maxsize=256)
def _fields(descriptor: Any) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    """Fields of texts, and of messages: name, and whether there may be several."""
    fields = [field for field in descriptor.fields if field.name not in _OPAQUE]
    texts = tuple((field.name, field.is_repeated) for field in fields if field.type == field.TYPE_STRING)
    inner = tuple((field.name, field.is_repeated) for field in fields if field.message_type is not None)
    return texts, inner


def all_messages(root: Any) -> Iterator[Any]:
    """A message and all inside it.

    Raises:
        LimitExceededError: they are nested too deeply.
    """
    level = [root]
    for _ in range(MAX_DEPTH):
        yield from level
        level = [inner for message in level for inner in _inside(message)]
        if not level:
            return
    raise LimitExceededError(f"the ONNX model is nested beyond the {MAX_DEPTH} levels that protobuf reads")


def _inside(message: Any) -> Iterator[Any]:
    for name, repeated in _fields(message.DESCRIPTOR)[1]:
        if repeated:
            yield from getattr(message, name)
        elif message.HasField(name):
            yield getattr(message, name)


def check_messages(root: Any) -> None:
    """Texts are texts: protobuf gives bytes for those that are not UTF-8.

    Raises:
        MalformedError: one is not.
        LimitExceededError: messages are nested too deeply.
    """
    for message in all_messages(root):
        for name, repeated in _fields(message.DESCRIPTOR)[0]:
            value = getattr(message, name)
            if not (all(isinstance(one, str) for one in value) if repeated else isinstance(value, str)):
                raise MalformedError(f"a text of the ONNX model is not UTF-8: {name} of {message.DESCRIPTOR.name}")
