"""What a program is made of: steps that read and write slots, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aimcodec.errors import AimcError, InconsistentError, OutOfMemoryError, OutOfRangeError, UnsupportedError
from aimcodec.operators.torch.registry import Context

__all__ = ["EMPTY", "UNWANTED", "Block", "Body", "Step", "execute", "release_early"]

EMPTY, UNWANTED = 0, 1
"""Slots of every block: the one that stays None, for inputs that are left out, and the one that nobody reads."""

FAULTS = (ArithmeticError, AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError, ValueError)


@dataclass(slots=True)
class Step:
    """One call of a kernel.

    Attributes:
        call: the kernel.
        context: for it.
        inputs: slots.
        outputs: slots.
        attributes: keywords for it.
        bodies: keywords that are graphs.
        place: of the node, for errors.
        last: slots that are not needed afterwards.
    """

    call: Callable[..., Any]
    context: Context
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    bodies: dict[str, Body] = field(default_factory=dict)
    place: str = ""
    last: tuple[int, ...] = ()


@dataclass(slots=True)
class Block:
    """A graph, made ready: `inputs` are slots that are given, `outputs` those wanted."""

    slots: int = 2
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class Body:
    """A graph inside a node; it sees `outer` slots of the block around it in `inner` slots of its own."""

    block: Block
    outer: list[int] = field(default_factory=list)
    inner: list[int] = field(default_factory=list)

    def bind(self, values: list[Any]) -> Callable[..., list[Any]]:
        """The graph as a function of its inputs."""
        captured = [values[slot] for slot in self.outer]

        def run(*arguments: Any) -> list[Any]:
            own: list[Any] = [None] * self.block.slots
            for slot, value in zip(self.inner, captured, strict=True):
                own[slot] = value
            return execute(self.block, own, arguments)

        return run


def execute(block: Block, values: list[Any], arguments: Sequence[Any]) -> list[Any]:
    """Run the steps of a block on values by slot; the values of its outputs."""
    if len(arguments) != len(block.inputs):
        raise InconsistentError(f"a graph of {len(block.inputs)} inputs is given {len(arguments)}")
    for slot, value in zip(block.inputs, arguments, strict=True):
        values[slot] = value
    for step in block.steps:
        _run(step, values)
    return [values[slot] for slot in block.outputs]


def _run(step: Step, values: list[Any]) -> None:
    arguments = [values[slot] for slot in step.inputs]
    try:
        if step.bodies:
            bound = {name: body.bind(values) for name, body in step.bodies.items()}
            result = step.call(step.context, *arguments, **step.attributes, **bound)
        else:
            result = step.call(step.context, *arguments, **step.attributes)
        _store(step, values, result)
    except AimcError as error:
        error.path = error.path or step.place
        error.args = (error.message,)
        raise
    except MemoryError:
        raise OutOfMemoryError("no memory for a result", path=step.place) from None
    except FAULTS as error:
        raise _typed(error, step.place) from None
    for slot in step.last:
        values[slot] = None


def _store(step: Step, values: list[Any], result: Any) -> None:
    if not isinstance(result, tuple):
        result = (result,)
    if len(result) < len(step.outputs):
        raise InconsistentError(f"the operator has {len(result)} outputs, not {len(step.outputs)}")
    for slot, value in zip(step.outputs, result, strict=False):
        values[slot] = value


def _typed(error: Exception, place: str) -> AimcError:
    """What a kernel has raised, as one of our errors: the first line of it says what is wrong with the values."""
    text = (str(error).splitlines() or [""])[0] or type(error).__name__
    if "allocate memory" in text:
        return OutOfMemoryError("no memory for a result", path=place)
    if isinstance(error, NotImplementedError) or "not implemented for" in text:
        return UnsupportedError(f"PyTorch: {text}", path=place)
    if isinstance(error, IndexError):
        return OutOfRangeError(text, path=place)
    return InconsistentError(f"inputs do not fit the operator: {text}", path=place)


def release_early(block: Block) -> None:
    """Note in the steps of a block after which of them a slot is not needed any more."""
    needed = {EMPTY, UNWANTED, *block.outputs}
    for step in reversed(block.steps):
        touched = {*step.inputs, *step.outputs, *(slot for body in step.bodies.values() for slot in body.outer)}
        step.last = tuple(sorted(touched - needed))
        needed |= touched
