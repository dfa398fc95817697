"""Copies of a package with one fault, importable beside the good one."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import aimcodec.errors
import aimcodec.reference

from .decoder_faults import Fault

SOURCE = Path(aimcodec.reference.__file__).parent
COPY = "faulty"


def planted(source: str, fault: Fault) -> str:
    """The source with the fault in it."""
    if source.count(fault.old) != 1:
        raise ValueError(f"{fault.id}: {fault.old!r} is {source.count(fault.old)} times in {fault.module}")
    return source.replace(fault.old, fault.new)


@contextmanager
def faulty_reference(fault: Fault | None, folder: Path) -> Iterator[ModuleType]:
    """A copy of `aimcodec.reference`, which raises the errors of the good one; without a fault, just a copy."""
    root = folder / COPY
    shutil.copytree(SOURCE, root / "reference", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "__init__.py").touch()
    if fault is not None:
        file = root / "reference" / fault.module
        file.write_text(planted(file.read_text("utf-8"), fault), "utf-8")
    sys.path.insert(0, str(folder))
    try:
        importlib.import_module(COPY)
        sys.modules[f"{COPY}.errors"] = aimcodec.errors
        yield importlib.import_module(f"{COPY}.reference")
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == COPY]:
            del sys.modules[name]
        importlib.invalidate_caches()
        shutil.rmtree(root)
