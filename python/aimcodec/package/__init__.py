"""AIM packages (.aim): writing, reading, random access, recovery."""

from .info import TensorInfo
from .package import Package, open_package
from .records import Asset, Contributor, Evaluation, License, Structure, Variant
from .save import load_file, save_file
from .writer import Writer

__all__ = [
    "Asset",
    "Contributor",
    "Evaluation",
    "License",
    "Package",
    "Structure",
    "TensorInfo",
    "Variant",
    "Writer",
    "load_file",
    "open_package",
    "save_file",
]
