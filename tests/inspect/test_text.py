"""Text for terminals: nothing hidden in it, and columns that fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aimcodec.inspect.text import Column, cells, elide, printable, table


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    assert printable(text).isprintable()


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"])))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_escapes() -> None:
    assert printable("a\x1b[31mb\r\n\u202ec") == r"a\x1b[31mb\r\n\u202ec"
    assert printable("[bold]x[/bold]") == "[bold]x[/bold]"


@given(st.text(), st.integers(0, 40))
def test_elided_text_fits(text: str, width: int) -> None:
    text = printable(text)
    short = elide(text, width)
    assert cells(short) <= width
    assert short == text or cells(text) > width


def test_the_middle_is_left_out() -> None:
    assert elide("layer1.0.conv1.weight", 12) == "layer...ight"
    assert elide("権権権権権", 8) == "権...権"


def test_table() -> None:
    columns = [Column("n", right=True), Column("name", least=8)]
    rows = [["1", "abcdefghijklmnop"], ["10", "x"]]
    assert list(table(columns, rows, 40)) == [" n  name", " 1  abcdefghijklmnop", "10  x"]
    assert list(table(columns, rows, 12)) == [" n name", " 1 abc...nop", "10 x"]
    assert list(table(columns, rows, 5))[1] == " 1 abc...op"  # as narrow as it may get


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60)), max_size=5), st.integers(20, 100))
def test_tables_keep_to_the_width(rows: list[tuple[str, str]], width: int) -> None:
    columns = [Column("a", least=5), Column("b", right=True, least=5)]
    safe = [[printable(a), printable(b)] for a, b in rows]
    assert all(cells(line) <= width for line in table(columns, safe, width))


def test_yielding_columns_give_up_theirs_first() -> None:
    columns = [Column("name", least=4), Column("meaning", least=0, yielding=True)]
    rows = [["abcdefghij", "what it is"]]
    assert list(table(columns, rows, 22)) == ["name        meaning", "abcdefghij  what it is"]
    assert list(table(columns, rows, 18)) == ["name       meaning", "abcdefghij wh...is"]
    assert list(table(columns, rows, 9)) == ["name", "abc...ij"]
