"""Codecs of a matrix: what a codec file says (docs/spec/conformance-kit.md, clause 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aimcodec.conformance.claims import Claims, encoder_claims
from aimcodec.conformance.codec import CommandDecoder, Decoder, LibraryDecoder
from aimcodec.conformance.command import parse_command
from aimcodec.conformance.decoder_claims import decoder_claims
from aimcodec.conformance.encoder import EncoderSubject
from aimcodec.conformance.json_file import read_object
from aimcodec.conformance.subjects.own import own_command, own_library
from aimcodec.conformance.subjects.own_encoders import own_encoder
from aimcodec.errors import ArgumentError

__all__ = ["OWN_CODECS", "Codec", "codec_of", "read_codec"]

OWN_CODECS = ("native", "reference", "library")


@dataclass(frozen=True)
class Codec:
    """A codec in a matrix.

    Attributes:
        name: for headings.
        decoder: None where it has none.
        encoders: by syntax.
        syntaxes: those it decodes.
        claims: of its encoders.
    """

    name: str
    decoder: Decoder | None
    encoders: Mapping[str, EncoderSubject]
    syntaxes: frozenset[str]
    claims: Claims = field(default_factory=Claims)


def read_codec(word: str) -> Codec:
    """A codec from NAME=FILE, a FILE that says the name, or the name of one of ours.

    Raises:
        ArgumentError: the file is none.
        OSError: it cannot be read.
    """
    if word in OWN_CODECS:
        return _own(word)
    name, equals, file = word.partition("=")
    path = Path(file if equals else word)
    try:
        facts = read_object(path)
        return codec_of(facts, name if equals else str(facts.get("name") or path.stem), path.parent)
    except ArgumentError as error:
        raise ArgumentError(f"codec {word}: {error.message}") from error


def codec_of(facts: Mapping[str, Any], name: str, folder: Path) -> Codec:
    """A codec from the contents of its file; paths of libraries are from `folder`.

    Raises:
        ArgumentError: neither decoder nor encoder, or one that is no command and no library.
    """
    said = facts.get("claims", {})
    syntaxes = decoder_claims(said).syntaxes & {"nnc", "aim"}
    decoder = None
    if facts.get("decoder") is not None:
        command, library = _call(facts["decoder"], "decoder", folder)
        decoder = (
            LibraryDecoder(library) if library is not None else CommandDecoder(parse_command(command, "in", "outdir"))
        )
    encoders = {}
    if facts.get("encoder") is not None:
        command, library = _call(facts["encoder"], "encoder", folder)
        parsed = None if library is not None else parse_command(command, "model|npz", "out")
        encoders = {syntax: EncoderSubject(syntax, parsed, library) for syntax in sorted(syntaxes)}
    if decoder is None and not encoders:
        raise ArgumentError("there is neither a decoder nor an encoder")
    return Codec(name, decoder, encoders, syntaxes, encoder_claims(said))


def _call(facts: Any, which: str, folder: Path) -> tuple[str, Path | None]:
    """The command, or the library."""
    if not isinstance(facts, dict) or len({"cmd", "lib"} & facts.keys()) != 1:
        raise ArgumentError(f"{which} is no object with cmd or lib")
    call = facts.get("cmd", facts.get("lib"))
    if not isinstance(call, str):
        raise ArgumentError(f"{which}: cmd or lib is no text")
    return call, folder / call if "lib" in facts else None


def _own(name: str) -> Codec:
    both = frozenset({"nnc", "aim"})
    if name == "library":
        library = own_library()
        encoders = {syntax: EncoderSubject(syntax, library=library) for syntax in sorted(both)}
        return Codec(name, LibraryDecoder(library), encoders, both)
    syntaxes = both if name == "native" else frozenset({"nnc"})
    encoders = {syntax: EncoderSubject(syntax, own_encoder(name, syntax)) for syntax in sorted(syntaxes)}
    return Codec(name, CommandDecoder(own_command(name)), encoders, both)
