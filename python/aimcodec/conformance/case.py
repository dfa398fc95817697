"""A case of the stream suite, as its case.json says it (conformance_streams/README.md)."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aimcodec.errors import MalformedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FORMAT", "Case", "Expect", "ExpectedTensor", "Step", "Verdict", "case_of", "text_of"]

FORMAT = 2

Verdict = Literal["accept", "reject", "either"]
Json = Mapping[str, Any]

SYNTAXES = ("nnc", "aim")
CLASSES = ("valid", "uncommon", "invalid", "limits")
VERDICTS = ("accept", "reject", "either")
COMMON_KEYS = frozenset({"tensors", "omitted", "coder_state", "reason", "errors", "element", "bit_offset"})


@dataclass(frozen=True)
class ExpectedTensor:
    """A tensor that a decoder must give.

    Attributes:
        dtype: name of numpy or ml_dtypes, or "opaque".
        shape: in elements.
        sha256: of the elements: row-major, little endian, types below 8 bits packed (AIM text, 6.2).
        sha256_as_float32: the same after conversion, for the binary64 tensors of codebooks; a decoder may give either.
        values: all elements where there are few, in lists nested as the shape says.
        npz: key in `expected.npz` of the case.
        variant: variant_id of the AIM package.
        alias_of: the tensor that this one is an alias of.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str
    sha256_as_float32: str | None = None
    values: tuple[Any, ...] | None = None
    npz: str | None = None
    variant: int = 0
    alias_of: str | None = None


@dataclass(frozen=True)
class Expect:
    """What a decoder must do with one stream.

    Attributes:
        tensors: in the order of decoding.
        omitted: names that an update leaves out because they are all zero.
        coder_state: of each data unit of an NNC stream, the end of its codeword.
        package: what else is in an AIM package: `digest`, `producer`, `variants`, `metadata`, `contributors`,
            `licenses`, `assets`, `structures`, `evaluations`, `protected`.
        reason: the rule broken; "" in accepted cases.
        errors: codes of `aimcodec.errors` that the text allows for it; none if any will do.
        element: the syntax element concerned, or None where several answers can be defended.
        bit_offset: its first bit, from the first bit of the stream, or None.
        known: whether `tensors` are known. They are not where the stream must be refused, or may be.
    """

    tensors: tuple[ExpectedTensor, ...] = ()
    omitted: tuple[str, ...] = ()
    coder_state: tuple[Json, ...] = ()
    package: Json = field(default_factory=dict)
    reason: str = ""
    errors: tuple[str, ...] = ()
    element: str | None = None
    bit_offset: int | None = None
    known: bool = True


@dataclass(frozen=True)
class Step:
    """One stream of a case."""

    file: Path
    bytes: int
    sha256: str
    expect: Expect

    @property
    def data(self) -> builtins.bytes:
        """The stream. Raises OSError where it cannot be read."""
        return self.file.read_bytes()

    def expected_array(self, tensor: ExpectedTensor) -> NDArray[Any] | None:
        """All elements of a tensor where they are stored with the case, else None.

        Raises:
            MalformedError: the stored elements do not fit the type and shape.
        """
        import numpy as np

        from aimcodec.dtypes import from_name

        path = self.file.parent / "expected.npz"
        if tensor.npz is not None and path.is_file():
            with np.load(path, allow_pickle=False) as archive:
                if tensor.npz not in archive:
                    raise MalformedError(f"{path} has no {tensor.npz}")
                stored: NDArray[Any] = archive[tensor.npz]
                return stored
        if tensor.values is None:
            return None
        try:
            return np.array(tensor.values, dtype=from_name(tensor.dtype).numpy).reshape(tensor.shape)
        except (ValueError, OverflowError) as error:
            raise MalformedError(f"{self.file.parent}: values of {tensor.name!r}: {error}") from error


@dataclass(frozen=True)
class Case:
    """A case: a stream, or a sequence of streams for one decoder, and what shall come of it.

    Attributes:
        klass: "valid", "uncommon" (legal, but no good encoder writes it), "invalid" or "limits".
        verdict: on the last stream; earlier ones are accepted.
        clauses: of the text of the syntax.
        features: tags.
        options: words of clause 1.4 of the kit's contract.
        folder: where the files are.
        facts: all of case.json.
    """

    id: str
    title: str
    purpose: str
    syntax: Literal["nnc", "aim"]
    klass: Literal["valid", "uncommon", "invalid", "limits"]
    area: str
    verdict: Verdict
    clauses: tuple[str, ...]
    features: tuple[str, ...]
    options: tuple[str, ...]
    steps: tuple[Step, ...]
    folder: Path
    facts: Json

    @property
    def bytes(self) -> int:
        """Bytes of all streams."""
        return sum(step.bytes for step in self.steps)

    @cached_property
    def base(self) -> dict[str, NDArray[Any]]:
        """Tensors that the updates of a sequence refine, by name; none as a rule."""
        import numpy as np

        if "base" not in self.facts:
            return {}
        with np.load(self.folder / self.facts["base"]["file"], allow_pickle=False) as archive:
            return dict(archive)


