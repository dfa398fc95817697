"""Looking into streams: the tree of syntax elements, the bins of a payload, a summary, and where an error is.

Everything here takes any bytes and gives plain records and lines of text; showing them is up to the caller.
"""

from .against import Divergence, first_divergence
from .bins import BIN_DTYPE, BinChunks, BinTrace, bin_chunks, bin_trace, compiler, element_names
from .diff import ElementDifference, StructureDiff, UnitDiff, diff_trees
from .jsonl import read_lines
from .kinds import check_any, is_package
from .places import Place, place_of
from .stats import Stats, statistics
from .steps import CONTEXT_DTYPE, RANS_DTYPE, StepChunks, step_chunks
from .summary import Summary, TensorSummary, UnitSummary, summarize
from .tensors import TensorDiff, diff_tensors
from .tree import Node, Tree, read_tree

__all__ = [
    "BIN_DTYPE",
    "CONTEXT_DTYPE",
    "RANS_DTYPE",
    "BinChunks",
    "BinTrace",
    "Divergence",
    "ElementDifference",
    "Node",
    "Place",
    "Stats",
    "StepChunks",
    "StructureDiff",
    "Summary",
    "TensorDiff",
    "TensorSummary",
    "Tree",
    "UnitDiff",
    "UnitSummary",
    "bin_chunks",
    "bin_trace",
    "check_any",
    "compiler",
    "diff_tensors",
    "diff_trees",
    "element_names",
    "first_divergence",
    "is_package",
    "place_of",
    "read_lines",
    "read_tree",
    "statistics",
    "step_chunks",
    "summarize",
]
