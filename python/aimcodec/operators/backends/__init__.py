"""Engines that compute single operators, behind one interface."""

from __future__ import annotations

from aimcodec.operators.backends.interface import BACKENDS, Backend, backend

__all__ = ["BACKENDS", "Backend", "backend"]
