"""Decoding of whole bitstreams and of update sequences."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import MalformedError, UnsupportedError
from .cabac import Trace
from .data_unit import Member, coded_tensor, codeword_of, decode_codeword, members, raw_tensor, values_of
from .framing import NNR_AGG, NNR_LPS, NNR_MPS, NNR_NDU, NNR_QNT, NNR_STR, NNR_TPL, Unit, nnr_units
from .ndu import NNR_CPT_LS, NNR_PT_BLOCK, NNR_PT_RAW_FLOAT, NduHeader, compressed_data_unit_header
from .parameter_sets import (
    ModelParameterSet,
    Quantization,
    layer_parameter_set,
    model_parameter_set,
    quantization_unit,
    start_unit,
    topology_unit,
)
from .payload import MAX_ELEMENTS, DecodedTensor
from .reconstruct import local_scaling
from .updates import UpdateState

__all__ = ["Decoder", "decode"]

NOT_DECODED = {NNR_AGG: "aggregate unit"}


def decode(data: bytes) -> dict[str, NDArray[np.generic]]:
    """Decode one bitstream with a new :class:`Decoder`; see :meth:`Decoder.decode`."""
    return Decoder().decode(data)


class Decoder:
    """Decodes the bitstreams of an update sequence in order, and keeps the state between them (section 12).

    Attributes:
        hdsp: whether the history map of section 12.5 is kept.
        local_scaling: whether local scaling is applied to the weights and its vectors dropped (section 11.6).
        trace: called with every bin of every codeword, or None.
        last_integers: of the stream decoded last, by tensor name, int32: the w of section 10.3, which are the levels of
            a codebook tensor and the values of an integer tensor. Raw tensors have none.
    """

    def __init__(self, hdsp: bool = False, local_scaling: bool = False, trace: Trace | None = None) -> None:
        self.hdsp = hdsp
        self.local_scaling = local_scaling
        self.trace = trace
        self.last_integers: dict[str, NDArray[np.int32]] = {}
        self._state = UpdateState()

    def decode(self, data: bytes) -> dict[str, NDArray[np.generic]]:
        """Decode one bitstream (section 2): tensors by name, in order of appearance in the payloads.

        Uniform, codebook and raw tensors are float32, integer tensors int32. An update gives differences; a tensor that
        it leaves out is all zero in it (section 12.4). The state changes only if the whole stream is good.

        Raises:
            AimcError: the stream breaks a rule, uses what this decoder does not decode, or lacks its reference.
        """
        stream = Stream(self, self._state.copy())
        for unit in list(nnr_units(bytes(data))):
            stream.unit(unit)
        self._state = stream.state
        self.last_integers = stream.integers
        return stream.tensors


@dataclass
class Stream:
    """What the units of one bitstream have said so far, and the tensors they gave."""

    decoder: Decoder
    state: UpdateState
    general_profile_idc: int | None = None
    mps: ModelParameterSet | None = None
    lps_quantization: Quantization | None = None
    tensors: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    integers: dict[str, NDArray[np.int32]] = field(default_factory=dict)

    def unit(self, unit: Unit) -> None:
        """Take in one unit, with the order rules of section 2."""
        if self.general_profile_idc is None:
            if unit.nnr_unit_type != NNR_STR:
                raise order_error(unit, "the first unit is not a start unit")
            self.general_profile_idc = start_unit(unit.reader)
        elif unit.nnr_unit_type == NNR_STR:
            raise order_error(unit, "a second start unit")
        elif unit.nnr_unit_type == NNR_MPS:
            if self.mps is not None:
                raise order_error(unit, "a second model parameter set")
            self.mps = model_parameter_set(unit.reader, self.general_profile_idc)
        elif unit.nnr_unit_type == NNR_LPS:
            self.lps_quantization = layer_parameter_set(unit.reader)
        elif unit.nnr_unit_type == NNR_TPL:
            topology_unit(unit.reader)
        elif unit.nnr_unit_type == NNR_QNT:
            quantization_unit(unit.reader)
        elif unit.nnr_unit_type == NNR_NDU:
            if self.mps is None:
                raise order_error(unit, "a data unit before the model parameter set")
            self.data_unit(unit, self.general_profile_idc, self.mps)
        elif unit.nnr_unit_type in NOT_DECODED:
            raise UnsupportedError(
                NOT_DECODED[unit.nnr_unit_type],
                bit_offset=unit.type_offset,
                path=unit.reader.element_path("nnr_unit_type"),
            )
        # Units of any other type are skipped by their size (section 14).

    def data_unit(self, unit: Unit, general_profile_idc: int, mps: ModelParameterSet) -> None:
        """A data unit: its header (section 4) and its payload."""
        r = unit.reader
        if unit.partial_data_counter_present_flag:
            raise UnsupportedError(
                "a data unit in parts",
                bit_offset=unit.type_offset + 7,
                path=r.element_path("partial_data_counter_present_flag"),
            )
        header = compressed_data_unit_header(r, general_profile_idc, mps)
        tensors = members(header, r.path)
        seen = set(self.tensors)
        for member in tensors:
            if member.name in seen:
                raise MalformedError(f"tensor {member.name!r} appears twice", path=r.element_path("topology_elem_id"))
            seen.add(member.name)
        if header.payload_type == NNR_PT_RAW_FLOAT:
            self.tensors[tensors[0].name] = raw_tensor(r, header.tensor_dimensions)
            return
        quantization = self.lps_quantization or mps.quantization
        codeword = codeword_of(header, general_profile_idc, quantization, r.path)
        coded = [coded_tensor(member, header, self.state, r.path) for member in tensors]
        elements_left = MAX_ELEMENTS - sum(integers.size for integers in self.integers.values())
        decoded = decode_codeword(r, codeword, coded, elements_left, self.decoder.trace)
        self.take_values(header, tensors, decoded, codeword.qp_density, r.path)
        self.take_integers(header, tensors, decoded, mps)

    def take_values(
        self, header: NduHeader, tensors: list[Member], decoded: list[DecodedTensor], qp_density: int, path: str
    ) -> None:
        """Section 11, for the tensors of a data unit in payload order."""
        values = {
            member.name: values_of(member, tensor, qp_density, path)
            for member, tensor in zip(tensors, decoded, strict=True)
        }
        has_LS = header.payload_type == NNR_PT_BLOCK and header.compressed_parameter_types & NNR_CPT_LS  # noqa: N806
        if self.decoder.local_scaling and has_LS:
            ls = values.pop(tensors[0].name)
            scaled = tensors[-1 if header.factors is None else -2].name  # the weight, or G (section 11.6)
            values[scaled] = local_scaling(values[scaled], ls)
        self.tensors.update(values)

    def take_integers(
        self, header: NduHeader, tensors: list[Member], decoded: list[DecodedTensor], mps: ModelParameterSet
    ) -> None:
        """Sections 12.3 and 12.5: what the next stream may refer to."""
        for member, tensor in zip(tensors, decoded, strict=True):
            self.integers[member.name] = tensor.integers
            if header.parent is not None:  # a base model is not an update, and not the reference of one
                self.state.keep(member.name, tensor.integers, header.node_id)
            if self.decoder.hdsp and mps.mps_parent_signalling_enabled_flag:
                self.state.remember(member.name, tensor.integers)


def order_error(unit: Unit, message: str) -> MalformedError:
    """An error at the type of a unit."""
    return MalformedError(message, bit_offset=unit.type_offset, path=unit.reader.element_path("nnr_unit_type"))
