"""Custom operators: registration, their functions of types, and the same kernel by every way that there is to it."""

from __future__ import annotations

import importlib.util
import threading
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from aimcodec.errors import ArgumentError, UnsupportedError
from aimcodec.model.structures import (
    Attribute,
    AttributeKind,
    Dimension,
    Graph,
    ModelStructure,
    OperatorNode,
    OperatorSet,
    TensorType,
    VariableNode,
)
from aimcodec.operators import CustomOperator, OperatorError, Parameter, Registry, Status, functions, run

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "operators" / "gdn.py"
F = np.float32


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gdn_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GDN = example()
DOMAIN: str = GDN.DOMAIN


@pytest.fixture(params=["reference", "onnxruntime", "torch"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name != "reference":
        pytest.importorskip(name)
    return name


def test_gdn_by_hand(backend: str) -> None:
    f = functions(backend, domain=DOMAIN, registry=GDN.REGISTRY)
    x = F([[[[3]], [[4]]]])  # 3 / sqrt(7 + 9) and 4 / sqrt(16)
    y = f.GDN(x, F([7, 7]), F([[1, 0], [0, 9 / 16]]))
    np.testing.assert_array_equal(y, F([[[[0.75]], [[1]]]]))
    np.testing.assert_array_equal(f.GDN(x, F([7, 7]), F([[1, 0], [0, 9 / 16]]), inverse=1), F([[[[12]], [[16]]]]))


@pytest.mark.parametrize("kind", [np.float32, np.uint8, np.int8, np.int32])
def test_pixel_shuffle_is_depth_to_space(kind: Any, backend: str) -> None:
    x = np.arange(2 * 8 * 3 * 5).reshape(2, 8, 3, 5).astype(kind)
    (y,) = run("PixelShuffle", [x], {"factor": 2}, domain=DOMAIN, registry=GDN.REGISTRY, backend=backend)
    (z,) = run("DepthToSpace", [x], {"blocksize": 2, "mode": "CRD"})
    assert y.dtype == kind
    np.testing.assert_array_equal(y, z)


def test_mistakes_are_found_by_the_definition_and_its_function_of_types(backend: str) -> None:
    x = np.ones((1, 6, 2, 2), F)
    for inputs, attributes, status in (
        ([x], {"factor": 2}, Status.DIMENSIONS_MISMATCH),
        ([x], {}, Status.INVALID_ARGUMENT),
        ([x, x], {"factor": 1}, Status.INVALID_ARGUMENT),
        ([x > 0], {"factor": 1}, Status.TYPE_MISMATCH),
    ):
        with pytest.raises(OperatorError) as caught:
            run("PixelShuffle", inputs, attributes, domain=DOMAIN, registry=GDN.REGISTRY, backend=backend)
        assert caught.value.status is status


def operator(version: int = 1, **changes: Any) -> CustomOperator:
    made = CustomOperator(
        name="Plus",
        domain="org.example",
        version=version,
        inputs=(Parameter("x", "T"),),
        outputs=(Parameter("y", "T"),),
        type_constraints={"T": ("INT64",)},
        kernels={"reference": lambda x: x + version},
    )
    return replace(made, **changes)


def test_versions() -> None:
    registry = Registry([operator(5), operator(2)])
    for version, result in ((2, 2), (4, 2), (5, 5), (9, 5), (None, 5)):
        (y,) = run("Plus", [np.int64(0)], domain="org.example", version=version, registry=registry)
        assert y == result
    with pytest.raises(OperatorError, match="NOT_SUPPORTED"):
        run("Plus", [np.int64(0)], domain="org.example", version=1, registry=registry)
    registry.unregister("Plus", "org.example")
    assert registry.operators() == []
    with pytest.raises(ArgumentError):
        registry.unregister("Plus", "org.example")


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": ""},
        {"domain": "ai.onnx"},
        {"name": "not a name"},
        {"version": 0},
        {"outputs": ()},
        {"kernels": {}},
        {"inputs": (Parameter("x", "T"), Parameter("x", "T"))},
    ],
)
def test_what_cannot_be_registered(changes: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        Registry([operator(**changes)])


def test_a_version_is_registered_once() -> None:
    with pytest.raises(ArgumentError, match="already"):
        Registry([operator(), operator()])


def test_no_kernel_for_a_backend() -> None:
    pytest.importorskip("torch")
    with pytest.raises(OperatorError, match="no kernel for torch"):
        run("Plus", [np.int64(0)], domain="org.example", registry=Registry([operator()]), backend="torch")


def test_types_of_nodes() -> None:
    node = OperatorNode("PixelShuffle", ["x"], ["y"], [Attribute("factor", AttributeKind.INT, 3)], domain=DOMAIN)
    x = TensorType("UINT8", tuple(Dimension(size) for size in (None, 18, 4, None)))
    (y,) = GDN.REGISTRY.infer(node, [x])
    assert y == TensorType("UINT8", tuple(Dimension(size) for size in (None, 2, 12, None)))
    assert GDN.REGISTRY.infer(node, [None]) == [None]
    with pytest.raises(UnsupportedError):
        GDN.REGISTRY.infer(OperatorNode("Nothing", domain=DOMAIN), [])


def test_functions_of_types_that_fail() -> None:
    def failing(inputs: Any, attributes: Any) -> Any:
        raise KeyError("x")

    node = OperatorNode("Plus", ["x"], ["y"], domain="org.example")
    for function in (failing, lambda inputs, attributes: []):
        with pytest.raises(OperatorError, match="INTERNAL_ERROR"):
            Registry([operator(infer_types=function)]).infer(node, [None])


def codec_model() -> ModelStructure:
    """PixelShuffle of FLOAT32, and 1 more by an operator of ONNX."""
    shuffle = OperatorNode("PixelShuffle", ["x"], ["s"], [Attribute("factor", AttributeKind.INT, 2)], domain=DOMAIN)
    nodes = [shuffle, OperatorNode("Neg", ["s"], ["y"])]
    variables = [[VariableNode(name, TensorType("FLOAT32", (Dimension(),) * 4))] for name in "xy"]
    return ModelStructure(
        Graph("g", nodes, *variables), [OperatorSet("", 17), OperatorSet(DOMAIN, 1)], format_version=9
    )


def test_in_a_session_of_onnxruntime_from_several_threads() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxruntime_extensions")
    from aimcodec.model.onnx import to_proto
    from aimcodec.operators.extensions import make_session

    model = to_proto(codec_model(), None).SerializeToString()

    def make(operators: str) -> Any:
        options = onnxruntime.SessionOptions()
        options.register_custom_ops_library(operators)
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    session = make_session(GDN.REGISTRY, make)
    assert make_session(GDN.REGISTRY, make) is not session  # once more does no harm
    wrong = []

    def work(number: int) -> None:
        x = np.arange(16, dtype=F).reshape(1, 4, 2, 2) + number
        expected = -GDN.shuffle(x, factor=2)
        wrong.extend(i for i in range(50) if not np.array_equal(session.run(None, {"x": x})[0], expected))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_does_not_reach_onnxruntime() -> None:
    pytest.importorskip("onnxruntime_extensions")
    from aimcodec.operators.extensions import make_session

    class Session:
        """What keeps ONNX Runtime from taking new operators."""

        def __init__(self, operators: str) -> None:
            assert operators

    for changes in (
        {"kernels": {"torch": lambda x: x}},
        {"inputs": (Parameter("x", "T", optional=True),)},
        {"type_constraints": {"T": ("FLOAT16",)}},
    ):
        with pytest.raises(UnsupportedError, match=r"org\.example\.Odd"):
            make_session(Registry([operator(name="Odd", **changes)]), Session)
    session = make_session(Registry([operator(name="Twice")]), Session)
    with pytest.raises(UnsupportedError, match="whole process"):
        make_session(Registry([operator(name="Twice")]), Session)
    with pytest.raises(UnsupportedError, match="no session"):
        make_session(Registry([operator(name="Later")]), Session)
    del session
    make_session(Registry([operator(name="Later")]), Session)


def test_in_a_program_of_torch() -> None:
    torch = pytest.importorskip("torch")
    from aimcodec.operators.torch import TorchProgram

    x = np.arange(16, dtype=F).reshape(1, 4, 2, 2)
    program = TorchProgram(codec_model(), {}, registry=GDN.REGISTRY)
    y = program.run({"x": torch.from_numpy(x)})["y"].numpy()
    np.testing.assert_array_equal(y, -GDN.shuffle(x, factor=2))


def test_types_of_a_model_with_custom_operators() -> None:
    from aimcodec.model.shapes import infer_shapes

    model = codec_model()
    size = tuple(Dimension(n) for n in (1, 8, 3, 5))
    model.graph.inputs[0].type = TensorType("FLOAT32", size)
    inferred = infer_shapes(model, custom=GDN.REGISTRY.infer)
    expected = TensorType("FLOAT32", tuple(Dimension(n) for n in (1, 2, 6, 10)))
    assert {v.name: v.type for v in inferred.graph.variables}["s"] == expected
    assert inferred.graph.outputs[0].type == expected
