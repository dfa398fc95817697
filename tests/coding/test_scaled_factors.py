"""Local scaling of a decomposed weight (section 11.6): G is scaled, whatever its number of rows."""

from __future__ import annotations

import numpy as np
import pytest

import aimcodec
from aimcodec.errors import InconsistentError
from aimcodec.reference import Decoder
from aimcodec.reference.nnc_encoder import DataUnit, ModelParameterSet, StartUnit, TensorChoices, encode_stream


def stream(rows: int) -> bytes:
    """A weight of 4 x 4 as factors, G of `rows` rows, and its local scaling."""
    scaling = TensorChoices(np.arange(1, 5))
    g, h = TensorChoices(np.ones((rows, 3), int)), TensorChoices(np.ones((3, 16 // rows), int))
    unit = DataUnit(
        3,
        ("g", "h", "scaling"),
        (4, 4),
        (scaling, g, h),
        compressed_parameter_types=1 | 2,
        decomposition_rank=3,
        g_number_of_rows=rows,
    )
    return encode_stream([StartUnit(), ModelParameterSet(), unit])


def test_g_is_scaled() -> None:
    decoded = aimcodec.nnc.decode(stream(4), local_scaling=True)
    assert list(decoded) == ["g", "h"]
    assert decoded["g"].tolist() == [[n, n, n] for n in (1, 2, 3, 4)]
    slow = Decoder(local_scaling=True).decode(stream(4))
    np.testing.assert_array_equal(slow["g"], decoded["g"], strict=True)


@pytest.mark.parametrize("rows", [1, 2, 8])
def test_g_of_other_rows_cannot_be_scaled(rows: int) -> None:
    with pytest.raises(InconsistentError):
        aimcodec.nnc.decode(stream(rows), local_scaling=True)
    with pytest.raises(InconsistentError):
        Decoder(local_scaling=True).decode(stream(rows))
    assert list(aimcodec.nnc.decode(stream(rows))) == ["scaling", "g", "h"]
