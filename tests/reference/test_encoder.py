"""The slow encoder: what it writes is what two decoders read, and the bytes that the native encoder writes."""

# ruff: noqa: N803, N806 (names are those of the text)
from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aimcodec import _core
from aimcodec.coding.nnc.data_unit import DIALECT_EDITION1, DIALECT_EDITION1_REM32, DIALECT_EDITION2
from aimcodec.errors import ArgumentError
from aimcodec.nnc import Decoder
from aimcodec.reference import CodedTensor, Codeword, decode_payload
from aimcodec.reference import Decoder as SlowDecoder
from aimcodec.reference.contexts import ContextModel
from aimcodec.reference.nnc_encoder import (
    AnyUnit,
    DataUnit,
    ModelParameterSet,
    ParentNode,
    StartUnit,
    StreamEncoder,
    TensorChoices,
    TopologyUnit,
    codebook,
    encode_payload,
    encode_stream,
)
from aimcodec.reference.nnc_encoder.arithmetic import ArithmeticEncoder
from aimcodec.reference.nnc_encoder.bit_writer import BitWriter

from .coder import ArithmeticEncoder as SimplestEncoder

MAGNITUDES = (1, 1, 2, 3, 12, 40, 5000, (1 << 30) - 1)
FRAME: list[AnyUnit] = [StartUnit(), ModelParameterSet(), TopologyUnit()]
DIALECTS = {(1, False): DIALECT_EDITION2, (0, False): DIALECT_EDITION1, (0, True): DIALECT_EDITION1_REM32}
examples = settings(max_examples=250)

Chosen = tuple[Codeword, TensorChoices]


@st.composite
def choices(draw: st.DrawFn) -> Chosen:
    """One tensor, coded with any tools."""
    shape = tuple(draw(st.lists(st.integers(1, 12), min_size=1, max_size=3)))
    if draw(st.booleans()):
        shape = (draw(st.integers(17, 40)), *shape[1:])
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    codeword = draw(codewords(len(shape)))
    book = draw(st.none() | st.tuples(st.integers(1, 40), st.integers(0, 39))) if codeword.has_qp else None
    cbSize, cbZero = (book[0], book[1] % book[0]) if book else (0, 0)
    has_header = codeword.general_profile_idc == 1 and math.prod(shape) > shape[0] > 1 and cbSize != 1
    parent = bool(codeword.parent_node_id_present_flag)
    tensor = TensorChoices(
        draw(level_arrays(shape, rng, cbSize, cbZero)),
        draw(st.integers(-(32 << codeword.qp_density), (32 << codeword.qp_density) - 1)) if codeword.has_qp else 0,
        dict(enumerate(rng.integers(0, 9, 140).tolist())) if draw(st.booleans()) else {},
        None,
        int(parent and has_header and draw(st.booleans())),
        cbSize,
        cbZero,
        rng.integers(-3, 4, shape).astype(np.int32) if parent and draw(st.booleans()) else None,
        rng.integers(0, 2, shape).astype(np.uint8) if parent else None,
    )
    if has_header and draw(st.booleans()):
        row_skip_list = rng.integers(0, 2, shape[0])
        tensor.levels[row_skip_list == 1] = 0
        tensor = replace(tensor, row_skip_list=row_skip_list.tolist())
    return codeword, tensor


@st.composite
def codewords(draw: st.DrawFn, rank: int) -> Codeword:
    """What headers may say about a tensor."""
    edition2 = draw(st.booleans())
    has_qp = draw(st.booleans())
    return Codeword(
        general_profile_idc=int(edition2),
        has_qp=has_qp,
        qp_density=draw(st.integers(0, 7)),
        dq_flag=draw(st.integers(0, 1)) if has_qp else 0,
        cabac_unary_length_minus1=draw(st.sampled_from((0, 1, 9, 30))),
        scan_order=draw(st.integers(0, 2)) if rank > 1 else 0,
        parent_node_id_present_flag=int(draw(st.booleans()) and edition2),
        nncodec1=not edition2 and draw(st.booleans()),
    )


@st.composite
def level_arrays(
    draw: st.DrawFn, shape: tuple[int, ...], rng: np.random.Generator, cbSize: int, cbZero: int
) -> NDArray[np.int64]:
    """Levels of very different sizes, within a codebook where there is one."""
    magnitude = draw(st.sampled_from(MAGNITUDES))
    low, high = (-cbZero, cbSize - 1 - cbZero) if cbSize else (-magnitude, magnitude)
    levels = rng.integers(max(low, -magnitude), min(high, magnitude), shape, endpoint=True)
    levels[rng.random(shape) < draw(st.sampled_from((0.0, 0.5, 0.9)))] = 0
    return levels


