"""The node tests of the onnx package, and its small models, as tests of TorchProgram; for bench/torch_nodes.py too."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx

from aimcodec.dtypes import dtype_of
from aimcodec.errors import UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.model.onnx import from_proto
from aimcodec.model.structures import SequenceType, TensorType
from aimcodec.operators.torch import TorchProgram, from_array, to_array

FOLDERS = ("simple", "pytorch-operator", "pytorch-converted", "light")
# What is drawn at random without a seed has no expected values: shapes and types are compared.
RANDOM = {"Bernoulli", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial"}
# Results of 16 bits may differ by two units in the last place of the largest; the tests ask for less than one.
COARSE = {"bfloat16": 2.0**-7, "float16": 2.0**-10}
# The expected imaginary parts of these are noise of 2e-7 where they should be 0.
NOISY = {"test_dft_inverse": 1e-6, "test_dft_inverse_opset19": 1e-6}


@dataclass(frozen=True)
class Case:
    """A model with inputs and expected outputs."""

    name: str
    model: onnx.ModelProto
    sets: list[tuple[list[Any], list[Any]]]
    rtol: float
    atol: float

    @property
    def operator(self) -> str:
        """The operator tested, where there is one; else the first word of the name."""
        operators = {node.op_type for node in self.model.graph.node} - {"Constant", "Identity"}
        return operators.pop() if len(operators) == 1 else self.name.removeprefix("test_").split("_")[0]


def cases() -> Iterator[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        for case in collect_testcases(None):
            yield Case(case.name, case.model, case.data_sets, case.rtol, case.atol)
    data = Path(onnx.__file__).parent / "backend" / "test" / "data"
    for folder in FOLDERS:
        for path in sorted((data / folder).glob("*/model.onnx")):
            model = onnx.load(path)
            sets = [_stored(directory, model) for directory in sorted(path.parent.glob("test_data_set_*"))]
            yield Case(path.parent.name, model, sets, 1e-3, 1e-7)


def _stored(directory: Path, model: onnx.ModelProto) -> tuple[list[Any], list[Any]]:
    def read(kind: str, values: Any) -> list[Any]:
        return [_message(directory / f"{kind}_{i}.pb", value.type) for i, value in enumerate(values)]

    initial = {tensor.name for tensor in model.graph.initializer}
    return read("input", [v for v in model.graph.input if v.name not in initial]), read("output", model.graph.output)


def _message(path: Path, kind: onnx.TypeProto) -> Any:
    kinds = {"sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}
    message: Any = kinds.get(kind.WhichOneof("value") or "", onnx.TensorProto)()
    message.ParseFromString(path.read_bytes())
    return message


def plain(value: Any) -> Any:
    """Arrays, or lists of them, of messages of onnx."""
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    if isinstance(value, onnx.SequenceProto):
        return onnx.numpy_helper.to_list(value)
    if isinstance(value, onnx.OptionalProto):
        return onnx.numpy_helper.to_optional(value)
    return value


def to_torch(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, list):
        return [to_torch(item) for item in value]
    if value is None:
        return None
    array = np.asarray(value)
    if array.dtype.kind in "OUST":
        raise UnsupportedError("texts")
    return from_array(array, dtype_of(array.dtype).name)


def to_plain(value: Any, expected: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [to_plain(item, like) for item, like in zip(value, expected, strict=True)]
    return None if value is None else to_array(value, dtype_of(np.asarray(expected).dtype).name)


def compare(found: Any, expected: Any, rtol: float, atol: float, values: bool) -> None:
    """Raises AssertionError where a result is not what it should be."""
    if isinstance(expected, list):
        for one, other in zip(found, expected, strict=True):
            compare(one, other, rtol, atol, values)
        return
    if expected is None or found is None:
        assert found is expected
        return
    expected = np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if not values:
        return
    if expected.dtype.kind in "iub" or expected.dtype in (ml_dtypes.int4, ml_dtypes.uint4):
        np.testing.assert_array_equal(found, expected)
    else:
        wide = np.complex128 if expected.dtype.kind == "c" else np.float64
        with np.errstate(invalid="ignore"):  # NaN of 8 bits
            one, other = found.astype(wide), expected.astype(wide)
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)


def coarse(expected: Any) -> float:
    """Two units in the last place of the largest number."""
    epsilon = COARSE.get(getattr(expected, "dtype", np.dtype("f4")).name)
    if epsilon is None or not expected.size:
        return 0.0
    _, exponent = np.frexp(np.nanmax(np.abs(expected.astype(np.float64))))
    return float(2 * epsilon * 2.0 ** (int(exponent) - 1))


def program_of(model: onnx.ModelProto, limits: Limits = DEFAULT_LIMITS) -> tuple[TorchProgram, Any]:
    structure, apart = from_proto(model)
    parameters = {name: to_torch(tensor) for name, tensor in apart.items()}
    return TorchProgram(structure, parameters, limits=limits), structure


def check(case: Case, own_tolerance: bool = False) -> None:
    """Run a case.

    Raises:
        AssertionError: a result is not what it should be.
        AimcError: the program is refused.
    """
    program, structure = program_of(case.model)
    names = [v.name for v in structure.graph.inputs if v.name not in {t.name for t in structure.graph.parameters}]
    exact = not any(node.op_type in RANDOM for node in case.model.graph.node)
    for inputs, outputs in case.sets:
        results = program.run(dict(zip(names, map(to_torch, inputs), strict=False)))
        for found, wanted, variable in zip(results.values(), map(plain, outputs), structure.graph.outputs, strict=True):
            like = list(wanted) if isinstance(variable.type, SequenceType) else wanted
            like = np.asarray(like) if isinstance(variable.type, TensorType) else like
            rtol, atol = case.rtol, case.atol
            if not own_tolerance:
                atol = max(atol, NOISY.get(case.name, 0), coarse(like))
            compare(to_plain(found, like), like, rtol, atol, exact)
