"""The four streams of section 17 of the text: annotated.json holds their tables, copied from it by program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aimcodec.reference import CodedTensor, Codeword

TABLES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("annotated.json").read_text("utf-8"))


@dataclass(frozen=True)
class Annotated:
    """One stream and its tables."""

    table: dict[str, Any]
    payload_begin: int
    codeword: Codeword
    tensor: CodedTensor

    @property
    def stream(self) -> bytes:
        return bytes.fromhex(self.table["stream"])

    @property
    def payload(self) -> bytes:
        return self.stream[self.payload_begin :]


UNIFORM, DEPENDENT, CODEBOOK, UPDATE = TABLES

# What the header tables say, for decoding the payloads alone.
PLAIN = [
    Annotated(UNIFORM, 32, Codeword(cabac_unary_length_minus1=10), CodedTensor((2, 3))),
    Annotated(DEPENDENT, 32, Codeword(cabac_unary_length_minus1=1, dq_flag=1), CodedTensor((3, 3))),
    Annotated(CODEBOOK, 35, Codeword(cabac_unary_length_minus1=1), CodedTensor((2, 3), cbSize=4, cbZero=1)),
]
