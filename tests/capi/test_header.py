"""The headers alone, what the library exports, and how it lays its structures out."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from aimcodec import capi

from .interface import HEADER, ROOT, ffi, lib, library, text

COMPILERS = [found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))]
LANGUAGES = [["-x", "c", "-std=c11"], ["-x", "c++", "-std=c++17"]]


@pytest.mark.parametrize("name", ["aimc.h", "conform_plugin.h", "operators.h"])
@pytest.mark.parametrize("language", LANGUAGES, ids=["c11", "c++17"])
@pytest.mark.parametrize("compiler", COMPILERS, ids=lambda path: Path(path).name)
def test_a_header_compiles_alone(compiler: str, language: list[str], name: str, tmp_path: Path) -> None:
    source = tmp_path / "alone.txt"
    source.write_text(
        f'#include "aimc/{name}"\n#include "aimc/{name}"\nint used(void);\nint used(void) {{ return 0; }}\n'
    )
    flags = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", f"-I{capi.include_dir()}"]
    subprocess.run([compiler, *flags, *language, str(source)], check=True)


def test_the_installed_header_is_that_of_the_source() -> None:
    assert HEADER.read_bytes() == (ROOT / "csrc" / "include" / "aimc" / "aimc.h").read_bytes()


def listed() -> set[str]:
    return set((ROOT / "csrc" / "capi" / "exports.txt").read_text("ascii").split())


def test_the_library_exports_what_is_listed_and_nothing_else() -> None:
    nm = shutil.which("nm")
    assert nm is not None
    out = subprocess.run([nm, "-D", "--defined-only", library()], check=True, capture_output=True, text=True).stdout
    symbols = {(kind, name.split("@")[0]) for _, kind, name in (line.split() for line in out.splitlines())}
    assert {name for kind, name in symbols if kind != "A"} == listed()  # A: the name of the version of the symbols


def test_the_header_declares_what_is_listed() -> None:
    declared = set(re.findall(r"^AIMC_API [^;(]*?(\w+)\(", HEADER.read_text("ascii"), re.MULTILINE))
    assert declared == listed()


def test_the_version_is_that_of_the_package() -> None:
    from aimcodec import __version__

    assert text(lib().aimc_version_string()) == __version__
    assert lib().aimc_abi_version() == int(re.findall(r"AIMC_ABI_VERSION (\d+)u", HEADER.read_text("ascii"))[0])


def test_names_of_statuses() -> None:
    assert [text(lib().aimc_status_name(i)) for i in (0, 8, 11, -1, 2**31 - 1)] == [
        *("ok", "out_of_memory", "unknown", "unknown", "unknown")
    ]


def library_layout() -> dict[str, tuple[int, dict[str, tuple[int, int]]]]:
    """Size of each structure, and offset and size of its members, as the library was compiled."""
    names = ffi().new("const char*[2]")
    numbers = ffi().new("uint32_t[3]")
    found: dict[str, tuple[int, dict[str, tuple[int, int]]]] = {}
    for i in range(10**6):
        if not lib().aimc_layout_member(i, names, names + 1, numbers, numbers + 1, numbers + 2):
            return found
        members = found.setdefault(text(names[0]), (numbers[2], {}))[1]
        members[text(names[1])] = (numbers[0], numbers[1])
    raise AssertionError("endless")


def test_layout_is_what_the_header_says() -> None:
    structures = re.findall(r"^typedef struct (\w+) \{", HEADER.read_text("ascii"), re.MULTILINE)
    expected = {}
    for name in structures:
        declared = ffi().typeof(name)
        members = {field: (f.offset, ffi().sizeof(f.type)) for field, f in declared.fields}
        expected[name] = (ffi().sizeof(name), members)
    assert library_layout() == expected
    assert all(members["struct_size"] == (0, 4) for _, members in expected.values())


def test_members_of_the_layout_are_not_asked_for_beyond_the_last() -> None:
    null = ffi().NULL
    assert lib().aimc_layout_member(0, null, null, null, null, null) == 1
    assert lib().aimc_layout_member(2**32 - 1, null, null, null, null, null) == 0
