"""Tokens of the text form, and a place among them."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from aimcodec.errors import LimitExceededError, MalformedError
from aimcodec.model.text.literals import WORD, unescape, unescape_bytes

__all__ = ["MAX_NESTING", "Cursor", "Token"]

MAX_NESTING = 64  # of graphs and types in each other
MAX_DIGITS = 20  # of an integer of 64 bits, with its sign

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_STRING = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
_TOKEN = re.compile(
    rf"(?P<bytes>b{_STRING})|(?P<string>{_STRING})|(?P<word>{WORD})"
    r"|(?P<number>-?(?:0x[0-9a-f]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|inf\b))"
    r"|(?P<mark>->|[{}()\[\],:=@?.])"
)


class Token(NamedTuple):
    """A piece of the text.

    Attributes:
        kind: "word", "string", "bytes", "number", "mark", or "end".
        text: as it is written.
        start: place of its first character.
    """

    kind: str
    text: str
    start: int


class Cursor:
    """Reads a text token by token; `ahead` is the next one, `second` the one after it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0
        self._end = 0
        self.ahead = self._scan()
        self.second = self._scan()

    def take(self) -> Token:
        """The next token, which is then behind."""
        token = self.ahead
        self.ahead = self.second
        self.second = self._scan()
        return token

    def accept(self, text: str) -> bool:
        """Takes the next token if it is this mark or word."""
        found = self.ahead.text == text and self.ahead.kind in {"mark", "word"}
        if found:
            self.take()
        return found

    def expect(self, text: str) -> None:
        """Takes this mark or word."""
        if not self.accept(text):
            self.fail(f"expected {text!r}")

    def is_clause(self, word: str) -> bool:
        """Whether a clause begins here: a word of ours, and not a name that looks like it."""
        opened = self.second.kind in {"string", "word"} or self.second.text == "{"
        return self.ahead == ("word", word, self.ahead.start) and opened

    def name(self) -> str:
        """A word, or a text between quotes."""
        if self.ahead.kind == "word":
            return self.take().text
        return self.string()

    def string(self) -> str:
        """A text between quotes."""
        if self.ahead.kind != "string":
            self.fail("expected a name or a text")
        try:
            return unescape(self.ahead.text[1:-1])
        except (ValueError, OverflowError) as error:
            self.fail(str(error))
        finally:
            self.take()

    def data(self) -> bytes:
        """A string: a text, of which the bytes are UTF-8, or bytes."""
        token = self.ahead
        try:
            return self.string().encode("utf-8") if token.kind == "string" else self._bytes()
        except UnicodeEncodeError:
            self.fail("not a character", token)

    def _bytes(self) -> bytes:
        if self.ahead.kind != "bytes":
            self.fail("expected a string")
        try:
            return unescape_bytes(self.ahead.text[2:-1])
        except ValueError as error:
            self.fail(str(error))
        finally:
            self.take()

    def integer(self) -> int:
        """A signed integer of 64 bits."""
        token = self.ahead
        if token.kind != "number" or not re.fullmatch("-?[0-9]+", token.text):
            self.fail("expected an integer")
        self.take()
        value = int(token.text) if len(token.text) <= MAX_DIGITS else 1 << 64
        if not -(1 << 63) <= value < 1 << 63:
            self.fail("an integer of more than 64 bits", token)
        return value

    def enter(self) -> None:
        """One level deeper."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise LimitExceededError(f"{self.place()}: more than {MAX_NESTING} graphs and types in each other")

    def leave(self) -> None:
        """One level up."""
        self.depth -= 1

    def fail(self, message: str, token: Token | None = None) -> NoReturn:
        """Ends with an error at a token, the next one if none is given."""
        token = token or self.ahead
        found = "the end" if token.kind == "end" else ascii(token.text[:40])
        raise MalformedError(f"{self.place(token)}: {message}, found {found}")

    def place(self, token: Token | None = None) -> str:
        """Line and column of a token, as a text."""
        start = (token or self.ahead).start
        line = self.text.count("\n", 0, start) + 1
        return f"line {line}, column {start - self.text.rfind(chr(10), 0, start)}"

    def _scan(self) -> Token:
        space = _SPACE.match(self.text, self._end)
        start = space.end() if space else self._end
        if start == len(self.text):
            return Token("end", "", start)
        found = _TOKEN.match(self.text, start)
        if found is None:
            self.fail("expected a token", Token("other", self.text[start : start + 40], start))
        self._end = found.end()
        return Token(found.lastgroup or "", found[0], start)
