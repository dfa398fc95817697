"""Whatever is wrong with a model or its inputs, the answer is a result or one of our errors."""

from __future__ import annotations

import random
from collections import Counter

import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

from aimcodec.errors import AimcError, InternalError

from .mutation import mutated, run
from .test_nodes import by_name


def verdicts(seeds: range) -> Counter[str]:
    names = sorted(name for name in by_name() if "image_decoder" not in name)
    found: Counter[str] = Counter()
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311
        case = by_name()[rng.choice(names)]
        model, inputs = mutated(case, rng)
        try:
            run(model, inputs)
            found["result"] += 1
        except InternalError:
            raise
        except AimcError as error:
            found[error.code] += 1
    return found


def test_mutated_cases() -> None:
    found = verdicts(range(150))
    assert found["result"] > 20
    assert found["inconsistent"] > 20
    assert found["unsupported"] > 5


@pytest.mark.slow
def test_many_mutated_cases() -> None:
    assert verdicts(range(1000, 11000)).total() == 10000
