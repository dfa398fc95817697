"""Small random models and update sequences under random settings, each from its number alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = dict[str, NDArray[Any]]

MAX_RANK = 5


@dataclass(frozen=True)
class Case:
    """The states of a model in time, one unless it is an update sequence, and how to encode them."""

    number: int
    models: list[Tensors]
    settings: dict[str, Any]

    def __str__(self) -> str:
        shapes = ", ".join(f"{a.dtype}{list(a.shape)}" for a in self.models[0].values())
        return f"case {self.number}: {len(self.models)} x [{shapes}], {self.settings}"


def draw_case(number: int) -> Case:
    rng = np.random.default_rng([number, 2026])
    density = int(rng.choice([0, 1, 2, 2, 2, 3, 7]))
    updates = int(rng.integers(1, 4)) if rng.random() < 0.25 else 0
    edition = 1 if updates == 0 and rng.random() < 0.15 else 2
    settings = {
        "qp": draw_qp(rng, density),
        "nonweight_qp": draw_qp(rng, density),
        "qp_density": density,
        "edition": edition,
        "dq": bool(rng.random() < 0.5),
        "codebook": str(rng.choice(["off", "off", "auto", "on"])),
        "cabac_unary_length": int(rng.choice([1, 2, 3, 6, 10, 11, 11, 11, 40, 256])),
        "scan_order": int(rng.choice([0, 0, 1, 1, 2, 3, 4])),
        "row_skipping": ["auto", False, edition == 2][rng.integers(3)],
        "parameter_search": bool(rng.random() < 0.7),
    }
    step = 2.0 ** (settings["qp"] / 2**density)
    models = [draw_model(rng, step)]
    for _ in range(updates):
        models.append({name: draw_update(rng, array, step) for name, array in models[-1].items()})
    return Case(number, models, settings)


def draw_qp(rng: np.random.Generator, density: int) -> int:
    """A QP whose step lies between 2^-10 and 2."""
    return int(rng.integers(-10, 1)) * 2**density + int(rng.integers(2**density))


def draw_model(rng: np.random.Generator, step: float) -> Tensors:
    tensors: Tensors = {}
    for number in range(int(rng.integers(1, 4))):
        shape = draw_shape(rng)
        if rng.random() < 0.2:
            bound = 2 ** int(rng.integers(0, 32)) - 1
            tensors[f"i{number}"] = rng.integers(-bound - 1, bound, shape, np.int32, endpoint=True)
        else:
            tensors[f"w{number}"] = draw_real(rng, shape, step)
    if rng.random() < 0.15:  # many alike, as the layers of a model are: they share the lanes of a vector
        shape = (int(rng.integers(1, 20)), int(rng.integers(1, 12)))
        for sibling in range(int(rng.integers(5, 45))):
            tensors[f"layer{sibling}"] = draw_real(rng, shape, step)
    return tensors


def draw_shape(rng: np.random.Generator) -> tuple[int, ...]:
    elements = 2.0 ** rng.uniform(0, 8.5)
    shares = rng.dirichlet(np.ones(int(rng.integers(1, MAX_RANK + 1))))
    return tuple(max(1, round(elements**share)) for share in shares)


def draw_real(rng: np.random.Generator, shape: tuple[int, ...], step: float) -> NDArray[np.float32]:
    spread = step * 2.0 ** rng.uniform(-3, 6)
    values = rng.laplace(0, spread, shape) if rng.random() < 0.5 else rng.normal(0, spread, shape)
    if rng.random() < 0.3:
        values[rng.random(shape[0]) < 0.5] = 0  # rows that can be skipped
    if rng.random() < 0.2:
        values = np.abs(values)  # codebooks with their zero at one end
    if rng.random() < 0.2:
        values = spread * np.round(values / spread)  # few distinct values
    if rng.random() < 0.05:
        values.flat[0] = step * 2.0 ** rng.uniform(10, 28)  # one outlier with a long remainder
    return values.astype(np.float32)


def draw_update(rng: np.random.Generator, array: NDArray[Any], step: float) -> NDArray[Any]:
    """A sparse change, so that history and temporal contexts matter."""
    changed = rng.random(array.shape) < rng.choice([0, 0.05, 0.3, 1])
    if array.dtype == np.int32:
        return np.where(changed, array // 2 + 1, array).astype(np.int32)
    change = rng.laplace(0, 4 * step, array.shape) * changed
    return (array + change).astype(np.float32)
