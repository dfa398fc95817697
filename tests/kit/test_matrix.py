"""Every encoder through every decoder: who differs is told, with the first tensor that does."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from aimcodec.cli.app import run
from aimcodec.conformance.child import Allowance
from aimcodec.conformance.codec_file import Codec, codec_of, read_codec
from aimcodec.conformance.decoded import DecodedStream, DecodedTensor, first_disagreement
from aimcodec.conformance.matrix import Matrix, run_matrix
from aimcodec.conformance.report.as_json import json_text, schema
from aimcodec.conformance.report.matrix_report import matrix_html, matrix_lines, matrix_object
from aimcodec.errors import ArgumentError

from .fakes import ALLOWANCE, ONE_WEIGHT, decoder_of, right_answer

jsonschema = pytest.importorskip("jsonschema")

MODELS = 7  # in smoke
WRONG = {
    "other": ("write('0.bin', bytes.fromhex('020028bd'))", "differs"),
    "refusing": ("print('no', file=sys.stderr); sys.exit(1)", "refused"),
    "narrow": ("sys.exit(2)", "unsupported"),
    "crashing": ("os.abort()", "crash"),
    "escaping": ("manifest(file='../x')", "unusable"),
    "silent": ("shutil.rmtree(out); os.mkdir(out)", "differs"),
}


def toy(folder: Path, name: str, code: str = "", encodes: bool = False) -> Codec:
    """A codec that knows one stream, and one that it writes whatever it is given."""
    place = folder / name
    place.mkdir()
    decoder = decoder_of(place, code, right_answer(ONE_WEIGHT, place / "answer"))
    facts: dict[str, Any] = {"decoder": {"cmd": decoder.call}, "claims": {"syntaxes": ["nnc"]}}
    if encodes:
        copy = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[3])"
        words = [sys.executable, "-S", "-c", copy, str(ONE_WEIGHT.steps[0].file)]
        facts["encoder"] = {"cmd": f"{shlex.join(words)} {{model}} {{out}}"}
    return codec_of(facts, name, folder)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    folder = tmp_path_factory.mktemp("codecs")
    codecs = [toy(folder, "first"), *(toy(folder, name, code) for name, (code, _) in WRONG.items())]
    codecs.append(toy(folder, "writer", encodes=True))
    return run_matrix(codecs, "smoke", ["nnc", "aim"], ALLOWANCE, 2, lambda _: None)


def test_each_decoder_has_its_result(matrix: Matrix) -> None:
    assert matrix.encoders == ("writer",)
    assert [row.syntax for row in matrix.rows] == ["nnc"] * MODELS
    expected = {"first": "same", **{name: result for name, (_, result) in WRONG.items()}, "writer": "same"}
    for row in matrix.rows:
        assert row.compared_with == "writer"
        assert {cell.decoder: cell.result for cell in row.cells} == expected
    assert matrix.counts("nnc", "writer", "crashing") == {"crash": MODELS}
    assert len(matrix.disagreements) == MODELS


def test_differences_are_told(matrix: Matrix) -> None:
    details = {cell.decoder: cell.detail for cell in matrix.rows[0].cells}
    assert details["other"].startswith("tensor 'w', first at [0]: -0.041015632 instead of -0.041015625, 2 ulp apart")
    assert details["silent"] == "tensor 'w' is missing"
    assert details["refusing"] == "no"
    assert details["crashing"] == "signal SIGABRT"
    assert "no plain name" in details["escaping"]


def test_reports(matrix: Matrix) -> None:
    facts = json.loads(json_text(matrix_object(matrix)))
    jsonschema.Draft202012Validator.check_schema(schema("matrix"))
    jsonschema.validate(facts, schema("matrix"))
    assert facts["summary"] == {"streams": MODELS, "disagreements": MODELS}
    lines = list(matrix_lines(matrix, 200))
    assert lines[0].split() == ["syntax", "encoder", "models", "streams", *matrix.decoders]
    assert lines[-1] == f"decoders disagree on {MODELS} of {MODELS} streams"
    page = matrix_html(matrix)
    assert page.count("<details class=failure") == MODELS
    assert "<script" not in page


def test_ours_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.json"
    words = ["conform", "matrix", "--codec", "native", "--codec", "reference", "--syntax", "nnc", "--json", str(file)]
    assert run(words) == 0
    facts = json.loads(file.read_text())
    assert facts["summary"] == {"streams": 2 * MODELS, "disagreements": 0}
    assert {row["encoder"] for row in facts["rows"]} == {"native", "reference"}
    assert all(len(row["cells"]) == 2 for row in facts["rows"])
    assert "disagree on none of 14" in capsys.readouterr().out


# Codec files.


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"decoder": {}},
        {"decoder": "dec {in} {outdir}"},
        {"decoder": {"cmd": "dec {in}"}},
        {"decoder": {"cmd": "dec {in} {outdir}", "lib": "x.so"}},
        {"encoder": {"cmd": "enc {model}"}},
        {"encoder": {"cmd": 7}},
        {"decoder": {"cmd": "dec {in} {outdir}"}, "claims": {"syntaxes": "nnc"}},
        {"decoder": {"cmd": "dec {in} {outdir}"}, "claims": []},
    ],
)
def test_codec_files_that_are_none(facts: Any, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError):
        codec_of(facts, "x", tmp_path)


def test_codec_files_are_read(tmp_path: Path) -> None:
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps({"name": "named", "decoder": {"lib": "d.so"}, "claims": {"syntaxes": ["aim"]}}))
    codec = read_codec(str(file))
    assert (codec.name, codec.syntaxes, dict(codec.encoders)) == ("named", {"aim"}, {})
    assert codec.decoder is not None
    assert codec.decoder.call == str(tmp_path / "d.so")
    assert read_codec(f"mine={file}").name == "mine"
    with pytest.raises(OSError, match="nothing"):
        read_codec(str(tmp_path / "nothing.json"))


def test_a_matrix_needs_both_and_names(tmp_path: Path) -> None:
    one = toy(tmp_path, "one")
    for codecs in ([one], [one, one]):
        with pytest.raises(ArgumentError):
            run_matrix(codecs, "smoke", ["nnc"], Allowance(), 1, lambda _: None)


# What two decoders give.


def stream(dtype: str, *values: bytes, shape: tuple[int, ...] = (2,)) -> DecodedStream:
    import hashlib

    tensors = {
        (0, f"t{n}"): DecodedTensor(dtype, shape, hashlib.sha256(value).hexdigest(), value)
        for n, value in enumerate(values)
    }
    return DecodedStream("accepted", "", tensors)


def test_binary32_and_binary64_are_compared_as_binary32() -> None:
    import numpy as np

    wide = np.array([0.1, -3.0])
    base, other = stream("float64", wide.tobytes()), stream("float32", wide.astype(np.float32).tobytes())
    assert first_disagreement(base, other) == first_disagreement(other, base) == ""
    assert "1 ulp" in first_disagreement(base, stream("float32", np.float32([0.1, -3.0000002]).tobytes()))


def test_disagreements() -> None:
    base = stream("int8", b"ab", b"cd")
    assert first_disagreement(base, stream("int8", b"ab")) == "tensor 't1' is missing"
    assert first_disagreement(base, stream("int8", b"ab", b"cd", b"ef")) == "tensor 't2' should not be there"
    assert first_disagreement(base, stream("uint8", b"ab", b"cd")) == "tensor 't0' is uint8, not int8"
    assert first_disagreement(base, stream("int8", b"ab", b"cd", shape=(1, 2))) == (
        "tensor 't0' has shape [1, 2], not [2]"
    )
