"""Generated models that an encoder is given (docs/spec/conformance-kit.md, clause 5.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.bridges.model import Described
from aimcodec.bridges.npz import write_npz
from aimcodec.bridges.safetensors import NAMES, write_safetensors
from aimcodec.conformance.values import Numbers
from aimcodec.dtypes import dtype_of, from_name
from aimcodec.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEVELS", "SYNTAXES", "InputModel", "ModelRecipe", "models", "recipes", "select_models", "write_model"]

LEVELS = ("smoke", "core", "full")
SYNTAXES = ("nnc", "aim")

Tensors = dict[str, "NDArray[Any]"]

NNC_RANK = "NNC has no tensors of rank 0"
NNC_EMPTY = "NNC has no empty tensors"
NNC_VALUES = "NNC quantises finite numbers within 32 bits"
NNC_TYPES = "NNC has integers of 32 bits and real numbers"


@dataclass(frozen=True)
class InputModel:
    """A model to encode.

    Attributes:
        id: its name, for example "rank/4".
        purpose: what it is about.
        tensors: arrays by name, in order. Tied tensors are one array object.
        refusals: syntax to the reason why an encoder may say "not supported" (exit code 2).
    """

    id: str
    purpose: str
    tensors: Tensors
    refusals: Mapping[str, str]

    @property
    def dtypes(self) -> set[str]:
        """Names of the types of elements."""
        return {array.dtype.name for array in self.tensors.values()}


@dataclass(frozen=True)
class ModelRecipe:
    """How a model is made.

    Attributes:
        id, purpose, refusals: as in `InputModel`.
        level: the smallest level that has it.
        syntaxes: those that it is for.
        make: gives the tensors.
    """

    id: str
    purpose: str
    level: str
    make: Callable[[], Tensors]
    syntaxes: tuple[str, ...] = SYNTAXES
    refusals: Mapping[str, str] = field(default_factory=dict)

    def model(self) -> InputModel:
        """The model.

        Raises:
            UnsupportedError: the ml_dtypes installed lacks a type.
        """
        return InputModel(self.id, self.purpose, self.make(), self.refusals)


def models(level: str, syntax: str) -> list[ModelRecipe]:
    """Recipes of a level and all smaller ones, for a syntax.

    Raises:
        ArgumentError: no such level or syntax.
    """
    if level not in LEVELS:
        raise ArgumentError(f"level {level!r} is none of {', '.join(LEVELS)}")
    if syntax not in SYNTAXES:
        raise ArgumentError(f"syntax {syntax!r} is none of {', '.join(SYNTAXES)}")
    wanted = LEVELS[: LEVELS.index(level) + 1]
    return [recipe for recipe in recipes() if recipe.level in wanted and syntax in recipe.syntaxes]


def select_models(level: str, syntax: str, patterns: Sequence[str] = ()) -> list[ModelRecipe]:
    """Recipes of a level; with patterns those of all levels whose id fits one (as file names do).

    Raises:
        ArgumentError: no such level or syntax, or nothing fits.
    """
    chosen = models(LEVELS[-1] if patterns else level, syntax)
    found = [r for r in chosen if not patterns or any(fnmatchcase(r.id, pattern) for pattern in patterns)]
    if not found:
        raise ArgumentError("no model fits what was asked for")
    return found


def write_model(model: InputModel, path: Path) -> None:
    """Write a model as safetensors, or as npz where the path ends in that.

    Raises:
        UnsupportedError: the format cannot hold a tensor.
        OSError: the file cannot be written.
    """
    described = [Described(name, dtype_of(a.dtype), a.shape) for name, a in model.tensors.items()]
    with path.open("wb") as file:
        if path.suffix == ".npz":
            write_npz(file, described, model.tensors.__getitem__)
        else:
            write_safetensors(file, described, {}, model.tensors.__getitem__)


def recipes() -> list[ModelRecipe]:
    """All models, in the order in which they are run."""
    return [*_plain(), *_shapes(), *_contents(), *_types(), *_names(), *_sizes()]


def _plain() -> list[ModelRecipe]:
    return [
        ModelRecipe("plain/layer", "a matrix and its bias", "smoke", _layer),
        ModelRecipe("plain/network", "convolutions, a matrix, biases, counters", "core", _network),
        ModelRecipe("plain/half", "weights of 16 bits", "core", partial(_weights_of, ("float16", "bfloat16"))),
        ModelRecipe("plain/double", "weights of 64 bits", "core", partial(_weights_of, ("float64",))),
        ModelRecipe("plain/tied", "two names for the same tensor", "smoke", _tied),
    ]


def _layer() -> Tensors:
    numbers = Numbers(1)
    return {"weight": numbers.weights((24, 32)), "bias": numbers.weights((24,), 1 / 8)}


def _network() -> Tensors:
    numbers = Numbers(2)
    return {
        "conv1.weight": numbers.weights((16, 3, 3, 3), 1 / 4),
        "conv1.bias": numbers.weights((16,)),
        "bn1.running_mean": numbers.weights((16,), 1 / 2),
        "bn1.running_var": np.abs(numbers.weights((16,), 1 / 2)) + 1,
        "bn1.num_batches_tracked": np.array([1234], np.int32),
        "conv2.weight": numbers.weights((32, 16, 3, 3), 1 / 16),
        "fc.weight": numbers.weights((10, 128)),
        "fc.bias": numbers.weights((10,)),
    }


def _weights_of(types: Sequence[str]) -> Tensors:
    numbers = Numbers(3)
    return {f"weight.{name}": numbers.weights((20, 24)).astype(from_name(name).numpy) for name in types}


def _tied() -> Tensors:
    weights = Numbers(4).weights((12, 16))
    return {"embedding.weight": weights, "middle": Numbers(5).weights((16,)), "head.weight": weights}


def _shapes() -> list[ModelRecipe]:
    scalar = {"nnc": NNC_RANK}
    ranks = [ModelRecipe(f"rank/{n}", f"{n} dimensions", "core", partial(_rank, n)) for n in range(1, 9)]
    return [
        ModelRecipe("rank/0", "a scalar", "core", partial(_rank, 0), refusals=scalar),
        *ranks,
        ModelRecipe("shape/ones", "dimensions of 1 before, between and after others", "smoke", _ones),
        ModelRecipe("shape/one-element", "one element, at ranks 1 to 4", "core", _one_element),
        ModelRecipe("shape/empty", "no elements", "core", _empty, refusals={"nnc": NNC_EMPTY}),
        ModelRecipe("shape/long", "long rows, long columns, and sizes beside powers of two", "core", _long),
    ]


def _rank(rank: int) -> Tensors:
    shape = (3, 2, 4, 2, 3, 2, 2, 2)[:rank]
    return {"t": Numbers(10 + rank).weights(shape)}


def _ones() -> Tensors:
    numbers = Numbers(20)
    shapes = [(1, 9), (9, 1), (1, 5, 1, 5), (4, 1, 1), (1, 1, 7), (3, 1, 3)]
    return {"x".join(map(str, shape)): numbers.weights(shape) for shape in shapes}


def _one_element() -> Tensors:
    return {f"rank{rank}": np.full((1,) * rank, rank - 2.5, np.float32) for rank in range(1, 5)}


def _empty() -> Tensors:
    numbers = Numbers(21)
    return {
        "first": numbers.weights((4, 4)),
        "none": np.empty((0,), np.float32),
        "none of some": np.empty((3, 0, 5), np.float32),
        "integers": np.empty((0, 2), np.int32),
        "last": numbers.weights((4,)),
    }


def _long() -> Tensors:
    numbers = Numbers(22)
    shapes = [(2, 700), (700, 2), (63, 5), (64, 5), (65, 5), (5, 63), (5, 64), (5, 65), (257,)]
    return {f"t{n}": numbers.weights(shape) for n, shape in enumerate(shapes)}


def _contents() -> list[ModelRecipe]:
    values = {"nnc": NNC_VALUES}
    return [
        ModelRecipe("content/zero", "zeros only", "smoke", _zero),
        ModelRecipe("content/constant", "one value everywhere", "core", _constant),
        ModelRecipe("content/outlier", "one large value among small ones", "core", _outlier),
        ModelRecipe("content/sparse", "nine zeros in ten, whole rows of them too", "smoke", _sparse),
        ModelRecipe("content/few-values", "four values: a codebook", "core", _few_values),
        ModelRecipe("content/halfway", "values halfway between multiples of steps", "core", _halfway),
        ModelRecipe("content/signs", "all negative, alternating, zeros with a sign", "core", _signs),
        ModelRecipe("content/tiny", "subnormal numbers, the smallest and those beside it", "core", _tiny),
        ModelRecipe("content/huge", "the largest finite numbers", "core", _huge, refusals=values),
        ModelRecipe("content/not-finite", "NaN of several kinds, infinities", "core", _not_finite, refusals=values),
        ModelRecipe("content/noise", "random bits: they do not get shorter", "core", _noise, ("aim",)),
    ]


def _zero() -> Tensors:
    return {"matrix": np.zeros((17, 33), np.float32), "vector": np.zeros(65, np.float32), "int": np.zeros(9, np.int32)}


def _constant() -> Tensors:
    return {"matrix": np.full((16, 40), 0.125, np.float32), "vector": np.full(40, -3.0, np.float32)}


def _outlier() -> Tensors:
    matrix = Numbers(30).weights((20, 20), 1 / 256)
    matrix[11, 7] = 512.0
    vector = np.zeros(50, np.float32)
    vector[-1] = -1.0
    return {"matrix": matrix, "vector": vector}


def _sparse() -> Tensors:
    numbers = Numbers(31)
    matrix = numbers.weights((40, 32))
    matrix[numbers.integers(0, 9, matrix.shape) > 0] = 0
    matrix[::3] = 0
    return {"matrix": matrix}


def _few_values() -> Tensors:
    table = np.array([-0.5, 0.0, 0.25, 0.75], np.float32)
    return {"matrix": table[Numbers(32).integers(0, 3, (24, 24))]}


def _halfway() -> Tensors:
    # Halfway for every step that is a power of two from 2^-14 on, so for the usual steps of any density.
    steps = np.ldexp(np.float32(1), -np.arange(1, 15)).astype(np.float32)
    odd = np.arange(-15, 16, 2, dtype=np.float32)
    return {"matrix": (odd[:, None] * steps[None, :] / 2).astype(np.float32)}


def _signs() -> Tensors:
    positive = np.abs(Numbers(33).weights((12, 12))) + np.float32(1 / 64)
    alternating = positive.copy()
    alternating[:, 1::2] *= -1
    zeros = np.zeros((6, 6), np.float32)
    zeros[::2] = -0.0
    return {"negative": -positive, "positive": positive, "alternating": alternating, "zeros": zeros}


def _tiny() -> Tensors:
    patterns = np.array([0x00000001, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00800000, 0x80800000, 0, 0x80000000], "<u4")
    return {"matrix": np.tile(patterns.view("<f4"), (4, 1)), "vector": patterns.view("<f4").copy()}


def _huge() -> Tensors:
    largest = np.finfo(np.float32).max
    return {"vector": np.array([largest, -largest, 1.0, 0.0], np.float32), "weight": Numbers(34).weights((8, 8))}


def _not_finite() -> Tensors:
    patterns = np.array([0x7FC00000, 0xFFC00001, 0x7F800001, 0x7F800000, 0xFF800000, 0x3F800000], "<u4")
    matrix = Numbers(35).weights((6, 6))
    matrix[2] = patterns.view("<f4")
    return {"matrix": matrix, "vector": patterns.view("<f4").copy(), "weight": Numbers(36).weights((5, 5))}


def _noise() -> Tensors:
    numbers = Numbers(37)
    return {
        "float32": np.frombuffer(numbers.bytes(4096), np.float32).reshape(32, 32),
        "uint8": np.frombuffer(numbers.bytes(3001), np.uint8),
        "int64": np.frombuffer(numbers.bytes(800), np.int64).reshape(10, 10),
    }


def _types() -> list[ModelRecipe]:
    every = list(NAMES.values())
    wide = {"nnc": NNC_TYPES}
    return [
        ModelRecipe("type/int32", "32-bit integers up to their limits", "smoke", partial(_integers, "int32")),
        *[
            ModelRecipe(f"type/{name}", "integers up to their limits", "core", partial(_integers, name))
            for name in ("int8", "uint8", "int16", "uint16")
        ],
        ModelRecipe("type/bool", "truth values", "core", _truth),
        *[
            ModelRecipe(f"type/{name}", "integers up to their limits", "core", partial(_integers, name), refusals=wide)
            for name in ("uint32", "int64", "uint64")
        ],
        *[
            ModelRecipe(
                f"type/every/{name.lower()}", f"every bit pattern of {name}, or many", "core",
                partial(_patterns, name.lower()), ("aim",),
            )
            for name in every
            if name not in ("BOOL", "INT8", "UINT8")
        ],
    ]  # fmt: skip


def _integers(name: str) -> Tensors:
    limits = np.iinfo(name)
    edges = [limits.min, limits.min + 1, 0, 1, limits.max - 1, limits.max, limits.max // 2]
    small = Numbers(40).integers(max(-9, limits.min), 9, (12, 12)).astype(name)
    return {"edges": np.array(edges, name), "small": small}


def _truth() -> Tensors:
    return {"mask": Numbers(41).integers(0, 1, (16, 16)).astype(np.bool_), "true": np.ones(8, np.bool_)}


def _patterns(name: str) -> Tensors:
    kind = from_name(name)
    dtype = kind.numpy
    if kind.bits <= 8:
        codes = np.arange(1 << kind.bits, dtype=np.uint8)
        return {"all": codes.view(dtype).reshape(4, -1), "one value": np.full(40, codes[3:4].view(dtype)[0], dtype)}
    memory = Numbers(42).bytes(dtype.itemsize * 600)
    steps = np.arange(256).astype(dtype)
    return {"random": np.frombuffer(memory, dtype).reshape(20, 30), "steps": steps}


def _names() -> list[ModelRecipe]:
    return [
        ModelRecipe("name/unicode", "names beyond ASCII, not normalised", "smoke", _unicode),
        ModelRecipe("name/similar", "names that differ little", "core", _similar),
        ModelRecipe("name/long", "names of up to 4,000 bytes", "core", _long_names),
        ModelRecipe("name/order", "names that are not in the order of letters or sizes", "core", _order),
    ]


def _numbered(names: Sequence[str], seed: int) -> Tensors:
    """A tensor of its own for each name."""
    numbers = Numbers(seed)
    return {name: numbers.weights((3, 4 + n % 5)) for n, name in enumerate(names)}


def _unicode() -> Tensors:
    accents = ["caf\u00e9", "cafe\u0301"]  # composed and not
    return _numbered([*accents, "\u91cd\u307f.weight", "\U0001f9e0", "\u05de\u05e9\u05e7\u05dc", "\u00a0"], 50)


def _similar() -> Tensors:
    return _numbered(["a", "A", "a.", ".a", "a.0", "a.00", "a/0", "a ", " a", "a\\0", "a%2F0", "..", "a\n"], 51)


def _long_names() -> Tensors:
    lengths = (1, 63, 64, 127, 128, 255, 256, 4000)
    return _numbered(["n" * length for length in lengths], 52)


def _order() -> Tensors:
    return _numbered(["m", "z", "a", "10", "9", "b.weight", "b.bias"], 53)


def _sizes() -> list[ModelRecipe]:
    return [
        ModelRecipe("size/many", "300 tiny tensors", "core", partial(_many, 300)),
        ModelRecipe("size/thousands", "4,000 tiny tensors", "full", partial(_many, 4000)),
        ModelRecipe("size/large", "a layer of 3 MiB", "core", partial(_large, (768, 1024))),
        ModelRecipe("size/larger", "a layer of 24 MiB", "full", partial(_large, (1536, 4096))),
    ]


def _many(count: int) -> Tensors:
    numbers = Numbers(60)
    return {f"layers.{n}.scale": numbers.weights((1 + n % 4,)) for n in range(count)}


def _large(shape: tuple[int, ...]) -> Tensors:
    return {"large.weight": Numbers(61).weights(shape)}
