"""Generators of NNC streams, with the slow encoder of `aimcodec.reference.nnc_encoder`."""

from . import families

__all__ = ["families"]
