"""Command lines with placeholders (docs/spec/conformance-kit.md, clauses 1.1 and 2)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from aimcodec.errors import ArgumentError

__all__ = ["Command", "parse_command"]

DECODER = frozenset({"in", "outdir", "trace", "syntax", "options"})
ENCODER = frozenset({"model", "npz", "out", "recon", "syntax"})
PLACEHOLDER = re.compile(rf"\{{({'|'.join(sorted(DECODER | ENCODER))})\}}")
LIKE_ONE = re.compile(r"\{([A-Za-z_]+)\}")
ALIKE = 0.75  # of the letters: a slip, not a word of another language


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
        ArgumentError: quotes are not closed, there are no words, a placeholder is needed and not there (of several
            joined by "|" one is needed), or one is there that has no value here, or is most likely misspelt.
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
    if needed:  # else nobody has said which of both it is
        _check_others(command, ENCODER if "out" in needed else DECODER)
    return command


def _check_others(command: Command, known: frozenset[str]) -> None:
    """What only looks like a placeholder is left as it is, as programs have braces in their arguments, too."""
    for name in (name for word in command.words for name in LIKE_ONE.findall(word)):
        if name in known:
            continue
        if name in DECODER | ENCODER:
            raise ArgumentError(f"the command {command.text!r}: {{{name}}} has no value here")
        if meant := get_close_matches(name.lower(), sorted(known), 1, ALIKE):
            raise ArgumentError(f"the command {command.text!r}: {{{name}}} is not {{{meant[0]}}}")