def decode_slowly(codeword: Codeword, tensor: TensorChoices, payload: bytes) -> tuple[Any, list[Any]]:
    bins: list[Any] = []
    coded = CodedTensor(tensor.levels.shape, tensor.cbSize, tensor.cbZero, tensor.ref, tensor.history)
    return decode_payload(payload, codeword, [coded], trace=bins.append)[0], bins


def encode_natively(codeword: Codeword, tensor: TensorChoices, integers: NDArray[np.int64]) -> tuple[bytes, Any]:
    shape = tensor.levels.shape
    edition1 = codeword.general_profile_idc == 0
    levels = _core.Levels(
        integers.astype(np.int32),
        shape[0],
        math.prod(shape) // shape[0],
        qp_bits=6 + codeword.qp_density if codeword.has_qp else 0,
        scan_order=codeword.scan_order,
        unary_length=codeword.cabac_unary_length_minus1 + 1,
        dq=bool(codeword.dq_flag),
        dialect=DIALECTS[codeword.general_profile_idc, codeword.nncodec1],
        parent=bool(codeword.parent_node_id_present_flag),
        codebook_size=0 if edition1 else tensor.cbSize,
        codebook_zero=0 if edition1 else tensor.cbZero,
        reference=tensor.ref,
        history=tensor.history if tensor.hist_dep_sig_prob_enabled_flag else None,
    )
    count = 48 + 5 + 4 * (codeword.cabac_unary_length_minus1 + 1) + 32 + 5
    ids = np.array([tensor.parameter_set_ids.get(c, 0) for c in range(count)], np.uint8)
    flags = tensor.row_skip_list is not None, bool(tensor.hist_dep_sig_prob_enabled_flag)
    status, payload, entry_points = _core.encode_codeword([(levels, tensor.qp_delta, *flags, ids)])
    assert status[0] == "ok"
    return payload, entry_points[0]


@examples
@given(choices())
def test_slow_decoder_reads_the_levels(chosen: Chosen) -> None:
    codeword, tensor = chosen
    encoded = encode_payload(codeword, [tensor])
    decoded, bins = decode_slowly(codeword, tensor, encoded.data)
    np.testing.assert_array_equal(decoded.integers, encoded.integers[0])
    if not codeword.dq_flag:
        np.testing.assert_array_equal(decoded.integers, tensor.levels)
    assert (tensor.qp_delta if codeword.has_qp else None) == decoded.QP
    assert (encoded.bins, encoded.P) == (len(bins), bins[-1].P)
    assert len(encoded.data) == 2 + encoded.P // 8  # section 9.4


@examples
@given(choices())
def test_native_encoder_writes_the_same_bytes(chosen: Chosen) -> None:
    codeword, tensor = chosen
    if tensor.row_skip_list is not None:  # the native encoder skips exactly the rows that are 0
        rows = tensor.levels.reshape(len(tensor.row_skip_list), -1).any(axis=1)
        tensor = replace(tensor, row_skip_list=[int(not coded) for coded in rows])
    encoded = encode_payload(codeword, [tensor])
    payload, entry_points = encode_natively(codeword, tensor, encoded.integers[0])
    assert payload == encoded.data
    points = encoded.entry_points[0]
    assert [(p.value, p.dq_state) for p in points] == [(value, state) for _, value, state in entry_points.tolist()]
    np.testing.assert_array_equal(np.cumsum([p.offset for p in points]), entry_points[:, 0])


# Section 9.3: carries.


@settings(max_examples=300)
@given(st.lists(st.integers(0, 5), max_size=400), st.integers(0, 8))
def test_register_gives_the_bytes_of_arithmetic_without_bound(symbols: list[int], id: int) -> None:
    """The carry scheme of section 9.3 against a low of any length; 4 and 5 are bypass bins."""
    register, simplest = ArithmeticEncoder(), SimplestEncoder()
    models = [[ContextModel(0), ContextModel(1)] for _ in range(2)]
    for pair in models:
        pair[1].init(id)
    for symbol in symbols:
        if symbol >= 4:
            register.uae(1, symbol - 4)
            simplest.bypass(symbol - 4)
        else:
            register.ae(models[0][symbol >> 1], symbol & 1)
            simplest.ae(models[1][symbol >> 1], symbol & 1)
    assert register.finish() == simplest.finish()


