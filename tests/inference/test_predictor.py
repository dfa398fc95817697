"""Predictors: what is refused, handles, clones, runs in the background and from many threads."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

from onnx import TensorProto, helper

import aimcodec
from aimcodec.errors import ArgumentError, LimitExceededError, UnsupportedError
from aimcodec.inference import Config, Predictor, ShapeProfile, create_predictor
from aimcodec.inference.engines import ENGINES

from .models import endless, model_of, package_of, parts, perceptron, value

X = np.random.default_rng(1).standard_normal((3, 64), np.float32)


@pytest.fixture(params=ENGINES)
def predictor(request: Any) -> Any:
    with create_predictor(Config(parts(perceptron()), engine=request.param)) as made:
        yield made


@pytest.mark.parametrize(
    ("feeds", "words"),
    [
        ({}, ["'x'", "FLOAT32 [batch, 64]"]),
        ({"x": X.astype(np.float64)}, ["'x'", "FLOAT32", "float64"]),
        ({"x": X[:, :5]}, ["'x'", "[batch, 64]", "[3, 5]"]),
        ({"x": X[0]}, ["'x'", "[batch, 64]", "[64]"]),
        ({"x": [[1], [2, 3]]}, ["'x'", "no array"]),
        ({"x": X, "z": X}, ["'z'", "'x'"]),
    ],
)
def test_feeds_that_are_refused(predictor: Predictor, feeds: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ArgumentError) as caught:
        predictor.run(feeds)
    assert all(word in str(caught.value) for word in words)


def test_outputs_are_chosen(predictor: Predictor) -> None:
    assert list(predictor.run({"x": X}, ["before"])) == ["before"]
    assert list(predictor.run({"x": X})) == ["y", "before"]
    with pytest.raises(ArgumentError, match="no output 'nothing'"):
        predictor.run({"x": X}, ["nothing"])


def test_other_byte_orders_and_views_are_taken(predictor: Predictor) -> None:
    plain = predictor.run({"x": X})["y"]
    wide = np.zeros((3, 128), np.float32)
    wide[:, ::2] = X
    for form in (X.astype(">f4"), np.asfortranarray(X), wide[:, ::2]):
        np.testing.assert_allclose(predictor.run({"x": form})["y"], plain, rtol=1e-5, atol=1e-5)


def test_handles(predictor: Predictor) -> None:
    handle = predictor.inputs["x"]
    assert handle is predictor.inputs[0]
    assert (handle.name, handle.dtype, handle.shape) == ("x", np.float32, ("batch", 64))
    assert [*predictor.inputs], [*predictor.outputs] == (["x"], ["y", "before"])
    assert predictor.outputs[-1].name == "before"
    for key in (5, "nothing"):
        with pytest.raises(KeyError, match="'before'"):
            predictor.outputs[key]
    with pytest.raises(ArgumentError, match="before a run"):
        predictor.outputs["y"].copy_to()
    given = X.copy()
    handle.copy_from(given)
    given[...] = 0
    predictor.run()
    np.testing.assert_array_equal(predictor.outputs["y"].copy_to(), predictor.run({"x": X})["y"])
    handle.clear()
    with pytest.raises(ArgumentError, match="without a value"):
        predictor.run()


def test_bound_arrays(predictor: Predictor) -> None:
    given, taken = X.copy(), np.empty((3, 8), np.float32)
    predictor.inputs["x"].bind(given)
    predictor.outputs["y"].bind(taken)
    for factor in (1, 2):
        given[...] = factor * X
        assert predictor.run()["y"] is taken
        np.testing.assert_array_equal(taken, predictor.run({"x": given})["y"])
    predictor.outputs["y"].unbind()
    assert predictor.run()["y"] is not taken
    predictor.outputs["y"].bind(np.empty((4, 8), np.float32))
    with pytest.raises(aimcodec.AimcError):
        predictor.run()


def test_what_cannot_be_bound(predictor: Predictor) -> None:
    read_only = np.empty((3, 8), np.float32)
    read_only.flags.writeable = False
    for array in (np.empty((3, 8)), np.empty((8, 3), np.float32).T, read_only, [1.0]):
        with pytest.raises(ArgumentError, match="'y'"):
            predictor.outputs["y"].bind(array)
    for array in (np.asfortranarray(X), X.astype(">f4"), X.tolist()):
        with pytest.raises(ArgumentError, match="'x'"):
            predictor.inputs["x"].bind(array)


def test_profiles_of_shapes() -> None:
    shapes = {"x": ShapeProfile((1, 64), (2, 64), (3, 64))}
    with create_predictor(Config(parts(perceptron()), shapes=shapes)) as predictor:
        assert predictor.run({"x": X})["y"].shape == (3, 8)
        with pytest.raises(ArgumentError, match=r"\[1, 64\] to \[3, 64\]; given is \[4, 64\]"):
            predictor.run({"x": np.ones((4, 64), np.float32)})
    with pytest.raises(ArgumentError, match="no input"):
        create_predictor(Config(parts(perceptron()), shapes={"q": shapes["x"]}))
    with pytest.raises(ArgumentError, match="minimum"):
        ShapeProfile((2,), (1,), (3,))


def test_sequences_and_optionals() -> None:
    kind = helper.make_tensor_type_proto(TensorProto.FLOAT, ["n"])
    sequence = helper.make_sequence_type_proto(kind)
    nodes = [helper.make_node("SequenceAt", ["s", "i"], ["y"]), helper.make_node("Identity", ["s"], ["t"])]
    inputs = [helper.make_value_info("s", sequence), value("i", TensorProto.INT64)]
    model = model_of(nodes, inputs, [value("y", TensorProto.FLOAT, "n"), helper.make_value_info("t", sequence)], {})
    given = [np.ones(2, np.float32), np.zeros(3, np.float32)]
    for engine in ENGINES:
        with create_predictor(Config(parts(model), engine=engine)) as predictor:
            assert predictor.inputs["s"].shape is None
            found = predictor.run({"s": given, "i": np.array(1)})
            assert found["y"].tolist() == [0, 0, 0]
            assert [array.tolist() for array in found["t"]] == [[1, 1], [0, 0, 0]]
            with pytest.raises(ArgumentError, match=r"'s'\[1\].*float64"):
                predictor.run({"s": [given[0], np.ones(1)], "i": np.array(0)})
            with pytest.raises(ArgumentError, match="sequence of FLOAT32"):
                predictor.run({"s": 5, "i": np.array(0)})


def test_clones_go_their_own_ways(predictor: Predictor) -> None:
    predictor.inputs["x"].copy_from(X)
    with predictor.clone() as clone:
        with pytest.raises(ArgumentError, match="without a value"):
            clone.run()
        clone.inputs["x"].copy_from(2 * X)
        clone.run()
        predictor.run()
        assert not np.array_equal(clone.outputs["y"].copy_to(), predictor.outputs["y"].copy_to())
        assert clone.profile().runs == predictor.profile().runs == 1
    np.testing.assert_array_equal(predictor.run()["y"], predictor.run({"x": X})["y"])


def test_closing(predictor: Predictor) -> None:
    clone = predictor.clone()
    predictor.close()
    predictor.close()
    for act in (lambda: predictor.run({"x": X}), predictor.clone, lambda: predictor.run_async({"x": X})):
        with pytest.raises(ArgumentError, match="closed"):
            act()
    assert clone.run({"x": X})["y"].shape == (3, 8)
    clone.close()


def test_background(predictor: Predictor) -> None:
    plain = predictor.run({"x": X})["y"]
    pending = [predictor.run_async({"x": X}, ["y"]) for _ in range(5)]
    assert all(np.array_equal(one.result()["y"], plain) for one in pending)
    with pytest.raises(ArgumentError, match="without a value"):
        predictor.run_async({}).result()
    assert predictor.profile().runs == 6


def test_executor_of_the_caller() -> None:
    with ThreadPoolExecutor(1) as executor:
        names: list[str] = []
        with create_predictor(Config(parts(perceptron()), executor=executor)) as predictor:
            done = threading.Event()
            executor.submit(done.wait)
            late = predictor.run_async({"x": X})
            assert late.cancel()
            done.set()
            predictor.run_async({"x": X}).add_done_callback(lambda _: names.append(threading.current_thread().name))
    assert late.cancelled()
    assert len(names) == 1


def test_timeout_and_cancel() -> None:
    x = np.zeros(4, np.float32)
    with create_predictor(Config(package_of(endless()))) as predictor:
        with pytest.raises(LimitExceededError, match=r"0\.05 s"):
            predictor.run({"x": x}, timeout=0.05)
        with pytest.raises(LimitExceededError):
            predictor.run_async({"x": x}, timeout=0.05).result()
        pending = predictor.run_async({"x": x})
        while not pending.running():
            pass
        assert pending.cancel()
        with pytest.raises(CancelledError):
            pending.result()
        assert predictor.profile().runs == 0
    with create_predictor(Config(package_of(endless(3)))) as predictor:
        assert predictor.run({"x": x}, timeout=60)["y"].tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize("engine", ["reference", "torch"])
def test_engines_that_cannot_stop(engine: str) -> None:
    with create_predictor(Config(parts(perceptron()), engine=engine)) as predictor:
        with pytest.raises(UnsupportedError, match="timeout"):
            predictor.run({"x": X}, timeout=1)
        with pytest.raises(UnsupportedError, match="timeout"):
            predictor.run_async({"x": X}, timeout=1)


def from_many_threads(engine: str, runs: int, threads: int = 8) -> None:
    """Each thread has inputs of its own, on one predictor or a clone, and compares bits with those of one thread."""
    random = np.random.default_rng(7)
    inputs = [random.standard_normal((1 + n % 3, 64), np.float32) for n in range(threads)]
    with create_predictor(Config(package_of(perceptron()), engine=engine)) as predictor:
        wanted = [predictor.run({"x": x}) for x in inputs]
        clones = [predictor if n % 2 else predictor.clone() for n in range(threads)]
        begin = threading.Barrier(threads)

        def work(number: int) -> int:
            begin.wait()
            wrong = 0
            for _ in range(runs):
                found = clones[number].run({"x": inputs[number]})
                wrong += any(not np.array_equal(found[name], wanted[number][name]) for name in found)
            return wrong

        with ThreadPoolExecutor(threads) as pool:
            assert sum(pool.map(work, range(threads))) == 0
        assert predictor.profile().runs == threads + runs * threads // 2
        for clone in clones[::2]:
            clone.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_many_threads(engine: str) -> None:
    from_many_threads(engine, 40)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_many_threads_and_runs(engine: str) -> None:
    from_many_threads(engine, 1000)


class Gate:
    """A package in memory that holds back what lies behind a place until it is opened."""

    is_local = True
    requests = bytes_fetched = 0

    def __init__(self, data: bytes, place: int, length: int) -> None:
        self.size = len(data)
        self.opened = threading.Event()
        self._data = data
        self._held = range(place, place + length)

    def read_at(self, offset: int, size: int) -> bytes:
        if offset < self._held.stop and self._held.start < offset + size:
            assert self.opened.wait(60)
        return self._data[offset : offset + size]

    def release(self, offset: int, size: int) -> None:
        pass

    def close(self) -> None:
        pass


def late_package() -> tuple[bytes, int, int]:
    """Two large parameters; place and size of the second."""
    nodes = [helper.make_node("Add", ["x", "first"], ["s"]), helper.make_node("Add", ["s", "second"], ["y"])]
    size = 3 << 20
    parameters = {"first": np.ones(size, np.float32), "second": np.full(size, 2, np.float32)}
    ends = [value("x", TensorProto.FLOAT, size)], [value("y", TensorProto.FLOAT, size)]
    data = package_of(model_of(nodes, *ends, parameters), coding="raw")
    with aimcodec.open(data) as package:
        unit = package.units[package.info("second").units[0]]
    return data, unit.offset, unit.size


def test_lazy_start() -> None:
    """The predictor is there before the last parameter is; a run waits for it."""
    gate = Gate(*late_package())
    with create_predictor(Config(gate, engine="torch", lazy=True)) as predictor:
        pending = predictor.run_async({"x": np.zeros(3 << 20, np.float32)})
        assert not pending.done()
        gate.opened.set()
        assert set(pending.result()["y"].tolist()) == {3}


def test_lazy_start_that_fails_later() -> None:
    data, place, size = late_package()
    broken = bytearray(data)
    broken[place + size // 2] ^= 1
    with create_predictor(Config(bytes(broken), engine="torch", lazy=True)) as predictor:
        for _ in range(2):
            with pytest.raises(aimcodec.AimcError):
                predictor.run({"x": np.zeros(3 << 20, np.float32)})


def test_lazy_start_given_up() -> None:
    gate = Gate(*late_package())
    predictor = create_predictor(Config(gate, engine="torch", lazy=True))
    threading.Timer(0.2, gate.opened.set).start()
    predictor.close()
