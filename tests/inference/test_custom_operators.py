"""Custom operators: one client, every engine; what ONNX Runtime cannot take, and kernels that fail."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxruntime_extensions")
pytest.importorskip("torch")

import torch
from onnx import TensorProto, helper, numpy_helper

from aimcodec.errors import AimcError, ArgumentError, InconsistentError, UnsupportedError
from aimcodec.inference import Config, capabilities, create_predictor
from aimcodec.inference.engines import ENGINES, onnxruntime_engine
from aimcodec.model.structures import AttributeKind
from aimcodec.operators.catalogue import AttributeRule, Parameter
from aimcodec.operators.registry import CustomOperator, Registry

from .models import model_of, package_of, parts, value

DOMAIN = "com.example.engines"
F, INT = TensorProto.FLOAT, TensorProto.INT64


def operator(name: str, kernel: Any, **changes: Any) -> CustomOperator:
    settings: dict[str, Any] = {
        "inputs": (Parameter("x", "T"),),
        "outputs": (Parameter("y", "T"),),
        "type_constraints": {"T": ("FLOAT32", "INT64")},
        "kernels": {"reference": kernel},
    }
    return CustomOperator(name=name, domain=DOMAIN, version=1, **{**settings, **changes})


def scaled(x: Any, by: Any, *, times: int, mode: str) -> Any:
    if mode == "fail" and x.shape[0] == 3:
        raise ValueError("three rows")
    y = x * by**times
    return y + 1 if mode == "more" else y, y.sum(-1)


# ONNX Runtime keeps operators for the whole process: they are made once.
SCALED = operator(
    "Scaled",
    scaled,
    inputs=(Parameter("x", "T"), Parameter("by", "T")),
    outputs=(Parameter("y", "T"), Parameter("sums", "T")),
    attributes=(
        AttributeRule("times", AttributeKind.INT, default=2),
        AttributeRule("mode", AttributeKind.STRING, default="plain"),
    ),
    kernels={"reference": scaled, "torch": scaled},
)
REGISTRY = Registry([SCALED, operator("NotUsed", torch.neg, kernels={"torch": torch.neg})])


def node(name: str, inputs: list[str], outputs: list[str], **attributes: Any) -> Any:
    return helper.make_node(name, inputs, outputs, domain=DOMAIN, **attributes)


def model(nodes: list[Any], outputs: list[Any], kind: int = F) -> Any:
    made = model_of(
        nodes, [value("x", kind, "n", 4)], outputs, {"by": np.array(3, helper.tensor_dtype_to_np_dtype(kind))}
    )
    made.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    return made


def chain(kind: int = F, **attributes: Any) -> Any:
    """Scaled, an operator of ONNX, Scaled again inside a branch."""
    inner = helper.make_graph([node("Scaled", ["n", "by"], ["z", ""], **attributes)], "inner", [], [value("z", kind)])
    other = helper.make_graph([helper.make_node("Identity", ["n"], ["z"])], "other", [], [value("z", kind)])
    nodes = [
        node("Scaled", ["x", "by"], ["s", "sums"], **attributes),
        helper.make_node("Neg", ["s"], ["n"]),
        helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.array(True))),
        helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=other),
    ]
    return model(nodes, [value("y", kind, "n", 4), value("sums", kind, "n")], kind)


def client(config: Config, x: Any) -> dict[str, Any]:
    with create_predictor(config) as predictor:
        return predictor.run({"x": x})


@pytest.mark.parametrize("kind", [F, INT])
def test_same_results_on_every_engine(kind: int) -> None:
    x = np.arange(8).reshape(2, 4).astype(np.float32 if kind == F else np.int64)
    source = package_of(chain(kind, mode="more"))
    for engine in ENGINES:
        found = client(Config(source, engine=engine, operators=REGISTRY), x)
        assert found["sums"].tolist() == [54, 198]
        assert found["y"].tolist() == (-(9 * x + 1) * 9 + 1).tolist()
        assert {array.dtype for array in found.values()} == {x.dtype}


@pytest.mark.parametrize("engine", ENGINES)
def test_kernels_that_fail_in_some_threads(engine: str) -> None:
    with create_predictor(Config(parts(chain(mode="fail")), engine=engine, operators=REGISTRY)) as predictor:
        wrong: list[Any] = []

        def work(rows: int) -> None:
            for _ in range(30):
                try:
                    found = predictor.run({"x": np.ones((rows, 4), np.float32)})["y"]
                except AimcError as error:
                    wrong.extend([error] if rows != 3 or "three rows" not in str(error) else [])
                else:
                    wrong.extend([found] if rows == 3 or found.tolist() != [[-81] * 4] * rows else [])

        threads = [threading.Thread(target=work, args=(rows,)) for rows in range(1, 6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


def refuses() -> Any:
    raise RuntimeError("no values")


@pytest.mark.parametrize(
    ("kernel", "text"),
    [
        (lambda x: refuses(), "no values"),
        (lambda x: x.astype(np.float64), "other types"),
        (lambda x: (x, x), "other types"),
        (lambda x: None, "object"),
    ],
)
def test_kernels_that_fail_in_onnxruntime(kernel: Any, text: str, request: Any) -> None:
    """In a run, and when ONNX Runtime computes constants while the session is made."""
    name = f"Odd{abs(hash(request.node.name))}"
    registry = Registry([operator(name, kernel)])
    running = parts(model([node(name, ["x"], ["y"])], [value("y", F, "n", 4)]))
    with (
        create_predictor(Config(running, operators=registry)) as predictor,
        pytest.raises(InconsistentError, match=f"{name}: its kernel failed.*{text}"),
    ):
        predictor.run({"x": np.ones((1, 4), np.float32)})
    constant = parts(model([node(name, ["by"], ["k"]), helper.make_node("Add", ["x", "k"], ["y"])], [value("y", F)]))
    with pytest.raises(InconsistentError, match=f"{name}: its kernel failed.*{text}"):
        client(Config(constant, operators=registry), np.ones((1, 4), np.float32))


def outer_model() -> Any:
    return parts(model([node("Outer", ["x"], ["y"])], [value("y", F, "n", 4)]))


def test_a_kernel_may_run_another_model() -> None:
    def kernel(x: Any) -> Any:
        try:
            return inner.run({"x": x})["y"]
        except InconsistentError:
            return x

    registry = Registry([SCALED, operator("Outer", kernel)])
    with (
        create_predictor(Config(parts(chain(mode="fail")), operators=registry)) as inner,
        create_predictor(Config(outer_model(), operators=registry)) as predictor,
    ):
        assert predictor.run({"x": np.ones((3, 4), np.float32)})["y"].tolist() == [[1] * 4] * 3
        assert predictor.run({"x": np.ones((1, 4), np.float32)})["y"].tolist() == [[-81] * 4]


def test_new_operators_wait_for_open_sessions() -> None:
    """The table of operators would move under the sessions, which crashed."""
    x = np.ones((1, 4), np.float32)
    source = parts(model([node("Later", ["x"], ["y"])], [value("y", F, "n", 4)]))
    later = Registry([operator("Later", lambda x: x + 1)])
    with create_predictor(Config(parts(chain()), operators=REGISTRY)) as predictor:
        with pytest.raises(UnsupportedError, match=r"Later.*no session"):
            create_predictor(Config(source, operators=later))
        assert predictor.run({"x": x})["y"].tolist() == [[-81] * 4]
    assert client(Config(source, operators=later), x)["y"].tolist() == [[2] * 4]


def test_many_operators_come_one_after_the_other() -> None:
    x = np.ones((1, 4), np.float32)
    for number in range(40):
        name = f"Number{number}"
        source = parts(model([node(name, ["x"], ["y"])], [value("y", F, "n", 4)]))
        registry = Registry([operator(name, lambda x, number=number: x + np.float32(number))])
        assert client(Config(source, operators=registry), x)["y"].tolist() == [[1 + number] * 4]
    assert client(Config(parts(chain()), operators=REGISTRY), x)["y"].tolist() == [[-81] * 4]


@pytest.mark.parametrize(
    "changes",
    [
        {"type_constraints": {"T": ("UINT64",)}},
        {"type_constraints": {"T": ("BFLOAT16",)}},
        {"outputs": (Parameter("y", "U"),), "type_constraints": {"T": ("FLOAT32",), "U": ("FLOAT32", "INT64")}},
        {"kernels": {"torch": torch.neg}},
        {"attributes": (AttributeRule("axes", AttributeKind.INTS, default=[1]),)},
    ],
)
def test_operators_that_cannot_be_carried_to_onnxruntime(changes: dict[str, Any]) -> None:
    registry = Registry([operator("Uncarried", lambda x: x, **changes)])
    source = parts(model([node("Uncarried", ["x"], ["y"])], [value("y", F, "n", 4)]))
    with pytest.raises(UnsupportedError, match="Uncarried"):
        create_predictor(Config(source, operators=registry))


def test_attributes_that_a_node_lacks_or_has_too_many() -> None:
    demanding = operator("Demanding", lambda x, *, by: x, attributes=(AttributeRule("by", AttributeKind.INT),))
    for name, attributes, error in (
        ("Demanding", {}, UnsupportedError),
        ("Demanding", {"by": 1, "other": 2}, InconsistentError),
        ("Demanding", {"by": "text"}, InconsistentError),
    ):
        source = parts(model([node(name, ["x"], ["y"], **attributes)], [value("y", F, "n", 4)]))
        with pytest.raises(error, match=r"by|other"):
            create_predictor(Config(source, operators=Registry([demanding])))


def test_registries_do_not_see_operators_of_others() -> None:
    client(Config(parts(chain()), operators=REGISTRY), np.ones((1, 4), np.float32))
    for registry in (None, Registry(), Registry([operator("Lonely", lambda x: x)])):
        with pytest.raises(UnsupportedError, match=r"does not have the operators com\.example\.engines\.Scaled$"):
            create_predictor(Config(parts(chain()), operators=registry))


@pytest.mark.parametrize("engine", ENGINES)
def test_operators_of_other_systems(engine: str) -> None:
    nodes = [helper.make_node("DEQUANTIZE", ["x"], ["s"], domain="tflite"), helper.make_node("Neg", ["s"], ["y"])]
    made = model(nodes, [value("y", F, "n", 4)])
    made.opset_import.append(helper.make_opsetid("tflite", 1))
    with pytest.raises(UnsupportedError, match=r"tflite.*DEQUANTIZE|DEQUANTIZE.*tflite"):
        create_predictor(Config(parts(made), engine=engine))


def test_settings_that_custom_operators_rule_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedError, match="parallel_nodes"):
        create_predictor(Config(parts(chain()), operators=REGISTRY, parallel_nodes=2))
    assert "operators" in capabilities()["onnxruntime"].settings
    monkeypatch.setattr(onnxruntime_engine, "version_of", lambda name: "" if "extensions" in name else "1.32")
    with pytest.raises(UnsupportedError, match="no setting operators"):
        create_predictor(Config(parts(chain()), operators=REGISTRY))


def test_time_and_inputs_as_ever() -> None:
    with create_predictor(Config(parts(chain()), operators=REGISTRY)) as predictor:
        assert predictor.run_async({"x": np.ones((2, 4), np.float32)}, timeout=60).result()["sums"].tolist() == [36, 36]
        with pytest.raises(ArgumentError, match="'x'"):
            predictor.run({"x": np.ones((2, 5), np.float32)})
