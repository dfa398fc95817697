"""Damaged streams end in a result or in one of the closed errors, with bounded time and memory, on every path alike."""

from __future__ import annotations

from typing import Any

import pytest

from ..conformance.cases import Case, case_parameters
from .damage import bit_flips, prefixes, random_mutants
from .trial import Outcome, run_apart, try_all

ALL = ("valid", "uncommon", "invalid")
FAST_BYTES, SLOW_BYTES = 400, 4096


def parameters(smallest: int, largest: int, *classes: str) -> list[Any]:
    """Cases whose last stream is within the bounds."""
    return [p for p in case_parameters(*classes) if smallest <= len(p.values[0].steps[-1].data) <= largest]


def everything(case: Case, *, each_isa: bool) -> Outcome:
    """All prefixes and bit flips of the last stream of a case; the streams before it stay whole."""
    *before, last = [step.data for step in case.steps]
    outcome = try_all(prefixes(last), before, each_isa=each_isa)
    outcome.add(try_all(bit_flips(last), before, each_isa=each_isa))
    return outcome


def assert_harmless(outcome: Outcome) -> None:
    assert not outcome.findings, "\n".join(outcome.findings)
    assert outcome.cases > 0


@pytest.mark.parametrize("case", parameters(1, FAST_BYTES, *ALL))
def test_every_prefix_and_bit_flip(case: Case) -> None:
    assert_harmless(run_apart(everything, case, each_isa=False))


@pytest.mark.slow
@pytest.mark.parametrize("case", parameters(1, SLOW_BYTES, "valid"))
def test_every_prefix_and_bit_flip_on_each_instruction_set(case: Case) -> None:
    assert_harmless(run_apart(everything, case, each_isa=True))


def small_streams() -> list[bytes]:
    return [p.values[0].steps[0].data for p in parameters(1, SLOW_BYTES, *ALL)]


def mutants(count: int, seed: int) -> Outcome:
    return try_all(random_mutants(small_streams(), count, seed), each_isa=True)


def test_random_mutants() -> None:
    outcome = run_apart(mutants, 2_000, seed=1)
    assert_harmless(outcome)
    assert outcome.verdicts["ok"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_many_random_mutants(seed: int) -> None:
    assert_harmless(run_apart(mutants, 5_000, seed=seed))


def updates(case: Case, count: int) -> Outcome:
    *before, last = [step.data for step in case.steps]
    return try_all(random_mutants([last, *before], count, seed=7), before, each_isa=True)


@pytest.mark.parametrize("case", [p for p in case_parameters("valid") if len(p.values[0].steps) > 1])
def test_random_mutants_of_updates(case: Case) -> None:
    assert_harmless(run_apart(updates, case, 40))
