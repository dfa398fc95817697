"""Time from nothing to the first output of a real model, and the memory it takes: packages beside plain files.

python bench/cold_start.py DIRECTORY [--repeat 9] [--rate 500e6]

all-MiniLM-L6-v2 (float32, 90 MB) on ONNX Runtime from: a plain .onnx file, .onnx with external data, safetensors with
the structure, packages that are lossless and coded with NNC (qp -32). Each measurement is a process of its own, the
formats take turns. "process" begins with the process and imports what the way needs; "work" begins when everything is
imported, and "CPU" is what all threads took for it. Reads are from the page cache, or through a reader of so many bytes
a second, the same for all formats. The output of every way is compared bit for bit with that of the plain file.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from throttle import ThrottledFile

FORMATS = ("onnx", "onnx+data", "safetensors", "aim lossless", "aim nnc")
FILES = {
    "onnx": ("minilm.onnx",),
    "onnx+data": ("external.onnx", "external.onnx.data"),
    "safetensors": ("parameters.safetensors", "structure.bin"),
    "aim lossless": ("lossless.aim",),
    "aim nnc": ("nnc.aim",),
}
QP = -32


def prepare(directory: Path) -> None:
    """Write the model in every format, once."""
    import onnx
    from minilm_onnx import build
    from models import minilm
    from onnx import numpy_helper
    from safetensors.numpy import save_file

    import aimcodec
    from aimcodec.model import encode_structure
    from aimcodec.model.onnx import from_proto
    from aimcodec.package import Writer

    if all((directory / name).exists() for names in FILES.values() for name in names):
        return
    model = build(minilm(directory))
    (directory / "minilm.onnx").write_bytes(model.SerializeToString())
    structure, tensors = from_proto(model)
    arrays = {name: numpy_helper.to_array(tensor) for name, tensor in tensors.items()}
    (directory / "structure.bin").write_bytes(encode_structure(structure))
    save_file(arrays, directory / "parameters.safetensors")
    with Writer(directory / "lossless.aim") as writer:
        writer.set_model(structure)
        for name, array in arrays.items():
            writer.add_tensor(name, array)
    large = {name: array for name, array in arrays.items() if array.dtype.kind == "f" and array.ndim > 1}
    with Writer(directory / "nnc.aim") as writer:
        writer.set_model(structure)
        for name, array in arrays.items():
            if name not in large:
                writer.add_tensor(name, array)
        writer.add_nnc(aimcodec.nnc.encode(large, qp=QP))
    external = onnx.ModelProto()
    external.CopyFrom(model)
    onnx.save(external, directory / "external.onnx", save_as_external_data=True, location="external.onnx.data")


def session_of(model: bytes | str, values: dict[str, Any]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if values:
        kept = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in values.values()]
        options.add_external_initializers(list(values), kept)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def from_onnx(directory: Path, rate: float | None) -> Callable[[Any], Any]:
    """From the cache ONNX Runtime reads the file itself."""
    path = directory / "minilm.onnx"
    model = str(path) if rate is None else bytes(ThrottledFile(path, rate).read())
    session = session_of(model, {})
    return lambda feeds: session.run(["embedding"], feeds)[0]


def from_external(directory: Path, rate: float | None) -> Callable[[Any], Any]:
    """From the cache ONNX Runtime maps the file itself; from the reader the values are views of what was read."""
    path = directory / "external.onnx"
    if rate is None:
        session = session_of(str(path), {})
    else:
        import numpy as np
        import onnx

        data = ThrottledFile(path.with_suffix(".onnx.data"), rate).read()
        model = onnx.ModelProto.FromString(path.read_bytes())
        values = {}
        for tensor in model.graph.initializer:
            if tensor.data_location == onnx.TensorProto.EXTERNAL:
                where = {entry.key: entry.value for entry in tensor.external_data}
                dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
                begin, size = int(where["offset"]), int(where["length"])
                values[tensor.name] = np.frombuffer(data[begin : begin + size], dtype).reshape(tuple(tensor.dims))
        session = session_of(model.SerializeToString(), values)
    return lambda feeds: session.run(["embedding"], feeds)[0]


def from_safetensors(directory: Path, rate: float | None) -> Callable[[Any], Any]:
    """The library's own reader, and the structure in the form of packages."""
    import safetensors.numpy

    from aimcodec.inference import Config, create_predictor
    from aimcodec.model import decode_structure

    path = directory / "parameters.safetensors"
    if rate is None:
        arrays = safetensors.numpy.load_file(path)
    else:
        arrays = safetensors.numpy.load(bytes(ThrottledFile(path, rate).read()))
    structure = decode_structure((directory / "structure.bin").read_bytes())
    predictor = create_predictor(Config((structure, arrays)))
    return lambda feeds: predictor.run(feeds, ["embedding"])["embedding"]


