"""The catalogue against the schemas that it is taken from, and against what ONNX's change log says."""

from __future__ import annotations

import pytest

onnx = pytest.importorskip("onnx")

from aimcodec.errors import UnsupportedError  # noqa: E402
from aimcodec.model.structures import AttributeKind  # noqa: E402
from aimcodec.operators import MINIMAL_SET, MINIMAL_SET_VERSION, Broadcast, Category, get, operators  # noqa: E402
from aimcodec.operators.classes import _CATEGORIES  # noqa: E402


def test_conv_is_what_the_text_of_onnx_says() -> None:
    conv = get("Conv", version=11)
    assert (conv.since_version, conv.category, conv.minimal) == (11, Category.NEURAL_NETWORK, True)
    assert [(p.name, p.optional) for p in conv.inputs] == [("X", False), ("W", False), ("B", True)]
    assert dict(conv.type_constraints) == {"T": ("FLOAT16", "FLOAT32", "FLOAT64")}
    rules = {rule.name: rule for rule in conv.attributes}
    assert set(rules) == {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}
    assert (rules["group"].kind, rules["group"].default) == (AttributeKind.INT, 1)
    assert (rules["auto_pad"].kind, rules["auto_pad"].default) == (AttributeKind.STRING, "NOTSET")


@pytest.mark.parametrize(
    ("name", "version", "since"),
    [("Relu", 5, 1), ("Relu", 12, 6), ("Relu", 13, 13), ("Relu", 20, 14), ("Upsample", 9, 9), ("Softmax", 12, 11)],
)
def test_versions(name: str, version: int, since: int) -> None:
    assert get(name, version=version).since_version == since


@pytest.mark.parametrize(
    ("name", "domain", "version"),
    [("Nothing", "", None), ("Upsample", "", 10), ("Gelu", "", 19), ("Add", "org.example", None), ("Add", "", 10**6)],
)
def test_what_there_is_not(name: str, domain: str, version: int | None) -> None:
    with pytest.raises(UnsupportedError):
        get(name, domain, version)


def test_every_operator_of_every_domain_is_read() -> None:
    for domain in {schema.domain for schema in onnx.defs.get_all_schemas()}:
        expected = {s.name for s in onnx.defs.get_all_schemas() if s.domain == domain and not s.deprecated}
        found = operators(domain=domain)
        assert {operator.name for operator in found} == expected
        for operator in found:
            schema = onnx.defs.get_schema(operator.name, operator.since_version, domain)
            assert [p.name for p in operator.inputs] == [p.name for p in schema.inputs]
            assert {rule.name for rule in operator.attributes if rule.required} == {
                name for name, a in schema.attributes.items() if a.required
            }


def test_broadcasting_is_that_of_the_page_of_onnx() -> None:
    multidirectional = {o.name for o in operators(13) if o.broadcast is Broadcast.MULTIDIRECTIONAL}
    # Broadcast.md of the ONNX repository, those of version 13.
    assert multidirectional >= {"Add", "And", "Div", "Equal", "Greater", "Less", "Max", "Mean", "Min", "Mul", "Or"}
    assert multidirectional >= {"Pow", "Sub", "Sum", "Where", "Xor"}
    assert not multidirectional & {"MatMul", "Conv", "Relu", "Gather", "Gemm", "PRelu"}
    assert {o.name for o in operators(13) if o.broadcast is Broadcast.UNIDIRECTIONAL} == {"Gemm", "PRelu"}


def test_old_versions() -> None:
    assert "Upsample" in {o.name for o in operators(9)}
    assert "Upsample" not in {o.name for o in operators(10)}


def test_our_tables_name_operators_that_there_are() -> None:
    ever = {schema.name for schema in onnx.defs.get_all_schemas_with_history()}
    assert set(_CATEGORIES) <= ever
    for name in MINIMAL_SET:
        assert get(name, version=MINIMAL_SET_VERSION).minimal
