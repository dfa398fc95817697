"""What looking into a stream costs: tracing headers beside reading them, and the tree of 10 MB in 1,000 units.

Prints medians of one run. Usage: python bench/headers.py [ROUNDS]
"""

from __future__ import annotations

import io
import sys

import numpy as np
from medians import medians
from models import Tensors

import aimcodec
from aimcodec import nnc
from aimcodec.inspect import Tree, read_tree
from aimcodec.inspect.render import tree_lines
from aimcodec.syntax import aim as aim_syntax
from aimcodec.syntax import nnc as nnc_syntax

UNITS = 1000
ROUNDS = 9
WIDTH = 160

# Elements of a tensor: few, so that headers are nearly all of the stream; and so many that it has 10 MB.
SMALL, LARGE_NNC, LARGE_AIM = 8, 26_000, 2_900


def model(elements: int) -> Tensors:
    """Tensors of real numbers, a unit each."""
    generator = np.random.default_rng(1)
    return {
        f"encoder.layer.{n // 10}.block.{n % 10}.weight": generator.normal(0, 0.02, (2, elements // 2)).astype("f4")
        for n in range(UNITS)
    }


def package(tensors: Tensors) -> bytes:
    """An AIM package, lossless."""
    target = io.BytesIO()
    aimcodec.save_file(tensors, target)
    return target.getvalue()


def read_all(data: bytes) -> None:
    """Reads all units of a stream."""
    for _ in (aim_syntax if data.startswith(b"\x89AIM") else nnc_syntax).iter_units(data):
        pass


def log_all(data: bytes) -> object:
    """Traces all units of a stream."""
    return aim_syntax.log_file(data) if data.startswith(b"\x89AIM") else nnc_syntax.log_stream(data)


def render(tree: Tree) -> None:
    """Makes all lines of a tree."""
    for _ in tree_lines(tree, tree.roots, None, WIDTH):
        pass


def main() -> None:
    """Prints the figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    for name, small, large in (
        (".nnc", nnc.encode(model(SMALL), qp=-30), nnc.encode(model(LARGE_NNC), qp=-30)),
        (".aim", package(model(SMALL)), package(model(LARGE_AIM))),
    ):
        reading, tracing = medians(rounds, lambda d=small: read_all(d), lambda d=small: log_all(d))
        print(f"{name} headers, {len(small):,} bytes: read {reading:.4f} s, traced {tracing:.4f} s", end="")
        print(f" ({tracing / reading:.2f}x)")
        tree = read_tree(large)
        making, lines = medians(max(1, rounds // 3), lambda d=large: read_tree(d), lambda t=tree: render(t))
        print(f"{name} {len(large):,} bytes, {len(tree.roots)} units: tree {making:.3f} s, its lines {lines:.3f} s")


if __name__ == "__main__":
    main()
