"""Generators of cases, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from aimcodec.conformance.case import Verdict
from aimcodec.errors import ArgumentError

__all__ = ["GENERATOR_VERSION", "Built", "DisagreementError", "Family", "Stream", "families", "family", "generator"]

# Raised when a generator gives other bytes for the same seed.
GENERATOR_VERSION = 1

SYNTAXES = ("aim", "nnc")

Expect = Mapping[str, Any]


class DisagreementError(Exception):
    """A generator and the decoders that confirm its cases do not agree: no case is written."""


@dataclass(frozen=True)
class Stream:
    """One stream of a case and what case.json expects of it, confirmed by two decoders."""

    data: bytes
    expect: Expect


@dataclass(frozen=True)
class Built:
    """A case as a generator gives it; fields are those of case.json.

    Attributes:
        limits_needed: what a decoder needs for it: `elements` of one tensor, `bytes` of all, `units`.
        confirmed_by: decoders other than the two of this project that agree.
        observed: what other decoders do, where they do not agree.
    """

    id: str
    title: str
    purpose: str
    syntax: Literal["nnc", "aim"]
    klass: Literal["valid", "uncommon", "invalid", "limits"]
    area: str
    verdict: Verdict
    clauses: tuple[str, ...]
    streams: tuple[Stream, ...]
    features: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    note: str = ""
    limits_needed: Mapping[str, int] = field(default_factory=dict)
    confirmed_by: tuple[str, ...] = ()
    observed: Mapping[str, str] = field(default_factory=dict)


Make = Callable[..., Iterator[Built]]
Given = TypeVar("Given", bound=Make)


@dataclass(frozen=True)
class Family:
    """A generator with a seed: `make(seed)`, or `make()` where all numbers come from the text of the generator."""

    name: str
    seed: int | None
    make: Make

    def cases(self) -> Iterator[Built]:
        """Its cases, made anew.

        Raises:
            DisagreementError: the decoders do not confirm one.
        """
        return self.make() if self.seed is None else self.make(self.seed)


_FAMILIES: dict[tuple[str, int | None], Family] = {}


def generator(name: str, *seeds: int) -> Callable[[Given], Given]:
    """Registers a function that makes cases, once for each seed. `name` is syntax and subject: "aim/frames"."""

    def register(make: Given) -> Given:
        for seed in seeds or (None,):
            if (name, seed) in _FAMILIES:
                raise ArgumentError(f"two generators {name} of seed {seed}")
            _FAMILIES[name, seed] = Family(name, seed, make)
        return make

    return register


def families(*syntaxes: str) -> list[Family]:
    """All generators of some syntaxes, or of all, in the order of their names."""
    wanted = syntaxes or SYNTAXES
    for syntax in wanted:
        importlib.import_module(f"{__package__}.{syntax}")
    names = sorted(
        (key for key in _FAMILIES if key[0].partition("/")[0] in wanted), key=lambda key: (key[0], key[1] or 0)
    )
    return [_FAMILIES[key] for key in names]


def family(name: str, seed: int | None) -> Family:
    """One generator.

    Raises:
        ArgumentError: there is none.
    """
    syntax = name.partition("/")[0]
    if syntax in SYNTAXES:
        families(syntax)
    if (name, seed) not in _FAMILIES:
        raise ArgumentError(f"no generator {name} of seed {seed}")
    return _FAMILIES[name, seed]
