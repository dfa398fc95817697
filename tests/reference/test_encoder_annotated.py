"""The slow encoder gives the streams of section 17 of the text, which the release wrote."""

from __future__ import annotations

import numpy as np

from aimcodec.reference.nnc_encoder import (
    AnyUnit,
    DataUnit,
    ModelParameterSet,
    ParentNode,
    StartUnit,
    TensorChoices,
    TopologyUnit,
    codebook,
    encode_stream,
)

from .annotated import CODEBOOK, DEPENDENT, UNIFORM, UPDATE

FRAME: list[AnyUnit] = [StartUnit(), ModelParameterSet(), TopologyUnit()]
NODE = (0, 0, 0)


def test_uniform() -> None:
    tensor = TensorChoices(np.array(UNIFORM["integers"]), UNIFORM["qp"], row_skip_list=(0, 0))
    unit = DataUnit(1, ("w",), (2, 3), (tensor,), node_id=NODE, cabac_unary_length_minus1=10)
    assert encode_stream([*FRAME, unit]) == bytes.fromhex(UNIFORM["stream"])


def test_dependent_quantization() -> None:
    # Integers 2, -4, 1 in states 0, 2, 1 and so on (section 10.3); the second row is skipped.
    levels = np.array([[1, -2, 1], [0, 0, 0], [0, 7, -1]])
    tensor = TensorChoices(levels, DEPENDENT["qp"], row_skip_list=(0, 1, 0))
    unit = DataUnit(1, ("w",), (3, 3), (tensor,), node_id=NODE, dq_flag=1, cabac_unary_length_minus1=1)
    assert encode_stream([*FRAME, unit]) == bytes.fromhex(DEPENDENT["stream"])


def test_codebook() -> None:
    tensor = TensorChoices(np.array(CODEBOOK["integers"]), CODEBOOK["qp"])
    book = codebook((-1, 0, 3, 7), 1)
    unit = DataUnit(1, ("w",), (2, 3), (tensor,), node_id=NODE, codebook=book, cabac_unary_length_minus1=1)
    assert encode_stream([*FRAME, unit]) == bytes.fromhex(CODEBOOK["stream"])


def test_update_with_temporal_contexts() -> None:
    reference = np.array(UPDATE["reference"], np.int32)
    tensor = TensorChoices(np.array(UPDATE["integers"]), -12, row_skip_list=(0, 0), ref=reference)
    parent = ParentNode(temporal_context_modeling_flag=1)
    unit = DataUnit(1, ("w",), (2, 3), (tensor,), node_id=(0, 0, 2), parent=parent, cabac_unary_length_minus1=1)
    frame: list[AnyUnit] = [StartUnit(), ModelParameterSet(mps_parent_signalling_enabled_flag=1), TopologyUnit()]
    assert encode_stream([*frame, unit]) == bytes.fromhex(UPDATE["stream"])
