"""What a predictor would be made of, without making it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aimcodec.dtypes import from_name, packed_bytes
from aimcodec.inference.engines import engine_of
from aimcodec.inference.engines.base import Capabilities, refuse
from aimcodec.inference.source import open_model
from aimcodec.inference.values import shown_type
from aimcodec.inference.weights import Weights, check_parameters
from aimcodec.model.walk import all_nodes

if TYPE_CHECKING:
    from aimcodec.inference.config import Config

__all__ = ["Summary", "summary_of"]


@dataclass(frozen=True)
class Summary:
    """A report on a configuration.

    Attributes:
        engine: what it can do here.
        inputs, outputs: by name the type, as people read it.
        operators: number of nodes by operator, those of other domains with them in front.
        parameters: number of parameters.
        parameter_bytes: of them in memory.
    """

    engine: Capabilities
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    operators: Mapping[str, int]
    parameters: int
    parameter_bytes: int


def summary_of(config: Config) -> Summary:
    """See `Config.summary`."""
    engine = engine_of(config.engine).capabilities()
    if engine.is_available:
        refuse(engine, config)
    opened = open_model(config)
    try:
        graph = opened.structure.graph
        names = check_parameters(opened.structure, opened.weights)
        nodes = Counter(f"{n.domain}.{n.operator}" if n.domain else n.operator for n in all_nodes(opened.structure))
        return Summary(
            engine,
            {variable.name: shown_type(variable.type) for variable in graph.inputs},
            {variable.name: shown_type(variable.type) for variable in graph.outputs},
            dict(nodes.most_common()),
            len(names),
            sum(_bytes(opened.weights, name) for name in names),
        )
    finally:
        opened.close()


def _bytes(weights: Weights, name: str) -> int:
    element_type, shape = weights.described(name)
    return packed_bytes(from_name(element_type), math.prod(shape))
