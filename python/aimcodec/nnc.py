"""ISO/IEC 15938-17 (NNC) streams: decode, encode, and the units of a stream."""

from aimcodec.coding.nnc.decoder import Decoder, decode
from aimcodec.coding.nnc.encoder import Encoder, Settings, encode
from aimcodec.syntax.nnc import Unit, UnitType, iter_units

__all__ = ["Decoder", "Encoder", "Settings", "Unit", "UnitType", "decode", "encode", "iter_units"]
