"""A model at its own task: PP-OCRv4 reads 80 noisy lines, from ONNX, from AIM without loss, and from NNC.

python bench/demo_ocr.py [--directory build/demo] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from models import fetch
from numpy.typing import NDArray
from ocr_lines import RECOGNISER, Line, alphabet, decode, lines, wrong_characters
from rich.console import Console
from rich.table import Table

from aimcodec.bridges.onnx import OnnxFile
from aimcodec.inference import Config, create_predictor

QPS = (-44, -38, -32)
COUNT = 80


@dataclass(frozen=True)
class Result:
    """One form of the model at the task."""

    form: str
    bytes: int
    right_characters: float
    right_lines: float
    same_outputs: bool


def aimc(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "aimcodec.cli", *arguments], check=True, stdout=subprocess.DEVNULL)


def scores(path: Path, task: list[Line]) -> list[NDArray[np.float32]]:
    """What the model in a file makes of each picture."""
    with create_predictor(Config(path)) as predictor:
        name = next(iter(predictor.inputs))
        return [next(iter(predictor.run({name: line.picture}).values())) for line in task]


def judge(form: str, path: Path, task: list[Line], characters: list[str], plain: list[NDArray[np.float32]]) -> Result:
    found = scores(path, task)
    marks = [wrong_characters(decode(s, characters), line.text) for s, line in zip(found, task, strict=True)]
    right = 1 - sum(wrong for wrong, _ in marks) / sum(length for _, length in marks)
    whole = sum(wrong == 0 for wrong, _ in marks) / len(marks)
    same = all(np.array_equal(a, b) for a, b in zip(found, plain or found, strict=True))
    return Result(form, path.stat().st_size, right, whole, same)


def run(directory: Path) -> list[Result]:
    """Writes the packages and lets each read the lines."""
    model = fetch(*RECOGNISER, directory)
    source = OnnxFile(model)
    characters = alphabet(source.metadata["character"])
    source.close()
    task = lines(COUNT)
    plain = scores(model, task)
    results = [judge("ONNX", model, task, characters, plain)]
    for coding in ("lossless", "small"):
        package = directory / f"ocr_{coding}.aim"
        aimc("encode", str(model), "-o", str(package), "--coding", coding)
        results.append(judge(f"AIM {coding}", package, task, characters, plain))
    for qp in QPS:
        package = directory / f"ocr_qp{qp}.aim"
        aimc("encode", str(model), "-o", str(package), "--coding", "nnc", "--qp", str(qp))
        results.append(judge(f"AIM nnc, QP {qp}", package, task, characters, plain))
    return results


def show_ocr(directory: Path, console: Console) -> list[Result]:
    """Prints the table; ends the program if a form without loss does not give the same bits."""
    results = run(directory)
    table = Table(title=f"PP-OCRv4 reads {COUNT} noisy lines, on onnxruntime")
    for column in ("model", "MB", "ratio", "characters", "lines", "outputs"):
        table.add_column(column, justify="right")
    for result in results:
        share = f"{result.bytes / results[0].bytes:.3f}"
        outputs = "same bits" if result.same_outputs else "other"
        numbers = f"{result.right_characters:.2%}", f"{result.right_lines:.1%}"
        table.add_row(result.form, f"{result.bytes / 1e6:.2f}", share, *numbers, outputs)
    console.print(table)
    if not all(result.same_outputs for result in results[:3]):
        sys.exit("FAILED: a model without loss gives other outputs")
    console.print("characters, lines: read right; the weights go from package to engine in memory\n")
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", type=Path, default=Path("build/demo"), help="where the model and packages go")
    parser.add_argument("--json", type=Path, help="the results, for plot_ocr.py")
    arguments = parser.parse_args()
    results = show_ocr(arguments.directory, Console())
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
