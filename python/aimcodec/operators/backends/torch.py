"""Operators computed by our kernels on PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aimcodec.operators.backends.cache import Cache
from aimcodec.operators.backends.kernels import call_kernel, translated
from aimcodec.operators.call import Call
from aimcodec.operators.element_types import name_of
from aimcodec.operators.status import Status, failure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.model.structures import TensorType
    from aimcodec.operators.torch import TorchProgram

__all__ = ["TorchBackend"]


class TorchBackend:
    """`aimcodec.operators.torch`. Programs may be run by several threads at once."""

    name = "torch"

    def __init__(self) -> None:
        from aimcodec.operators import torch

        self._torch = torch
        self._programs: Cache[TorchProgram] = Cache(lambda call: torch.TorchProgram(call.structure(), {}))

    def run(self, call: Call) -> list[NDArray[Any]]:
        """See `Backend`."""
        if "STRING" in call.types:
            raise failure(Status.NOT_SUPPORTED, "PyTorch has no texts", call.operator.full_name)
        try:
            feeds = {
                f"x{i}": self._torch.from_array(array, kind)
                for i, (array, kind) in enumerate(zip(call.arrays, call.types, strict=True))
                if array is not None
            }
            results = self._programs.get(call).run(feeds)
            kinds = call.output_types or (None,) * call.outputs
            return [self._array(results[name], kind) for name, kind in zip(call.node.outputs, kinds, strict=False)]
        except Exception as error:
            raise translated(error, call, "torch") from error

    def custom(self, call: Call) -> list[Any]:
        """See `Backend`."""
        import torch

        def value_of(array: NDArray[Any]) -> Any:
            return self._torch.from_array(array, name_of(array))

        def array_of(value: Any) -> Any:
            return self._array(value, None) if isinstance(value, torch.Tensor) else value

        return call_kernel(call, self.name, value_of, array_of)

    def _array(self, value: Any, kind: TensorType | None) -> NDArray[Any]:
        # Its types have the names of the format, in lower case.
        name = str(value.dtype).removeprefix("torch.").upper() if kind is None else kind.element_type
        return self._torch.to_array(value, name)
