"""Our codec as a plug-in of the conformance kit, through the kit's own caller of libraries."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aimcodec import capi
from aimcodec.conformance import shlib
from aimcodec.conformance.catalogue import load_catalogue
from aimcodec.nnc import decode as decode_nnc
from aimcodec.package import open_package

PLUGIN = str(capi.plugin_path())

CASES = {case.id: case for case in load_catalogue().cases}
ACCEPTED = [c for c in CASES.values() if c.verdict == "accept"]
REFUSED = [c for c in CASES.values() if c.verdict == "reject"]


@pytest.fixture(autouse=True)
def declared() -> None:
    shlib.declare()


def sampled(cases: list[Any], most: int) -> list[Any]:
    """Of all kinds: neighbours in the catalogue are alike. Sequences are among them."""
    chosen = cases[:: max(1, len(cases) // most)]
    return chosen + [c for c in cases if len(c.steps) > 1 and c not in chosen][:5]


def decode(case: Any, outdir: Path) -> int:
    request = {
        "do": "decode",
        "streams": [str(step.file) for step in case.steps],
        "syntax": case.syntax,
        "options": list(case.options),
        "outdir": str(outdir),
    }
    return shlib.call(PLUGIN, request)


@pytest.mark.parametrize("case", sampled(ACCEPTED, 40), ids=lambda c: c.id)
def test_accepted_streams(case: Any, tmp_path: Path) -> None:
    assert decode(case, tmp_path) == 0
    for number, step in enumerate(case.steps):
        folder = tmp_path / str(number) if len(case.steps) > 1 else tmp_path
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))["tensors"]
        expected = {(t.name, t.variant): t for t in step.expect.tensors}
        found = {(t["name"], t["variant"]): t for t in manifest}
        assert found.keys() == expected.keys()
        for key, tensor in expected.items():
            assert tuple(found[key]["shape"]) == tuple(tensor.shape)
            if found[key]["dtype"] == tensor.dtype:  # codebooks: conformance-kit.md, 4
                data = (folder / found[key]["file"]).read_bytes()
                assert hashlib.sha256(data).hexdigest() == tensor.sha256


@pytest.mark.parametrize("case", sampled(REFUSED, 30), ids=lambda c: c.id)
def test_refused_streams(case: Any, tmp_path: Path) -> None:
    assert decode(case, tmp_path) in (1, 2)
    error = json.loads((tmp_path / "error.json").read_text("utf-8"))
    assert error["message"]


def test_the_stream_at_fault_is_named(tmp_path: Path) -> None:
    ffi = shlib._state["ffi"]
    lib = ffi.dlopen(PLUGIN)
    good = next(c for c in ACCEPTED if c.syntax == "nnc" and len(c.steps) == 1).steps[0].file.read_bytes()
    datas = [ffi.from_buffer("uint8_t[]", data) for data in (good, good[:-1])]
    syntax, options = ffi.new("char[]", b"nnc"), ffi.new("char[]", b"")
    streams, sizes = ffi.new("uint8_t*[]", datas), ffi.new("size_t[]", [len(d) for d in datas])
    given = ffi.new("aimc_conform_input*", [ffi.sizeof("aimc_conform_input"), 2, streams, sizes, syntax, options])
    error = ffi.new("aimc_conform_error*", {"struct_size": ffi.sizeof("aimc_conform_error")})
    seen = []

    @ffi.callback("aimc_conform_tensor_fn")
    def take(_: Any, tensor: Any) -> int:
        seen.append(tensor.stream)
        return 0

    assert lib.aimc_conform_decode(given, take, ffi.NULL, error) == 1
    assert error.stream == 1
    assert set(seen) == {0}
    assert error.bit_offset >= 0

    stopping = ffi.callback("aimc_conform_tensor_fn", lambda *_: 5)
    assert lib.aimc_conform_decode(given, stopping, ffi.NULL, ffi.NULL) == 3
    given.syntax = ffi.new("char[]", b"mp3")
    assert lib.aimc_conform_decode(given, take, ffi.NULL, error) == 2
    assert lib.aimc_conform_decode(ffi.NULL, take, ffi.NULL, error) == 3
    given.struct_size = 4
    assert lib.aimc_conform_decode(given, take, ffi.NULL, error) == 3


def model(folder: Path, tensors: dict[str, tuple[str, np.ndarray[Any, Any], bytes]]) -> Path:
    entries = []
    for i, (name, (dtype, array, memory)) in enumerate(tensors.items()):
        (folder / f"{i}.bin").write_bytes(memory)
        entries.append({"name": name, "dtype": dtype, "shape": list(array.shape), "file": f"{i}.bin"})
    (folder / "manifest.json").write_text(json.dumps({"tensors": entries}))
    return folder


@pytest.mark.parametrize("syntax", ["nnc", "aim"])
def test_encoding(syntax: str, tmp_path: Path) -> None:
    x = (np.arange(600, dtype=np.float32).reshape(20, 30) - 300) / 1024
    tensors = {
        "weight \u00e9": ("float32", x, x.tobytes()),
        "n": ("int32", x.astype(np.int32), x.astype("<i4").tobytes()),
    }
    if syntax == "aim":  # two to a byte, the first one low (6.2)
        tensors["q"] = ("int4", np.array([1, 7, -8, -1, 3]), bytes([0x71, 0xF8, 0x03]))
    out = tmp_path / "out"
    options = ["qp=-20"] if syntax == "nnc" else []
    request = {
        "do": "encode",
        "model": str(model(tmp_path, tensors)),
        "syntax": syntax,
        "options": options,
        "out": str(out),
    }
    assert shlib.call(PLUGIN, request) == 0
    if syntax == "nnc":
        found = decode_nnc(out)
        step = 2.0**-5  # 11.1: density 2, QP -20; dependent quantization takes every other point
        assert np.abs(found["weight \u00e9"] - x).max() <= 2 * step
    else:
        with open_package(out) as package:
            found = package.load()
        assert (found["weight \u00e9"] == x).all()
        assert found["q"].astype(np.int8).tolist() == [1, 7, -8, -1, 3]
    assert (found["n"] == x.astype(np.int32)).all()
    request["syntax"] = "mp3"
    assert shlib.call(PLUGIN, request) == 2
    request |= {"syntax": syntax, "options": ["qp=no-json"]}
    assert shlib.call(PLUGIN, request) == 3


def test_what_it_says_about_itself(capfd: pytest.CaptureFixture[str]) -> None:
    from aimcodec import __version__

    assert shlib.call(PLUGIN, {"do": "info"}) == 0
    assert json.loads(capfd.readouterr().out) == {"name": "aimcodec", "version": __version__, "syntaxes": "nnc aim"}


def test_it_exports_the_contract_only() -> None:
    nm = shutil.which("nm")
    assert nm is not None
    out = subprocess.run([nm, "-D", "--defined-only", PLUGIN], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1] for line in out.splitlines()}
    assert names == {"aimc_conform_get_info", "aimc_conform_decode", "aimc_conform_encode"}


def test_it_needs_no_python_module_loaded_before(tmp_path: Path) -> None:
    """In a fresh child, as the kit does it."""
    case = next(c for c in ACCEPTED if c.syntax == "aim")
    code = (
        "import json, sys; from aimcodec.conformance import shlib; shlib.declare();"
        "sys.exit(shlib.call(sys.argv[1], json.loads(sys.argv[2])))"
    )
    request = {
        "do": "decode",
        "streams": [str(case.steps[0].file)],
        "syntax": "aim",
        "options": [],
        "outdir": str(tmp_path),
    }
    subprocess.run([sys.executable, "-c", code, PLUGIN, json.dumps(request)], check=True)
    assert (tmp_path / "manifest.json").is_file()
