"""Generators of AIM files, from docs/spec/aim-bitstream.md."""

from . import families

__all__ = ["families"]
