"""How far results of floating-point operators may be from those of the reference."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Tolerance", "tolerance_of"]


@dataclass(frozen=True)
class Tolerance:
    """Largest difference allowed: `ulps` units in the last place of the expected number, and in addition `absolute`
    times the distance of 1 and the next number of the type, times the largest finite magnitude of the expected output.

    Integers, truth values and texts have to be equal always; so have NaN and infinities.

    Attributes:
        ulps: relative part; 0 with `absolute` 0 for exact equality.
        absolute: absolute part.
    """

    ulps: float = 0
    absolute: float = 0

    def __str__(self) -> str:
        if not self.ulps and not self.absolute:
            return "exact"
        parts = [f"{self.ulps:g} ulp"] * bool(self.ulps) + [f"{self.absolute:g} eps*max"] * bool(self.absolute)
        return " + ".join(parts)


_FUNCTIONS = Tolerance(ulps=4, absolute=1)  # one function value of an element
_SUMS = Tolerance(ulps=4, absolute=16)  # sums of products in any order
_CHAINS = Tolerance(ulps=16, absolute=64)  # several of the above after each other

_BY_OPERATOR: dict[Tolerance, str] = {
    _FUNCTIONS: "Div Erf Exp HardSigmoid LeakyRelu Log Pow Reciprocal Sigmoid Sqrt Tanh",
    _SUMS: """AveragePool BatchNormalization Conv ConvTranspose DequantizeLinear DynamicQuantizeLinear Gemm
        GlobalAveragePool MatMul ReduceMean ReduceSum Resize Softmax""",
    _CHAINS: "InstanceNormalization LSTM LayerNormalization",
}
_TOLERANCES = {name: tolerance for tolerance, names in _BY_OPERATOR.items() for name in names.split()}


def tolerance_of(operator: str) -> Tolerance:
    """The tolerance for an operator of the default domain; exact equality unless declared otherwise."""
    return _TOLERANCES.get(operator, Tolerance())
