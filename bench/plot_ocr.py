"""Draws docs/ocr.svg from the results of demo_ocr.py.

python bench/plot_ocr.py RESULTS.json docs/ocr.svg
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt


def main() -> None:
    results = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    mpl.rcParams["svg.hashsalt"] = "aimcodec"  # the same results give the same file
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    sizes = [result["bytes"] / 1e6 for result in results]
    axes.plot(sizes, [100 * result["right_characters"] for result in results], "o-", label="characters read right")
    axes.plot(sizes, [100 * result["right_lines"] for result in results], "s--", label="lines read right")
    for size, result in zip(sizes, results, strict=True):
        if result["form"] != "AIM small":  # it would lie on the one without loss
            place = size, 100 * result["right_characters"] - 3
            axes.annotate(result["form"], place, rotation=90, fontsize=8, ha="center", va="top")
    axes.set(xlabel="MB", ylabel="%", xlim=(0, 1.15 * max(sizes)), ylim=(0, 105), title="PP-OCRv4: size and task")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
