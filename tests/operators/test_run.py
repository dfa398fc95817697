"""Calls of operators on every backend: results against arithmetic, mistakes against the status of each."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

pytest.importorskip("onnx")

from aimcodec import errors
from aimcodec.limits import Limits
from aimcodec.model.structures import AttributeKind
from aimcodec.operators import (
    MINIMAL_SET,
    MINIMAL_SET_VERSION,
    AttributeRule,
    CustomOperator,
    OperatorError,
    Parameter,
    Registry,
    Status,
    functions,
    get,
    run,
)
from aimcodec.operators.compare.cases import cases_of

F = np.float32
ENGINES = {"reference": "onnx", "onnxruntime": "onnxruntime", "torch": "torch"}
PRESENT = [name for name, package in ENGINES.items() if importlib.util.find_spec(package)]


@pytest.fixture(params=list(ENGINES))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    pytest.importorskip(ENGINES[name])
    return name


def image(*shape: int) -> np.ndarray[Any, Any]:
    return np.arange(np.prod(shape), dtype=F).reshape(shape) % 7


# Operator, inputs, attributes, status, argument named.
MISTAKES: dict[str, tuple[str, list[Any], dict[str, Any], Status, str]] = {
    "type": ("Relu", [np.bool_([1])], {}, Status.TYPE_MISMATCH, "X"),
    "types that differ": ("Add", [F([1]), np.float64([1])], {}, Status.TYPE_MISMATCH, "B"),
    "broadcast": ("Add", [image(2, 3), image(2)], {}, Status.DIMENSIONS_MISMATCH, ""),
    "inner dimension": ("MatMul", [image(2, 3), image(2, 3)], {}, Status.DIMENSIONS_MISMATCH, ""),
    "channels": ("Conv", [image(1, 4, 5, 5), image(2, 3, 1, 1)], {}, Status.DIMENSIONS_MISMATCH, "W"),
    "groups": ("Conv", [image(1, 4, 5, 5), image(3, 2, 1, 1)], {"group": 2}, Status.DIMENSIONS_MISMATCH, "W"),
    "scale": ("BatchNormalization", [image(1, 2, 3), *[image(3)] * 4], {}, Status.DIMENSIONS_MISMATCH, ""),
    "elements": ("Reshape", [image(6), np.int64([4])], {}, Status.DIMENSIONS_MISMATCH, "shape"),
    "axes of perm": ("Transpose", [image(2, 3)], {"perm": [0]}, Status.DIMENSIONS_MISMATCH, "perm"),
    "updates": (
        *("ScatterND", [image(3, 2), np.int64([[0]]), image(1, 3)], {}),
        *(Status.DIMENSIONS_MISMATCH, "updates"),
    ),
    "batches": (
        *("GatherND", [image(3, 4), np.int64([[1], [1]])], {"batch_dims": 1}),
        *(Status.DIMENSIONS_MISMATCH, "indices"),
    ),
    "missing input": ("Add", [F([1])], {}, Status.INVALID_ARGUMENT, "B"),
    "left out input": ("Add", [None, F([1])], {}, Status.INVALID_ARGUMENT, "A"),
    "too many inputs": ("Relu", [F([1]), F([1])], {}, Status.INVALID_ARGUMENT, ""),
    "object": ("Relu", [object()], {}, Status.INVALID_ARGUMENT, "X"),
    "unknown attribute": ("Relu", [F([1])], {"__class__": 1}, Status.INVALID_ARGUMENT, "__class__"),
    "kind of attribute": ("Softmax", [F([1])], {"axis": 1.5}, Status.INVALID_ARGUMENT, "axis"),
    "too large an attribute": ("Softmax", [F([1])], {"axis": 2**63}, Status.INVALID_ARGUMENT, "axis"),
    "missing attribute": ("MaxPool", [image(1, 1, 4, 4)], {}, Status.INVALID_ARGUMENT, "kernel_shape"),
    "window": ("MaxPool", [image(1, 1, 4, 4)], {"kernel_shape": [6, 6]}, Status.INVALID_ARGUMENT, "Y"),
    "two -1": ("Reshape", [image(6), np.int64([-1, -1])], {}, Status.INVALID_ARGUMENT, "shape"),
    "axis twice": ("Transpose", [image(2, 3)], {"perm": [0, 0]}, Status.INVALID_ARGUMENT, "perm"),
    "step": ("Slice", [image(4), *np.int64([[0], [4], [0], [0]])], {}, Status.INVALID_ARGUMENT, "steps"),
    "flag": ("ReduceSum", [image(2)], {"keepdims": 2}, Status.INVALID_ARGUMENT, "keepdims"),
    "same axis": ("ReduceSum", [image(2, 3), np.int64([1, -1])], {}, Status.INVALID_ARGUMENT, "axes"),
    "fmod": ("Mod", [F([1]), F([1])], {}, Status.INVALID_ARGUMENT, "fmod"),
    "ratio": ("Dropout", [F([1]), F(1)], {}, Status.INVALID_ARGUMENT, "ratio"),
    "window just too large": ("Conv", [image(1, 1, 2, 2), image(1, 1, 3, 1)], {}, Status.INVALID_ARGUMENT, "Y"),
    "type number": ("Cast", [F([1])], {"to": -1}, Status.INVALID_ARGUMENT, "to"),
    "unknown type number": ("Cast", [F([1])], {"to": 1 << 30}, Status.INVALID_ARGUMENT, "to"),
    "rank of a pool": ("GlobalMaxPool", [image(2)], {}, Status.DIMENSIONS_MISMATCH, "X"),
    "rank of axes": ("ReduceSum", [image(2), np.int64([[0]])], {}, Status.DIMENSIONS_MISMATCH, "axes"),
    "rank of shape": ("ConstantOfShape", [np.int64([[1]])], {}, Status.DIMENSIONS_MISMATCH, "input"),
    "operator": ("Nothing", [F([1])], {}, Status.NOT_SUPPORTED, ""),
    "sequence": ("SequenceLength", [[F([1])]], {}, Status.NOT_SUPPORTED, "input_sequence"),
    "graph": ("If", [np.bool_(1)], {"then_branch": 1, "else_branch": 1}, Status.NOT_SUPPORTED, "else_branch"),
    "huge": ("Expand", [F([1]), np.int64([1 << 31, 1 << 20])], {}, Status.ALLOC_FAILED, "output"),
    "huge tile": ("Tile", [image(4), np.int64([1 << 40])], {}, Status.ALLOC_FAILED, "output"),
    "axis": ("Softmax", [image(2, 3)], {"axis": 2}, Status.OUT_OF_RANGE, "axis"),
    "axes": ("ReduceSum", [image(2, 3), np.int64([-3])], {}, Status.OUT_OF_RANGE, "axes"),
    "index": ("Gather", [image(2, 3), np.int64([0, 2])], {}, Status.OUT_OF_RANGE, "indices"),
    "negative index": ("GatherElements", [image(3), np.int64([-4])], {}, Status.OUT_OF_RANGE, "indices"),
    "tuple": ("GatherND", [image(2, 3), np.int64([[1, 3]])], {}, Status.OUT_OF_RANGE, "indices"),
    "zero": ("Div", [np.int32([[1], [2]]), np.int32([1, 0])], {}, Status.MATH_ERROR, "B"),
    "remainder": ("Mod", [np.uint8([5]), np.uint8([0])], {}, Status.MATH_ERROR, "B"),
    "least": ("Div", [np.int64([-(2**63)]), np.int64([-1])], {}, Status.MATH_ERROR, "B"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake: str, backend: str) -> None:
    name, inputs, attributes, status, argument = MISTAKES[mistake]
    with pytest.raises(OperatorError) as caught:
        run(name, inputs, attributes, backend=backend)
    assert (caught.value.status, caught.value.operator, caught.value.argument) == (status, name, argument)
    assert status.name in str(caught.value)


def broken(answer: Callable[[], Any]) -> Registry:
    """An operator of one FLOAT32 output, as large as the input."""
    operator = CustomOperator(
        name="Odd",
        domain="org.example",
        version=1,
        inputs=(Parameter("x", "T"),),
        outputs=(Parameter("y", "T"),),
        attributes=(AttributeRule("n", AttributeKind.INT, default=3),),
        type_constraints={"T": ("FLOAT32",)},
        kernels={name: lambda x, *, n: answer() for name in ENGINES},
        infer_types=lambda inputs, attributes: inputs,
    )
    return Registry([operator])


def raising() -> Any:
    raise RuntimeError("no")


PROMISES_BROKEN: dict[str, Callable[[], Any]] = {
    "raises": raising,
    "nothing": lambda: None,
    "two": lambda: (F([1]), F([1])),
    "type": lambda: np.float64([1]),
    "shape": lambda: F([[1]]),
    "list": lambda: [1.0],
}


@pytest.mark.parametrize("promise", PROMISES_BROKEN)
def test_kernels_that_break_their_promise(promise: str, backend: str) -> None:
    registry = broken(PROMISES_BROKEN[promise])
    with pytest.raises(OperatorError) as caught:
        run("Odd", [F([1])], domain="org.example", registry=registry, backend=backend)
    assert caught.value.status is Status.INTERNAL_ERROR


def test_every_status_is_provoked() -> None:
    provoked = {mistake[3] for mistake in MISTAKES.values()} | {Status.INTERNAL_ERROR, Status.SUCCESS}
    assert provoked == set(Status)


def test_errors_are_of_the_closed_set() -> None:
    closed = {kind for name in errors.__all__ if (kind := getattr(errors, name)) is not errors.AimcError}
    for name, inputs, attributes, _, _ in MISTAKES.values():
        with pytest.raises(OperatorError) as caught:
            run(name, inputs, attributes)
        assert any(isinstance(caught.value, kind) for kind in closed)


def test_memory_has_a_limit(backend: str) -> None:
    tight = Limits(max_output_bytes=400)
    assert run("Expand", [F(1), np.int64([100])], backend=backend, limits=tight)[0].shape == (100,)
    with pytest.raises(OperatorError, match="ALLOC_FAILED"):
        run("Expand", [F(1), np.int64([101])], backend=backend, limits=tight)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_sums_are_those_of_numpy(data: st.DataObject) -> None:
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4))
    kind = data.draw(st.sampled_from([np.int8, np.int32, np.int64, np.float32, np.float64]))
    a, b = (data.draw(hnp.arrays(kind, shape, elements=st.integers(-50, 50))) for shape in shapes.input_shapes)
    for name in PRESENT:
        (c,) = run("Add", [a, b], backend=name)
        assert c.dtype == kind
        assert c.shape == shapes.result_shape
        np.testing.assert_array_equal(c, a + b)


def test_convolution_by_hand(backend: str) -> None:
    x, w = F([[[1, 2, 3, 4]], [[0, 1, 0, -1]]]), F([[[1, 10]]])
    (y,) = run("Conv", [x, w], {"pads": [1, 0], "strides": [2]}, backend=backend)
    np.testing.assert_array_equal(y, F([[[10, 32]], [[0, 1]]]))
    f = functions(backend)
    np.testing.assert_array_equal(f.Conv(x, w, pads=[1, 0], strides=[2]), y)


def test_groups_and_windows_of_negative_numbers(backend: str) -> None:
    f = functions(backend)
    y = f.Conv(F([[[1], [2], [3], [4]]]), F([[[1], [10]], [[100], [1000]]]), group=2)
    np.testing.assert_array_equal(y, F([[[21], [4300]]]))
    y = f.MaxPool(F([[[[-3, -2], [-5, -1]]]]), kernel_shape=[2, 2], pads=[1, 1, 1, 1])
    np.testing.assert_array_equal(y, F([[[[-3, -2, -2], [-3, -1, -1], [-5, -1, -1]]]]))


def test_more_outputs(backend: str) -> None:
    f = functions(backend)
    values, places = f.TopK(F([3, 9, 1]), np.int64([2]))
    assert (values.tolist(), places.tolist()) == ([9, 3], [1, 0])
    parts = f.Split(image(5), np.int64([2, 3]))
    assert [part.tolist() for part in parts] == [[0, 1], [2, 3, 4]]
    assert [len(part) for part in f.Split(image(5), num_outputs=2)] == [3, 2]


def test_versions_differ(backend: str) -> None:
    x = F([[[1, 1], [1, 1]]])  # before version 13 all axes from `axis` on are one
    if backend == "reference":  # it knows the newer meaning only, and must not give that
        with pytest.raises(OperatorError, match="NOT_SUPPORTED"):
            run("Softmax", [x], version=11)
    else:
        np.testing.assert_allclose(run("Softmax", [x], version=11, backend=backend)[0], x / 4, rtol=1e-6)
    np.testing.assert_allclose(run("Softmax", [x], version=13, backend=backend)[0], x / 2, rtol=1e-6)


def test_directory_of_functions() -> None:
    names = dir(functions("reference"))
    assert {"Conv", "Attention"} <= set(names)
    assert "Attention" not in dir(functions("reference", version=20))
    with pytest.raises(AttributeError):
        functions("reference")._private  # noqa: B018


def test_no_such_backend() -> None:
    with pytest.raises(errors.ArgumentError, match="reference, onnxruntime, torch"):
        run("Relu", [F([1])], backend="__class__")


@pytest.mark.parametrize("threads", [8])
def test_from_several_threads(threads: int, backend: str) -> None:
    wrong: list[int] = []

    def work(number: int) -> None:
        for i in range(40):
            x = F([[number, i], [i, 1]])
            (y,) = run("MatMul", [x, x[:, : 1 + i % 2]], backend=backend)
            if not np.array_equal(y, x @ x[:, : 1 + i % 2]):
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_a_kernel_without_memory(backend: str) -> None:
    def hungry() -> Any:
        raise MemoryError

    with pytest.raises(OperatorError) as caught:
        run("Odd", [F([1])], domain="org.example", registry=broken(hungry), backend=backend)
    assert caught.value.status is Status.ALLOC_FAILED


def changed(value: Any, draw: st.DrawFn) -> Any:
    """Another type, another shape, other values, or nothing."""
    way = draw(st.sampled_from(["type", "shape", "part", "value", "nothing"]))
    if value is None or way == "nothing":
        return None
    array = np.array(value)
    if way == "type":
        kinds = [np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_, np.float16, np.complex64]
        with np.errstate(all="ignore"):
            return array.astype(draw(st.sampled_from(kinds)))
    if way == "shape" or not array.ndim:
        return np.resize(array, draw(hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)))
    if way == "part":
        return array[tuple(slice(0, draw(st.integers(0, size))) for size in array.shape)]
    if array.size and array.dtype.kind in "if":
        array.flat[draw(st.integers(0, array.size - 1))] = draw(st.sampled_from([0, -1, 99, np.iinfo(np.int8).min]))
    return array


@st.composite
def mutated_calls(draw: st.DrawFn) -> tuple[str, list[Any], dict[str, Any], int | None]:
    name = draw(st.sampled_from(sorted(MINIMAL_SET)))
    definition = get(name, version=MINIMAL_SET_VERSION)
    case = draw(st.sampled_from(cases_of(definition, 0)))
    inputs, attributes = list(case.inputs), dict(case.attributes)
    for place in draw(st.sets(st.integers(0, len(inputs) - 1), max_size=2) if inputs else st.just(set[int]())):
        inputs[place] = changed(inputs[place], draw)
    if definition.attributes and draw(st.booleans()):
        rule = draw(st.sampled_from(definition.attributes))
        number = st.sampled_from([0, 1, -1, 2, 9, -7, 2**31, 2**62, -(2**63)])
        text = st.sampled_from(["", "reflect", "linear", "SAME_UPPER", "CRD", "add"])
        attributes[rule.name] = draw(st.one_of(number, text, st.lists(number, max_size=4), st.floats(width=32)))
    return name, inputs, attributes, case.outputs


@given(call=mutated_calls())
@settings(max_examples=150)
@pytest.mark.filterwarnings("ignore:index_reduce")
def test_mutated_calls_end_in_a_status(call: tuple[str, list[Any], dict[str, Any], int | None]) -> None:
    name, inputs, attributes, outputs = call
    tight = Limits(max_elements=1 << 20, max_output_bytes=1 << 24)
    shapes = set()
    for engine in PRESENT:
        try:
            results = run(name, inputs, attributes, outputs=outputs, backend=engine, limits=tight)
        except OperatorError:
            continue
        shapes.add(tuple((result.dtype, result.shape) for result in results))
    assert len(shapes) <= 1
