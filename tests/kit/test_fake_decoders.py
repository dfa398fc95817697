"""Every way in which a decoder can go wrong has its result, and the kit survives it."""

from __future__ import annotations

import hashlib
import os
import struct
import time
from dataclasses import replace
from pathlib import Path

import pytest

from aimcodec.conformance.child import Allowance
from aimcodec.conformance.decoder import Settings, run_decoder
from aimcodec.errors import ArgumentError

from .fakes import (
    CODEBOOK,
    EITHER,
    INVALID,
    ONE_WEIGHT,
    SEQUENCE,
    UNICODE,
    decoder_of,
    right_answer,
    run_fake,
)

RIGHT = hashlib.sha256(struct.pack("<f", -0.041015625)).hexdigest()


@pytest.mark.parametrize("case", [ONE_WEIGHT, SEQUENCE, CODEBOOK, UNICODE], ids=lambda case: case.id)
def test_the_right_answer_passes(case: object, tmp_path: Path) -> None:
    entry = run_fake(tmp_path, case, "")  # type: ignore[arg-type]
    assert (entry.result, entry.failed, list(entry.findings)) == ("pass", False, [])


def test_a_codebook_tensor_may_be_float32(tmp_path: Path) -> None:
    answer = right_answer(CODEBOOK, tmp_path / "answer", as_float32=True)
    (entry,) = run_decoder(decoder_of(tmp_path, "", answer), [CODEBOOK], Settings(jobs=1))
    assert entry.result == "pass"


ENDS = {
    "signal": ("os.kill(os.getpid(), signal.SIGSEGV)", "crash", "SIGSEGV"),
    "abort": ("os.abort()", "crash", "SIGABRT"),
    "exit code": ("sys.exit(3)", "crash", "exit code 3"),
    "exit code of a missing program": ("sys.exit(127)", "crash", "exit code 127"),
    "memory, then an error": ("x = bytearray(1 << 30)", "over limit", "memory"),
    "memory, then a signal": (
        "try: x = bytearray(1 << 30)\nexcept MemoryError: os.write(2, b'std::bad_alloc'); os.abort()",
        "over limit",
        "memory",
    ),
    "memory that is used": (
        "kept = []\ntry:\n while True: kept.append(bytes(1 << 20) + b'x')\nexcept MemoryError: os._exit(9)",
        "over limit",
        "memory",
    ),
    "killed from outside": ("os.kill(os.getpid(), signal.SIGKILL)", "over limit", "memory"),
    "file, with a signal": (
        "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nwrite('big', bytes(1 << 21))",
        "over limit",
        "size of a file",
    ),
    "file, with an error": ("write('big', bytes(1 << 21))", "over limit", "size of a file"),
    "refuses": ("sys.exit(1)", "wrong verdict", "refused what must be accepted"),
    "a mistake in Python": ("raise ValueError", "wrong verdict", "refused what must be accepted"),
}


@pytest.mark.parametrize("name", ENDS)
def test_ends(name: str, tmp_path: Path) -> None:
    code, result, detail = ENDS[name]
    entry = run_fake(tmp_path, ONE_WEIGHT, code)
    assert (entry.result, entry.failed) == (result, True)
    assert detail in entry.detail
    assert entry.reproduce.startswith("mkdir out && ")


HANGS = {
    "computing": "while True: pass",
    "sleeping": "time.sleep(1000)",
    "without listening": "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)",
    "printing": "while True: print('y' * 1000)",
}


@pytest.mark.parametrize("name", HANGS)
def test_hangs_are_stopped(name: str, tmp_path: Path) -> None:
    entry = run_fake(tmp_path, ONE_WEIGHT, HANGS[name], allowance=Allowance(seconds=0.5))
    assert (entry.result, entry.failed) == ("timeout", True)


