"""Custom mutator of the Python targets: one element changed, a stream drawn anew, or bytes as libFuzzer likes.

Changes of elements keep sizes and checksums good most of the time, so that inputs get past them.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["aimcodec"]):
    from aimcodec.limits import Limits
    from aimcodec.syntax import aim, nnc
    from aimcodec.syntax.draw import draw_aim_units, draw_nnc_units
    from aimcodec.syntax.mutate import CannotMutateError, mutate
    from aimcodec.syntax.places import SyntaxName

BYTES_IN, DRAWN_IN, UNREPAIRED_IN = 2, 64, 8  # one in so many


def mutator_of(syntax: SyntaxName, limits: Limits) -> Callable[[bytes, int, int], bytes]:
    """The mutator for streams of a syntax, as `atheris.Setup` takes it."""

    def drawn(rng: random.Random) -> bytes:
        return nnc.write_units(draw_nnc_units(rng)) if syntax == "nnc" else aim.write_units(draw_aim_units(rng))

    def mutator(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)  # noqa: S311
        if rng.randrange(BYTES_IN) == 0:
            return atheris.Mutate(data, max_size)
        try:
            if rng.randrange(DRAWN_IN) == 0:
                made = drawn(rng)
            else:
                made = mutate(data, syntax, rng, repair=bool(rng.randrange(UNREPAIRED_IN)), limits=limits).data
        except CannotMutateError:
            return atheris.Mutate(data, max_size)
        return made if len(made) <= max_size else atheris.Mutate(data, max_size)

    return mutator
