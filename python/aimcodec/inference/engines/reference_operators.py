"""Custom operators as the evaluator of onnx takes them, and what it must not be given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aimcodec.errors import InconsistentError, MalformedError, UnsupportedError
from aimcodec.model.structures import ModelStructure
from aimcodec.model.walk import all_nodes

if TYPE_CHECKING:
    from aimcodec.operators.registry import CustomOperator

__all__ = ["check_attribute_names", "operator_class"]


def check_attribute_names(structure: ModelStructure) -> None:
    """The evaluator makes attributes of nodes attributes of its objects: names that these have already are refused.

    Raises:
        MalformedError: a name would replace something of the evaluator.
    """
    from onnx.reference.op_run import OpRun

    own = {"onnx_node", "run_params", "has_subgraph", "has_linked_attribute", "attributes_names_"}
    for node in all_nodes(structure):
        for attribute in node.attributes:
            name = attribute.name
            if name.startswith("_") or name in own or hasattr(OpRun, name):
                raise MalformedError(f"operator {node.operator!r} has an attribute {name!r}: no operator has that")


def operator_class(operator: CustomOperator) -> type:
    """A class for the evaluator.

    Raises:
        UnsupportedError: the operator has no kernel for it.
    """
    from onnx.reference.op_run import OpRun

    kernel = operator.kernel("reference")
    if kernel is None:
        raise UnsupportedError(f"{operator.full_name} has no kernel for the reference engine")
    defaults = {rule.name: rule.default for rule in operator.attributes if not rule.required}
    known = {rule.name for rule in operator.attributes}
    formal = len(operator.inputs)

    def run(self: Any, *inputs: Any, **attributes: Any) -> tuple[Any, ...]:
        if not attributes.keys() <= known:
            raise InconsistentError(f"{operator.full_name} has no attributes {sorted(attributes.keys() - known)}")
        result = kernel(*inputs, *[None] * (formal - len(inputs)), **{**defaults, **attributes})
        return result if isinstance(result, tuple) else (result,)

    return type(operator.name, (OpRun,), {"op_domain": operator.domain, "op_schema": None, "_run": run})
