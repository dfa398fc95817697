"""Messages between the harness and the process that a library runs in: a record in JSON, then bytes of tensors."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np

from aimcodec.dtypes import from_name, unpack
from aimcodec.operators.attributes import tensor_of
from aimcodec.operators.compare.case import Case

__all__ = ["array_of", "case_of", "case_record", "receive", "send", "tensor_record"]

_LENGTHS = struct.Struct("<QQ")

Blobs = list[bytes]


def send(stream: IO[bytes], record: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Writes a message."""
    text = json.dumps({**record, "blobs": [len(blob) for blob in blobs]}).encode()
    stream.write(_LENGTHS.pack(len(text), sum(map(len, blobs))))
    stream.write(text)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], Blobs]:
    """Reads a message.

    Raises:
        EOFError: the other side is gone.
    """
    text_size, size = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    record: dict[str, Any] = json.loads(_exactly(stream, text_size))
    data = _exactly(stream, size)
    blobs, place = [], 0
    for length in record.pop("blobs"):
        blobs.append(data[place : place + length])
        place += length
    return record, blobs


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def tensor_record(value: Any, blobs: Blobs) -> dict[str, Any] | None:
    """An array, or None, for a record."""
    if value is None:
        return None
    tensor = tensor_of(value)
    if not isinstance(tensor.data, bytes):
        raise NotImplementedError("texts have no form in the C interface")
    blobs.append(tensor.data)
    return {"type": tensor.element_type, "shape": list(tensor.shape), "blob": len(blobs) - 1}


def array_of(record: Mapping[str, Any] | None, blobs: Blobs) -> np.ndarray[Any, Any] | None:
    """The array of a record."""
    if record is None:
        return None
    dtype = from_name(record["type"])
    data = np.frombuffer(blobs[record["blob"]], np.uint8)
    elements = int(np.prod(record["shape"], dtype=np.int64))
    values = unpack(data, dtype, elements) if dtype.is_packed else data.view(dtype.numpy)
    return np.reshape(values, record["shape"])


def case_record(case: Case, blobs: Blobs) -> dict[str, Any]:
    """Inputs and attributes of a case for a record."""
    attributes = {
        name: {"tensor": tensor_record(value, blobs)} if isinstance(value, np.ndarray) else {"value": value}
        for name, value in case.attributes.items()
    }
    return {"inputs": [tensor_record(value, blobs) for value in case.inputs], "attributes": attributes}


def case_of(record: Mapping[str, Any], blobs: Blobs) -> Case:
    """A case from a record."""
    attributes = {
        name: array_of(value["tensor"], blobs) if "tensor" in value else value["value"]
        for name, value in record["attributes"].items()
    }
    return Case("", [array_of(value, blobs) for value in record["inputs"]], attributes)
