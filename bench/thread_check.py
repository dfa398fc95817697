"""The native module under the thread sanitizer: decoding, coding and running from many threads at once.

make thread-check, which is: cmake --preset tsan, the build, and then

python bench/thread_check.py [--threads 8] [--runs 1000] [--part packages ...]

Each part is a process with the sanitized module in place of the ordinary one (links to the Python files beside it in
build/tsan/python; -S keeps the import hook of the editable installation away) and the runtime of the sanitizer in front
of everything. Libraries that are not built so (numpy, ONNX Runtime, PyTorch, the interpreter) are seen only where they
take memory, locks and threads. "control" is a race on purpose: two threads decode into the same array; without a report
of it the check is worth nothing. Reports are in build/tsan/reports; those with a frame of the module count.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "tsan"
ENGINES = ("onnxruntime", "reference", "torch")
MARK = "WARNING: ThreadSanitizer"
F = np.float32


def together(threads: int, work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))


def same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    wrong = [name for name in wanted if found[name].tobytes() != wanted[name].tobytes()]
    if wrong or len(found) != len(wanted):
        sys.exit(f"other values: {wrong}")


def tensors() -> dict[str, Any]:
    random = np.random.default_rng(4)
    weights = random.standard_normal((100, 700)).astype(F)
    return {
        "weights": weights,
        "half": (weights[:60] * 0.02).astype(np.float16),
        "sparse": np.where(weights > 1.5, weights, 0).astype(F),
        "levels": (weights * 20).astype(np.int8),
        "numbers": np.arange(9_000, dtype=np.int64),
    }


def package(coding: str, arrays: dict[str, Any], **settings: Any) -> bytes:
    import aimcodec

    file = io.BytesIO()
    aimcodec.save_file(arrays, file, coding=coding, threads=2, **settings)
    return file.getvalue()


def control(threads: int, runs: int) -> None:
    import aimcodec

    arrays = {"weights": np.random.default_rng(4).standard_normal(300_000).astype(F)}
    data, target = package("lossless", arrays), {"weights": np.empty(300_000, F)}

    def work(number: int) -> None:
        with aimcodec.open(data, threads=2) as opened:
            opened.load_into(target)

    together(2, work)


def packages(threads: int, runs: int) -> None:
    """Every thread its own package, in memory; all of them one, in a file; coding; all as instruction sets change."""
    import aimcodec

    contents = dict.fromkeys(("lossless", "small", "raw", "nnc"), tensors())
    blocks = np.random.default_rng(6).standard_normal(300_000).astype(F)  # more than one block
    contents["lossless"] = {**tensors(), "blocks": blocks}
    settings: dict[str, dict[str, Any]] = {"nnc": {"qp": -30}}
    data = {coding: package(coding, arrays, **settings.get(coding, {})) for coding, arrays in contents.items()}
    wanted = {}
    for coding, whole in data.items():
        with aimcodec.open(whole, threads=1) as opened:
            wanted[coding] = opened.load()

    def own(number: int) -> None:
        for coding, whole in data.items():
            with aimcodec.open(whole, threads=2) as opened:
                same(opened.load(), wanted[coding])

    def shared(opened: Any, expected: dict[str, Any], number: int) -> None:
        for turn in range(3):
            same(opened.load(), expected)
            row = 7 * number + turn
            same({"rows": opened.get_slice("weights")[row : row + 3]}, {"rows": expected["weights"][row : row + 3]})
            opened.info("half")

    def code(number: int) -> None:
        for coding, arrays in contents.items():
            if package(coding, arrays, **settings.get(coding, {})) != data[coding]:
                sys.exit(f"other bytes: {coding}")

    def switch(number: int) -> None:
        aimcodec.set_isa(aimcodec.available_isas()[number % len(aimcodec.available_isas())])
        own(number)

    for isa in aimcodec.available_isas():
        aimcodec.set_isa(isa)
        together(threads, own)
        for coding, whole in data.items():
            path = BUILD / "reports" / f"{coding}.aim"
            path.write_bytes(whole)
            with aimcodec.open(path, threads=2) as opened:
                together(threads, lambda number: shared(opened, wanted[coding], number))  # noqa: B023
        together(threads, code)
    together(threads, switch)


def nnc(threads: int, runs: int) -> None:
    """Streams with entry points, so that parts of one tensor are decoded at the same time."""
    import aimcodec

    arrays = {name: array for name, array in tensors().items() if array.dtype == F}
    streams = [
        aimcodec.nnc.encode(arrays, qp=-30, **settings)
        for settings in ({"scan_order": 4}, {"scan_order": 1}, {"dq": False})
    ]
    wanted = [aimcodec.nnc.decode(stream, threads=1) for stream in streams]

    def work(number: int) -> None:
        for stream, expected in zip(streams, wanted, strict=True):
            same(aimcodec.nnc.decode(stream, threads=2), expected)
        aimcodec.nnc.encode(arrays, qp=-30, scan_order=4)

    for isa in aimcodec.available_isas():
        aimcodec.set_isa(isa)
        together(threads, work)


def model() -> bytes:
    """Of y = relu(x w) v, as a package."""
    from onnx import TensorProto, helper, numpy_helper

    import aimcodec
    from aimcodec.model.onnx import from_proto

    random = np.random.default_rng(5)
    sizes = {"w": (64, 64), "v": (64, 8)}
    made = [numpy_helper.from_array(random.standard_normal(s).astype(F), name) for name, s in sizes.items()]
    nodes = [("MatMul", "x w", "m"), ("Relu", "m", "r"), ("MatMul", "r v", "y")]
    graph = helper.make_graph(
        [helper.make_node(name, inputs.split(), [output]) for name, inputs, output in nodes],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 8])],
        made,
    )
    structure, parts = from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9))
    file = io.BytesIO()
    with aimcodec.Writer(file) as writer:
        writer.set_model(structure)
        for name, tensor in parts.items():
            writer.add_tensor(name, numpy_helper.to_array(tensor))
    return file.getvalue()


def engine(name: str, threads: int, runs: int) -> None:
    """One predictor for all threads, made while the parameters are decoded in the background; and one for each."""
    from aimcodec.inference import Config, create_predictor

    config = Config(model(), engine=name, decode_threads=2)
    feeds = [{"x": np.random.default_rng(number).standard_normal((3, 64)).astype(F)} for number in range(threads)]
    with create_predictor(config) as predictor:
        wanted = [predictor.run(feed) for feed in feeds]

        def work(number: int) -> None:
            for _ in range(runs):
                same(predictor.run(feeds[number]), wanted[number])

        def own(number: int) -> None:
            with create_predictor(config) as other:
                same(other.run_async(feeds[number]).result(), wanted[number])

        together(threads, work)
        together(threads, own)


PARTS: dict[str, Callable[[int, int], None]] = {"control": control, "packages": packages, "nnc": nnc}


def run_child(part: str, threads: int, runs: int) -> None:
    from aimcodec import _core

    if Path(_core.__file__).parent != BUILD / "python" / "aimcodec":
        sys.exit(f"this is not the sanitized module: {_core.__file__}")
    if part in ENGINES:
        engine(part, threads, runs)
    else:
        PARTS[part](threads, runs)


def prepare() -> None:
    """A package of links, with the sanitized module."""
    folder = BUILD / "python" / "aimcodec"
    shutil.rmtree(folder.parent, ignore_errors=True)
    shutil.rmtree(BUILD / "reports", ignore_errors=True)
    folder.mkdir(parents=True)
    (BUILD / "reports").mkdir()
    for path in (ROOT / "python" / "aimcodec").iterdir():
        (folder / path.name).symlink_to(path)
    (found,) = BUILD.glob("_core.*.so")
    shutil.copy2(found, folder)


def reports_of(part: str) -> tuple[int, int]:
    """Reports in our code, and others."""
    text = "".join(p.read_text("utf-8", "replace") for p in (BUILD / "reports").glob(f"{part}.*"))
    reports = text.split(MARK)[1:]
    ours = sum("/csrc/" in report or "_core." in report for report in reports)
    return ours, len(reports) - ours


def check(part: str, options: argparse.Namespace) -> bool:
    runtime = subprocess.check_output(["g++", "-print-file-name=libtsan.so"], text=True).strip()
    environment = {
        **os.environ,
        "LD_PRELOAD": runtime,
        "PYTHONPATH": f"{BUILD / 'python'}:{sysconfig.get_paths()['platlib']}",
        "OMP_NUM_THREADS": "2",
        "TSAN_OPTIONS": f"history_size=7:exitcode=0:log_path={BUILD / 'reports' / part}",
    }
    command = [sys.executable, "-S", __file__, "--child", part]
    command += ["--threads", str(options.threads), "--runs", str(options.runs)]
    begin = time.perf_counter()
    status = subprocess.run(command, check=False, env=environment).returncode
    ours, others = reports_of(part)
    good = status == 0 and (ours > 0 if part == "control" else ours == 0)
    seconds = time.perf_counter() - begin
    print(
        f"{part:12} {'good' if good else 'BAD '} exit {status}, "
        f"reports in our code {ours}, elsewhere {others}, {seconds:.0f} s",
        flush=True,
    )
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = (*PARTS, *ENGINES)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--part", choices=parts, nargs="+", default=parts)
    parser.add_argument("--child", choices=parts, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(options.child, options.threads, options.runs)
        return
    prepare()
    results = [check(part, options) for part in options.part]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
