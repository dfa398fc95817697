"""A slow decoder of NNC bitstreams, written from the text in docs/spec to be read beside it.

It is the oracle of the differential tests: it shares no code with the rest of the package, names things as the text
does, and cites the section each function comes from. One file per subject:

- bits, framing, parameter_sets, ndu: sections 1 to 4, the headers
- payload, contexts, cabac, levels, scan, tables: sections 5 to 10 and 18, the arithmetic codeword
- reconstruct: section 11, from integers to values
- updates: section 12, what is kept between the streams of an update sequence
- data_unit, decoder: all of it together
"""

from .cabac import Bin, Trace
from .decoder import Decoder, decode
from .payload import CodedTensor, Codeword, DecodedTensor, decode_payload

__all__ = ["Bin", "CodedTensor", "Codeword", "DecodedTensor", "Decoder", "Trace", "decode", "decode_payload"]
