"""Command lines with placeholders (docs/spec/conformance-kit.md, clauses 1.1 and 2)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aimcodec.errors import ArgumentError

__all__ = ["Command", "parse_command"]

PLACEHOLDER = re.compile(r"\{(in|outdir|trace|syntax|options|model|npz|out|recon)\}")


@dataclass(frozen=True)
class Command:
    """Words of a command line.

    Attributes:
        text: as it was given.
        words: with placeholders.
    """

    text: str
    words: tuple[str, ...]

    def has(self, placeholder: str) -> bool:
        """Whether a placeholder is anywhere in it."""
        return any(placeholder in PLACEHOLDER.findall(word) for word in self.words)

    def filled(self, values: Mapping[str, Sequence[str]]) -> list[str]:
        """The words to run. A word with a placeholder becomes as many words as there are values for it."""
        return [made for word in self.words for made in _filled(word, values)]


def _filled(word: str, values: Mapping[str, Sequence[str]]) -> list[str]:
    names = list(dict.fromkeys(PLACEHOLDER.findall(word)))
    made = [word]
    for name in names:
        made = [w.replace("{" + name + "}", value) for w in made for value in values.get(name, ())]
    return made


def parse_command(text: str, *needed: str) -> Command:
    """Split a command as a POSIX shell does.

    Raises:
        ArgumentError: quotes are not closed, there are no words, or a placeholder is needed and not there. Of several
            joined by "|" one is needed.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise ArgumentError(f"the command {text!r}: {error}") from None
    if not words:
        raise ArgumentError("the command is empty")
    if any("\0" in word for word in words):
        raise ArgumentError("the command has a zero byte")
    command = Command(text, words)
    for choice in needed:
        if not any(command.has(name) for name in choice.split("|")):
            raise ArgumentError(f"the command {text!r} has no {{{choice.replace('|', '} or {')}}}")
    return command
