"""The generators of NNC by name."""

from __future__ import annotations

from collections.abc import Iterator

from aimcodec.conformance.generators.nnc import coder, data_units, headers, mistakes, refused
from aimcodec.conformance.generators.nnc.confirm import confirmed
from aimcodec.conformance.generators.registry import Built, generator

__all__: list[str] = []


@generator("nnc/framing")
def _framing() -> Iterator[Built]:
    return confirmed(headers.framing_cases())


@generator("nnc/model")
def _model() -> Iterator[Built]:
    return confirmed(headers.model_cases())


@generator("nnc/model-flags", 1)
def _model_flags(seed: int) -> Iterator[Built]:
    return confirmed(headers.model_flag_cases(seed))


@generator("nnc/layer")
def _layer() -> Iterator[Built]:
    return confirmed(headers.layer_cases())


@generator("nnc/maps")
def _maps() -> Iterator[Built]:
    return confirmed(headers.map_cases())


@generator("nnc/other")
def _other() -> Iterator[Built]:
    return confirmed(headers.other_cases())


@generator("nnc/identity")
def _identity() -> Iterator[Built]:
    return confirmed(data_units.identity_cases())


@generator("nnc/shape")
def _shape() -> Iterator[Built]:
    return confirmed(data_units.shape_cases())


@generator("nnc/block")
def _block() -> Iterator[Built]:
    return confirmed(data_units.block_cases())


@generator("nnc/codebook")
def _codebook() -> Iterator[Built]:
    return confirmed(data_units.codebook_cases())


@generator("nnc/factors")
def _factors() -> Iterator[Built]:
    return confirmed(data_units.factor_cases())


@generator("nnc/scan")
def _scan() -> Iterator[Built]:
    return confirmed(data_units.scan_cases())


@generator("nnc/flags", 1)
def _flags(seed: int) -> Iterator[Built]:
    return confirmed(data_units.flag_cases(seed))


@generator("nnc/refused-units")
def _refused_units() -> Iterator[Built]:
    return confirmed(refused.unit_cases())


@generator("nnc/refused-model")
def _refused_model() -> Iterator[Built]:
    return confirmed(refused.model_cases())


@generator("nnc/refused-data-units")
def _refused_data_units() -> Iterator[Built]:
    return confirmed(refused.data_unit_cases())


@generator("nnc/unsupported")
def _unsupported() -> Iterator[Built]:
    return confirmed(refused.unsupported_cases())


@generator("nnc/parameter-sets")
def _parameter_sets() -> Iterator[Built]:
    return confirmed(coder.parameter_set_cases())


@generator("nnc/contexts")
def _contexts() -> Iterator[Built]:
    return confirmed(coder.context_cases())


@generator("nnc/lengths")
def _lengths() -> Iterator[Built]:
    return confirmed(coder.length_cases())


@generator("nnc/runs")
def _runs() -> Iterator[Built]:
    return confirmed(coder.run_cases())


@generator("nnc/carries")
def _carries() -> Iterator[Built]:
    return confirmed(coder.carry_cases())


@generator("nnc/mix", 1)
def _mix(seed: int) -> Iterator[Built]:
    return confirmed(coder.mixed_cases(seed))


@generator("nnc/mistakes")
def _mistakes() -> Iterator[Built]:
    return confirmed(mistakes.mistake_cases())
