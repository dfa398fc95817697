"""The generators of AIM by name."""

from __future__ import annotations

from collections.abc import Iterator

from aimcodec.conformance.generators.aim import coded, ends, mistakes, outside, refused, structure_cases, whole
from aimcodec.conformance.generators.aim.confirm import confirmed
from aimcodec.conformance.generators.registry import Built, generator

__all__: list[str] = []


@generator("aim/units")
def _units() -> Iterator[Built]:
    return confirmed(whole.unit_cases())


@generator("aim/types")
def _types() -> Iterator[Built]:
    return confirmed(whole.type_cases())


@generator("aim/shapes")
def _shapes() -> Iterator[Built]:
    return confirmed(whole.shape_cases())


@generator("aim/names")
def _names() -> Iterator[Built]:
    return confirmed(whole.name_cases())


@generator("aim/nnc")
def _nnc() -> Iterator[Built]:
    return confirmed(whole.nnc_cases())


@generator("aim/end-values")
def _end_values() -> Iterator[Built]:
    return confirmed(ends.value_cases())


@generator("aim/end-counts")
def _end_counts() -> Iterator[Built]:
    return confirmed(ends.count_cases())


@generator("aim/end-nnc")
def _end_nnc() -> Iterator[Built]:
    return confirmed(ends.nnc_cases())


@generator("aim/end-texts")
def _end_texts() -> Iterator[Built]:
    return confirmed(ends.text_cases())


@generator("aim/protected")
def _protected() -> Iterator[Built]:
    return confirmed(whole.protected_cases())


@generator("aim/blocks")
def _blocks() -> Iterator[Built]:
    return confirmed(coded.coded_cases())


@generator("aim/odd-blocks", 1, 2)
def _odd_blocks(seed: int) -> Iterator[Built]:
    return confirmed(coded.odd_cases(seed))


@generator("aim/refused-frames")
def _refused_frames() -> Iterator[Built]:
    return confirmed(refused.frames())


@generator("aim/refused-beside")
def _refused_beside() -> Iterator[Built]:
    return confirmed(refused.beside())


@generator("aim/refused-tensors")
def _refused_tensors() -> Iterator[Built]:
    return confirmed(refused.tensors())


@generator("aim/refused-lossless")
def _refused_lossless() -> Iterator[Built]:
    return confirmed(refused.lossless())


@generator("aim/refused-names")
def _refused_names() -> Iterator[Built]:
    return confirmed(refused.names())


@generator("aim/refused-index")
def _refused_index() -> Iterator[Built]:
    return confirmed(refused.indexes())


@generator("aim/refused-nnc")
def _refused_nnc() -> Iterator[Built]:
    return confirmed(refused.streams())


@generator("aim/refused-blocks")
def _refused_blocks() -> Iterator[Built]:
    return confirmed(refused.broken_blocks())


@generator("aim/outside-texts")
def _outside_texts() -> Iterator[Built]:
    return confirmed(outside.texts())


@generator("aim/outside-values")
def _outside_values() -> Iterator[Built]:
    return confirmed(outside.values())


@generator("aim/outside-sizes")
def _outside_sizes() -> Iterator[Built]:
    return confirmed(outside.sizes())


@generator("aim/structures")
def _structures() -> Iterator[Built]:
    return confirmed(structure_cases.made())


@generator("aim/drawn-structures", *structure_cases.DRAWN)
def _drawn_structures(seed: int) -> Iterator[Built]:
    return confirmed(structure_cases.drawn(seed))


@generator("aim/broken-structures")
def _broken_structures() -> Iterator[Built]:
    yield from confirmed(structure_cases.broken_texts())
    yield from confirmed(structure_cases.broken_codes())
    yield from confirmed(structure_cases.broken_rules())


@generator("aim/limits")
def _limits() -> Iterator[Built]:
    return confirmed(refused.limits())


@generator("aim/mistakes")
def _mistakes() -> Iterator[Built]:
    yield from confirmed(mistakes.accepted_mistakes())
    yield from confirmed(mistakes.refused_mistakes())