def test_carries_run_through_bytes_of_ones() -> None:
    """Bypass bins at R = 510 make low 510 times their number: the first that reaches a power of two carries."""
    runs = set()
    for n in range(2, 48):
        register, simplest = ArithmeticEncoder(), SimplestEncoder()
        number = -(-(1 << (n + 8)) // 510)
        register.uae(n, number)
        for shift in range(n - 1, -1, -1):
            simplest.bypass(number >> shift & 1)
        assert register.finish() == simplest.finish()
        runs.update(register.carries)
    assert runs == {0, 1, 2, 3, 4}


# Whole streams.


def decode_both(data: bytes) -> dict[str, NDArray[Any]]:
    """What the native decoder gives, if the slow one gives the same."""
    slow, native = SlowDecoder().decode(data), Decoder().decode(data)
    assert list(slow) == list(native)
    for name, values in slow.items():
        np.testing.assert_array_equal(native[name], values, strict=True)
    return native


def test_block_of_every_vector() -> None:
    """Section 4.6: payload order differs from the order of the names."""
    names = ("w", "ls", "beta", "gamma", "mean", "variance", "bias")
    vectors = [TensorChoices(np.full(3, value)) for value in (1, 6, 2, 3, 4, 5)]
    weight = TensorChoices(np.array([[7, -8], [9, 0], [0, 0]]), row_skip_list=(0, 0, 1))
    unit = DataUnit(3, names, (3, 2), (*vectors, weight), compressed_parameter_types=2 | 4 | 8)
    decoded = decode_both(encode_stream([*FRAME, unit]))
    assert list(decoded) == ["ls", "bias", "beta", "gamma", "mean", "variance", "w"]
    assert [values.flat[0] for values in decoded.values()] == [1, 6, 2, 3, 4, 5, 7]


@pytest.mark.parametrize("egk", range(16))
@pytest.mark.parametrize("zero", [0, 1, 4])
def test_codebook_entries(egk: int, zero: int) -> None:
    """Section 4.3 with every order of its codes, at QP 0: steps of 1."""
    entries = (-70000, -3, -2, 0, 65536)
    tensor = TensorChoices(np.arange(5) - zero)
    data = encode_stream([*FRAME, DataUnit(1, ("w",), (5,), (tensor,), codebook=codebook(entries, zero, egk))])
    assert decode_both(data)["w"].tolist() == list(entries)


def test_updates_refer_to_the_integers_before() -> None:
    """Section 12: temporal contexts and history over three streams."""
    rng = np.random.default_rng(5)
    frame: list[AnyUnit] = [StartUnit(), ModelParameterSet(mps_parent_signalling_enabled_flag=1)]
    slow, native = SlowDecoder(hdsp=True), Decoder()
    ref, history = None, None
    for depth in range(1, 4):
        tensor = TensorChoices(
            rng.integers(-2, 3, (4, 5)), -8, hist_dep_sig_prob_enabled_flag=int(depth > 1), ref=ref, history=history
        )
        parent = ParentNode(temporal_context_modeling_flag=int(depth > 1))
        unit = DataUnit(1, ("w",), (4, 5), (tensor,), node_id=(0, 3, depth), parent=parent, dq_flag=1)
        encoder = encoder_of([*frame, unit])
        w = encoder.codewords[0].integers[0].astype(np.float32)
        np.testing.assert_array_equal(slow.decode(bytes(encoder.data))["w"], w * np.float32(0.25), strict=True)
        np.testing.assert_array_equal(native.decode(bytes(encoder.data))["w"], w * np.float32(0.25), strict=True)
        ref = w.astype(np.int32)
        history = (w != 0).astype(np.uint8) | (0 if history is None else history)


def encoder_of(units: list[AnyUnit]) -> StreamEncoder:
    encoder = StreamEncoder()
    for unit in units:
        encoder.add(unit)
    return encoder


# What has no code is refused.


@pytest.mark.parametrize(
    "tensor",
    [
        TensorChoices(np.ones((2, 2), int), row_skip_list=(0, 1)),
        TensorChoices(np.ones((2, 2), int), row_skip_list=(0,)),
        TensorChoices(np.ones(4, int), row_skip_list=(0, 0, 0, 0)),
        TensorChoices(np.ones((2, 2), int), qp_delta=128),
        TensorChoices(np.ones((2, 2), int), cbSize=1),
        TensorChoices(np.full((2, 2), 2), cbSize=3, cbZero=1),
    ],
)
def test_choices_without_bins_are_refused(tensor: TensorChoices) -> None:
    with pytest.raises(ArgumentError):
        encode_payload(Codeword(), [tensor])


@pytest.mark.parametrize(("bits", "value"), [(3, 8), (3, -1), (1, 2)])
def test_values_without_code_are_refused(bits: int, value: int) -> None:
    with pytest.raises(ArgumentError):
        BitWriter().u(bits, value)
