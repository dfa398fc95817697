"""Decoders that are programs of a few lines: they give the right answer, then do something wrong."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aimcodec.conformance.case import Case
from aimcodec.conformance.catalogue import load_catalogue
from aimcodec.conformance.child import Allowance
from aimcodec.conformance.codec import CommandDecoder
from aimcodec.conformance.command import parse_command
from aimcodec.conformance.decoder import Settings, run_decoder
from aimcodec.conformance.decoder_claims import DecoderClaims
from aimcodec.conformance.report.records import Entry

CATALOGUE = load_catalogue()
ONE_WEIGHT = CATALOGUE.by_id["dims-1"]
INVALID = CATALOGUE.by_id["invalid-scan5"]
SEQUENCE = CATALOGUE.by_id["update-tca-dq"]
CODEBOOK = CATALOGUE.by_id["codebook-auto"]
UNICODE = CATALOGUE.by_id["names-unicode"]
EITHER = CATALOGUE.by_id["aim-limits-elements"]

ALLOWANCE = Allowance(seconds=20, memory_bytes=256 << 20, file_bytes=1 << 20)

HEAD = """
import json, os, shutil, signal, sys, time
*streams, out = sys.argv[1:]
def write(name, data): open(os.path.join(out, name), "wb").write(data)
def dumped(facts): return json.dumps(facts).encode()
def manifest(**changed):
    tensor = dict(name="w", dtype="float32", shape=[1], file="0.bin") | changed
    write("manifest.json", dumped(dict(tensors=[{k: v for k, v in tensor.items() if v is not None}])))
"""


def right_answer(case: Case, folder: Path, as_float32: bool = False) -> Path:
    """The outputs of a good decoder, from the values that are stored with the case."""
    for number, step in enumerate(case.steps):
        place = folder / str(number) if len(case.steps) > 1 else folder
        place.mkdir(parents=True, exist_ok=True)
        entries = []
        for n, tensor in enumerate(step.expect.tensors):
            array = step.expected_array(tensor)
            assert array is not None
            if as_float32 and array.dtype == np.float64:
                array = array.astype(np.float32)
            (place / f"{n}.bin").write_bytes(array.astype(array.dtype.newbyteorder("<")).tobytes())
            entries.append(entry_of(tensor.name, array, f"{n}.bin"))
        (place / "manifest.json").write_text(json.dumps({"tensors": entries}), "utf-8")
    return folder


def entry_of(name: str, array: np.ndarray[Any, Any], file: str) -> dict[str, Any]:
    return {"name": name, "dtype": array.dtype.name, "shape": list(array.shape), "file": file}


def decoder_of(folder: Path, code: str, answer: Path | None = None, options: str = "") -> CommandDecoder:
    """A decoder that copies an answer and then runs some code."""
    copying = "" if answer is None else f"shutil.copytree({str(answer)!r}, out, dirs_exist_ok=True)\n"
    script = folder / "fake.py"
    script.write_text(HEAD + copying + code + "\n", "utf-8")
    words = [sys.executable, "-S", "-E", str(script)]
    return CommandDecoder(parse_command(f"{shlex.join(words)} {options} {{in}} {{outdir}}", "in", "outdir"))


def run_fake(
    folder: Path,
    case: Case,
    code: str,
    *,
    answer: bool = True,
    claims: Mapping[str, Any] | None = None,
    allowance: Allowance = ALLOWANCE,
    keep: Path | None = None,
) -> Entry:
    """How such a decoder does on a case."""
    given = right_answer(case, folder / "answer") if answer and case.verdict == "accept" else None
    decoder = decoder_of(folder, code, given)
    said = None if claims is None else DecoderClaims(**{name: frozenset(words) for name, words in claims.items()})
    (entry,) = run_decoder(decoder, [case], Settings(allowance, 1, said, keep))
    return entry
