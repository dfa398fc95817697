"""Update sequences: what a stream refers to follows from those before it (section 12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.conformance.generators.nnc.build import FLOAT, INT, frame
from aimcodec.reference.nnc_encoder import DataUnit, ParentNode, StreamEncoder, TensorChoices

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["UpdateSequence"]


class UpdateSequence:
    """Streams that update a tensor `w`, each referring to the integers of the last and the history of all.

    Attributes:
        streams: the encoders so far.
    """

    def __init__(self, *, has_bias: bool = False) -> None:
        """With `has_bias`, every stream is a block that has a bias too, named `b`."""
        self.streams: list[StreamEncoder] = []
        self._has_bias = has_bias
        self._integers: list[NDArray[np.int32]] = []
        self._history: NDArray[np.uint8] | None = None

    def add(
        self,
        levels: NDArray[np.int64],
        *,
        temporal: bool = False,
        history: bool = False,
        node: bool = True,
        is_update: bool = True,
        kind: int = FLOAT,
        tensor: Mapping[str, Any] = {},
        mps: Mapping[str, Any] = {},
        **unit: Any,
    ) -> None:
        """One more stream.

        Args:
            levels: of the tensor; those of the bias are its first column.
            temporal: temporal_context_modeling_flag.
            history: hist_dep_sig_prob_enabled_flag.
            node: node_id_present_flag.
            is_update: parent_node_id_present_flag.
            kind: payload type.
            tensor, mps, unit: further choices and elements.
        """
        depth = len(self.streams) + 1
        refs = self._integers if temporal else [None, None]
        qp: dict[str, Any] = {} if kind == INT else {"qp_delta": -8}
        choices = TensorChoices(
            levels,
            **{**qp, **tensor},
            hist_dep_sig_prob_enabled_flag=int(history),
            ref=refs[-1],
            history=self._history if history else None,
        )
        bias = [TensorChoices(levels[:, 0], **qp, ref=refs[0])] if self._has_bias else []
        parent = ParentNode(temporal_context_modeling_flag=int(temporal), put_node_depth=depth - 1)
        encoder = StreamEncoder()
        for part in frame(mps_parent_signalling_enabled_flag=1, **mps):
            encoder.add(part)
        data_unit = DataUnit(
            kind,
            ("w", "b") if bias else ("w",),
            levels.shape,
            (*bias, choices),
            node_id=(0, 0, depth) if node else None,
            parent=parent if is_update else None,
            compressed_parameter_types=8 if bias else 0,
            **unit,
        )
        encoder.add(data_unit)
        self.streams.append(encoder)
        self._integers = [integers.astype(np.int32) for integers in encoder.codewords[0].integers]
        nonzero = (self._integers[-1] != 0).astype(np.uint8)
        self._history = nonzero if self._history is None else self._history | nonzero
