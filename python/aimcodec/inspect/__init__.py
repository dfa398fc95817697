"""Looking into streams: the tree of syntax elements, the bins of a payload, a summary, and where an error is.

Everything here takes any bytes and gives plain records and lines of text; showing them is up to the caller.
"""

from .bins import BIN_DTYPE, BinTrace, bin_trace, compiler, element_names
from .kinds import check_any, is_package
from .places import Place, place_of
from .summary import Summary, TensorSummary, UnitSummary, summarize
from .tree import Node, Tree, read_tree

__all__ = [
    "BIN_DTYPE",
    "BinTrace",
    "Node",
    "Place",
    "Summary",
    "TensorSummary",
    "Tree",
    "UnitSummary",
    "bin_trace",
    "check_any",
    "compiler",
    "element_names",
    "is_package",
    "place_of",
    "read_tree",
    "summarize",
]
