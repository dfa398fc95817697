"""The node tests of the onnx package through `aimcodec.inference`, beside what the engines give by themselves.

python bench/node_tests.py [--engine reference|onnxruntime|torch ...] [--list]

Each case is run by the engine alone (onnx.reference.ReferenceEvaluator, onnxruntime.InferenceSession) and by a
predictor made of a package in memory. A case passes when the outputs are those of the case, at its own tolerances.
Every case that passes alone only, or gives other bits, or an error without a type, is listed; the exit code is then 1.
Cases that pass with a predictor only are those with element types that the engine does not take from numpy. PyTorch is
alone where `aimcodec.operators.torch.TorchProgram` is given the parameters of the file, without a package.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from aimcodec.errors import AimcError
from aimcodec.inference import Config, capabilities, create_predictor
from aimcodec.model.onnx import from_proto
from aimcodec.model.structures import TensorType
from aimcodec.model.walk import all_tensors
from aimcodec.package import Writer

# Outputs that no two runs share.
RANDOM = {
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Dropout",
}


@dataclass
class Case:
    name: str
    model: onnx.ModelProto
    data: list[tuple[list[Any], list[Any]]]
    rtol: float = 1e-3
    atol: float = 1e-7

    @property
    def is_random(self) -> bool:
        return any(node.op_type in RANDOM for node in self.model.graph.node)


@dataclass
class Outcome:
    """What a run gave: outputs of each data set, or the error."""

    outputs: list[list[Any]] = field(default_factory=list)
    error: str = ""


def node_cases() -> Iterator[Case]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    for case in found:
        yield Case(case.name, case.model, case.data_sets or [], case.rtol, case.atol)


def stored_cases() -> Iterator[Case]:
    """Of the files beside the package: pytorch-converted, pytorch-operator, simple, light."""
    root = Path(onnx.__file__).parent / "backend" / "test" / "data"
    for kind in ("pytorch-converted", "pytorch-operator", "simple", "light"):
        for file in sorted((root / kind).rglob("*.onnx")):
            model = onnx.load(file)
            sets = sorted(file.parent.glob("test_data_set_*"))
            if sets:
                yield Case(f"{kind}/{file.parent.name}", model, [read_set(folder, model) for folder in sets])


def read_set(folder: Path, model: onnx.ModelProto) -> tuple[list[Any], list[Any]]:
    def read(kind: str, variables: Any) -> list[Any]:
        return [
            value_of((folder / f"{kind}_{n}.pb").read_bytes(), v.type)
            for n, v in enumerate(variables)
            if (folder / f"{kind}_{n}.pb").exists()
        ]

    return read("input", model.graph.input), read("output", model.graph.output)


def value_of(data: bytes, kind: onnx.TypeProto) -> Any:
    which = kind.WhichOneof("value")
    if which == "sequence_type":
        return numpy_helper.to_list(onnx.SequenceProto.FromString(data))
    if which == "optional_type":
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(data))
    return numpy_helper.to_array(onnx.TensorProto.FromString(data))


def feeds_of(case: Case, values: list[Any]) -> dict[str, Any]:
    return {v.name: plain(value) for v, value in zip(case.model.graph.input, values, strict=False)}


def plain(value: Any) -> Any:
    """Cases give tensors as messages at times."""
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, np.generic):
        return np.asarray(value)
    return [plain(item) for item in value] if isinstance(value, list) else value


def alone_reference(case: Case) -> Callable[[dict[str, Any]], list[Any]]:
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(case.model)
    return lambda feeds: evaluator.run(None, feeds)


def alone_onnxruntime(case: Case) -> Callable[[dict[str, Any]], list[Any]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    data = case.model.SerializeToString()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return lambda feeds: session.run(None, feeds)


def alone_torch(case: Case) -> Callable[[dict[str, Any]], list[Any]]:
    """The program that a predictor has too, given the parameters of the file."""
    from aimcodec.operators.torch import TorchProgram, from_array, to_array

    structure, tensors = from_proto(case.model)
    kinds = {variable.name: variable.type for variable in (*structure.graph.inputs, *structure.graph.outputs)}
    types = {tensor.parameter: tensor.element_type for tensor in all_tensors(structure)}
    parameters = {name: from_array(numpy_helper.to_array(t), types[name]) for name, t in tensors.items()}
    program = TorchProgram(structure, parameters)

    def through(convert: Callable[[Any, str], Any], value: Any, kind: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            inner = getattr(kind, "element", kind)
            return [through(convert, item, inner) for item in value]
        while not isinstance(kind, TensorType):
            kind = kind.element
        return convert(value, kind.element_type)

    def run(feeds: dict[str, Any]) -> list[Any]:
        given = {name: through(from_array, value, kinds[name]) for name, value in feeds.items()}
        return [through(to_array, value, kinds[name]) for name, value in program.run(given).items()]

    return run


ALONE = {"reference": alone_reference, "onnxruntime": alone_onnxruntime, "torch": alone_torch}


def ours(case: Case, engine: str) -> Callable[[dict[str, Any]], list[Any]]:
    structure, tensors = from_proto(case.model)
    file = io.BytesIO()
    with Writer(file) as writer:
        writer.set_model(structure)
        for name, tensor in tensors.items():
            writer.add_tensor(name, numpy_helper.to_array(tensor))
    predictor = create_predictor(Config(file.getvalue(), engine=engine))
    return lambda feeds: list(predictor.run(feeds).values())


def outcome(case: Case, make: Callable[[], Callable[[dict[str, Any]], list[Any]]]) -> Outcome:
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            run = make()
            return Outcome([run(feeds_of(case, given)) for given, _ in case.data])
    except Exception as error:  # what engines raise is what is measured
        return Outcome(error=f"{type(error).__name__}: {error}")


def close(found: Any, wanted: Any, case: Case) -> bool:
    found, wanted = plain(found), plain(wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(close(f, w, case) for f, w in zip(found, wanted, strict=True))
    if wanted is None:
        return found is None
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape or (found.dtype != wanted.dtype and wanted.dtype.kind not in "OSU"):
        return False
    if wanted.dtype.kind in "OSU":
        return [str(x) for x in found.flat] == [str(x) for x in wanted.flat]
    if wanted.dtype.kind == "V" or wanted.dtype.itemsize == 1:
        found, wanted = found.astype(np.float32), wanted.astype(np.float32)
    return bool(np.allclose(found, wanted, rtol=case.rtol, atol=case.atol, equal_nan=True))


def passes(case: Case, result: Outcome) -> bool:
    if result.error:
        return False
    pairs = zip(result.outputs, case.data, strict=True)
    return all(
        len(outputs) == len(wanted) and close(list(outputs), list(wanted), case) for outputs, (_, wanted) in pairs
    )


def bits(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, (list, tuple)):
        return [bits(item) for item in value]
    if value is None:
        return None
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        return [str(item) for item in array.flat], array.shape
    return array.shape, array.tobytes()  # ONNX Runtime alone gives some 8-bit floats as bytes


def table(engine: str, cases: list[Case], shown: bool) -> int:
    counts: Counter[str] = Counter()
    for case in cases:
        mine = outcome(case, lambda case=case: ours(case, engine))
        own = outcome(case, lambda case=case: ALONE[engine](case))
        verdicts = judge(case, own, mine)
        counts.update(verdicts)
        if verdicts & WRONG or (shown and "ours" not in verdicts):
            print(
                f"  {engine} {case.name}: {', '.join(sorted(verdicts)) or 'fails'};",
                f"{own.error[:120]!r}, {mine.error[:200]!r}",
            )
    print(
        f"{engine:12} {capabilities()[engine].version:12} cases {len(cases):5}  "
        f"alone {counts['alone']:5}  aimcodec.inference {counts['ours']:5}  "
        f"only ours {counts['only ours']:4}  " + "  ".join(f"{kind} {counts[kind]}" for kind in sorted(WRONG)),
        flush=True,
    )
    return sum(counts[kind] for kind in WRONG)


WRONG = {"only alone", "other bits", "error without a type"}


def judge(case: Case, own: Outcome, mine: Outcome) -> set[str]:
    own_passes, passed = passes(case, own), passes(case, mine)
    found = {
        "alone": own_passes,
        "ours": passed,
        "only alone": own_passes and not passed,
        "only ours": passed and not own_passes,
        "other bits": not (own.error or mine.error or case.is_random) and bits(own.outputs) != bits(mine.outputs),
        "error without a type": bool(mine.error) and mine.error.split(":")[0] not in {c.__name__ for c in kinds()},
    }
    return {kind for kind, is_so in found.items() if is_so}


def kinds() -> list[type]:
    return [AimcError, *AimcError.__subclasses__()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", action="append", choices=["reference", "onnxruntime", "torch"])
    parser.add_argument("--list", action="store_true", help="list everything that does not pass")
    parser.add_argument("--only", default="", help="a part of the names of the cases")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    cases = [case for case in (*node_cases(), *stored_cases()) if options.only in case.name]
    engines = options.engine or ["reference", "onnxruntime", "torch"]
    return int(sum(table(engine, cases, options.list) for engine in engines) > 0)


if __name__ == "__main__":
    sys.exit(main())