def test_what_a_decoder_leaves_behind_is_ended(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = f"""
for escape in (False, True):
    if os.fork() == 0:
        if escape: os.setsid()
        open({str(pids)!r}, "a").write(f"{{os.getpid()}}\\n")
        while True: time.sleep(100)
while not os.path.exists({str(pids)!r}) or open({str(pids)!r}).read().count("\\n") < 2: time.sleep(0.01)
"""
    assert run_fake(tmp_path, ONE_WEIGHT, code).result == "pass"
    for pid in map(int, pids.read_text().split()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_is_printed_is_kept_in_part(tmp_path: Path) -> None:
    code = "sys.stderr.write('x' * 5_000_000 + 'the end' + out)\nsys.exit(9)"
    entry = run_fake(tmp_path, ONE_WEIGHT, code)
    assert entry.stderr.endswith("xthe end{outdir}")
    assert len(entry.stderr) < 5000


WRONG = {
    "nothing": ("shutil.rmtree(out); os.mkdir(out)", "'w' is missing"),
    "no directory": ("shutil.rmtree(out)", "out"),
    "a link for the directory": ("shutil.rmtree(out); os.symlink('/', out)", ""),
    "no file": ("os.remove(out + '/0.bin')", "No such file"),
    "out of the directory": ("manifest(file='../fake.py')", "no plain name"),
    "from the root": ("manifest(file='/etc/passwd')", "no plain name"),
    "the directory": ("manifest(file='..')", "no plain name"),
    "a link": ("os.remove(out + '/0.bin'); os.symlink('/etc/passwd', out + '/0.bin')", "links are not followed"),
    "a link for the manifest": (
        "os.rename(out + '/manifest.json', out + '/m'); os.symlink(out + '/m', out + '/manifest.json')",
        "links are not followed",
    ),
    "a pipe": ("os.remove(out + '/0.bin'); os.mkfifo(out + '/0.bin')", "no regular file"),
    "a folder": ("os.remove(out + '/0.bin'); os.mkdir(out + '/0.bin')", "no regular file"),
    "a name with zero": ("manifest(file='0\\0.bin')", "no plain name"),
    "a file too short": ("write('0.bin', b'\\0\\0\\x28')", "has 3 bytes"),
    "a file too long": ("write('0.bin', bytes(1000))", "has 1000 bytes"),
    "another value": ("write('0.bin', bytes.fromhex('010028bd'))", "1 ulp apart"),
    "another sign": ("write('0.bin', bytes.fromhex('0000283d'))", "0.041015625 instead of -0.041015625"),
    "another digest": ("manifest(file=None, sha256='0' * 64)", "another digest"),
    "no digest": ("manifest(file=None, sha256='xyz')", "neither file nor sha256"),
    "another type": ("manifest(dtype='int32')", "is int32, not float32"),
    "no type": ("manifest(dtype='object')", "is object, not float32"),
    "another shape": ("manifest(shape=[1, 1])", "has shape 1 x 1, not 1"),
    "a huge shape": ("manifest(shape=[1 << 63, 1 << 63])", "has shape"),
    "no shape": ("manifest(shape=[-1])", "shape is no list of sizes"),
    "a true shape": ("manifest(shape=[True])", "shape is no list of sizes"),
    "another name": ("manifest(name='v')", "'w' is missing"),
    "another variant": ("manifest(variant=1)", "'w' is missing"),
    "twice": (
        "t = json.load(open(out + '/manifest.json')); t['tensors'] *= 2; write('manifest.json', dumped(t))",
        "comes twice",
    ),
    "no JSON": ("write('manifest.json', b'{')", "manifest.json"),
    "no text": ("write('manifest.json', b'\\xff\\xfe')", "manifest.json"),
    "deep JSON": ("write('manifest.json', b'[' * 500_000)", "manifest.json"),
    "a list": ("write('manifest.json', b'[]')", "no object"),
    "no list": ("write('manifest.json', b'{\"tensors\": 1}')", "no list"),
    "numbers as tensors": ("write('manifest.json', b'{\"tensors\": [1]}')", "no object"),
    "a large number": ("write('manifest.json', b'{\"tensors\": ' + b'9' * 5000 + b'}')", "manifest.json"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_outputs(name: str, tmp_path: Path) -> None:
    code, detail = WRONG[name]
    entry = run_fake(tmp_path, ONE_WEIGHT, code)
    assert (entry.result, entry.failed) == ("wrong values", True), entry.detail
    assert detail in entry.detail


def test_a_first_difference_has_its_figures(tmp_path: Path) -> None:
    entry = run_fake(tmp_path, ONE_WEIGHT, "write('0.bin', bytes.fromhex('070028bd'))")
    (finding,) = entry.findings
    assert finding.tensor == "w"
    assert dict(finding.figures) == {
        "index": [0],
        "expected": "-0.041015625",
        "got": "-0.04101565",
        "ulp": 7,
        "differing": 1,
        "elements": 1,
    }
    assert finding.inspect.endswith("stream.nnc --bins w")
    assert any("nnr_unit" in line for line in finding.excerpt)


def test_a_digest_is_enough(tmp_path: Path) -> None:
    assert run_fake(tmp_path, ONE_WEIGHT, f"manifest(file=None, sha256={RIGHT!r})").result == "pass"


def test_the_stream_of_a_sequence_is_named(tmp_path: Path) -> None:
    entry = run_fake(tmp_path, SEQUENCE, "out += '/2'; write('1.bin', bytes(48))")
    (finding,) = entry.findings
    assert finding.message.startswith("stream 2: tensor 'b', first at [0]: 0.0 instead of -0.03515625")
    assert finding.inspect.endswith("stream-2.nnc --bins b")


# Streams that must be refused, and those where both is right.


def test_refusing_is_right(tmp_path: Path) -> None:
    entry = run_fake(tmp_path, INVALID, "sys.exit(1)")
    assert (entry.result, entry.figures) == ("pass", {"place": "not told"})


def test_accepting_is_wrong(tmp_path: Path) -> None:
    entry = run_fake(tmp_path, INVALID, "")
    assert (entry.result, entry.failed) == ("wrong verdict", True)
    (finding,) = entry.findings
    assert (finding.element, finding.bit_offset) == ("scan_order", 244)
    assert finding.inspect.endswith("--at-bit 244")
    assert any("scan_order" in line for line in finding.excerpt)


@pytest.mark.parametrize(("bit", "place"), [(244, "right"), (245, "other"), (None, "not told")])
def test_the_place_of_a_refusal_is_compared(bit: int | None, place: str, tmp_path: Path) -> None:
    facts = {"bit_offset": bit, "element": "a.scan_order", "message": "no such order"}
    entry = run_fake(tmp_path, INVALID, f"write('error.json', json.dumps({facts!r}).encode()); sys.exit(1)")
    assert (entry.result, entry.figures["place"], entry.detail) == ("pass", place, "refused: no such order")
    assert [f.level for f in entry.findings] == ["note"] * (place == "other")


@pytest.mark.parametrize("text", ["[]", "{", '{"bit_offset": -1}', '{"bit_offset": "1"}', '{"message": 1}'])
def test_an_error_file_that_breaks_the_contract_is_noted(text: str, tmp_path: Path) -> None:
    entry = run_fake(tmp_path, INVALID, f"write('error.json', {text.encode()!r}); sys.exit(1)")
    assert entry.result == "pass"
    assert [(f.check, f.level) for f in entry.findings] == [("contract", "note")]


@pytest.mark.parametrize("code", ["", "sys.exit(1)", "sys.exit(2)"])
def test_either_is_either(code: str, tmp_path: Path) -> None:
    assert run_fake(tmp_path, EITHER, code).result == "pass"


@pytest.mark.parametrize("code", ["sys.exit(4)", "x = bytearray(1 << 30)"])
def test_either_is_no_excuse_for_breaking_down(code: str, tmp_path: Path) -> None:
    assert run_fake(tmp_path, EITHER, code).failed


# What a decoder claims.

CLAIMS = {
    "no claims": (None, "unsupported", False),
    "claimed": ({"syntaxes": ["nnc"]}, "unsupported", True),
    "another feature is not supported": ({"syntaxes": ["nnc"], "unsupported_features": ["x"]}, "unsupported", True),
    "not supported": ({"syntaxes": ["nnc"], "unsupported_features": ["rank1"]}, "unsupported", False),
    "another syntax": ({"syntaxes": ["aim"]}, "not run", False),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_not_supported(name: str, tmp_path: Path) -> None:
    claims, result, failed = CLAIMS[name]
    entry = run_fake(tmp_path, ONE_WEIGHT, "sys.exit(2)", claims=claims)
    assert (entry.result, entry.failed) == (result, failed)
    assert [f.check for f in entry.findings] == ["claims"] * failed


def test_what_must_be_refused_need_not_be_supported(tmp_path: Path) -> None:
    entry = run_fake(tmp_path, INVALID, "sys.exit(2)", claims={"syntaxes": ["nnc"]})
    assert (entry.result, entry.failed) == ("unsupported", False)


def test_an_unsupported_feature_is_no_excuse_for_wrong_values(tmp_path: Path) -> None:
    claims = {"syntaxes": ["nnc"], "unsupported_features": ["rank1"]}
    assert run_fake(tmp_path, ONE_WEIGHT, "write('0.bin', bytes(4))", claims=claims).failed


def test_a_case_whose_option_has_no_place_is_not_run(tmp_path: Path) -> None:
    from .fakes import CATALOGUE

    (entry,) = run_decoder(decoder_of(tmp_path, ""), [CATALOGUE.by_id["block-reconstruct"]], Settings(jobs=1))
    assert (entry.result, entry.failed) == ("not run", False)


# The kit.


def test_a_command_that_cannot_be_started_ends_the_run(tmp_path: Path) -> None:
    from aimcodec.conformance.codec import CommandDecoder
    from aimcodec.conformance.command import parse_command

    decoder = CommandDecoder(parse_command("/nonexistent/dec {in} {outdir}"))
    with pytest.raises(ArgumentError, match="/nonexistent/dec"):
        run_decoder(decoder, [ONE_WEIGHT, INVALID], Settings())


@pytest.mark.parametrize("data", [None, b"", b"another"])
def test_a_stream_that_is_not_the_one_of_the_case_says_nothing_of_the_decoder(
    data: bytes | None, tmp_path: Path
) -> None:
    stream = tmp_path / "stream.nnc"
    if data is not None:
        stream.write_bytes(data)
    case = replace(INVALID, steps=(replace(INVALID.steps[0], file=stream),))
    entry = run_fake(tmp_path, case, "sys.exit(1)")
    assert entry.result == "kit error"
    assert "stream.nnc" in entry.detail


def test_outputs_of_failures_can_be_kept(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    run_fake(tmp_path, ONE_WEIGHT, "write('0.bin', b'1234'); sys.stderr.write('hm')", keep=keep)
    assert (keep / "dims-1" / "out" / "0.bin").read_bytes() == b"1234"
    assert (keep / "dims-1" / "stderr").read_text() == "hm"


def test_traces_are_kept(tmp_path: Path) -> None:
    decoder = decoder_of(tmp_path, "open(streams[0], 'w').write('{}'); sys.exit(5)", options="{trace}")
    run_decoder(decoder, [ONE_WEIGHT], Settings(jobs=1, keep=tmp_path / "kept"))
    assert (tmp_path / "kept" / "dims-1" / "trace.jsonl").read_text() == "{}"


def test_the_kit_survives_an_attack(tmp_path: Path) -> None:
    """A decoder that kills whoever has started it ends itself with that, and the next one runs."""
    pid = tmp_path / "pid"
    attack = f"""
if not os.path.exists({str(pid)!r}):
    open({str(pid)!r}, "w").write(str(os.getpid()))
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(1000)
sys.exit(1)
"""
    first, second = run_decoder(decoder_of(tmp_path, attack), [INVALID, INVALID], Settings(jobs=1))
    assert (first.result, first.failed, second.result) == ("kit error", True, "pass")
    while is_running(int(pid.read_text())):
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie, which somebody else buries."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_two_at_a_time_give_results_in_order(tmp_path: Path) -> None:
    cases = [INVALID, ONE_WEIGHT, EITHER, SEQUENCE, UNICODE]
    seen: list[str] = []
    entries = run_decoder(
        decoder_of(tmp_path, "sys.exit(1)"), cases, Settings(jobs=2), lambda entry: seen.append(entry.id)
    )
    assert [entry.id for entry in entries] == seen == [case.id for case in cases]
