"""aimc validate --model: the structure of a model and its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from aimcodec.bridges.model import Model
from aimcodec.cli.models import open_model
from aimcodec.cli.output import print_json
from aimcodec.cli.report import ExitCode, about, shown_path
from aimcodec.cli.structures import reader_of, structure_of
from aimcodec.inspect.text import printable
from aimcodec.model.validate import Finding, validate_structure

__all__ = ["validate_models"]


def validate_models(sources: Sequence[Path], json: bool) -> ExitCode:
    """Prints what is wrong with the structures of models; the exit code says whether something is."""
    worst = ExitCode.GOOD
    for source in sources:
        with about(source, stream=False), open_model(str(source)) as model:
            findings = _findings(model)
        errors = [finding for finding in findings if finding.severity == "error"]
        if errors:
            worst = ExitCode.DIFFERENT
        if json:
            warnings = [finding for finding in findings if finding.severity != "error"]
            records = {"errors": list(map(asdict, errors)), "warnings": list(map(asdict, warnings))}
            print_json({"file": str(source), "ok": not errors, **records})
            continue
        for finding in findings:
            print(f"{shown_path(source)}: {_line(finding)}")
        if not errors:
            print(f"{shown_path(source)}: ok")
    return worst


def _findings(model: Model) -> list[Finding]:
    tensors = {
        tensor.name: ("OPAQUE" if tensor.dtype is None else tensor.dtype.name, tensor.shape) for tensor in model.tensors
    }
    return validate_structure(structure_of(model), tensors, read=reader_of(model))


def _line(finding: Finding) -> str:
    place = f" {printable(finding.path)}:" if finding.path else ""
    return f"{finding.severity}: {finding.rule}:{place} {printable(finding.message)}"
