"""The node tests of the onnx package, which bring their expected outputs."""

from __future__ import annotations

import random
from functools import cache

import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

from aimcodec.errors import UnsupportedError

from .node_cases import Case, cases, check

SAMPLE = 150
# What there are no kernels for, by operator or first word of the name: texts, files of images, training, trees ...
UNSUPPORTED = {
    *("ArrayFeatureExtractor", "Binarizer", "FlexAttention", "ImageDecoder", "LabelEncoder", "RegexFullMatch"),
    *("StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer", "TreeEnsemble", "Cast", "Equal"),
    *("Adagrad", "Adam", "Gradient", "Momentum", "adagrad", "adam", "gradient", "momentum", "equal", "cast"),
}


@cache
def by_name() -> dict[str, Case]:
    return {case.name: case for case in cases()}


def stratified() -> list[Case]:
    """Cases of every operator in turn, chosen with a fixed seed."""
    strata: dict[str, list[Case]] = {}
    for case in by_name().values():
        strata.setdefault(case.operator, []).append(case)
    rng = random.Random(2941)  # noqa: S311
    for found in strata.values():
        rng.shuffle(found)
    order = rng.sample(sorted(strata), len(strata))
    turns = [strata[name][turn] for turn in range(3) for name in order if turn < len(strata[name])]
    return [case for case in turns if case.operator not in UNSUPPORTED][:SAMPLE]


def verdict(case: Case) -> str:
    try:
        check(case)
    except UnsupportedError:
        return "unsupported"
    except AssertionError as error:
        return f"wrong: {error}"
    return "pass"


def test_a_sample_of_the_node_tests() -> None:
    chosen = stratified()
    assert len(chosen) == SAMPLE
    assert {case.name: found for case in chosen if (found := verdict(case)) != "pass"} == {}


@pytest.mark.slow
def test_all_node_tests() -> None:
    found = {name: verdict(case) for name, case in by_name().items()}
    assert {name: text for name, text in found.items() if text not in {"pass", "unsupported"}} == {}
    unsupported = [name for name, text in found.items() if text == "unsupported"]
    assert {by_name()[name].operator for name in unsupported} <= UNSUPPORTED
    assert len(unsupported) / len(found) < 0.05
