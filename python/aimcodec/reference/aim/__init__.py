"""A slow decoder of AIM files, written from docs/spec/aim-bitstream.md to be read beside it."""

from .block import decode_block

__all__ = ["decode_block"]
