"""What a predictor is made from, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aimcodec.errors import ArgumentError
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from aimcodec.inference.summary import Summary

__all__ = ["OPTIMIZATIONS", "Config", "ShapeProfile"]

OPTIMIZATIONS = ("none", "basic", "extended", "all")


@dataclass(frozen=True)
class ShapeProfile:
    """The sizes that an input may have.

    Attributes:
        minimum, optimum, maximum: a number for each dimension; the optimum is what the input is expected to have.

    Raises:
        ArgumentError: they are not in order, or not of one rank.
    """

    minimum: tuple[int, ...]
    optimum: tuple[int, ...]
    maximum: tuple[int, ...]

    def __post_init__(self) -> None:
        ranks = {len(self.minimum), len(self.optimum), len(self.maximum)}
        sizes = zip(self.minimum, self.optimum, self.maximum, strict=False)
        if len(ranks) != 1 or any(not 0 <= low <= best <= high for low, best, high in sizes):
            raise ArgumentError(f"a profile has 0 <= minimum <= optimum <= maximum in each dimension: {self}")


@dataclass(frozen=True)
class Config:
    """How a model is to be run. A setting that the engine does not have is refused when the predictor is made.

    Attributes:
        source: a package with a structure (path, URL, buffer, file object that can seek, or an open `Package`), a file
            of another format with a structure, told by its first bytes, for example ONNX, a source of
            `aimcodec.bridges` with a structure, or a pair: a `ModelStructure` and a mapping of names of parameters to
            arrays.
        engine: "onnxruntime", "reference" (the evaluator of onnx) or "torch".
        variant: of the package.
        optimization: how far the engine may change the graph: "none", "basic", "extended" or "all".
        disabled_passes: optimisations of the engine that are left out, by the engine's names for them.
        threads: of a run, inside nodes; what the engine takes when None.
        parallel_nodes: nodes that may run at the same time.
        affinity: processors of the threads, in the engine's notation; "" for any.
        device: "cpu", or what `capabilities` lists.
        shapes: sizes that inputs may have, by name; what is beyond them is refused before the run.
        operators: registry of custom operators (`aimcodec.operators`).
        limits: what may be spent on the source.
        lazy: parameters are decoded while others are in use already; the predictor is there before all of them are.
        decode_threads: threads that decode parameters; as many as the process may use when None.
        executor: where `Predictor.run_async` runs; a thread of the predictor's own when None.
        profile: whether the engine keeps times of nodes, for `Predictor.profile`.
        engine_options: further settings by the engine's names for them.

    Raises:
        ArgumentError: a value is none that the setting can have.
    """

    source: Any
    engine: str = "onnxruntime"
    variant: str = ""
    optimization: str = "all"
    disabled_passes: Sequence[str] = ()
    threads: int | None = None
    parallel_nodes: int = 1
    affinity: str = ""
    device: str = "cpu"
    shapes: Mapping[str, ShapeProfile] = field(default_factory=dict)
    operators: Any = None
    limits: Limits = DEFAULT_LIMITS
    lazy: bool = False
    decode_threads: int | None = None
    executor: Executor | None = None
    profile: bool = False
    engine_options: Mapping[str, str] = field(default_factory=dict)

    def summary(self) -> Summary:
        """What a predictor would be made of: reads the structure and no parameter, and makes nothing.

        Raises:
            AimcError: the source cannot be used, or the engine lacks a setting.
            OSError: the source cannot be read.
        """
        from aimcodec.inference.summary import summary_of

        return summary_of(self)

    def __post_init__(self) -> None:
        if self.optimization not in OPTIMIZATIONS:
            raise ArgumentError(f"optimization is one of {', '.join(OPTIMIZATIONS)}, not {self.optimization!r}")
        for name, value in (("threads", self.threads), ("decode_threads", self.decode_threads)):
            if value is not None and value < 1:
                raise ArgumentError(f"{name} is 1 or more, not {value}")
        if self.parallel_nodes < 1:
            raise ArgumentError(f"parallel_nodes is 1 or more, not {self.parallel_nodes}")
