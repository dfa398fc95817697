"""One client on every engine, and what each of them is told."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

import ml_dtypes
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import aimcodec
from aimcodec.errors import ArgumentError, InconsistentError, MalformedError, UnsupportedError
from aimcodec.inference import Config, capabilities, create_predictor
from aimcodec.inference.engines import ENGINES
from aimcodec.inference.engines.libraries import library
from aimcodec.model.onnx import from_proto
from aimcodec.model.structures import Attribute, AttributeKind, ModelStructure
from aimcodec.operators.catalogue import AttributeRule, Parameter
from aimcodec.operators.registry import CustomOperator, Registry

from .models import endless, model_of, package_of, parts, perceptron, value

X = np.random.default_rng(1).standard_normal((3, 64), np.float32)


def expected(x: Any = X) -> dict[str, Any]:
    _, arrays = parts(perceptron())
    before = x.astype(np.float64) @ arrays["w"] + arrays["b"]
    return {"y": np.maximum(before, 0) @ arrays["v"], "before": before}


def client(config: Config) -> dict[str, Any]:
    """What a user writes; it knows nothing of engines."""
    with create_predictor(config) as predictor:
        predictor.inputs["x"].copy_from(X)
        predictor.run()
        return {name: handle.copy_to() for name, handle in predictor.outputs.items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_same_client(engine: str) -> None:
    source = package_of(perceptron())
    found = client(Config(source, engine=engine))
    for name, array in expected().items():
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], array, rtol=1e-4, atol=1e-4)


def test_bits_of_onnxruntime_itself() -> None:
    model = perceptron(600)
    x = np.random.default_rng(2).standard_normal((5, 600), np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    own = dict(zip(["y", "before"], session.run(["y", "before"], {"x": x}), strict=True))
    with create_predictor(Config(package_of(model))) as predictor:
        found = predictor.run({"x": x})
    assert all(np.array_equal(own[name], found[name]) for name in own)


def test_sources(tmp_path: Any) -> None:
    model = perceptron()
    data = package_of(model)
    path = tmp_path / "m.aim"
    path.write_bytes(data)
    whole = create_predictor(Config(path)).run({"x": X})
    with aimcodec.open(path) as package:
        for source in (data, package, parts(model)):
            with create_predictor(Config(source)) as predictor:
                assert np.array_equal(predictor.run({"x": X})["y"], whole["y"])
        assert np.array_equal(package["w"], parts(model)[1]["w"])  # what the caller opened stays open


def test_onnx_file_as_source(tmp_path: Any) -> None:
    pytest.importorskip("aimcodec.bridges.onnx")
    path = tmp_path / "m.onnx"
    path.write_bytes(perceptron().SerializeToString())
    with create_predictor(Config(path)) as predictor:
        np.testing.assert_allclose(predictor.run({"x": X})["y"], expected()["y"], rtol=1e-4, atol=1e-4)


def types_model(kind: int, packed: bool) -> Any:
    """y is a parameter of 1,056 elements, cast to float; w has large and small parameters of the type."""
    name = {v: k for k, v in TensorProto.DataType.items()}[kind]
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    codes = np.arange(33 * 200) % (1 << (4 if packed else 7 if np.dtype(dtype).itemsize == 1 else 8))
    array = codes.astype(np.uint8).view(dtype) if np.dtype(dtype).itemsize == 1 else codes.astype(dtype)
    if packed and np.dtype(dtype).name.startswith("int"):
        array = (codes - 8).astype(dtype)
    array = array.reshape(33, 200)
    nodes = [
        helper.make_node("Cast", ["big"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["cast", "x"], ["y"]),
    ]
    ends = [value("x", TensorProto.FLOAT, 200)], [value("y", TensorProto.FLOAT, 33, 200)]
    return model_of(nodes, *ends, {"big": array}, version=23), array, name


KINDS = ("FLOAT16", "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E5M2", "INT4", "UINT4", "INT8", "UINT64", "DOUBLE", "BOOL")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", KINDS)
def test_element_types_of_parameters(engine: str, kind: str) -> None:
    if kind == "BOOL":
        model, array, _ = types_model(TensorProto.UINT8, False)
        array = (array & 1).astype(bool)
        model.graph.initializer[0].CopyFrom(numpy_helper.from_array(array, "big"))
    else:
        model, array, _ = types_model(TensorProto.DataType.Value(kind), "INT4" in kind)
    with create_predictor(Config(package_of(model), engine=engine)) as predictor:
        y = predictor.run({"x": np.zeros(200, np.float32)})["y"]
    np.testing.assert_array_equal(y, array.astype(np.float32))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_element_types_of_inputs_and_outputs(engine: str, name: str) -> None:
    kind = {"bfloat16": 16, "float8_e4m3fn": 17, "float8_e5m2": 19}[name]
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"])]
    model = model_of(nodes, [value("x", kind, 2, 3)], [value("y", kind, 3, 2)], {"shape": np.array([3, 2])}, 23)
    x = np.arange(6).reshape(2, 3).astype(getattr(ml_dtypes, name))
    with create_predictor(Config(parts(model), engine=engine)) as predictor:
        y = predictor.run({"x": x})["y"]
        out = np.empty((3, 2), x.dtype)
        predictor.inputs["x"].bind(x)
        predictor.outputs["y"].bind(out)
        assert predictor.run()["y"] is out
    assert y.dtype == x.dtype
    assert y.tobytes() == x.tobytes() == out.tobytes()


@pytest.mark.parametrize("engine", ["onnxruntime", "reference"])
def test_texts(engine: str) -> None:
    nodes = [helper.make_node("Concat", ["x", "more"], ["y"], axis=0)]
    more = np.array(["\u00e4", ""], object)
    model = model_of(
        nodes, [value("x", TensorProto.STRING, "n")], [value("y", TensorProto.STRING, "m")], {"more": more}
    )
    with create_predictor(Config(parts(model), engine=engine)) as predictor:
        found = predictor.run({"x": np.array(["a", "bc"])})["y"]
    assert [str(text) for text in found] == ["a", "bc", "\u00e4", ""]


def inner_model() -> Any:
    """y is x times a large parameter of the branch, which another branch has another of by the same name."""

    def branch(factor: float) -> Any:
        big = numpy_helper.from_array(np.full(2000, factor, np.float32), "big")
        node = helper.make_node("Mul", ["x", "big"], ["z"])
        return helper.make_graph([node], "branch", [], [value("z", TensorProto.FLOAT, 2000)], [big])

    nodes = [
        helper.make_node("If", ["c"], ["p"], then_branch=branch(2), else_branch=branch(3)),
        helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(np.full(2000, 5, np.float32))),
        helper.make_node("Add", ["p", "k"], ["y"]),
    ]
    inputs = [value("x", TensorProto.FLOAT, 2000), value("c", TensorProto.BOOL)]
    return model_of(nodes, inputs, [value("y", TensorProto.FLOAT, 2000)], {})


@pytest.mark.parametrize("engine", ENGINES)
def test_parameters_inside_graphs_and_attributes(engine: str) -> None:
    source = package_of(inner_model())
    x = np.ones(2000, np.float32)
    with create_predictor(Config(source, engine=engine)) as predictor:
        for condition, number in ((True, 7), (False, 8)):
            assert set(predictor.run({"x": x, "c": np.array(condition)})["y"].tolist()) == {number}


@pytest.mark.parametrize("engine", ENGINES)
def test_parameter_that_two_variables_have(engine: str) -> None:
    structure, arrays = parts(perceptron())
    first = structure.graph.parameters[0]
    structure.graph.parameters.append(dataclasses.replace(first, name="again"))
    structure.graph.nodes[0].inputs[1] = "again"
    with create_predictor(Config((structure, arrays), engine=engine)) as predictor:
        np.testing.assert_allclose(predictor.run({"x": X})["y"], expected()["y"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_inputs_with_a_value_of_their_own(engine: str) -> None:
    model = perceptron()
    model.graph.input.append(value("b", TensorProto.FLOAT, 64))
    with create_predictor(Config(package_of(model), engine=engine)) as predictor:
        plain = predictor.run({"x": X})["before"]
        other = predictor.run({"x": X, "b": np.zeros(64, np.float32)})["before"]
    np.testing.assert_allclose(plain, expected()["before"], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(other, expected()["before"] - parts(model)[1]["b"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_results_are_the_callers_own(engine: str) -> None:
    """An output that is a parameter, or an input, can be changed without changing the model or the input."""
    nodes = [helper.make_node("Identity", ["w"], ["p"]), helper.make_node("Identity", ["x"], ["q"])]
    outputs = [value("p", TensorProto.FLOAT, 2000), value("q", TensorProto.FLOAT, 4)]
    model = model_of(nodes, [value("x", TensorProto.FLOAT, 4)], outputs, {"w": np.ones(2000, np.float32)})
    x = np.ones(4, np.float32)
    with create_predictor(Config(parts(model), engine=engine)) as predictor:
        first = predictor.run({"x": x})
        first["p"][...] = 9
        first["q"][...] = 9
        assert set(predictor.run({"x": x})["p"].tolist()) == {1}
    assert set(x.tolist()) == {1}


@pytest.mark.parametrize("engine", ENGINES)
def test_parameters_that_are_not_those_of_the_structure(engine: str) -> None:
    structure, arrays = parts(perceptron())
    without = {name: array for name, array in arrays.items() if name != "w"}
    for wrong in (without, {**without, "w": arrays["w"].astype(np.float64)}, {**without, "w": arrays["w"][:, :5]}):
        with pytest.raises(InconsistentError, match="'w'"):
            create_predictor(Config((structure, wrong), engine=engine))


@pytest.mark.parametrize("engine", ENGINES)
def test_unknown_operator(engine: str) -> None:
    structure, arrays = parts(perceptron())
    structure.graph.nodes[2].operator = "NoSuchOperator"
    with pytest.raises(aimcodec.AimcError, match="NoSuchOperator"):
        create_predictor(Config((structure, arrays), engine=engine))


@pytest.mark.parametrize("engine", ENGINES)
def test_damaged_parameters(engine: str) -> None:
    data = bytearray(package_of(perceptron(400)))
    data[len(data) // 2] ^= 0x40
    with pytest.raises(aimcodec.AimcError):
        create_predictor(Config(bytes(data), engine=engine))


def test_package_without_structure(tmp_path: Any) -> None:
    aimcodec.save_file({"w": np.ones(3, np.float32)}, tmp_path / "w.aim")
    with pytest.raises(UnsupportedError, match="no structure"):
        create_predictor(Config(tmp_path / "w.aim"))


@pytest.mark.parametrize("engine", ENGINES)
def test_settings_that_an_engine_lacks_are_refused(engine: str) -> None:
    settings: dict[str, Any] = {
        **{"optimization": "none", "threads": 1, "parallel_nodes": 2, "lazy": True, "profile": True},
        **{"affinity": "1", "disabled_passes": ["ConstantFolding"], "engine_options": {"a": "b"}},
    }
    known = capabilities()[engine].settings
    for name, setting in settings.items():
        if name not in known:
            with pytest.raises(UnsupportedError, match=name):
                create_predictor(Config(parts(perceptron()), engine=engine, **{name: setting}))
    with pytest.raises(UnsupportedError, match="no device"):
        create_predictor(Config(parts(perceptron()), engine=engine, device="abacus"))


def test_wrong_settings() -> None:
    with pytest.raises(ArgumentError, match="engine"):
        create_predictor(Config(b"", engine="steam"))
    wrong: list[dict[str, Any]] = [
        {"optimization": "most"},
        {"threads": 0},
        {"parallel_nodes": 0},
        {"decode_threads": -1},
    ]
    for settings in wrong:
        with pytest.raises(ArgumentError):
            Config(b"", **settings)
    with pytest.raises(ArgumentError, match="pair"):
        create_predictor(Config((ModelStructure.__name__, {})))


def test_settings_of_onnxruntime() -> None:
    settings: list[dict[str, Any]] = [
        {"optimization": "none", "threads": 1},
        {"optimization": "basic", "parallel_nodes": 2, "threads": 2, "affinity": "1"},
        {"disabled_passes": ["ConstantFolding"], "engine_options": {"session.disable_prepacking": "1"}},
    ]
    for chosen in settings:
        with create_predictor(Config(parts(perceptron()), **chosen)) as predictor:
            np.testing.assert_allclose(predictor.run({"x": X})["y"], expected()["y"], rtol=1e-4, atol=1e-4)


def test_times_of_nodes() -> None:
    with create_predictor(Config(parts(perceptron()), profile=True, optimization="none")) as predictor:
        predictor.run({"x": X})
        predictor.run({"x": X})
        report = predictor.profile()
        assert predictor.profile().nodes == report.nodes
    assert report.runs == 2
    assert sorted(name.split()[0] for name in report.nodes) == ["Add", "MatMul", "MatMul", "Relu"]
    assert report.shortest <= report.mean <= report.longest


def test_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ModuleNotFoundError, match=r"onnxruntime; pip install 'aimcodec\[onnxruntime\]'"):
        library("onnxruntime")


def test_failures_of_a_run_name_the_engine() -> None:
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"])]
    inputs = [value("x", TensorProto.FLOAT, "n"), value("shape", TensorProto.INT64, 2)]
    model = model_of(nodes, inputs, [value("y", TensorProto.FLOAT, "a", "b")], {})
    feeds = {"x": np.ones(6, np.float32), "shape": np.array([4, 2])}
    for engine in ENGINES:
        with create_predictor(Config(parts(model), engine=engine)) as predictor:
            with pytest.raises(aimcodec.AimcError):
                predictor.run(feeds)
            good = predictor.run({**feeds, "shape": np.array([3, 2])})["y"]
            assert good.shape == (3, 2)


def test_loop_is_a_model() -> None:
    with create_predictor(Config(parts(endless(3)))) as predictor:
        assert predictor.run({"x": np.zeros(4, np.float32)})["y"].tolist() == [3, 3, 3, 3]
    assert from_proto(endless(3))[0].graph.nodes[0].operator == "Loop"


def halved() -> Any:
    nodes = [helper.make_node("Halve", ["x"], ["y"], domain="com.example", times=2)]
    model = model_of(nodes, [value("x", TensorProto.FLOAT, "n")], [value("y", TensorProto.FLOAT, "n")], {})
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    return model


@pytest.mark.parametrize("engine", ENGINES)
def test_custom_operators(engine: str) -> None:
    def halve(x: Any, *, times: int = 1) -> Any:
        return x / 2**times

    operator = CustomOperator(
        name="Halve",
        domain="com.example",
        version=1,
        inputs=(Parameter("x", "T"),),
        outputs=(Parameter("y", "T"),),
        attributes=(AttributeRule("times", AttributeKind.INT, default=1),),
        type_constraints={"T": ("FLOAT32",)},
        kernels={"reference": halve, "torch": halve},
    )
    config = Config(parts(halved()), engine=engine, operators=Registry([operator]))
    with create_predictor(config) as predictor:
        assert predictor.run({"x": np.array([8, 4], np.float32)})["y"].tolist() == [2, 1]
    with pytest.raises(UnsupportedError, match="Halve"):
        create_predictor(Config(parts(halved()), engine=engine))


@pytest.mark.parametrize("name", ["__class__", "_run", "run", "onnx_node", "need_context"])
def test_attributes_that_would_replace_parts_of_the_evaluator(name: str) -> None:
    structure, arrays = parts(perceptron())
    structure.graph.nodes[2].attributes.append(Attribute(name, AttributeKind.INT, 1))
    with pytest.raises(MalformedError, match=name):
        create_predictor(Config((structure, arrays), engine="reference"))


@pytest.mark.parametrize("engine", ENGINES)
def test_summary(engine: str) -> None:
    summary = Config(package_of(perceptron()), engine=engine).summary()
    assert summary.engine == capabilities()[engine]
    assert summary.inputs == {"x": "FLOAT32 [batch, 64]"}
    assert summary.outputs == {"y": "FLOAT32 [batch, 8]", "before": "FLOAT32 [batch, 64]"}
    assert summary.operators == {"MatMul": 2, "Add": 1, "Relu": 1}
    assert (summary.parameters, summary.parameter_bytes) == (3, 4 * (64 * 64 + 64 + 64 * 8))
