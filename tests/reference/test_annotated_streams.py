"""The annotated streams of section 17: every header element and every bin."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import numpy as np
import pytest

from aimcodec.errors import AimcError, MissingReferenceError
from aimcodec.reference import Bin, CodedTensor, Codeword, Decoder, decode, decode_payload, framing
from aimcodec.reference.bits import BitReader

from .annotated import PLAIN, TABLES, UPDATE, Annotated

UPDATE_REFERENCE = np.array(UPDATE["reference"], np.int32)
UPDATE_PAYLOAD = bytes.fromhex(UPDATE["stream"])[32:]
UPDATE_CODEWORD = Codeword(cabac_unary_length_minus1=1, parent_node_id_present_flag=1)

plain = pytest.mark.parametrize("annotated", PLAIN, ids=[a.table["section"] for a in PLAIN])


@plain
def test_every_bin(annotated: Annotated) -> None:
    bins: list[Bin] = []
    Decoder(trace=bins.append).decode(annotated.stream)
    assert [list(row) for row in bins] == annotated.table["bins"]


@plain
def test_payload_alone(annotated: Annotated) -> None:
    bins: list[Bin] = []
    (decoded,) = decode_payload(annotated.payload, annotated.codeword, [annotated.tensor], trace=bins.append)
    assert annotated.table["qp"] == decoded.QP
    assert decoded.integers.tolist() == annotated.table["integers"]
    assert annotated.table["shifts_at_terminate"] == bins[-1].P
    assert len(annotated.payload) == annotated.table["payload_bytes"]


@plain
def test_values(annotated: Annotated) -> None:
    decoder = Decoder()
    tensors = decoder.decode(annotated.stream)
    assert list(tensors) == ["w"]
    assert tensors["w"].dtype == np.float32
    assert tensors["w"].tolist() == annotated.table["result"]
    assert decoder.last_integers["w"].tolist() == annotated.table["integers"]


def test_update_with_temporal_contexts() -> None:
    bins: list[Bin] = []
    tensor = CodedTensor((2, 3), ref=UPDATE_REFERENCE)
    (decoded,) = decode_payload(UPDATE_PAYLOAD, UPDATE_CODEWORD, [tensor], trace=bins.append)
    assert decoded.integers.tolist() == UPDATE["integers"]
    shift_ids = [b for b in bins if b.element.startswith("shift_id_nonzero")]
    assert [b.element for b in shift_ids] == [f"shift_id_nonzero[ctx {c}]" for c in UPDATE["shift_id_contexts"]]
    others = [b for b in bins if b not in shift_ids]
    columns = [[b.number, b.P, b.element, b.context, b.R, b.O, b.bin] for b in others]
    assert columns == UPDATE["bins"]


def test_update_needs_its_reference() -> None:
    with pytest.raises(MissingReferenceError) as refusal:
        decode(bytes.fromhex(UPDATE["stream"]))
    assert refusal.value.path == "units[3].temporal_context_modeling_flag"


def test_contexts_follow_the_sign_of_the_reference() -> None:
    bins: list[Bin] = []
    with contextlib.suppress(AimcError):
        tensor = CodedTensor((2, 3), ref=-UPDATE_REFERENCE)
        decode_payload(UPDATE_PAYLOAD, UPDATE_CODEWORD, [tensor], trace=bins.append)
    assert next(b for b in bins if b.element == "sign_flag").context == 51


class RecordingReader(BitReader):
    """Notes element, place, length and value of everything read."""

    elements: dict[int, tuple[str, int, Any]]

    def record(self, method: str, *arguments: Any) -> Any:
        start = self.position
        value = getattr(super(), method)(*arguments)
        name = arguments[-1] if arguments else method
        self.elements[start] = (name, self.position - start, value)
        return value

    def u(self, n: int, name: str) -> int:
        return self.record("u", n, name)

    def i(self, n: int, name: str) -> int:
        return self.record("i", n, name)

    def ue(self, k: int, name: str) -> int:
        return self.record("ue", k, name)

    def ie(self, k: int, name: str) -> int:
        return self.record("ie", k, name)

    def st(self, name: str) -> str:
        return self.record("st", name)

    def align(self) -> None:
        self.record("align")


@pytest.mark.parametrize("table", TABLES, ids=[t["section"] for t in TABLES])
def test_every_header_element(table: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    elements: dict[int, tuple[str, int, Any]] = {}
    monkeypatch.setattr(RecordingReader, "elements", elements, raising=False)
    monkeypatch.setattr(framing, "BitReader", RecordingReader)
    try:
        decode(bytes.fromhex(table["stream"]))
    except MissingReferenceError:
        assert table is UPDATE
    first = position(table["header"][0][0])

    def plain_name(name: str) -> str:
        return re.sub(r"\[.*\]| \(.*\)", "", name)

    expected = [
        (position(place), plain_name(name), len(bits), value) for place, name, _, bits, value in table["header"]
    ]
    found = [
        (start, plain_name(name), length, value)
        for start, (name, length, value) in sorted(elements.items())
        if start >= first
    ]
    assert found == expected


def position(place: str) -> int:
    byte, bit = place.split(".")
    return 8 * int(byte) + int(bit)
