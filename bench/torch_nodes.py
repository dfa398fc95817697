"""All node tests of the onnx package through TorchProgram: what passes, fails, and is not supported, by operator.

Run: python bench/torch_nodes.py [--only TEXT] [--failures]
"""

from __future__ import annotations

import argparse
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx

from aimcodec.dtypes import dtype_of
from aimcodec.errors import AimcError, UnsupportedError
from aimcodec.model.onnx import from_proto
from aimcodec.model.structures import SequenceType, TensorType
from aimcodec.operators.torch import TorchProgram, from_array, to_array

Case = tuple[str, onnx.ModelProto, list[tuple[list[Any], list[Any]]], float, float]

# What is drawn at random has no expected values: shapes and types are compared.
RANDOM = {"Bernoulli", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial"}


def cases() -> Iterator[Case]:
    """Node tests, and the small models of the package's data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        for case in collect_testcases(None):
            yield case.name, case.model, case.data_sets, case.rtol, case.atol
    for folder in ("simple", "pytorch-operator", "pytorch-converted", "light"):
        for path in sorted((Path(onnx.__file__).parent / "backend" / "test" / "data" / folder).glob("*/model.onnx")):
            model = onnx.load(path)
            sets = [_stored(directory, model) for directory in sorted(path.parent.glob("test_data_set_*"))]
            yield path.parent.name, model, sets, 1e-3, 1e-7


def _stored(directory: Path, model: onnx.ModelProto) -> tuple[list[Any], list[Any]]:
    def read(kind: str, values: Any) -> list[Any]:
        return [_message(directory / f"{kind}_{i}.pb", value.type) for i, value in enumerate(values)]

    initial = {tensor.name for tensor in model.graph.initializer}
    return read("input", [v for v in model.graph.input if v.name not in initial]), read("output", model.graph.output)


def _message(path: Path, kind: onnx.TypeProto) -> Any:
    message: Any = {"sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}.get(
        kind.WhichOneof("value") or "", onnx.TensorProto
    )()
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
    if array.dtype.kind in "OUS":
        raise UnsupportedError("texts")
    return from_array(array, dtype_of(array.dtype).name)


def to_plain(value: Any, expected: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [to_plain(item, like) for item, like in zip(value, expected, strict=True)]
    return None if value is None else to_array(value, dtype_of(np.asarray(expected).dtype).name)


def compare(found: Any, expected: Any, rtol: float, atol: float, values: bool) -> None:
    if isinstance(expected, list):
        for one, other in zip(found, expected, strict=True):
            compare(one, other, rtol, atol, values)
        return
    if expected is None or found is None:
        if found is not expected:
            raise AssertionError(f"{found} is not {expected}")
        return
    expected = np.asarray(expected)
    if found.shape != expected.shape or found.dtype != expected.dtype:
        raise AssertionError(f"{found.dtype} {found.shape} is not {expected.dtype} {expected.shape}")
    if not values:
        return
    if expected.dtype.kind in "iub" or expected.dtype in (ml_dtypes.int4, ml_dtypes.uint4):
        np.testing.assert_array_equal(found, expected)
    else:
        wide = np.complex128 if expected.dtype.kind == "c" else np.float64
        np.testing.assert_allclose(found.astype(wide), expected.astype(wide), rtol=rtol, atol=atol)


def run(case: Case) -> None:
    """Raises what is wrong: AssertionError for other values, AimcError for what is refused."""
    _, model, sets, rtol, atol = case
    structure, apart = from_proto(model)
    parameters = {name: to_torch(tensor) for name, tensor in apart.items()}
    program = TorchProgram(structure, parameters)
    names = [v.name for v in structure.graph.inputs if v.name not in {t.name for t in structure.graph.parameters}]
    exact = not any(node.op_type in RANDOM for node in model.graph.node)
    for inputs, outputs in sets:
        feeds = dict(zip(names, map(to_torch, inputs), strict=False))
        results = program.run(feeds)
        for found, expected, variable in zip(
            results.values(), map(plain, outputs), structure.graph.outputs, strict=True
        ):
            like = list(expected) if isinstance(variable.type, SequenceType) else expected
            like = np.asarray(like) if isinstance(variable.type, TensorType) else like
            compare(to_plain(found, like), like, rtol, atol, exact)


def operator_of(case: Case) -> str:
    counts = Counter(node.op_type for node in case[1].graph.node)
    rarest = [name for name in counts if name not in {"Constant", "Identity"}]
    return rarest[0] if len(rarest) == 1 else f"({case[0].removeprefix('test_').split('_')[0]})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--failures", action="store_true", help="print what fails and is refused")
    arguments = parser.parse_args()
    verdicts: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    for case in cases():
        if arguments.only not in case[0]:
            continue
        try:
            run(case)
            verdict = "pass"
        except UnsupportedError as error:
            verdict = "unsupported"
            if arguments.failures:
                print(f"UNSUPPORTED {case[0]}: {error}")
        except AssertionError as error:
            verdict = "wrong"
            lines = [line for line in str(error).splitlines() if line.strip()]
            print(f"WRONG {case[0]}: {' | '.join(lines[:5])}")
        except AimcError as error:
            verdict = "error"
            print(f"ERROR {case[0]}: {type(error).__name__} {error}")
        except Exception:
            verdict = "crash"
            print(f"CRASH {case[0]}: {' '.join(traceback.format_exc().splitlines()[-4:])}")
        total[verdict] += 1
        verdicts.setdefault(operator_of(case), Counter())[verdict] += 1
    for operator, counts in sorted(verdicts.items()):
        print(f"{operator:32} {', '.join(f'{n} {verdict}' for verdict, n in counts.most_common())}")
    print(f"{total.total()} cases: {', '.join(f'{n} {verdict}' for verdict, n in total.most_common())}")


if __name__ == "__main__":
    main()
