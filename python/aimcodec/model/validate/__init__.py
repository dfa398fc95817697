"""The validator: all rules that a structure breaks, with their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aimcodec.model.structures import ModelStructure
from aimcodec.model.validate.fields import check_fields
from aimcodec.model.validate.finding import RULES, Finding, Findings, Severity
from aimcodec.model.validate.functions import check_functions
from aimcodec.model.validate.inference import check_inference
from aimcodec.model.validate.names import check_names
from aimcodec.model.validate.operators import check_operators
from aimcodec.model.validate.parameters import check_parameters
from aimcodec.model.validate.parts import take_apart
from aimcodec.model.validate.quantization import check_quantization
from aimcodec.model.validate.types import check_types

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RULES", "Finding", "Severity", "validate_structure"]


def validate_structure(
    structure: ModelStructure,
    tensors: Mapping[str, tuple[str, tuple[int, ...]]] | None = None,
    *,
    read: Callable[[str], NDArray[Any]] | None = None,
) -> list[Finding]:
    """Checks a structure against all rules of `RULES`. It may be as wrong as it wants: nothing is raised.

    Operators and the flow of shapes are checked where onnx is installed, shapes only where nothing else is wrong.

    Args:
        structure: of the model.
        tensors: element type and shape of the tensors of the package, by name; None if they are not known.
        read: gives the values of a tensor of the package, for the rules of scales and zero points, and for shapes that
            depend on values; or None. An OSError of it passes through.
    """
    findings = Findings()
    parts = take_apart(structure, findings)
    check_fields(structure, parts, findings)
    check_names(structure, findings)
    functions = check_functions(structure, parts, findings)
    check_operators(structure, parts, functions, findings)
    check_types(parts, findings)
    if tensors is not None:
        check_parameters(parts, tensors, findings)
    check_quantization(parts, read, findings)
    check_inference(structure, parts, read, findings)
    return findings.found
