"""What info, ls, inspect, validate, verify and bench say of packages, good and damaged."""

from __future__ import annotations

import csv
import json
import os
import pty
import shlex
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

import aimcodec
from aimcodec.syntax.aim import trace_file

from .command import STREAM, Command, environment
from .models import rich_package, weights


@pytest.fixture
def package(tmp_path: Path) -> Path:
    file = tmp_path / "rich.aim"
    rich_package(file)
    return file


def tensor_place(file: Path, name: str, variant: str = "") -> tuple[int, int]:
    """First byte and size of the first unit of a tensor."""
    with aimcodec.open(file, variant=variant) as opened:
        unit = opened.units[opened.info(name).units[0]]
    return unit.offset, unit.size


def damage(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 0x10
    file.write_bytes(data)


def test_info_tells_what_was_written(aimc: Command, package: Path) -> None:
    record = json.loads(aimc("info", package, "--json").out)
    assert record["version"] == "1.0"
    assert record["bytes"] == package.stat().st_size
    assert (record["tensors"], record["aliases"]) == (6, 2)
    assert record["parameters"] == 300 * 64 + 7 + 12 + 2 * 96
    assert record["memory_bytes"] == 300 * 64 * 4 + 7 * 2 + 12 * 8 + 2 * 3 * 18
    assert record["metadata"] == {"title": "tiny \x1b[31m", "k": "v"}
    assert record["licenses"] == ["MIT"]
    assert [person["name"] for person in record["contributors"]] == ["Ada"]
    assert [(v["variant"], v["value"]) for v in record["evaluations"]] == [("", 12.5), ("half", 13.0)]
    assert record["assets"] == [{"name": "tokenizer/vocab.json", "media_type": "application/json", "bytes": 8}]
    assert [(s["variant_id"], s["bytes"]) for s in record["structures"]] == [(0, 5), (1, 15)]
    assert {g["name"]: (g["tensors"], g["elements"], g["bytes"]) for g in record["dtypes"]} == {
        "FLOAT32": (1, 19200, 76800),
        "INT16": (1, 7, 14),
        "FLOAT64": (1, 12, 96),
        "OPAQUE": (1, 192, 108),
    }
    assert {g["name"]: g["tensors"] for g in record["codings"]} == {"lossless": 3, "raw": 1}


def test_info_fits_a_screen_and_is_safe_to_print(aimc: Command, package: Path) -> None:
    result = aimc("info", package)
    assert result.code == 0
    assert len(result.lines) <= 50
    assert "MIT" in result.out
    assert "tiny \\x1b[31m" in result.out
    assert all(line.isprintable() for line in result.lines)


def test_ls_lists_sorts_and_filters(aimc: Command, package: Path) -> None:
    records = [json.loads(line) for line in aimc("ls", package, "--json").lines]
    assert [r["name"] for r in records] == ["w", "b", "raw", "q", "tied", "equal"]
    with aimcodec.open(package) as opened:
        units = opened.units
        for record in records:
            info = opened.info(record["name"])
            assert record["shape"] == list(info.shape)
            own = opened.info(record["alias_of"] or record["name"])
            assert record["coded_bytes"] == sum(units[n].size for n in range(own.units[0], sum(own.units)))
            assert record["ratio"] == record["coded_bytes"] / record["bytes"]
    assert {r["name"]: r["bytes"] for r in records} == {
        "w": 76800, "b": 14, "raw": 96, "q": 108, "tied": 76800, "equal": 14
    }  # fmt: skip

    def names(*arguments: str) -> list[str]:
        return [json.loads(line)["name"] for line in aimc("ls", package, *arguments, "--json").lines]

    assert names("--sort", "name") == sorted(r["name"] for r in records)
    assert names("--sort", "size") == ["w", "tied", "q", "raw", "b", "equal"]
    ratios = [next(r["ratio"] for r in records if r["name"] == name) for name in names("--sort", "ratio")]
    assert ratios == sorted(ratios)
    assert names("?") == ["w", "b", "q"]
    assert names("*e*") == ["tied", "equal"]
    assert names("nothing") == []
    assert names("--variant", "half") == ["w"]
    rows = list(csv.DictReader(aimc("ls", package, "--csv").lines))
    assert [row["name"] for row in rows] == [r["name"] for r in records]
    assert [row["shape"] for row in rows] == ["300x64", "7", "3x4", "2x96", "300x64", "7"]
    heading, *table = aimc("ls", package).lines
    assert heading.split() == ["name", "type", "shape", "coding", "bytes", "coded", "ratio"]
    assert [line.split()[0] for line in table] == [r["name"] for r in records]


def test_names_cannot_write_to_the_terminal(aimc: Command, tmp_path: Path) -> None:
    file = tmp_path / "m.aim"
    aimcodec.save_file({"\x1b]0;owned\x07\u202e": np.zeros(3)}, file, metadata={"\x1b[1m": "\x07"})
    good, bad = aimc("verify", file), None
    damage(file, tensor_place(file, "\x1b]0;owned\x07\u202e")[0] + 20)
    bad = aimc("verify", file)
    assert (good.code, bad.code) == (0, 1)
    results = [aimc(*c, file) for c in (["info"], ["ls"], ["ls", "--csv"], ["ls", "--json"], ["inspect"], ["validate"])]
    for result in [*results, bad]:
        assert all(line.isprintable() for line in [*result.lines, *result.err.splitlines()])


def test_the_tree_accounts_for_every_bit(aimc: Command, package: Path) -> None:
    records = [json.loads(line) for line in aimc("inspect", package, "--json").lines]
    position = 0
    for record in records:
        assert record["bit_offset"] == position
        position += record["bit_length"]
    assert position == 8 * package.stat().st_size
    assert len(records) == len(trace_file(package.read_bytes()))
    symbols = {r["symbol"] for r in records if r["path"].endswith(".unit_type")}
    assert {"PACKAGE", "TENSOR", "ALIAS", "ASSET", "INDEX", "END"} <= symbols
    units = aimc("inspect", package, "--depth", "1").lines[1:]
    assert units[0].split()[3:5] == ["PACKAGE,", "64"]
    assert units[-1].split()[3:5] == ["END,", "128"]


def test_a_place_is_shown(aimc: Command, package: Path) -> None:
    offset, _ = tensor_place(package, "w")
    shown = aimc("inspect", package, "--at-bit", 8 * (offset + 8), "--json")
    assert json.loads(shown.out)["symbol"] == "TENSOR"


def test_good_packages_are_good(aimc: Command, package: Path) -> None:
    assert aimc("verify", package).out == f"{package}: ok, {package.stat().st_size:,} bytes\n"
    assert aimc("validate", package).out == f"{package}: ok\n"
    verdict = json.loads(aimc("verify", package, "--json").out)
    assert (verdict["ok"], verdict["findings"]) == (True, [])


def test_damage_is_located(aimc: Command, package: Path) -> None:
    offset, size = tensor_place(package, "w")
    damage(package, offset + size // 2)
    result = aimc("verify", package, "--json")
    assert result.code == 1
    findings = json.loads(result.out)["findings"]
    assert findings
    assert {f["tensor"] for f in findings} == {"w"}
    with aimcodec.open(package) as opened:
        assert {f["unit"] for f in findings} == {opened.info("w").units[0]}
    assert all(offset <= f["byte"] < offset + size for f in findings)
    text = aimc("verify", package)
    assert text.code == 1
    assert "tensor    w" in text.out
    validated = aimc("validate", package, "--json")
    assert validated.code == 3
    (error,) = json.loads(validated.out)["errors"]
    assert offset <= error["bit_offset"] >> 3 < offset + size
    assert error["clause"] == "2.2"
    assert error["path"].endswith("payload_crc")
    program, *arguments = shlex.split(error["inspect"])
    assert (program, aimc(*arguments).code) == ("aimc", 3)


def test_every_damaged_byte_is_found(aimc: Command, tmp_path: Path) -> None:
    file = tmp_path / "m.aim"
    aimcodec.save_file({"a": weights(8, 4), "b": np.arange(5)}, file, metadata={"k": "v"})
    good = file.read_bytes()
    for place in range(0, len(good), 7):
        file.write_bytes(good)
        damage(file, place)
        assert aimc("verify", file).code == 1, place
        assert aimc("validate", file).code in {3, 4}, place
        assert aimc("inspect", file).code in {3, 4}, place


@pytest.mark.parametrize("cut", [1, 64, 128, 500, 3000])
def test_cut_packages_are_refused_and_recovered(cut: int, aimc: Command, package: Path) -> None:
    arrays = rich_package(package)
    package.write_bytes(package.read_bytes()[:-cut])
    assert aimc("ls", package).code == 3
    assert aimc("decode", package, "-o", package.with_name("x.safetensors")).code == 3
    good = package.with_name("good.aim")
    result = aimc("verify", package, "--recover-to", good, "--json")
    assert result.code == 1
    assert json.loads(result.out)["findings"]
    assert aimc("verify", good).code == 0
    with aimcodec.open(good) as opened:
        assert set(opened) == set(arrays)
        for name in opened:
            assert opened[name].tobytes() == arrays[name].tobytes(), name


def test_what_is_intact_is_recovered(aimc: Command, package: Path) -> None:
    arrays = rich_package(package)
    offset, size = tensor_place(package, "w")
    damage(package, offset + size // 2)
    good = package.with_name("good.aim")
    result = aimc("verify", package, "--recover-to", good, "--json")
    assert result.code == 1
    lost = {part["name"] for part in json.loads(result.out)["lost"]}
    assert lost == {"w", "tied"}
    assert aimc("verify", good).code == 0
    with aimcodec.open(good) as opened, aimcodec.open(good, variant="half") as half:
        assert set(opened) == set(arrays) - lost
        assert all(opened[name].tobytes() == arrays[name].tobytes() for name in opened)
        assert opened.info("raw").coding == "raw"
        assert half["w"].tobytes() == arrays["w"].astype(np.float16).tobytes()
        assert opened.metadata["k"] == "v"
        assert opened.assets["tokenizer/vocab.json"].data == b'{"a": 1}'
        assert half.structure is not None


def test_no_package_is_no_finding(aimc: Command, tmp_path: Path) -> None:
    for data in (b"", b"x" * 1000, STREAM):
        file = tmp_path / "x.aim"
        file.write_bytes(data)
        result = aimc("verify", file, "--recover-to", tmp_path / "y.aim")
        assert result.code == 3
        assert list(tmp_path.iterdir()) == [file]


def test_bench_measures_all_in_one_run(aimc: Command, package: Path) -> None:
    result = aimc("bench", package, "--coding", "lossless", "--coding", "raw", "--rounds", 1, "--json")
    assert result.code == 0, result.err
    record = json.loads(result.out)
    steps = {r["step"]: r for r in record["results"]}
    assert list(steps) == ["memcpy", "encode lossless", "decode lossless", "encode raw", "decode raw"]
    assert record["memory_bytes"] == 2 * 76800 + 2 * 14 + 96 + 108
    assert all(r["seconds"] > 0 and r["mb_per_second"] > 0 for r in steps.values())
    assert steps["encode lossless"]["ratio"] < 1 < steps["encode raw"]["ratio"]
    assert record["isa"] == aimcodec.isa()
    assert record["versions"]["numpy"] == np.__version__
    assert "memcpy" in aimc("bench", package, "--rounds", 1).out


@pytest.mark.parametrize("command", ["encode", "decode", "verify"])
def test_progress_is_for_terminals(command: str, tmp_path: Path) -> None:
    source, packed = tmp_path / "m.npz", tmp_path / "m.aim"
    np.savez(source, w=weights())
    aimcodec.save_file({"w": weights()}, packed)
    arguments = {
        "encode": [source, "-o", tmp_path / "x.aim"],
        "decode": [packed, "-o", tmp_path / "x.npz"],
        "verify": [packed],
    }[command]
    terminal, end = pty.openpty()
    line = [sys.executable, "-m", "aimcodec.cli", command, *map(str, arguments)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=end, env=environment(TERM="xterm")) as process:
        os.close(end)
        shown = b""
        try:
            while part := os.read(terminal, 4096):
                shown += part
        except OSError:  # how a terminal says that its other end was closed
            pass
        out = process.stdout.read() if process.stdout else b""
    os.close(terminal)
    assert process.returncode == 0
    assert b"100%" in shown
    assert b"MB/s" not in out or command != "verify"
    assert out.count(b"\n") == 1
    quiet = subprocess.run(line, capture_output=True, env=environment(), check=True)
    assert quiet.stderr == b""


def test_later_versions_are_unsupported(aimc: Command, package: Path) -> None:
    data = bytearray(package.read_bytes())
    data[26] = 2  # version_major, the first byte of package_header
    end = int.from_bytes(data[10:14], "big")  # unit_header_size
    data[end - 4 : end] = zlib.crc32(data[: end - 4]).to_bytes(4, "big")
    package.write_bytes(data)
    for arguments in (["verify"], ["validate"], ["info"], ["ls"]):
        result = aimc(*arguments, package)
        assert result.code == 4, (arguments, result)
