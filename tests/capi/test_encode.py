"""What the C interface encodes are the bytes of the Python package's native module."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimcodec import _core
from aimcodec.coding.lossless import Layout
from aimcodec.coding.lossless import encode as encode_segment

from .blocks import encode as c_encode
from .interface import checked, context, ffi, lib, struct
from .nnc import pointer
from .work import weights

LAYOUTS = [
    Layout(1, False),
    Layout(2, True),
    Layout(2, False),
    Layout(4, True),
    Layout(8, True),
    Layout(18, False, (2, 16)),
]


def samples(layout: Layout) -> list[np.ndarray[Any, Any]]:
    width = layout.record_bytes
    smooth = weights(90, 8 * width).astype(np.float16).reshape(-1).view(np.uint8)
    sparse = smooth.copy().reshape(-1, width)
    sparse[np.arange(len(sparse)) % 3 != 0] = 0
    return [smooth, sparse.reshape(-1), np.tile(np.arange(width, dtype=np.uint8), 70), smooth[:0]]


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_blocks(layout: Layout, threads: int, thorough: bool) -> None:
    with context(threads=threads) as handle:
        for data in samples(layout):
            kwargs = {"block_records": 200, "row_records": 64}
            ours = c_encode(handle, data, layout, thorough=thorough, **kwargs)
            mode: Any = "small" if thorough else "fast"
            theirs = encode_segment(data, layout, mode=mode, threads=1, **kwargs)
            assert ours.payload.tobytes() == theirs.payload.tobytes()
            assert ours.coded_sizes.tolist() == theirs.coded_sizes.tolist()
            assert ours.block_crcs.tolist() == theirs.block_crcs.tolist()


@given(
    data=st.data(),
    rows=st.integers(1, 40),
    width=st.integers(1, 12),
    scan_order=st.integers(0, 2),
    unary_length=st.integers(1, 20),
    codebook_size=st.sampled_from([0, 0, 1, 60]),
    dialect=st.integers(0, 2),
    with_reference=st.booleans(),
    choose=st.booleans(),
)
@settings(max_examples=200)
def test_codewords(
    data: st.DataObject,
    rows: int,
    width: int,
    scan_order: int,
    unary_length: int,
    codebook_size: int,
    dialect: int,
    with_reference: bool,
    choose: bool,
) -> None:
    edition2 = dialect == 2
    codebook_size = codebook_size if edition2 else 0
    low, high = (-(codebook_size // 2), codebook_size - 1 - codebook_size // 2) if codebook_size else (-99, 99)
    levels = np.array(
        data.draw(st.lists(st.integers(low, high), min_size=rows * width, max_size=rows * width)), np.int32
    )
    reference = np.roll(levels, 1) if edition2 and with_reference else None
    row_skip = edition2 and rows > 1 and width > 1 and codebook_size != 1 and data.draw(st.booleans())
    native = _core.Levels(
        levels,
        rows,
        width,
        qp_bits=8,
        scan_order=scan_order,
        unary_length=unary_length,
        dq=False,
        dialect=dialect,
        codebook_size=codebook_size,
        codebook_zero=codebook_size // 2,
        reference=reference,
    )
    expected_ids, expected_bits = native.search(row_skip=row_skip, history_flag=False, enabled=True)
    status, payload, tables = _core.encode_codeword([(native, -3, row_skip, False, expected_ids if choose else None)])
    assert status[0] == "ok"

    keep: list[Any] = []
    params = struct(
        "aimc_nnc_params",
        qp_bits=8,
        rows=rows,
        width=width,
        scan_order=scan_order,
        unary_length=unary_length,
        codebook_coded=codebook_size > 0,
        codebook_size=codebook_size,
        codebook_zero=codebook_size // 2,
        reference=pointer(keep, reference, "int32_t"),
        reference_size=0 if reference is None else reference.size,
    )
    tensor = struct(
        "aimc_nnc_input",
        params=params,
        levels=pointer(keep, levels, "int32_t"),
        level_count=levels.size,
        qp_delta=-3,
        row_skip=row_skip,
    )
    ids = ffi().new("uint8_t[]", lib().aimc_nnc_context_count(unary_length))
    bits = ffi().new("double*")
    encoded = struct("aimc_nnc_encoded")
    with context() as handle:
        checked(lib().aimc_nnc_choose_sets, handle, dialect, tensor, ids, len(ids), bits)
        assert bytes(ffi().buffer(ids)) == expected_ids.tobytes()
        assert bits[0] == expected_bits
        if choose:
            tensor.parameter_ids, tensor.parameter_id_count = ids, len(ids)
        checked(lib().aimc_nnc_encode, handle, dialect, tensor, 1, encoded)
        assert bytes(ffi().buffer(encoded.payload, encoded.payload_size)) == payload
        assert encoded.tensor_count == 1
        count = encoded.entry_counts[0]
        points = [(encoded.entry_shifts[i], encoded.entry_values[i], encoded.entry_states[i]) for i in range(count)]
        assert points == [tuple(row) for row in tables[0].tolist()]


def test_quantisation() -> None:
    x = weights(30, 40)
    step = np.float32(0.003)
    keep: list[Any] = []
    ours = np.zeros(x.shape, np.int32)
    theirs = np.zeros(x.shape, np.int32)
    with context() as handle:
        place = pointer(keep, ours, "int32_t")
        checked(lib().aimc_quantise_uniform, handle, pointer(keep, x, "float"), x.size, step, place)
        assert _core.quantise_uniform(x, step, theirs)[0] == "ok"
        assert (ours == theirs).all()
        assert (ours != 0).any()
        checked(lib().aimc_quantise_trellis, handle, pointer(keep, x, "float"), x.size, 30, 40, 1, step, place)
        assert _core.quantise_trellis(x, 30, 40, 1, step, theirs)[0] == "ok"
        assert (ours == theirs).all()
        codebook = np.arange(-300, 300, 2, dtype=np.int32)
        for entries in (np.zeros(0, np.int32), codebook):
            integers = (np.arange(64, dtype=np.int32) - 32).reshape(8, 8)
            values = integers.copy()
            zero = len(entries) // 2
            memory = ffi().cast("void*", values.ctypes.data)
            table = pointer(keep, entries, "int32_t")
            checked(lib().aimc_dequantise, handle, memory, 64, -13, 2, table, len(entries), zero)
            taken = entries[integers + zero] if len(entries) else integers
            # 11.1: density 2, QP -13: (4 + 3) * 2 ** (-4 - 2)
            assert values.view(np.float32).tolist() == (taken * (7 * 2.0**-6)).tolist()