def from_package(name: str) -> Callable[[Path, float | None], Callable[[Any], Any]]:
    def start(directory: Path, rate: float | None) -> Callable[[Any], Any]:
        from aimcodec.inference import Config, create_predictor

        path = directory / name
        predictor = create_predictor(Config(path if rate is None else ThrottledFile(path, rate)))
        return lambda feeds: predictor.run(feeds, ["embedding"])["embedding"]

    return start


STARTS = {
    "onnx": from_onnx,
    "onnx+data": from_external,
    "safetensors": from_safetensors,
    "aim lossless": from_package("lossless.aim"),
    "aim nnc": from_package("nnc.aim"),
}


def import_all() -> None:
    """What any of the ways imports."""
    for name in (
        *("numpy", "onnx", "onnxruntime", "safetensors.numpy", "aimcodec.inference", "aimcodec.model.onnx"),
        *("aimcodec.package", "aimcodec.inference.engines.onnxruntime_engine"),
    ):
        import_module(name)


def child(way: str, directory: Path, rate: float | None, began: float | None) -> None:
    """One measurement; `began` is when the process was started."""
    if began is None:
        import_all()
        began = time.monotonic()
    cpu = time.process_time()
    run = STARTS[way](directory, rate)
    import numpy as np

    mask = np.ones((1, 16), np.int64)
    ids = np.arange(1000, 1016).reshape(1, 16)
    output = run({"input_ids": ids, "attention_mask": mask})
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    status = Path("/proc/self/status").read_text("ascii").splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "output": output.tolist()}))


def measure(way: str, directory: Path, rate: float | None, whole: bool) -> dict[str, Any]:
    began = repr(time.monotonic()) if whole else ""
    command = [sys.executable, __file__, str(directory), "--child", way, "--began", began]
    command += [] if rate is None else ["--rate", str(rate)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def report(directory: Path, rate: float, repeat: int) -> None:
    import numpy as np

    for limit in (None, rate):
        results: dict[tuple[str, bool], list[dict[str, Any]]] = {}
        for _ in range(repeat):
            for way in FORMATS:
                for whole in (False, True):
                    results.setdefault((way, whole), []).append(measure(way, directory, limit, whole))
        print("page cache" if limit is None else f"reader of {rate / 1e6:.0f} MB/s")
        print(f"  {'format':14} {'MB':>6} {'work ms':>16} {'process ms':>16} {'CPU ms':>7} {'peak MB':>8}  output")
        plain = np.array(results["onnx", False][0]["output"])
        for way in FORMATS:
            work, whole = results[way, False], results[way, True]
            size = sum((directory / name).stat().st_size for name in FILES[way]) / 1e6
            outputs = [np.array(result["output"]) for result in (*work, *whole)]
            same = all(np.array_equal(output, plain) for output in outputs)
            angle = min(float((output * plain).sum()) for output in outputs)
            print(
                f"  {way:14} {size:6.1f} {spread(work)} {spread(whole)}"
                f" {1e3 * statistics.median(result['cpu'] for result in work):7.0f}"
                f" {statistics.median(result['peak'] for result in work):8.0f}  "
                + ("the same bits" if same else f"cosine {angle:.6f}"),
                flush=True,
            )


def spread(results: list[dict[str, Any]]) -> str:
    """Median, and the smallest."""
    times = [1e3 * result["seconds"] for result in results]
    return f"{statistics.median(times):7.0f} ({min(times):6.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--child", choices=FORMATS, help=argparse.SUPPRESS)
    parser.add_argument("--began", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.directory, options.rate, float(options.began) if options.began else None)
        return
    prepare(options.directory)
    report(options.directory, options.rate or 500e6, options.repeat)


if __name__ == "__main__":
    main()
