"""AIM files with structures of models (clause 14), good and broken ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

from aimcodec.conformance.generators.aim.build import Elements, Laid, finished, laid, put, tensor, variant
from aimcodec.conformance.generators.aim.case import Accepted, BrokenStructure, Errors
from aimcodec.conformance.generators.aim.coded import new_file
from aimcodec.conformance.generators.aim.files import File, numbers
from aimcodec.conformance.generators.aim.structures import (
    CONSTANT_DATA,
    MEDIA_TYPE,
    attribute,
    constant,
    everything,
    graph,
    inside,
    model,
    node,
    sized,
    tensor_type,
    value_type,
    variable,
)
from aimcodec.errors import (
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)
from aimcodec.syntax.aim.draw_structure import draw_structure, write_structure

__all__ = ["DRAWN", "broken_codes", "broken_rules", "broken_texts", "drawn", "made"]

DEEPEST = 32

# They reach together what any of the first 600 does, in the order of what they add for a byte.
DRAWN: tuple[int, ...] = (
    126,
    422,
    424,
    328,
    274,
    165,
    170,
    303,
    171,
    564,
    232,
    567,
    185,
    294,
    357,
    402,
    569,
    504,
    152,
    1,
    598,
    82,
    286,
    83,
)

# Tables of the text (14.1 to 14.9) by the names of their occurrences.
TABLES = {
    "": "structure_payload",
    "functions": "function",
    "nodes": "operator_node",
    **dict.fromkeys(("defaults", "attributes"), "attribute"),
    **dict.fromkeys(("inputs", "outputs", "variables"), "variable"),
    "types": "value_type",
    **dict.fromkeys(("parameters", "constants", "values", "indices"), "tensor"),
    **dict.fromkeys(("sparse_parameters", "sparse_constants"), "sparse_tensor"),
    "graphs": "graph",
}

# Values that are not permitted: the first, the last, and those between.
OUTSIDE: Mapping[str, tuple[int, ...]] = {
    "attribute_type": (15, 255),
    "type_flag": (2, 255),
    "type_code": (7, 255),
    "element_type": (32, 252, 255),
    "size_flag": (2, 255),
    "rank": (33, 255),
    "dimension_code": (3, 255),
    "key_type": (0, 9, 253, 255),
    "constant_type": (32, 253, 255),
    "storage": (2, 255),
}

BYTES = ("string", "data")


def structure_unit(payload: Elements, number: int = 0, changed: Mapping[str, bytes] | None = None) -> Laid:
    header = [("variant_id", numbers("H", number)), ("media_type_size", numbers("H", len(MEDIA_TYPE)))]
    return laid(6, [*header, ("media_type", MEDIA_TYPE.encode())], payload, changed)


def with_tensor(*units: Laid) -> File:
    """Units, and the tensor that structures name."""
    return put(new_file().add(*units), "t", 1, (6,), tensor("t"))


def accepted(id: str, title: str, *units: Laid, clause: str = "14.1") -> Accepted:
    data = finished(with_tensor(*units)).data
    memories = {(0, "t"): CONSTANT_DATA}
    return Accepted(
        f"aim-structure-{id}", "structures", title, data, memories, clauses=(clause,), features=("structure",)
    )


def drawn(seed: int) -> Iterator[Accepted]:
    """14: structures of random values."""
    payload = write_structure(draw_structure(random.Random(seed)))  # noqa: S311
    yield accepted(f"drawn-{seed}", f"a structure of random values, {seed}", structure_unit([("all", payload)]))


def made() -> Iterator[Accepted]:
    """14."""
    yield accepted("everything", "a structure with each element of clause 14", structure_unit(everything()))
    yield accepted("empty", "an empty graph", structure_unit(model(graph())))
    relu = model(graph([node("Relu", ["w"], ["y"])], parameters=[constant("w", parameter="t")]))
    units = structure_unit(relu), variant(3, "three"), structure_unit(everything(), 3)
    yield accepted("variants", "structures of two variants", *units)
    deep = structure_unit(model(deep_graph(DEEPEST)))
    yield accepted("deep-graphs", f"graphs {DEEPEST} deep", deep)
    deep = structure_unit(model(graph(inputs=[variable("x", deep_type(DEEPEST, 3))])))
    yield accepted("deep-types", f"types {DEEPEST} deep", deep)


def deep_graph(depth: int, inner: Elements | None = None) -> Elements:
    """Graphs in attributes of nodes; the innermost is so deep."""
    made: Elements = graph() if inner is None else inner
    for _ in range(depth - 1):
        made = graph([node("If", attributes=[attribute(5, inside("graphs[0]", made))])])
    return made


def deep_type(depth: int, code: int) -> Elements:
    """The type of a variable of a graph that is 1 deep, with types inside of which the innermost is so deep."""
    made: Elements = tensor_type(1)
    key = [("key_type", b"\1")] if code == 4 else []
    for _ in range(depth - 2):
        made = value_type(code, [*key, *inside("value_type", made)])
    return made


def broken(
    id: str,
    rule: str,
    error: Errors,
    payload: Elements,
    element: str | None,
    at: str | None = None,
    changed: Mapping[str, bytes] | None = None,
) -> BrokenStructure:
    """A structure whose violation is in an element; `at` is its name with all that it is inside of."""
    made = finished(with_tensor(structure_unit(payload, changed=changed)))
    place = None if element is None else made.place(1, at or element)
    return BrokenStructure(f"aim-structure-{id}", rule, error, made.data, element, place)


def first_of_each() -> Iterator[tuple[str, str, str]]:
    """Table, element and whole name of each element of clause 14, where it is for the first time."""
    seen: set[tuple[str, str]] = set()
    for name, _ in everything():
        *around, element = name.split(".")
        owner = around[-1].partition("[")[0] if around else ""
        table = TABLES.get(owner, owner)
        if (table, element) not in seen:
            seen.add((table, element))
            yield table, element, name


def broken_texts() -> Iterator[BrokenStructure]:
    """1.1: every text."""
    texts = [found for found in first_of_each() if found[1].endswith("_size")]
    for table, size, whole in texts:
        element, at = size.removesuffix("_size"), whole.removesuffix("_size")
        if element not in BYTES:
            id = f"text-{table}-{element}".replace("_", "-")
            changed = {whole: numbers("I", 1), at: b"\xff"}
            yield broken(id, "1.1: utf8 is well-formed UTF-8", MalformedError, everything(), element, at, changed)


def broken_codes() -> Iterator[BrokenStructure]:
    """14.6 to 14.9: reserved values."""
    for table, element, whole in first_of_each():
        for value in OUTSIDE.get(element, ()):
            id = f"outside-{table}-{element}-{value}".replace("_", "-")
            rule = f"14: {element} has a value of the text"
            yield broken(id, rule, OutOfRangeError, everything(), element, whole, {whole: bytes([value])})


def broken_rules() -> Iterator[BrokenStructure]:
    """14.10: the other rules."""
    for major, minor in ((2, 0), (1, 1)):
        changed = {"structure_version_major": bytes([major]), "structure_version_minor": bytes([minor])}
        rule, last = "14.1: the version is 1.0", "structure_version_minor"
        yield broken(f"version-{major}-{minor}", rule, UnsupportedError, everything(), last, changed=changed)
    filled = "14.1: the elements fill the payload"
    yield broken("surplus", filled, MalformedError, [*everything(), ("more", b"\0")], "structure_payload", "more")
    yield broken("short", filled, TruncatedError, everything()[:-1], None)
    yield broken("nothing", filled, TruncatedError, [], None)
    huge = {"graph.node_count": numbers("I", 0xFFFFFFFF)}
    yield broken("count", filled, TruncatedError, model(graph()), None, changed=huge)
    twice = {"texts[0].text_key_size": numbers("I", 1), "texts[0].text_key": b"k"}
    two = [*everything()]
    place = next(i for i, (name, _) in enumerate(two) if name == "texts[0].text_value") + 1
    two[place:place] = [*sized("texts[1].text_key", "k"), *sized("texts[1].text_value", "")]
    rule = "14.2: keys are unique"
    twice["text_count"] = numbers("I", 2)
    yield broken("key-twice", rule, MalformedError, two, "text_key", "texts[1].text_key", twice)
    pairs = [("x", [("part", "s"), ("part", "z")])]
    at = "graph.annotations[0].parts[1].part"
    yield broken("part-twice", "14.3: parts are unique", MalformedError, model(graph(annotations=pairs)), "part", at)
    yield from _too_deep()
    yield from _constants()


def _too_deep() -> Iterator[BrokenStructure]:
    rule = f"14.1: nothing is more than {DEEPEST} deep"
    yield broken("deeper-graphs", rule, OutOfRangeError, model(deep_graph(DEEPEST + 1)), None)
    for code, name in ((3, "sequences"), (4, "maps")):
        kind = model(graph(inputs=[variable("x", deep_type(DEEPEST + 1, code))]))
        yield broken(f"deeper-{name}", rule, OutOfRangeError, kind, None)
    inner = graph(inputs=[variable("x", tensor_type(1))])
    yield broken("deeper-variable", rule, OutOfRangeError, model(deep_graph(DEEPEST, inner)), None)


def _constants() -> Iterator[BrokenStructure]:
    def case(id: str, rule: str, error: Errors, wrong: Elements, element: str) -> BrokenStructure:
        return broken(id, rule, error, model(graph(parameters=[wrong])), element, f"graph.parameters[0].{element}")

    memory = "14.9: the data are the memory of the elements"
    yield case("data-short", memory, InconsistentError, constant("w", 3, (2,), b"abc"), "data")
    yield case("data-long", memory, InconsistentError, constant("w", 3, (2,), b"abcde"), "data")
    yield case(
        "data-surplus", "6.2: bits after the last element", MalformedError, constant("w", 26, (1,), b"\x10"), "data"
    )
    yield case("data-bool", "6.1: a BOOL is 0 or 1", OutOfRangeError, constant("w", 0, (2,), b"\1\2"), "data")
    yield case(
        "no-parameter", "14.9: a parameter has a name", OutOfRangeError, constant("w", parameter=""), "parameter"
    )
    room = "4.1: elements and bytes are at most 2^63 - 1"
    large = constant("w", 1, (1 << 63,), parameter="t")
    yield case("room", room, OutOfRangeError, large, "dimension")
    name, changed = "graph.sparse_parameters[0].dimension", numbers("Q", 1 << 31, 1 << 32)
    yield broken("sparse-room", room, OutOfRangeError, everything(), None, changed={name: changed})
    many = constant("w", 1, (1 << 31,), parameter="t")
    made = broken("many", "2^31 elements", LimitExceededError, model(graph(parameters=[many])), None)
    yield replace(made, id="aim-limits-structure", klass="limits")
    symbol = model(graph(inputs=[variable("x", tensor_type(1, ""))]))
    at = "graph.inputs[0].value_type.dimensions[0].dimension_symbol"
    yield broken("no-symbol", "14.8: a symbol is not empty", OutOfRangeError, symbol, "dimension_symbol", at)
