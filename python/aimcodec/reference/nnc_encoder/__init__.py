"""A slow encoder of NNC bitstreams, written from the text in docs/spec to be read beside it.

It takes explicit choices (levels, and every element of the headers) and decides nothing, so it can say all that the
syntax can; it shares no code with the fast encoder. One file per subject:

- bit_writer, stream, parameter_sets, data_unit: sections 1 to 4, the headers
- arithmetic, levels, payload: sections 5 to 10, the arithmetic codeword
- model, quantise, safetensors_file: a small encoder of models on top, `python -m aimcodec.reference.nnc_encoder`
"""

from .data_unit import Codebook, DataUnit, ParentNode, codebook
from .parameter_sets import (
    DecompositionEntry,
    LayerParameterSet,
    ModelParameterSet,
    PerformanceMap,
    PruningEntry,
    QuantizationUnit,
    SparsificationEntry,
    StartUnit,
    TopologyUnit,
    UnificationEntry,
)
from .payload import EncodedPayload, EntryPoint, TensorChoices, encode_payload
from .stream import AnyUnit, OtherUnit, StreamEncoder, Unit, encode_stream

__all__ = [
    "AnyUnit",
    "Codebook",
    "DataUnit",
    "DecompositionEntry",
    "EncodedPayload",
    "EntryPoint",
    "LayerParameterSet",
    "ModelParameterSet",
    "OtherUnit",
    "ParentNode",
    "PerformanceMap",
    "PruningEntry",
    "QuantizationUnit",
    "SparsificationEntry",
    "StartUnit",
    "StreamEncoder",
    "TensorChoices",
    "TopologyUnit",
    "UnificationEntry",
    "Unit",
    "codebook",
    "encode_payload",
    "encode_stream",
]
