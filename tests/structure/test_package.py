"""What the package promises as a whole: few dependencies, true stubs, headers that stand alone, small files."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pybind11
import pytest

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
STUB = ROOT / "python" / "aimcodec" / "_core.pyi"


def test_import_needs_nothing_but_numpy() -> None:
    """Modules that numpy itself brings do not count, so it is imported first."""
    program = (
        "import sys, numpy, numpy.random\n"
        "before = set(sys.modules)\n"
        "import aimcodec\n"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) - set(sys.stdlib_module_names) <= {"aimcodec", "numpy"}


def public(names: object) -> set[str]:
    return {name for name in names if not name.startswith("_")}  # type: ignore[attr-defined]


def defined_names(body: list[ast.stmt]) -> set[str]:
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return public(names)


def test_stub_names_equal_the_native_module() -> None:
    from aimcodec import _core

    stub = ast.parse(STUB.read_text("utf-8"))
    assert defined_names(stub.body) == public(vars(_core))
    for node in stub.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert defined_names(node.body) == public(vars(getattr(_core, node.name))), node.name


@pytest.fixture(scope="session")
def compiler() -> str:
    candidates = [os.environ.get("CXX", ""), "c++", "g++", "clang++"]
    found = next((path for name in candidates if name and (path := shutil.which(name))), None)
    assert found, "no C++ compiler"
    return found


@pytest.mark.parametrize("header", sorted(CSRC.rglob("*.hpp")), ids=lambda f: str(f.relative_to(CSRC)))
def test_header_compiles_alone(header: Path, compiler: str) -> None:
    systems = [f"-isystem{pybind11.get_include()}", f"-isystem{sysconfig.get_paths()['include']}"]
    flags = ["-std=c++17", "-fsyntax-only", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror", f"-I{CSRC}"]
    run = subprocess.run(
        [compiler, *flags, *systems, "-xc++", "-"],
        input=f'#include "{header.relative_to(CSRC)}"\n',
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_no_large_file_is_tracked() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    files = [ROOT / name for name in listed.split("\0") if name]
    assert not [file for file in files if file.is_file() and file.stat().st_size > 5_000_000]
