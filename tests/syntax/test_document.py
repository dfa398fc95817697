"""Tables made from structures: alternatives, loops, structures inside others, and all elements of both syntaxes."""

from __future__ import annotations

import re
from pathlib import Path

from aimcodec.syntax import Syntax
from aimcodec.syntax.coverage import SyntaxName, all_points
from aimcodec.syntax.document import Row, document
from aimcodec.syntax.elements import u

from .test_draw import both

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec"


def number(s: Syntax, name: str) -> int:
    return s.code(u(8, name, "1", ""))


def inner(s: Syntax) -> int:
    if s.when("hidden", True):
        number(s, "unseen")
    return number(s, "unseen too")


def _item(s: Syntax, index: int) -> None:
    if s.when("first", index == 0):
        number(s, "a")
        number(s, "b")
    else:
        number(s, "c")
    number(s, "d")


def described(s: Syntax) -> None:
    kind = number(s, "kind")
    if s.when("kind == 1", kind == 1):
        if s.when("kind & 1", kind & 1):
            number(s, "odd")
        number(s, "one")
    elif s.when("kind == 2", kind == 2):
        s.refuse("twos", "not supported")
    elif s.when("kind == 3", kind == 3):
        s.nest("inner", inner)
    else:
        if s.when("kind == 4", kind == 4):
            number(s, "four")
        number(s, "other")
    s.repeat("kind - 1", "items", kind - 1, _item)
    if s.when("last", kind):
        s.infer(u(8, "nothing", "1", ""), 1)
    else:
        number(s, "final")
    s.align()


def test_a_table_by_hand() -> None:
    assert document(described, {}, {"final": "u(8), once"}) == [
        Row(0, "kind", "u(8)"),
        Row(0, "if kind == 1:", ""),
        Row(1, "if kind & 1:", ""),
        Row(2, "odd", "u(8)"),
        Row(1, "one", "u(8)"),
        Row(0, "else:", ""),
        Row(1, "if kind == 2: twos, which is not supported", ""),
        Row(1, "if kind == 3:", ""),
        Row(2, "inner()", ""),
        Row(1, "else:", ""),
        Row(2, "if kind == 4:", ""),
        Row(3, "four", "u(8)"),
        Row(2, "other", "u(8)"),
        Row(0, "for each i < kind - 1:", ""),
        Row(1, "if first:", ""),
        Row(2, "a[i]", "u(8)"),
        Row(2, "b[i]", "u(8)"),
        Row(1, "else:", ""),
        Row(2, "c[i]", "u(8)"),
        Row(1, "d[i]", "u(8)"),
        Row(0, "if not last:", ""),
        Row(1, "final", "u(8), once"),
        Row(0, "align", "align"),
    ]


@both
def test_the_text_has_all_elements(syntax: SyntaxName) -> None:
    text = (SPEC / f"{syntax}-bitstream.md").read_text("utf-8")
    tables = "".join(re.findall(r"<!-- generated: \w+ -->\n(.*?)<!-- end -->", text, re.DOTALL))
    words = set(re.findall(r"\w+", tables))
    elements = {re.split("[/:]", point.id)[3] for point in all_points(syntax) if point.kind == "element"}
    assert len(elements) > 50
    assert elements - words == ({"license_text"} if syntax == "aim" else set())