def case_of(facts: Json, folder: Path) -> Case:
    """A case from the contents of its case.json.

    Raises:
        MalformedError: a field is missing or has another type.
    """
    where = str(folder / "case.json")
    if facts.get("format") != FORMAT:
        raise MalformedError(f"{where}: format {facts.get('format')!r} is not {FORMAT}")
    return Case(
        **{name: text_of(facts, name, where) for name in ("id", "title", "purpose", "area")},
        syntax=_one_of(facts, "syntax", SYNTAXES, where),
        klass=_one_of(facts, "class", CLASSES, where),
        verdict=_one_of(facts, "verdict", VERDICTS, where),
        clauses=_texts(facts, "clauses", where),
        features=_texts(facts, "features", where),
        options=_texts(facts, "options", where),
        steps=tuple(_step(stream, folder, where) for stream in _list(facts, "streams", where)),
        folder=folder,
        facts=facts,
    )


def text_of(facts: Json, name: str, where: str) -> str:
    """A field that is a text. Raises MalformedError where it is none."""
    value = _field(facts, name, where)
    if not isinstance(value, str):
        raise MalformedError(f"{where}: {name} is no text")
    return value


def _field(facts: Json, name: str, where: str) -> Any:
    if not isinstance(facts, Mapping) or name not in facts:
        raise MalformedError(f"{where}: no {name}")
    return facts[name]


def _one_of(facts: Json, name: str, choices: tuple[str, ...], where: str) -> Any:
    value = text_of(facts, name, where)
    if value not in choices:
        raise MalformedError(f"{where}: {name} {value!r} is none of {', '.join(choices)}")
    return value


def _number(facts: Json, name: str, where: str) -> int:
    value = _field(facts, name, where)
    if type(value) is not int or value < 0:
        raise MalformedError(f"{where}: {name} is no number of things")
    return value


def _list(facts: Json, name: str, where: str) -> list[Any]:
    value = _field(facts, name, where)
    if not isinstance(value, list):
        raise MalformedError(f"{where}: {name} is no list")
    return value


def _texts(facts: Json, name: str, where: str) -> tuple[str, ...]:
    values = _list(facts, name, where)
    if not all(isinstance(value, str) for value in values):
        raise MalformedError(f"{where}: {name} is no list of texts")
    return tuple(values)


def _step(stream: Json, folder: Path, where: str) -> Step:
    name = text_of(stream, "file", where)
    if Path(name).name != name:
        raise MalformedError(f"{where}: {name!r} is not in the same folder")
    expect = _expect(_field(stream, "expect", where), where)
    return Step(folder / name, _number(stream, "bytes", where), text_of(stream, "sha256", where), expect)


def _expect(facts: Json, where: str) -> Expect:
    if not isinstance(facts, Mapping):
        raise MalformedError(f"{where}: expect is no object")
    offset, element = facts.get("bit_offset"), facts.get("element")
    return Expect(
        tensors=tuple(_tensor(t, where) for t in _list(facts, "tensors", where)) if "tensors" in facts else (),
        omitted=_texts(facts, "omitted", where) if "omitted" in facts else (),
        coder_state=tuple(_list(facts, "coder_state", where)) if "coder_state" in facts else (),
        package={name: value for name, value in facts.items() if name not in COMMON_KEYS},
        reason=text_of(facts, "reason", where) if "reason" in facts else "",
        errors=_texts(facts, "errors", where) if "errors" in facts else (),
        element=None if element is None else text_of(facts, "element", where),
        bit_offset=None if offset is None else _number(facts, "bit_offset", where),
        known="tensors" in facts,
    )


def _tensor(facts: Json, where: str) -> ExpectedTensor:
    shape = _list(facts, "shape", where)
    if not all(type(size) is int and size >= 0 for size in shape):
        raise MalformedError(f"{where}: shape is no list of numbers")

    def optional(name: str) -> str | None:
        return text_of(facts, name, where) if name in facts else None

    return ExpectedTensor(
        name=text_of(facts, "name", where),
        dtype=text_of(facts, "dtype", where),
        shape=tuple(shape),
        sha256=text_of(facts, "sha256", where),
        sha256_as_float32=optional("sha256_as_float32"),
        values=tuple(_list(facts, "values", where)) if "values" in facts else None,
        npz=optional("npz"),
        variant=_number(facts, "variant", where) if "variant" in facts else 0,
        alias_of=optional("alias_of"),
    )
