"""Windows that convolutions and pools slide over tensors: padding, numbers of places, views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.registry import Context

__all__ = ["Windows", "fixed_pads", "of_rank", "pad_edges", "shared_out"]


@dataclass(frozen=True, slots=True)
class Windows:
    """How windows lie in the spatial dimensions of a tensor; lists have an entry for each.

    Attributes:
        kernel: elements of a window.
        strides: from window to window.
        dilations: from element to element of a window.
        before: elements added in front.
        after: elements added behind.
        extra: elements added behind those, for the last window where sizes are rounded up.
        places: number of windows.
    """

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    before: list[int]
    after: list[int]
    extra: list[int]
    places: list[int]

    @classmethod
    def of(
        cls,
        sizes: list[int],
        kernel: list[int],
        strides: list[int] | None,
        dilations: list[int] | None,
        pads: list[int] | None,
        auto_pad: str,
        ceil_mode: int = 0,
    ) -> Windows:
        """Windows over dimensions of `sizes`, from the attributes of an operator.

        Raises:
            InconsistentError: windows do not fit, or lists have other lengths.
        """
        rank = len(sizes)
        steps, gaps = strides or [1] * rank, dilations or [1] * rank
        if not len(kernel) == len(steps) == len(gaps) == rank or min([*kernel, *steps, *gaps], default=1) < 1:
            raise InconsistentError(f"kernel {kernel}, strides {steps} and dilations {gaps} for {rank} dimensions")
        spans = [(k - 1) * gap + 1 for k, gap in zip(kernel, gaps, strict=True)]
        before, after = _pads(sizes, spans, steps, pads, auto_pad)
        extra, places = [], []
        for n, span, step, front, back in zip(sizes, spans, steps, before, after, strict=True):
            room = n + front + back - span
            count = (-(-room // step) if ceil_mode else room // step) + 1
            if ceil_mode and (count - 1) * step >= n + front:
                count -= 1  # a window that starts behind the elements
            if count < 1:
                raise InconsistentError(f"a window of {span} does not fit into {n + front + back} elements")
            places.append(count)
            extra.append(max(0, (count - 1) * step + span - n - front - back))
        return cls(kernel, steps, gaps, before, after, extra, places)

    def is_symmetric(self) -> bool:
        """Whether as much is added in front as behind."""
        return self.before == self.after and not any(self.extra)

    def padded(self, context: Context, x: torch.Tensor, value: float = 0.0) -> torch.Tensor:
        """A tensor with all that is added, of one value.

        Raises:
            LimitExceededError: more elements than `max_elements`.
        """
        behind = [back + more for back, more in zip(self.after, self.extra, strict=True)]
        context.check_shape([*x.shape[:2], *map(sum, zip(x.shape[2:], self.before, behind, strict=True))])
        return pad_edges(x, self.before, behind, value)

    def views(self, padded: torch.Tensor) -> torch.Tensor:
        """Windows of a padded tensor [N, C, ...], as a view: [N, C, *places, *kernel]."""
        spatial = len(self.kernel)
        for place in range(spatial):
            span = (self.kernel[place] - 1) * self.dilations[place] + 1
            padded = padded.unfold(2 + place, span, self.strides[place])
        chosen: tuple[Any, ...] = (..., *(slice(None, None, gap) for gap in self.dilations))
        return padded[chosen]


def _pads(
    sizes: list[int], spans: list[int], steps: list[int], pads: list[int] | None, auto_pad: str
) -> tuple[list[int], list[int]]:
    fixed = fixed_pads(len(sizes), pads, auto_pad)
    if fixed is not None:
        return fixed
    if auto_pad not in {"SAME_UPPER", "SAME_LOWER"}:
        raise UnsupportedError(f"auto_pad {auto_pad!r}")
    totals = [max(0, (-(-n // step) - 1) * step + span - n) for n, span, step in zip(sizes, spans, steps, strict=True)]
    return shared_out(totals, auto_pad)


def fixed_pads(rank: int, pads: list[int] | None, auto_pad: str) -> tuple[list[int], list[int]] | None:
    """Pads in front and behind that do not depend on sizes; None for other values of `auto_pad`.

    Raises:
        InconsistentError: not two for each dimension.
    """
    if auto_pad == "VALID":
        return [0] * rank, [0] * rank
    if auto_pad not in {"", "NOTSET"}:
        return None
    both = pads or [0] * 2 * rank
    if len(both) != 2 * rank:
        raise InconsistentError(f"pads {both} for {rank} dimensions")
    return both[:rank], both[rank:]


def shared_out(totals: list[int], auto_pad: str) -> tuple[list[int], list[int]]:
    """Pads of a total for each dimension, in front and behind; negative ones are all behind, but for SAME_LOWER."""
    smaller = [max(0, total) // 2 for total in totals]
    larger = [total - half for total, half in zip(totals, smaller, strict=True)]
    return (smaller, larger) if auto_pad != "SAME_LOWER" else (larger, smaller)


def of_rank(table: dict[int, Callable[..., torch.Tensor]], rank: int, what: str) -> Callable[..., torch.Tensor]:
    """The function for a number of spatial dimensions.

    Raises:
        UnsupportedError: PyTorch has none.
    """
    try:
        return table[rank]
    except KeyError:
        raise UnsupportedError(f"{what} of {rank} dimensions") from None


def pad_edges(x: torch.Tensor, before: list[int], after: list[int], value: float = 0.0) -> torch.Tensor:
    """Elements of one value added to the last dimensions, or taken away where numbers are negative."""
    if not any(before) and not any(after):
        return x
    edges = [n for pair in zip(reversed(before), reversed(after), strict=True) for n in pair]
    return torch.nn.functional.pad(x, edges, value=value)
