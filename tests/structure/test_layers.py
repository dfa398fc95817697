"""The walls of the house: who may import whom, in Python and in C++ (docs/design.md)."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "aimcodec"
CSRC = ROOT / "csrc"

# A room is a module or package directly below aimcodec; "aimcodec" is the package itself, "_core" the native module and
# "_native" its face in Python.
# A new room needs a line here and a place in docs/design.md.
FOUNDATIONS = {"errors", "limits", "bits", "files"}
PUBLIC = {
    *FOUNDATIONS,
    *("aimcodec", "bridges", "capi", "coding", "dtypes", "inference", "inspect", "model", "nnc"),
    *("operators", "package", "reference", "report", "syntax"),
}
ALLOWED_ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "limits": set(),
    "files": {"errors"},
    "bits": {"errors", "limits"},
    "syntax": FOUNDATIONS,
    "_native": {"errors", "limits", "_core"},
    "dtypes": {*FOUNDATIONS, "syntax"},
    "model": {*FOUNDATIONS, "syntax", "dtypes"},
    "coding": {*FOUNDATIONS, "syntax", "_native", "_core"},
    "nnc": {*FOUNDATIONS, "syntax", "coding"},
    "package": {*FOUNDATIONS, "dtypes", "syntax", "coding", "nnc", "model", "_native"},
    "operators": {*FOUNDATIONS, "dtypes", "model", "capi"},
    "inference": {*FOUNDATIONS, "dtypes", "model", "operators", "package", "bridges"},
    "inspect": {*FOUNDATIONS, "syntax", "coding", "nnc", "_native", "_core"},
    "report": {*FOUNDATIONS, "aimcodec", "inspect", "nnc", "package"},
    "capi": {"errors", "_core"},
    "reference": {"errors"},
    "aimcodec": {
        *FOUNDATIONS,
        "syntax",
        "coding",
        "nnc",
        "package",
        "torch",
        "model",
        "operators",
        "inference",
        "_native",
    },
    "bridges": {*FOUNDATIONS, "syntax", "dtypes", "model"},
    "torch": {*FOUNDATIONS, "dtypes", "syntax", "package"},
    "conformance": PUBLIC,
    "cli": {*PUBLIC, "conformance", "_native"} - {"reference"},
}
ALLOWED_PACKAGES: dict[str, set[str]] = {
    "dtypes": {"numpy", "ml_dtypes"},
    "coding": {"numpy"},
    "package": {"numpy", "obstore", "fsspec"},
    "nnc": {"numpy"},
    "inspect": {"numpy"},
    "reference": {"numpy", "ml_dtypes"},
    "aimcodec": {"numpy"},
    "bridges": {
        *(
            "numpy",
            "onnx",
            "torch",
            "gguf",
            "msgpack",
            "tensorflow",
            "keras",
            "tflite",
            "jax",
            "flax",
            "paddle",
        ),
    },
    "model": {"numpy", "onnx", "google"},  # google.protobuf, which onnx brings
    "operators": {"numpy", "ml_dtypes", "onnx", "onnxruntime", "torch", "cffi"},
    "inference": {"numpy", "ml_dtypes", "onnx", "onnxruntime", "torch"},
    "torch": {"numpy", "torch"},
    "report": {"numpy"},
    "conformance": {"numpy", "ml_dtypes", "jsonschema", "cffi"},
    "cli": {"numpy", "typer", "rich"},
}

ALLOWED_FOLDERS: dict[str, set[str]] = {
    "base": set(),
    "bits": {"base"},
    "entropy": {"base", "bits"},
    "quant": {"base", "bits"},
    "lossless": {"base"},
    "payload": {"base", "bits", "entropy", "quant"},
    "capi": {"base", "entropy", "quant", "payload", "lossless", "include"},
    "plugin": {"include"},
    "bind": {"base", "bits", "entropy", "quant", "payload", "lossless"},
}


def room_of(module: str) -> str:
    """Room of a dotted name in the package: aimcodec.syntax.nnc.units is in syntax."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "aimcodec"


def is_room(name: str) -> bool:
    return name == "_core" or (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def module_name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(file: Path) -> set[str]:
    """Absolute dotted names of everything a file imports, at any depth; rooms taken from the package count as rooms."""
    package = module_name(file) if file.name == "__init__.py" else module_name(file).rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*parents, *([node.module] if node.module else [])])
            if source == "aimcodec":
                found |= {f"aimcodec.{a.name}" if is_room(a.name) else "aimcodec" for a in node.names}
            else:
                found.add(source)
    return found


def python_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", python_files(), ids=lambda f: str(f.relative_to(PACKAGE)))
def test_python_imports(file: Path) -> None:
    room = room_of(module_name(file))
    assert room in ALLOWED_ROOMS, "a new room: give it its place in this table and in docs/design.md"
    imports = imported_modules(file)
    rooms = {room_of(name) for name in imports if name.split(".")[0] == "aimcodec"}
    assert rooms - {room} <= ALLOWED_ROOMS[room]
    packages = {name.split(".")[0] for name in imports} - {"aimcodec", *sys.stdlib_module_names}
    assert packages <= ALLOWED_PACKAGES.get(room, set())


@pytest.mark.parametrize("file", sorted(CSRC.rglob("*.[ch]pp")), ids=lambda f: str(f.relative_to(CSRC)))
def test_cpp_includes(file: Path) -> None:
    folder = file.relative_to(CSRC).parts[0]
    assert folder in ALLOWED_FOLDERS, "a new folder: give it its place in this table and in docs/design.md"
    text = file.read_text("utf-8")
    folders = set()
    for included in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.MULTILINE):
        assert (CSRC / included).is_file(), f"{included}: includes are named from csrc"
        folders.add(included.split("/")[0])
    assert folders - {folder} <= ALLOWED_FOLDERS[folder]
    if folder not in {"bind", "plugin"}:
        python = re.search(r"^\s*#\s*include\s*<(pybind11/|Python\.h)", text, re.MULTILINE)
        assert not python, "only bind and plugin know Python"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from ..errors import AimcError", {"aimcodec.errors"}),
        ("from .elements import u", {"aimcodec.syntax.elements"}),
        ("from . import elements", {"aimcodec.syntax"}),
        ("from .. import _core", {"aimcodec._core"}),
        ("from aimcodec import errors, decode", {"aimcodec.errors", "aimcodec"}),
        ("def f():\n  import numpy.linalg", {"numpy.linalg"}),
    ],
)
def test_the_import_parser_itself(
    source: str, expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "aimcodec"
    (package / "syntax").mkdir(parents=True)
    (package / "errors.py").touch()
    file = package / "syntax" / "units.py"
    file.write_text(source, "utf-8")
    monkeypatch.setitem(globals(), "PACKAGE", package)
    assert imported_modules(file) == expected
