"""Operators that run graphs."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.numbers import axis_of
from aimcodec.operators.torch.registry import Context, kernel

Body = Callable[..., list[Any]]


@kernel("If")
def if_(_: Context, condition: torch.Tensor, *, then_branch: Body, else_branch: Body) -> tuple[Any, ...]:
    return tuple(then_branch() if bool(condition) else else_branch())


@kernel("Loop")
def loop(
    context: Context,
    trips: torch.Tensor | None = None,
    condition: torch.Tensor | None = None,
    *carried: Any,
    body: Body,
) -> tuple[Any, ...]:
    state = list(carried)
    rows: list[list[torch.Tensor]] = [[] for _ in range(context.outputs - len(state))]
    going = condition is None or bool(condition)
    most = None if trips is None else int(trips)
    trip = 0
    while going and (most is None or trip < most):
        # A new tensor each time: a value that a body gives back must not change.
        given = torch.tensor(trip, dtype=torch.int64)
        proceed, *results = body(given, torch.tensor(True), *state)
        state, made = results[: len(state)], results[len(state) :]
        for row, value in zip(rows, made, strict=False):
            row.append(value)
        trip += 1
        context.check_trips(trip)
        going = bool(proceed)
    return (*state, *(_stacked(row) for row in rows))


def _stacked(row: list[torch.Tensor]) -> torch.Tensor:
    """Values of all trips, along a new first axis. Of what no trip has made, nothing is known but that it is empty."""
    return torch.stack(row) if row else torch.empty(0)


def _direction(directions: list[int] | None, place: int) -> bool:
    return bool(directions and directions[place])


@kernel("Scan")
def scan_8(
    context: Context,
    lengths: torch.Tensor | None,
    *inputs: torch.Tensor,
    body: Body,
    num_scan_inputs: int,
    directions: list[int] | None = None,
) -> tuple[Any, ...]:
    results = []
    states = len(inputs) - num_scan_inputs
    for place in range(inputs[0].shape[0]):
        given = [value[place] for value in inputs]
        if lengths is not None:
            given[states:] = [value[: int(lengths[place])] for value in given[states:]]
        results.append(
            scan(context, *given, body=body, num_scan_inputs=num_scan_inputs, scan_input_directions=directions)
        )
    return tuple(torch.stack(values) for values in zip(*results, strict=True))


@kernel("Scan", since=9)
def scan(
    context: Context,
    *inputs: torch.Tensor,
    body: Body,
    num_scan_inputs: int,
    scan_input_axes: list[int] | None = None,
    scan_input_directions: list[int] | None = None,
    scan_output_axes: list[int] | None = None,
    scan_output_directions: list[int] | None = None,
) -> tuple[Any, ...]:
    states = len(inputs) - num_scan_inputs
    if num_scan_inputs < 1 or states < 0:
        raise InconsistentError(f"{num_scan_inputs} of {len(inputs)} inputs are scanned")
    state = list(inputs[:states])
    scanned = []
    for place, value in enumerate(inputs[states:]):
        axis = axis_of(scan_input_axes[place] if scan_input_axes else 0, value.ndim)
        rows = list(torch.unbind(value, axis))
        scanned.append(rows[::-1] if _direction(scan_input_directions, place) else rows)
    collected: list[list[torch.Tensor]] = [[] for _ in range(context.outputs - states)]
    for given in zip(*scanned, strict=True):
        results = body(*state, *given)
        state = results[:states]
        for row, value in zip(collected, results[states:], strict=True):
            row.append(value)
    outputs = []
    for place, row in enumerate(collected):
        ordered = row[::-1] if _direction(scan_output_directions, place) else row
        axis = scan_output_axes[place] if scan_output_axes else 0
        outputs.append(torch.stack(ordered, axis) if ordered else torch.empty(0))
    return (*state, *outputs)
