"""A slow decoder of AIM files, written from docs/spec/aim-bitstream.md alone, to be read beside it.

It is the oracle of the tests of everything that reads or writes AIM files, and shares no code with it. One file per
subject:

- elements, unit: clauses 1 and 2, the frame
- beside: clause 3
- tensor, data_types: clauses 4 and 6
- index: clause 5
- little_endian, block, plane, rans, matches, nibbles: clause 7, lossless coding
- context: clause 8
- nnc: clause 9
- structure: clause 14, when it is asked for
- file: all of it together
"""

from .block import decode_block
from .file import AimFile, read
from .structure import read_structure
from .tensor import Tensor

__all__ = ["AimFile", "Tensor", "decode_block", "read", "read_structure"]
