"""Coverage inside NNC payloads: contexts, parameter sets, tables, lengths, states, carries, ends (sections 5 to 10).

Points are ids like ``nnc-bins/context/SIG[5]/1``: a bin 1 with that model. What decides is the trace of the bins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.coding.nnc.interpret import interpret
from aimcodec.inspect import bin_trace
from aimcodec.nnc import Decoder
from aimcodec.reference.nnc_encoder.replay import replay
from aimcodec.reference.tables import NEXT, PARAMETER_SETS
from aimcodec.syntax.nnc import PayloadType, iter_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.coding.nnc.data_unit import DataUnit

__all__ = ["UNREACHABLE_BINS", "all_bin_points", "bin_points_of"]

ROOT = "nnc-bins"
BYPASS, TERMINATE = 0xFFFF, 0xFFFE  # in place of a context, in a trace
QP_DELTA, SHIFT_NONZERO, ROW_SKIP, SIG_FLAG, GREATER, PREFIX, SUFFIX = 0, 4, 3, 6, 8, 9, 10  # elements of a trace
SIG_T, SIG_H, SIGN, SIGN_T, GTX = 24, 40, 48, 51, 53  # first contexts (section 6)

GREATER_FLAGS = (*range(11), 255)  # those of N = 11, and the last that there can be
UNARY_LENGTHS = (1, 2, 10, 11, 255, 256)
FAMILIES = ("SIG", "SIG_T", "SIG_H", "SIGN", "SIGN_T", "GTX", "GTX_T", "REM")
KINDS = ("INT", "FLOAT", "RAW_FLOAT", "BLOCK")
RANKS = ("vector", "matrix", "tensor")


def all_bin_points() -> list[str]:
    """Ids of all points; those of `UNREACHABLE_BINS` too."""
    return [f"{ROOT}/{point}" for points in _all() for point in points]


def _all() -> Iterator[Iterable[str]]:
    yield (f"context/{name}/{bin}" for name in _context_names() for bin in (0, 1))
    yield (f"parameter_set/{family}/{id}/{bin}" for family, id, bin in product(FAMILIES, range(9), (0, 1)))
    yield (f"range_table/{row}/{q}" for row, q in product(range(8), range(32)))
    yield (f"adaptation/{estimator}/{index}" for estimator, index in product("ab", range(32)))
    yield (f"shifts/{count}" for count in range(8))
    yield (f"remainder/{ones}" for ones in range(31))
    yield ("limit/greater", "limit/prefix")
    yield (f"bypass/qp_delta/{bits}" for bits in range(6, 14))
    yield (f"trellis/{state}/{parity}" for state, parity in product(range(8), (0, 1)))
    yield ("carry/0", "carry/1", "carry/2", "carry/3")
    yield (f"end/stop_bit/{place}" for place in range(8))
    yield ("end/two_bytes", "end/offset/0", "end/offset/1")
    yield (f"payload/{kind}/{rank}" for kind, rank in product(KINDS, RANKS))
    yield (f"layout/N/{length}" for length in UNARY_LENGTHS)
    yield (f"layout/dq={d},temporal={t},history={h}" for d, t, h in product((0, 1), repeat=3))


def _context_names() -> list[str]:
    return [
        *(f"SIG[{i}]" for i in range(24)),
        *(f"SIG_T[{i}]" for i in range(16)),
        *(f"SIG_H[{i}]" for i in range(8)),
        *(f"SIGN[{i}]" for i in range(3)),
        *(f"SIGN_T[{i}]" for i in range(2)),
        *(f"GTX[{j}][{i}]" for j in GREATER_FLAGS for i in (0, 1)),
        *(f"GTX_T[{j}][{i}]" for j in GREATER_FLAGS for i in (0, 1)),
        *(f"REM[{j}]" for j in range(31)),
        "SHIFT",
        "ROWSKIP",
    ]


UNREACHABLE_BINS: dict[str, str] = {
    **{
        f"{ROOT}/context/GTX_T[{j}][1]/{bin}": "a reference that is not 0 has a magnitude of 1 or more"
        for j in (0, 1)
        for bin in (0, 1)
    },
    f"{ROOT}/context/REM[30]/1": "no integer of 32 bits has a longer prefix",
}


def bin_points_of(*streams: bytes) -> set[str]:
    """Ids of the points that legal streams reach, which are an update sequence where there are several.

    Raises:
        AimcError: the streams do not decode.
    """
    decoder = Decoder()
    points: set[str] = set()
    for data in streams:
        references = deepcopy(decoder.references())  # decoding changes the history
        for unit in interpret(iter_units(data)):
            points |= _payload_points(unit)
            if unit.payload_type != PayloadType.NNR_PT_RAW_FLOAT:
                bins = bin_trace(data, unit.path, references=references).bins
                points |= _points_of_codeword(unit, bins)
        decoder.decode(data)
    return {f"{ROOT}/{point}" for point in points} & set(all_bin_points())


def _payload_points(unit: DataUnit) -> set[str]:
    kind = KINDS[unit.payload_type]
    return {f"payload/{kind}/{RANKS[min(len(tensor.shape), 3) - 1]}" for tensor in unit.tensors}


def _points_of_codeword(unit: DataUnit, bins: NDArray[Any]) -> set[str]:
    coded = bins[bins["context"] < TERMINATE]
    names = _names_of_contexts(unit.unary_length)
    points = {f"context/{names[c]}/{bin}" for c, bin in _unique(coded["context"], coded["bin"])}
    points |= _parameter_sets(coded, bins, names)
    points |= _arithmetic(coded)
    points |= _binarization(bins, unit.unary_length)
    points |= _trellis(bins) if unit.dq else set()
    points |= _end(bins[-1])
    points |= {f"carry/{min(length, 3)}" for length in _carries(bins)}
    points |= {f"layout/N/{unit.unary_length}"}
    history = bool(((coded["context"] >= SIG_H) & (coded["context"] < SIGN)).any())
    points |= {f"layout/dq={int(unit.dq)},temporal={int(unit.temporal)},history={int(history)}"}
    return points


def _unique(*columns: NDArray[Any]) -> list[tuple[int, ...]]:
    """The different rows."""
    rows = np.stack([column.astype(np.int64) for column in columns], axis=1)
    return [tuple(row) for row in np.unique(rows, axis=0).tolist()]


def _names_of_contexts(unary_length: int) -> list[str]:
    """Names by number (section 6)."""
    greater = [f"[{j}][{i}]" for j in range(unary_length) for i in (0, 1)]
    names = [
        *(f"SIG[{i}]" for i in range(24)),
        *(f"SIG_T[{i}]" for i in range(16)),
        *(f"SIG_H[{i}]" for i in range(8)),
        *(f"SIGN[{i}]" for i in range(3)),
        *(f"SIGN_T[{i}]" for i in range(2)),
        *(f"GTX{name}" for name in greater),
        *(f"GTX_T{name}" for name in greater),
        *(f"REM[{j}]" for j in range(32)),
    ]
    return [*names, "", "", "SHIFT", "", "ROWSKIP"]


def _ids(coded: NDArray[Any], bins: NDArray[Any]) -> NDArray[np.int64]:
    """Parameter set of the model of each coded bin (section 5.3)."""
    ids = np.zeros((int(bins["tensor"].max()) + 1, int(coded["context"].max(initial=0)) + 1), np.int64)
    places = np.flatnonzero((bins["element"] == SHIFT_NONZERO) & (bins["bin"] == 1))
    values = 1 + 4 * bins["bin"][places + 1] + 2 * bins["bin"][places + 2] + bins["bin"][places + 3]
    known = bins["element_index"][places] < ids.shape[1]  # others are not used
    ids[bins["tensor"][places][known], bins["element_index"][places][known]] = values[known]
    found: NDArray[np.int64] = ids[coded["tensor"], coded["context"]]
    return found


def _parameter_sets(coded: NDArray[Any], bins: NDArray[Any], names: list[str]) -> set[str]:
    ids = _ids(coded, bins)
    points = {
        f"parameter_set/{names[c].partition('[')[0]}/{id}/{bin}"
        for c, id, bin in _unique(coded["context"], ids, coded["bin"])
    }
    return points | _adaptation(coded, ids)


def _adaptation(coded: NDArray[Any], ids: NDArray[np.int64]) -> set[str]:
    """Rows of table 18.3 that the two estimators use (section 8.3)."""
    order = np.lexsort((coded["context"], coded["tensor"]))  # stable: bins of one model in their order
    model, its_ids = coded[order], ids[order]
    same = (model["context"][1:] == model["context"][:-1]) & (model["tensor"][1:] == model["tensor"][:-1])
    initial = np.array([(a0, s0 - 16 * a0) for _, _, s0, a0 in PARAMETER_SETS])[its_ids]
    before = np.stack([model["a_after"], model["b_after"]], axis=1).astype(np.int64)
    before = np.concatenate([initial[:1], np.where(same[:, None], before[:-1], initial[1:])])
    reset = 16 * before[:, 0] + before[:, 1] != model["state_before"]  # at the start of a block row (section 10.2)
    before = np.where(reset[:, None], initial, before)
    sign = np.where(model["bin"] == 1, 1, -1)
    indices = {"a": 16 + ((sign * before[:, 0]) >> 3), "b": 16 + ((sign * before[:, 1]) >> 7)}
    return {f"adaptation/{name}/{index}" for name, column in indices.items() for (index,) in _unique(column)}


def _arithmetic(coded: NDArray[Any]) -> set[str]:
    """Cells of table 18.1, and shifts of one bin (section 9)."""
    rows = (coded["range_before"].astype(np.int64) >> 5) & 7
    columns = np.abs(coded["state_before"].astype(np.int64) >> 7)
    points = {f"range_table/{row}/{q}" for row, q in _unique(rows, columns)}
    less_probable = coded["bin"] != (coded["state_before"] >= 0)
    inner = np.where(less_probable, coded["lps_range"], coded["range_before"] - coded["lps_range"])
    shifts = np.log2(coded["range_after"] / inner)
    return points | {f"shifts/{count}" for (count,) in _unique(shifts)}


def _binarization(bins: NDArray[Any], unary_length: int) -> set[str]:
    """Lengths of prefixes, and flags left out since a codebook has no larger entry (section 7)."""
    prefixes = bins[(bins["element"] == PREFIX) & (bins["bin"] == 0)]
    points = {f"remainder/{ones}" for (ones,) in _unique(prefixes["element_index"])}
    element, after = bins["element"][:-1], bins["element"][1:]
    ones = bins["bin"][:-1] == 1
    if (ones & (element == PREFIX) & (after != PREFIX)).any():
        points.add("limit/prefix")
    flags = ones & (element == GREATER) & (bins["element_index"][:-1] < unary_length - 1)
    if (flags & (after != GREATER)).any():
        points.add("limit/greater")
    counts = np.unique(bins["tensor"][bins["element"] == QP_DELTA], return_counts=True)[1]
    return points | {f"bypass/qp_delta/{bits}" for bits in counts.tolist()}


def _trellis(bins: NDArray[Any]) -> set[str]:
    """Steps of the state from one level to the next (section 10.3), in tensors without row skipping."""
    points = set()
    for tensor in np.unique(bins["tensor"]).tolist():
        its = bins[bins["tensor"] == tensor]
        if (its["element"] == ROW_SKIP).any():
            continue
        context = its["context"][its["element"] == SIG_FLAG].astype(np.int64)
        state = np.select([context < SIG_T, context < SIG_H], [context // 3, (context - SIG_T) // 2], context - SIG_H)
        for before, after in _unique(state[:-1], state[1:]):
            points |= {f"trellis/{before}/{parity}" for parity in (0, 1) if NEXT[before][parity] == after}
    return points


def _end(last: Any) -> set[str]:
    """Section 9.4."""
    shifts = int(last["shifts"])
    points = {f"end/stop_bit/{shifts % 8}", f"end/offset/{int(last['offset_after']) - int(last['range_after'])}"}
    return points | ({"end/two_bytes"} if shifts < 8 else set())


def _carries(bins: NDArray[Any]) -> list[int]:
    body = bins[:-1]
    bypass = body["context"] == BYPASS
    columns = (
        body["bin"],
        (body["state_before"] >= 0).astype(np.int64),
        np.where(bypass, 0, body["lps_range"]),
        body["range_before"],
    )
    return replay(zip(*(column.tolist() for column in columns), strict=True))[1]
