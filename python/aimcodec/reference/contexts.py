"""Context models: their state (section 8), their indices (section 6)."""

# ruff: noqa: N803, N806 (names are those of the text)
from __future__ import annotations

from .tables import PARAMETER_SETS, T

__all__ = ["GTX", "SIG", "SIGN", "SIGN_T", "SIG_H", "SIG_T", "ContextModel", "ContextModels"]

# First indices of section 6; those that depend on N are attributes of ContextModels.
SIG = 0
SIG_T = 24
SIG_H = 40
SIGN = 48
SIGN_T = 51
GTX = 53


class ContextModel:
    """Two estimators and their rates (section 8.1); created in the default state, parameter set 0 (section 8.2)."""

    __slots__ = ("S", "a", "b", "id", "index", "ra", "rb")

    def __init__(self, index: int) -> None:
        self.index = index
        self.init(0)

    def init(self, id: int) -> None:
        """Section 8.2: initial values of parameter set `id`, which also fixes the rates."""
        p0, p1, S0, a0 = PARAMETER_SETS[id]
        self.id = id
        self.ra = p0 + 4
        self.rb = p1
        self.a = a0
        self.S = S0
        self.b = S0 - 16 * a0

    def update(self, bin: int) -> None:
        """Section 8.3."""
        sgn = 1 if bin else -1
        self.a += sgn * (T[16 + ((sgn * self.a) >> 3)] >> self.ra)
        self.b += sgn * (T[16 + ((sgn * self.b) >> 7)] >> self.rb)
        self.S = self.b + 16 * self.a


class ContextModels:
    """The 48 + 5 + 4N + 32 + 5 models of one tensor, indexed as in section 6."""

    def __init__(self, N: int) -> None:
        self.models = [ContextModel(index) for index in range(48 + 5 + 4 * N + 32 + 5)]
        self.GTX_T = GTX + 2 * N
        self.REM = GTX + 4 * N
        self.SHIFT = self.models[GTX + 4 * N + 34]
        self.ROWSKIP = self.models[GTX + 4 * N + 36]

    def reset(self) -> None:
        """Section 10.2: at the start of a block row all models return to their parameter sets."""
        for model in self.models:
            model.init(model.id)
