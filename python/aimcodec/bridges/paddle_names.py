"""Names of the parameters of a PaddlePaddle model: sorted, they are in the order of the file of parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from aimcodec.bridges.protobuf import fields, integers
from aimcodec.errors import InconsistentError, LimitExceededError, MalformedError
from aimcodec.limits import Limits

__all__ = ["parameter_names"]

MAX_PROGRAM_BYTES = 256 << 20
DENSE_TENSOR = 7  # of the framework's VarType
PARAMETER = "p"  # what a PIR program calls the operator that makes one

Named: TypeAlias = tuple[str, list[Any]]  # a name and a shape


def parameter_names(path: Path, shapes: list[tuple[int, ...]], limits: Limits) -> tuple[list[str], str]:
    """Names for the parameters of a file, and the kind of file that they are from: ".json", ".pdmodel", or "" if there
    is none and they are numbered.

    Raises:
        AimcError: the program beside the file is damaged, or has parameters of other shapes.
        OSError: it cannot be read.
    """
    for suffix, reader in ((".json", _of_json), (".pdmodel", _of_message)):
        program = path.with_suffix(suffix)
        if program.is_file():
            known = sorted(reader(_content(program)), key=itemgetter(0))
            if [shape for _, shape in known] != [list(shape) for shape in shapes]:
                raise InconsistentError(f"the parameters in {suffix} are not of the shapes of those in the file")
            names = [name for name, _ in known]
            if len(set(names)) != len(names):
                raise InconsistentError(f"two parameters of one name in {suffix}")
            for name in names:
                _check_name(name, limits)
            return names, suffix
    return [f"parameter_{number}" for number in range(len(shapes))], ""


def _check_name(name: str, limits: Limits) -> None:
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise MalformedError(f"the name {name!r} has no UTF-8 form") from None
    if size > limits.max_string_bytes:
        raise LimitExceededError(f"a name of {size} bytes exceeds max_string_bytes {limits.max_string_bytes}")


def _content(program: Path) -> bytes:
    with program.open("rb") as file:
        data = file.read(MAX_PROGRAM_BYTES + 1)
    if len(data) > MAX_PROGRAM_BYTES:
        raise LimitExceededError(f"a program of more than {MAX_PROGRAM_BYTES} bytes")
    return data


def _of_json(data: bytes) -> list[Named]:
    """Of a PIR program: its operators "p" have the name last in "A", and the shape in the type of "O"."""
    try:
        pending = [json.loads(data)]
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"a program that is no JSON: {error or type(error).__name__}") from None
    names = []
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if value.get("#") == PARAMETER:
                names.append(_of_operator(value))
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return names


def _of_operator(value: dict[str, Any]) -> Named:
    match value:
        case {"A": [*_, str(name)], "O": {"TT": {"D": [_, list(shape), *_]}}}:
            return name, shape
    raise MalformedError("a parameter of a program has no name or no shape")


def _of_message(data: bytes) -> list[Named]:
    """Of an older program: persistable variables of its blocks that are dense tensors."""
    return [
        found
        for block in _messages(memoryview(data), 1)
        for variable in _messages(block, 3)
        for found in _persistent(variable)
    ]


def _messages(message: memoryview, number: int) -> Iterator[memoryview]:
    for field, value in fields(message):
        if field == number and isinstance(value, memoryview):
            yield value


def _persistent(variable: memoryview) -> Iterator[Named]:
    found = dict(fields(variable))
    name, kind = found.get(1), found.get(2)
    if found.get(3) != 1 or not isinstance(name, memoryview) or not isinstance(kind, memoryview):
        return
    if dict(fields(kind)).get(1) != DENSE_TENSOR:
        return
    shapes = [integers(tensor, 2) for sized in _messages(kind, 3) for tensor in _messages(sized, 1)]
    try:
        yield bytes(name).decode("utf-8"), shapes[0] if shapes else []
    except UnicodeDecodeError:
        raise MalformedError("a variable of a program whose name is no UTF-8") from None
