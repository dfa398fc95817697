"""Units that no encoder of the conformance streams writes, made by hand; and damage to the annotated streams."""

from __future__ import annotations

import struct

import numpy as np
import pytest

import aimcodec.nnc
from aimcodec.errors import (
    AimcError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    UnsupportedError,
)
from aimcodec.reference import Bin, CodedTensor, Codeword, Decoder, decode, decode_payload
from aimcodec.reference.contexts import ContextModel

from .annotated import PLAIN, UNIFORM, UPDATE, Annotated
from .coder import ArithmeticEncoder

START = bytes.fromhex("00040201")
MPS = bytes.fromhex("0008068100400080")
TOPOLOGY = bytes.fromhex("00060e000000")
DATA = bytes.fromhex(UNIFORM["stream"])[18:]
VALUES = UNIFORM["result"]

ALIGN = "align"


def unit(nnr_unit_type: int, *elements: str) -> bytes:
    """A unit of elements given as bits; ALIGN pads to the byte boundary as section 1.2 says."""
    bits = f"{nnr_unit_type:06b}10"
    for element in elements:
        bits += "1" + "0" * (7 - len(bits) % 8) if element == ALIGN else element
    assert len(bits) % 8 == 0
    return (2 + len(bits) // 8).to_bytes(2, "big") + int(bits, 2).to_bytes(len(bits) // 8, "big")


def flt(value: float) -> str:
    return "".join(f"{byte:08b}" for byte in struct.pack("<f", value))


def string(text: str) -> str:
    return "".join(f"{byte:08b}" for byte in [*text.encode(), 0])


def test_units_as_written() -> None:
    assert decode(START + MPS + TOPOLOGY + DATA)["w"].tolist() == VALUES


def test_topology_unit_may_be_absent() -> None:
    assert decode(START + MPS + DATA)["w"].tolist() == VALUES


def test_layer_parameter_set_replaces_quantization() -> None:
    """Section 3.3: with d = 2, an offset of 4 doubles the step (section 11.1)."""
    lps = unit(2, "0" * 8, "0", "000", "001", "0", "010", f"{4:013b}", ALIGN)
    assert decode(START + MPS + lps + DATA)["w"].tolist() == [[2 * v for v in row] for row in VALUES]


def test_layer_parameter_set_without_quantization() -> None:
    lps = unit(2, "10000000", "0", "000", "000", "0", ALIGN)
    assert decode(START + MPS + lps + DATA)["w"].tolist() == VALUES
    other = unit(2, "0" * 8, "0", "000", "001", "0", "010", f"{4:013b}", ALIGN)
    assert decode(START + MPS + other + lps + DATA)["w"].tolist() == VALUES
    assert aimcodec.nnc.decode(START + MPS + other + lps + DATA)["w"].tolist() == VALUES


@pytest.mark.parametrize("nnr_unit_type", [7, 31, 32, 63])
def test_units_of_unknown_type_are_skipped(nnr_unit_type: int) -> None:
    assert decode(START + MPS + unit(nnr_unit_type, "1" * 40) + DATA)["w"].tolist() == VALUES


def test_performance_maps_are_passed_over() -> None:
    """Section 3.4: all four maps, both strings and the performance value; counts are one more than the loops."""
    ue_7_of_3, ue_7_of_1 = "10000011", "10000001"
    mps = unit(
        1,
        "1" + "1111" + "001" + "0" + "1110" + "0" + "00",
        string("base"),
        string("top-1"),
        "010" + f"{0:013b}",
        f"{2:08b}" + 3 * flt(0.5) + f"{1:08b}" + ue_7_of_3 + flt(0.25),
        f"{2:08b}" + 2 * flt(0.5) + f"{2:08b}" + ue_7_of_3 + 2 * flt(0.25),
        f"{2:08b}" + "0100" + ue_7_of_3,
        ALIGN,
        f"{2:08b}{5:08b}" + f"{1:08b}" + 2 * flt(0.5) + f"{7:08b}" + ue_7_of_1 + flt(0.25),
        f"{2:08b}" + 3 * flt(0.5) + f"{1:016b}" + flt(0.25),
        flt(0.75),
        ALIGN,
    )
    assert decode(START + mps + DATA)["w"].tolist() == VALUES


@pytest.mark.parametrize(
    ("extra", "element"),
    [
        (unit(6, "0" * 24), "nnr_unit_type"),
        (unit(3, f"{5:08b}{0:08b}", string("")), "topology_storage_format"),
        (unit(3, f"{0:08b}{1:08b}", string("")), "topology_compression_format"),
        (bytes.fromhex("0005170000"), "partial_data_counter_present_flag"),
    ],
    ids=["aggregate", "pruning", "deflate", "partial"],
)
def test_what_is_not_decoded(extra: bytes, element: str) -> None:
    with pytest.raises(UnsupportedError) as refusal:
        decode(START + MPS + extra)
    assert refusal.value.path == f"units[2].{element}"


@pytest.mark.parametrize("topology_storage_format", range(5))
def test_topology_that_is_a_string_is_passed_over(topology_storage_format: int) -> None:
    topology = unit(3, f"{topology_storage_format:08b}{0:08b}", string("graph"))
    assert decode(START + MPS + topology + DATA)["w"].tolist() == VALUES


def test_lists_of_elements_and_quantization_units_are_passed_over() -> None:
    names = unit(3, f"{6:08b}{0:08b}", "10000001" + "10000000", string("a"), string(""), string("c"))
    quantization = unit(4, f"{255:08b}{1:08b}", string("tables"))
    assert decode(START + quantization + MPS + names + DATA)["w"].tolist() == VALUES


@pytest.mark.parametrize(("formats", "element"), [((7, 0), "storage"), ((0, 2), "compression")])
def test_topology_formats_without_a_meaning(formats: tuple[int, int], element: str) -> None:
    with pytest.raises(OutOfRangeError) as refusal:
        decode(START + MPS + unit(3, *(f"{value:08b}" for value in formats), string("")))
    assert refusal.value.path == f"units[2].topology_{element}_format"


def with_bits(data: bytes, place: int, bits: str) -> bytes:
    """`data` with some of its bits replaced."""
    whole = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"
    return int(whole[:place] + bits + whole[place + len(bits) :], 2).to_bytes(len(data), "big")


@pytest.mark.parametrize(
    ("place", "bits", "error", "element"),
    [
        (8 * 4 + 32, "1", UnsupportedError, "topology_elem_id_index"),
        (8 * 4 + 37, "1", OutOfRangeError, "nnr_reserved_zero_1bit"),
        (8 * 4 + 38, "01", OutOfRangeError, "nnr_reserved_zero_2bits"),
        (8 * 21 + 5, "1", UnsupportedError, "topology_elements_ids_list"),
        (8 * 21 + 7, "0", UnsupportedError, "tensor_dimensions"),
        (8 * 26, "0", UnsupportedError, "tensor_dimensions"),
        (8 * 26 + 2, "0001", UnsupportedError, "compressed_parameter_types"),
        (8 * 26 + 6, "1000", OutOfRangeError, "count_tensor_dimensions"),
        (8 * 27 + 2, "10000000", OutOfRangeError, "tensor_dimensions[0]"),
    ],
)
def test_one_element_changed(place: int, bits: str, error: type[AimcError], element: str) -> None:
    with pytest.raises(error) as refusal:
        decode(with_bits(bytes.fromhex(UNIFORM["stream"]), place, bits))
    assert refusal.value.path.rpartition(".")[2] == element


def test_repeated_names() -> None:
    with pytest.raises(MalformedError, match="'w' appears twice"):
        decode(START + MPS + DATA + DATA)


def test_second_start_unit() -> None:
    with pytest.raises(MalformedError):
        decode(START + MPS + START)


def test_no_quantization_parameters() -> None:
    """Section 3.2: without the method flags there is no density, and the length of qp_delta is unknown."""
    mps = unit(1, "10000" + "000" + "0" * 8, ALIGN)
    with pytest.raises(InconsistentError):
        decode(START + mps + DATA)


def test_data_behind_the_last_element() -> None:
    with pytest.raises(MalformedError):
        decode(START + unit(1, "10000" + "001" + "0" * 8 + "010" + f"{0:013b}", ALIGN, "0" * 8) + DATA)


# Dimensions that cost nothing, or cannot be paid for.


def all_zero_payload(rows: int) -> bytes:
    """QP 0, every row of a matrix skipped, all parameter set ids 0."""
    encoder = ArithmeticEncoder()
    row_skip, shift = ContextModel(0), ContextModel(1)
    for bin in [0] * 8 + [1]:
        encoder.bypass(bin)
    for _ in range(rows):
        encoder.ae(row_skip, 1)
    for _ in range(3 + 3 + 2 * 2 + 31):
        encoder.ae(shift, 0)
    return encoder.finish()


def test_skipped_rows_cost_no_elements() -> None:
    (decoded,) = decode_payload(all_zero_payload(4), Codeword(cabac_unary_length_minus1=1), [CodedTensor((4, 100_000))])
    assert decoded.integers.shape == (4, 100_000)
    assert not decoded.integers.any()


def test_limit_of_elements() -> None:
    codeword = Codeword(cabac_unary_length_minus1=1)
    with pytest.raises(LimitExceededError):
        decode_payload(all_zero_payload(4), codeword, [CodedTensor((4, 1 << 40))])
    with pytest.raises(LimitExceededError):
        decode_payload(all_zero_payload(4), codeword, [CodedTensor((4, 10))], max_elements=39)


def test_more_elements_than_a_payload_can_hold() -> None:
    encoder = ArithmeticEncoder()
    for _ in range(200):
        encoder.bypass(0)
    with pytest.raises(InconsistentError, match="cannot hold"):
        decode_payload(encoder.finish(), Codeword(), [CodedTensor((1 << 31,))])


# Damage.


def decode_or_refuse(data: bytes) -> tuple[dict[str, np.ndarray], list[Bin]] | None:
    bins: list[Bin] = []
    try:
        return Decoder(trace=bins.append).decode(data), bins
    except AimcError:
        return None


@pytest.mark.parametrize("annotated", PLAIN, ids=[a.table["section"] for a in PLAIN])
def test_every_flipped_bit_is_refused_or_changes_what_is_read(annotated: Annotated) -> None:
    """In a codeword no two bit strings mean the same (9.5): what is still accepted differs in a bin."""
    _, original = decode_or_refuse(annotated.stream) or ({}, [])
    meaning = [(b.element, b.bin) for b in original]
    assert meaning
    accepted = 0
    for bit in range(8 * len(annotated.stream)):
        flipped = with_bits(annotated.stream, bit, str(1 - (annotated.stream[bit >> 3] >> (7 - (bit & 7)) & 1)))
        outcome = decode_or_refuse(flipped)
        if outcome is not None and bit >= 8 * annotated.payload_begin:
            accepted += 1
            assert [(b.element, b.bin) for b in outcome[1]] != meaning
    assert accepted < 8 * len(annotated.payload) // 2


@pytest.mark.parametrize("annotated", PLAIN, ids=[a.table["section"] for a in PLAIN])
def test_prefixes(annotated: Annotated) -> None:
    """A prefix is a stream only where a unit ends."""
    boundaries = [4, 12, 18]
    for length in range(len(annotated.stream)):
        outcome = decode_or_refuse(annotated.stream[:length])
        assert (outcome is not None) == (length in boundaries)
        assert outcome is None or outcome == ({}, [])


def test_every_flipped_bit_of_an_update_payload() -> None:
    payload = bytes.fromhex(UPDATE["stream"])[32:]
    codeword = Codeword(cabac_unary_length_minus1=1, parent_node_id_present_flag=1)
    tensor = CodedTensor((2, 3), ref=np.array(UPDATE["reference"], np.int32))

    def meaning(payload: bytes) -> list[tuple[str, int]] | None:
        bins: list[Bin] = []
        try:
            decode_payload(payload, codeword, [tensor], trace=bins.append)
        except AimcError:
            return None
        return [(b.element, b.bin) for b in bins]

    original = meaning(payload)
    assert original is not None
    for bit in range(8 * len(payload)):
        assert meaning(with_bits(payload, bit, str(1 - (payload[bit >> 3] >> (7 - (bit & 7)) & 1)))) != original
