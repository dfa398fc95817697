"""Imports NNCodec as a black box; its picture libraries, which coding tensors never calls, may be missing."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from importlib.util import find_spec
from unittest.mock import MagicMock

PICTURE_LIBRARIES = ("torchvision", "torchmetrics", "ptflops", "cv2")


class StandIn(types.ModuleType):
    __path__: list[str] = []  # noqa: RUF012
    __all__: list[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names: set[str]) -> None:
        self.names = names

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        return StandIn(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, Finder({name for name in PICTURE_LIBRARIES if find_spec(name) is None}))

import torch  # noqa: E402
from nncodec import nnc  # noqa: E402
from nncodec.nnc_core.hdsp.hdsp_tool import HdspTool  # noqa: E402

torch.set_num_threads(1)

__all__ = ["HdspTool", "nnc"]
