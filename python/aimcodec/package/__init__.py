"""AIM packages (.aim): writing, reading, random access, recovery."""

from .assemble import Damage
from .info import TensorInfo, UnitInfo
from .package import Package, open_package, recover
from .records import Asset, Contributor, Evaluation, License, Structure, Variant
from .save import load_file, save_file
from .slices import TensorSlice
from .stream import read_stream
from .writer import Writer

__all__ = [
    "Asset",
    "Contributor",
    "Damage",
    "Evaluation",
    "License",
    "Package",
    "Structure",
    "TensorInfo",
    "TensorSlice",
    "UnitInfo",
    "Variant",
    "Writer",
    "load_file",
    "open_package",
    "read_stream",
    "recover",
    "save_file",
]
