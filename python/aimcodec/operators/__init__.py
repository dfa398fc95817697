"""Operators: a versioned catalogue, kernels on several backends, registration, comparison.

>>> from aimcodec import operators
>>> operators.get("Conv").attributes
>>> operators.run("MatMul", [a, b], backend="onnxruntime")
>>> f = operators.functions("torch")
>>> f.Softmax(x, axis=-1)
"""

from __future__ import annotations

from aimcodec.operators.backends import BACKENDS
from aimcodec.operators.catalogue import AttributeRule, Operator, Parameter, get, latest_version, operators
from aimcodec.operators.classes import MINIMAL_SET, MINIMAL_SET_VERSION, Category
from aimcodec.operators.functions import default_version, functions, run
from aimcodec.operators.registry import CustomOperator, Registry, default_registry
from aimcodec.operators.rules import Broadcast
from aimcodec.operators.status import OperatorError, Status

__all__ = [
    "BACKENDS",
    "MINIMAL_SET",
    "MINIMAL_SET_VERSION",
    "AttributeRule",
    "Broadcast",
    "Category",
    "CustomOperator",
    "Operator",
    "OperatorError",
    "Parameter",
    "Registry",
    "Status",
    "default_registry",
    "default_version",
    "functions",
    "get",
    "latest_version",
    "operators",
    "run",
]
