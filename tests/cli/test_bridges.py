"""safetensors files beside the library of the format, on tensors nobody chose."""

from __future__ import annotations

import io
import json
import string
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aimcodec.bridges.model import Described
from aimcodec.bridges.safetensors import SafetensorsFile, write_safetensors
from aimcodec.dtypes import dtype_of

KINDS = ["?", "u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8"]
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda name: name != "__metadata__")
tensors = st.dictionaries(
    names,
    st.sampled_from(KINDS).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    ),
    max_size=5,
)
metadata = st.dictionaries(
    st.text(string.printable, max_size=5), st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
)


def described(values: dict[str, Any]) -> list[Described]:
    return [Described(name, dtype_of(array.dtype), array.shape) for name, array in values.items()]


def as_plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: (array.dtype.str, array.shape, array.tobytes()) for name, array in values.items()}


@given(tensors, metadata)
def test_the_library_reads_what_is_written(values: dict[str, Any], texts: dict[str, str]) -> None:
    file = io.BytesIO()
    write_safetensors(file, described(values), texts, values.__getitem__)
    data = file.getvalue()
    assert as_plain(safetensors.numpy.load(data)) == as_plain(values)
    size = int.from_bytes(data[:8], "little")
    assert size % 8 == 0
    assert json.loads(data[8 : 8 + size]).get("__metadata__", {}) == texts


@given(tensors, metadata)
def test_what_the_library_writes_is_read_and_written_the_same(
    tmp_path_factory: Any, values: dict[str, Any], texts: dict[str, str]
) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "library.safetensors"
    data = safetensors.numpy.save(values, metadata=texts or None)
    file.write_bytes(data)
    model = SafetensorsFile(file)
    read = {tensor.name: model.read(tensor.name) for tensor in model.tensors}
    assert as_plain(read) == as_plain(values)
    assert model.metadata == texts
    back = io.BytesIO()
    write_safetensors(back, model.tensors, model.metadata, model.read)
    if len(texts) < 2:  # the library has no order of texts
        assert back.getvalue() == data


@given(arrays.arrays("<f4", arrays.array_shapes(max_dims=3, max_side=5)), st.permutations(range(3)))
def test_any_layout_is_written_in_rows(array: Any, order: list[int]) -> None:
    turned = array.transpose([axis for axis in order if axis < array.ndim])
    for layout in (turned, turned[::-1], turned.astype(">f4")):
        file = io.BytesIO()
        write_safetensors(file, described({"w": layout}), {}, lambda _, layout=layout: layout)
        assert np.array_equal(safetensors.numpy.load(file.getvalue())["w"], layout, equal_nan=True)
