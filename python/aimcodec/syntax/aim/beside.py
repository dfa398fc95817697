"""Units beside the tensors (clause 3)."""

from __future__ import annotations

from ...errors import OutOfRangeError, UnsupportedError
from ..elements import counted_utf8, u, utf8
from ..protocol import Syntax

__all__ = [
    "asset_header",
    "contributors_payload",
    "evaluation_payload",
    "is_asset_name",
    "license_header",
    "license_payload",
    "metadata_payload",
    "package_header",
    "structure_header",
    "variant_header",
]

VERSION = 1

VERSION_MAJOR = u(8, "version_major", "3.1", "1; others are refused")
VERSION_MINOR = u(8, "version_minor", "3.1", "0; others are additions that may be ignored")
PRODUCER = counted_utf8("producer", "3.1", "software that wrote the file")

VARIANT_ID = u(16, "variant_id", "3.2", "number of the variant")
VARIANT_NAME = counted_utf8("variant_name", "3.2", "name of the variant")
DESCRIPTION = counted_utf8("description", "3.2", "what it is for")

ENTRY_COUNT = u(32, "entry_count", "3.3", "number of entries")
KEY = counted_utf8("key", "3.3", "unique in the file")
VALUE = counted_utf8("value", "3.3", "any text", 32)

CONTRIBUTOR_COUNT = u(16, "contributor_count", "3.4", "number of contributors")
NAME = counted_utf8("name", "3.4", "who")
ROLE = counted_utf8("role", "3.4", "did what")
ORGANIZATION = counted_utf8("organization", "3.4", "for whom")
CONTACT = counted_utf8("contact", "3.4", "how to be reached")

LICENSE_EXPRESSION = counted_utf8("license_expression", "3.5", "SPDX expression, or empty")

ASSET_NAME = counted_utf8("asset_name", "3.6", "relative path")
MEDIA_TYPE = counted_utf8("media_type", "3.6", "Internet media type of the payload, or empty")

EVALUATION_COUNT = u(16, "evaluation_count", "3.8", "number of evaluations")
TASK = counted_utf8("task", "3.8", "what was to be done")
DATASET = counted_utf8("dataset", "3.8", "with which data")
METRIC = counted_utf8("metric", "3.8", "how it was measured")
VALUE_BITS = u(64, "value_bits", "3.8", "measured value, bits of a binary64")


def package_header(s: Syntax) -> None:
    """3.1."""
    major = s.code(VERSION_MAJOR)
    s.require(major == VERSION, f"version {major} of the format is not supported", UnsupportedError)
    s.code(VERSION_MINOR)
    s.counted(PRODUCER)


def variant_header(s: Syntax) -> None:
    """3.2."""
    variant = s.code(VARIANT_ID)
    name = s.counted(VARIANT_NAME)
    s.require(bool(name) or not variant, "only variant 0 has the empty name", OutOfRangeError)
    s.counted(DESCRIPTION)


def metadata_payload(s: Syntax) -> None:
    """3.3."""
    s.repeat("i < entry_count", "entries", s.code(ENTRY_COUNT), _entry)


def _entry(s: Syntax, index: int) -> None:
    s.counted(KEY)
    s.counted(VALUE)


def contributors_payload(s: Syntax) -> None:
    """3.4."""
    s.repeat("i < contributor_count", "contributors", s.code(CONTRIBUTOR_COUNT), _contributor)


def _contributor(s: Syntax, index: int) -> None:
    s.counted(NAME)
    s.counted(ROLE)
    s.counted(ORGANIZATION)
    s.counted(CONTACT)


def license_header(s: Syntax) -> None:
    """3.5."""
    s.counted(LICENSE_EXPRESSION)


def license_payload(s: Syntax, size: int) -> None:
    """3.5: the text."""
    s.code(utf8(size, "license_text", "3.5", "text of the licence"))


def asset_header(s: Syntax) -> None:
    """3.6."""
    name = s.counted(ASSET_NAME)
    s.require(is_asset_name(name), f"{name!r} is not a relative path", OutOfRangeError)
    s.counted(MEDIA_TYPE)


def is_asset_name(name: str) -> bool:
    """Whether a text is a relative path as 3.6 says."""
    return not {"", ".", ".."} & set(name.split("/")) and not any(c in "\\:" or c < " " for c in name)


def structure_header(s: Syntax) -> str:
    """3.7; returns the media type of the payload."""
    s.code(VARIANT_ID)
    return s.counted(MEDIA_TYPE)


def evaluation_payload(s: Syntax) -> None:
    """3.8."""
    s.repeat("i < evaluation_count", "evaluations", s.code(EVALUATION_COUNT), _evaluation)


def _evaluation(s: Syntax, index: int) -> None:
    s.code(VARIANT_ID)
    s.counted(TASK)
    s.counted(DATASET)
    s.counted(METRIC)
    s.code(VALUE_BITS)
