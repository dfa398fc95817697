"""An upper bound of the bits of a stream, which any sane encoder meets, and how far the stream is from it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from aimcodec.conformance.checks.nnc_stream import NncStream, NncTensor
from aimcodec.conformance.checks.result import Check, Encoded, Finding
from aimcodec.dtypes import dtype_of, packed_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["aim_budget", "check_budget", "nnc_budget"]

# NNC. What adaptive models of order 0 would spend on the same bins is what contexts are there to beat; a tenth more is
# for streams where they do not help. Models learn from zero: LEARNING bits for each kind of bin in each of CONTEXTS
# neighbourhoods. They never come to rest: DRIFT bits for each bin.
SLACK = 1.1
LEARNING = 8
CONTEXTS = 4
DRIFT = 0.03
BITS_PER_SHIFT_ID = 2
STREAM_BYTES = 64
UNIT_BYTES = 48
DIMENSION_BYTES = 5
CODEBOOK_ENTRY_BYTES = 5
BLOCK_ROW_BYTES = 64  # an entry point, and models that begin again

# AIM. A unit is padded to 64 bytes and has a header, and an entry in the index.
FILE_BYTES = 1024
TENSOR_BYTES = 384
RANK_BYTES = 16
BLOCK_SLACK = 1.001


def check_budget(encoded: Encoded, budget_bits: float) -> Check:
    """Whether a stream is within its budget."""
    spent = 8 * len(encoded.data)
    figures = {"bits": spent, "budget_bits": math.ceil(budget_bits)}
    if spent <= budget_bits:
        return Check.of("budget", [], **figures)
    message = f"the stream is {spent / budget_bits:.2f} times as long as any sane encoder makes it"
    finding = Finding(message, value=f"{spent} bits", permitted=f"{math.ceil(budget_bits)} bits")
    return Check.of("budget", [finding], **figures)


def aim_budget(encoded: Encoded) -> float:
    """Bits of a package: the memory of all tensors, and for each of them its units."""
    size = FILE_BYTES
    for name, array in encoded.model.tensors.items():
        memory = packed_bytes(dtype_of(array.dtype), array.size)
        size += math.ceil(memory * BLOCK_SLACK) + TENSOR_BYTES + 3 * len(name.encode()) + RANK_BYTES * array.ndim
    return 8.0 * size


def nnc_budget(stream: NncStream) -> float:
    """Bits of a stream that codes the same levels."""
    return 8 * STREAM_BYTES + sum(_header_bits(tensor) + _payload_bits(tensor) for tensor in stream.tensors)


def _header_bits(tensor: NncTensor) -> int:
    coded = tensor.coded
    size = UNIT_BYTES + len(coded.name.encode()) + DIMENSION_BYTES * len(coded.shape)
    if coded.codebook is not None:
        size += CODEBOOK_ENTRY_BYTES * len(coded.codebook.values)
    if tensor.unit.scan_order and coded.is_2d:
        size += BLOCK_ROW_BYTES * -(-coded.rows // (4 << tensor.unit.scan_order))
    return 8 * size


def _payload_bits(tensor: NncTensor) -> float:
    if tensor.integers is None:
        return 32.0 * tensor.values.size
    unary = tensor.unit.unary_length
    shift_ids = BITS_PER_SHIFT_ID * (27 + 2 * unary + 31)
    bins, cost, kinds = order_0_cost(tensor.levels.reshape(-1), tensor.integers.reshape(-1) < 0, unary)
    return shift_ids + SLACK * cost + DRIFT * bins + LEARNING * CONTEXTS * kinds


def order_0_cost(magnitudes: NDArray[np.int64], negative: NDArray[np.bool_], unary: int) -> tuple[int, float, int]:
    """Bins, bits and kinds of bins of levels, binarised as 7 of the text says, with one adaptive model for each kind.

    Args:
        magnitudes: int64, shape [n].
        negative: bool, shape [n].
        unary: N, the number of greater flags.
    """
    ordered = np.sort(magnitudes)

    def at_least(bound: int) -> int:
        return int(ordered.size - np.searchsorted(ordered, bound))

    nonzero = at_least(1)
    models = [(ordered.size - nonzero, nonzero), (nonzero - int(negative.sum()), int(negative.sum()))]
    for flag in range(unary):  # abs_level_greater[flag] is 1 for magnitudes of flag + 2 and more
        models.append((at_least(flag + 1) - at_least(flag + 2), at_least(flag + 2)))
    # The remainder from N + 1 on: a prefix of j ones covers 2^j values, and is followed by j bits.
    suffix, base = 0, unary + 1
    for prefix in range(32):
        group, beyond = at_least(base), at_least(base + (1 << prefix))
        models.append((group - beyond, beyond))
        suffix += prefix * (group - beyond)
        base += 1 << prefix
    used = [pair for pair in models if sum(pair)]
    bins = sum(map(sum, used)) + suffix
    return bins, suffix + sum(_adaptive_bits(*pair) for pair in used), len(used)


def _adaptive_bits(zeros: int, ones: int) -> float:
    """Bits of a sequence of bins under the estimator of Krichevsky and Trofimov."""
    gamma = math.lgamma
    log = gamma(zeros + 0.5) + gamma(ones + 0.5) - gamma(zeros + ones + 1) - 2 * gamma(0.5)
    return -log / math.log(2)
