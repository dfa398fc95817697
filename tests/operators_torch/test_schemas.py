"""Attributes and their defaults in kernels are those of ONNX, in every version that a kernel stands for."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

import onnx

from aimcodec.operators.torch import KERNELS
from aimcodec.operators.torch.registry import find

# Attributes of tensors of texts, and of what versions below 7 did in place.
LEFT_OUT = {"value_string", "value_strings", "consumed_inputs"}
# Where the kernel tells "not given" from any value, or takes what is given in a version from another place.
OTHERWISE = {
    ("SoftmaxCrossEntropyLoss", "ignore_index"),
    ("NegativeLogLikelihoodLoss", "ignore_index"),
    ("RNN", "activations"),
    ("MeanVarianceNormalization", "axes"),
    ("Attention", "scale"),
    ("Constant", "value"),  # one of several, later
    ("GridSample", "mode"),  # bilinear, and the same by another name
    ("GRU", "direction"),  # misspelt in version 1
    ("LpPool", "kernel_shape"),  # not required in version 1, nor is there a default
    ("Reshape", "shape"),  # the same
    # Versions of inference only: the default of ONNX, training, is not supported where it makes a difference.
    ("BatchNormalization", "is_test"),
    ("Dropout", "is_test"),
}


def schemas() -> Iterator[Any]:
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "" and find("", schema.name, schema.since_version) is not None and not schema.deprecated:
            yield schema


def problems(schema: Any) -> Iterator[str]:
    function = find("", schema.name, schema.since_version)
    assert function is not None
    parameters = {name: p for name, p in inspect.signature(function).parameters.items() if p.kind is p.KEYWORD_ONLY}
    for name, attribute in schema.attributes.items():
        if name in LEFT_OUT or (schema.name, name) in OTHERWISE:
            continue
        if name not in parameters:
            yield f"{name} is not known"
            continue
        default = parameters[name].default
        value = onnx.helper.get_attribute_value(attribute.default_value) if attribute.default_value.type else None
        if isinstance(value, bytes):
            value = value.decode()
        if attribute.required:
            fits = default is inspect.Parameter.empty
        elif value is None:
            fits = default in {None, 0, 1}
        else:
            fits = default == pytest.approx(value)
        if not fits:
            yield f"{name} is {default}, not {value}"


def test_attributes() -> None:
    found = {f"{schema.name}-{schema.since_version}": list(problems(schema)) for schema in schemas()}
    assert len(found) > 500
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_no_kernel_for_what_is_no_operator() -> None:
    names = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if schema.domain == ""}
    assert {operator for domain, operator in KERNELS if domain == ""} <= names


def test_every_operator_without_texts_has_a_kernel() -> None:
    left_out = {
        *("ImageDecoder", "RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer"),
    }
    newest = {schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""}
    assert newest - {operator for _, operator in KERNELS} == left_out
