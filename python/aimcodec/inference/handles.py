"""Inputs and outputs of a predictor: by name or number, with values that stay until they are replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import from_name
from aimcodec.errors import ArgumentError
from aimcodec.inference.values import checked, shape_of, shown_type
from aimcodec.model.structures import STRING, TensorType, Type, VariableNode

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Handle", "Handles", "InputHandle", "OutputHandle"]


class Handle:
    """An input or output of a predictor. Handles are for one thread; give others a clone of the predictor.

    Attributes:
        name: of the variable.
        type: of its values, or None where it is not known.
    """

    def __init__(self, variable: VariableNode) -> None:
        self.name = variable.name
        self.type: Type | None = variable.type
        self._variable = variable

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """Of the arrays, object for texts; None where the value is no tensor."""
        if not isinstance(self.type, TensorType):
            return None
        return np.dtype(object) if self.type.element_type == STRING else from_name(self.type.element_type).numpy

    @property
    def shape(self) -> tuple[int | str | None, ...] | None:
        """Dimensions: numbers, names of those that are free, or None; None where even their number is not known."""
        return shape_of(self.type)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {shown_type(self.type)}>"


class InputHandle(Handle):
    """A value that runs without feeds use.

    Attributes:
        is_needed: whether the model has no value of its own for it.
    """

    def __init__(self, variable: VariableNode, is_needed: bool) -> None:
        super().__init__(variable)
        self.is_needed = is_needed
        self._value: Any = None
        self._is_given = False

    def copy_from(self, value: Any) -> None:
        """Take a copy.

        Raises:
            ArgumentError: it is of another type or shape.
        """
        taken = checked(self._variable, value)
        self._value = taken.copy() if isinstance(taken, np.ndarray) else taken
        self._is_given = True

    def bind(self, array: NDArray[Any]) -> None:
        """Use the array itself, with what is in it at each run. It is kept; do not change it while a run goes on.

        Raises:
            ArgumentError: it is of another type or shape, or cannot be used without a copy.
        """
        taken = checked(self._variable, array)
        if taken is not array or not taken.flags.c_contiguous:
            raise ArgumentError(f"input {self.name!r}: only a contiguous array in native byte order can be bound")
        self._value = taken
        self._is_given = True

    def clear(self) -> None:
        """Forget the value."""
        self._value = None
        self._is_given = False

    @property
    def feed(self) -> dict[str, Any]:
        """The value by the name, if there is one."""
        return {self.name: self._value} if self._is_given else {}


class OutputHandle(Handle):
    """What the last run with handles gave."""

    def __init__(self, variable: VariableNode) -> None:
        super().__init__(variable)
        self._value: Any = None
        self._is_given = False
        self._bound: NDArray[Any] | None = None

    def copy_to(self) -> Any:
        """A copy of the value.

        Raises:
            ArgumentError: there was no run yet that gave it.
        """
        if not self._is_given:
            raise ArgumentError(f"output {self.name!r} has no value before a run")
        return self._value.copy() if isinstance(self._value, np.ndarray) else self._value

    def bind(self, array: NDArray[Any]) -> None:
        """Have runs write to this array, which must have the shape of the result. Engines that can write there do.

        Raises:
            ArgumentError: it is of another type, or cannot be written.
        """
        if not isinstance(array, np.ndarray) or array.dtype != self.dtype or array.dtype == object:
            raise ArgumentError(f"output {self.name!r} is {shown_type(self.type)}; it cannot be bound to this")
        if not array.flags.writeable or not array.flags.c_contiguous or not array.dtype.isnative:
            raise ArgumentError(f"output {self.name!r}: only a writable contiguous array can be bound")
        self._bound = array

    def unbind(self) -> None:
        """Have runs make new arrays again."""
        self._bound = None

    def take(self, value: Any) -> None:
        """Keep what a run gave."""
        self._value = value
        self._is_given = True

    @property
    def bound(self) -> dict[str, NDArray[Any]]:
        """The array by the name, if there is one."""
        return {} if self._bound is None else {self.name: self._bound}


class Handles(Mapping[Any, Any]):
    """Handles by name, in the order of the model; a number stands for a place in it."""

    def __init__(self, handles: Sequence[Handle]) -> None:
        self._handles = {handle.name: handle for handle in handles}
        self._names = list(self._handles)

    def __getitem__(self, key: str | int) -> Any:
        name = self._names[key] if isinstance(key, int) and -len(self) <= key < len(self) else key
        try:
            return self._handles[name]  # type: ignore[index]
        except KeyError:
            raise KeyError(f"{key!r}: there are {', '.join(map(repr, self._names))}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
