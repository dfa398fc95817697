"""Backends against the reference on all cases of the harness, and the table of the minimal set for docs/operators.md.

python bench/operators.py [--seeds 3]      # counts, and every difference
python bench/operators.py --table          # writes the table anew
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from pathlib import Path

from aimcodec.operators import BACKENDS, MINIMAL_SET
from aimcodec.operators.compare import BackendLibrary, compare
from aimcodec.operators.describe import minimal_set_table

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "operators.md"
TABLE = re.compile(r"(<!-- generated: minimal set.*?-->\n).*?(<!-- end -->)", re.DOTALL)


def write_table() -> None:
    text = GUIDE.read_text("utf-8")
    GUIDE.write_text(TABLE.sub(lambda found: found[1] + minimal_set_table() + found[2], text), "utf-8")


def measure(seeds: int) -> None:
    for backend in BACKENDS:
        for seed in range(seeds):
            begin = time.monotonic()
            report = compare(BackendLibrary(backend, MINIMAL_SET), seed=seed, repeats=5 if seed == 0 else 0)
            counts = Counter(entry.verdict for entry in report.operators)
            cases = sum(entry.cases for entry in report.operators)
            refused = sum(entry.refused for entry in report.operators)
            wrong = sum(len(entry.findings) for entry in report.operators)
            speeds = sorted(entry.speed for entry in report.operators if entry.speed is not None)
            median = f", median speed {speeds[len(speeds) // 2]:.2f} of the reference" if speeds else ""
            words = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
            print(
                f"{backend} seed {seed}: {cases} cases, {refused} not supported, {wrong} findings;"
                f" operators: {words}{median}; {time.monotonic() - begin:.1f} s"
            )
            for line in report.lines():
                if line.startswith(("failed", "partly", "    ")):
                    print(f"    {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    if arguments.table:
        write_table()
    else:
        measure(arguments.seeds)


if __name__ == "__main__":
    main()
