"""Random legal streams of both syntaxes, drawn from a source of random numbers.

Every choice comes from the source given, so that a seeded `random.Random` gives the same stream each time, and one that
hypothesis supplies (`randoms(use_true_random=False)`) gives streams that it can shrink.
"""

from .aim.draw import draw_units as draw_aim_units
from .nnc.draw import Payload
from .nnc.draw import draw_units as draw_nnc_units

__all__ = ["Payload", "draw_aim_units", "draw_nnc_units"]
