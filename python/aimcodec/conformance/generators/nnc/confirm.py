"""What case.json says of a stream, after checking that the encoder and both decoders agree.

An accepted case is given only if the slow and the native decoder give the same tensors, from the integers that the
slow encoder was given, and end each codeword with the same registers; a refused one only if both refuse it, with the
kind of error that the text names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.conformance.generators.nnc.case import Accepted, Refused
from aimcodec.conformance.generators.nnc.observed import observation
from aimcodec.conformance.generators.registry import Built, DisagreementError, Stream
from aimcodec.errors import AimcError
from aimcodec.inspect import bin_trace
from aimcodec.nnc import Decoder
from aimcodec.reference import Bin
from aimcodec.reference import Decoder as SlowDecoder
from aimcodec.reference.nnc_encoder import StreamEncoder
from aimcodec.syntax.nnc import Unit, UnitType, iter_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["confirmed"]

FEW = 64  # values that are listed in case.json
RAW_FLOAT = 2

Facts = dict[str, Any]


def confirmed(cases: Iterable[Accepted | Refused]) -> Iterator[Built]:
    """Cases for the catalogue.

    Raises:
        DisagreementError: a decoder or the encoder is wrong.
    """
    for case in cases:
        yield _accepted(case) if isinstance(case, Accepted) else _refused(case)


def _accepted(case: Accepted) -> Built:
    slow, native = SlowDecoder(hdsp="hdsp" in case.options), Decoder()
    streams = [_stream(case, number, slow, native) for number in range(len(case.streams))]
    tensors = [tensor for stream in streams for tensor in stream.expect["tensors"]]
    confirmed_by, observed = observation(case.id, [stream.data for stream in streams])
    return Built(
        id=case.id,
        title=case.title,
        purpose=f"Must decode exactly: {case.title}.",
        syntax="nnc",
        klass=case.klass,
        area=case.area,
        verdict="accept",
        clauses=case.clauses,
        options=case.options,
        streams=tuple(streams),
        note=case.note,
        limits_needed={
            "elements": max((int(np.prod(tensor["shape"])) for tensor in tensors), default=0),
            "bytes": sum(4 * int(np.prod(tensor["shape"])) for tensor in tensors),
            "units": max(sum(1 for _ in iter_units(stream.data)) for stream in streams),
        },
        confirmed_by=confirmed_by,
        observed=observed,
    )


def _stream(case: Accepted, number: int, slow: SlowDecoder, native: Decoder) -> Stream:
    encoder = case.streams[number]
    data = bytes(encoder.data)
    bins: list[Bin] = []
    slow.trace = bins.append
    references = deepcopy(native.references())  # decoding changes the history
    theirs, ours = slow.decode(data), native.decode(data)
    if list(theirs) != list(ours):
        raise DisagreementError(f"{case.id}: {list(theirs)} is not {list(ours)}")
    for name, values in theirs.items():
        if (values.dtype, values.shape, values.tobytes()) != _contents(ours[name]):
            raise DisagreementError(f"{case.id}: {name!r} is not decoded to the same values")
    _check_integers(case, encoder, slow)
    states = _coder_state(data, bins)
    for state, codeword in zip(states, encoder.codewords, strict=True):
        last = bin_trace(data, f"units[{state['unit']}]", max(codeword.bins - 1, 0), references=references)
        if last.error is not None or _end(state["unit"], last.total, last.bins[-1]) != state:
            raise DisagreementError(f"{case.id}: {last.error} {state} is not how unit {state['unit']} ends")
        if (codeword.bins, codeword.P) != (state["bins"], state["shifts"]):
            raise DisagreementError(f"{case.id}: the encoder ended unit {state['unit']} elsewhere")
    tensors = [_tensor(case, (number, name), values) for name, values in ours.items()]
    return Stream(data, {"tensors": tensors, "coder_state": states})


def _contents(values: NDArray[Any]) -> tuple[Any, ...]:
    return values.dtype, values.shape, values.tobytes()


def _check_integers(case: Accepted, encoder: StreamEncoder, slow: SlowDecoder) -> None:
    """The integers decoded are those that were coded."""
    coded = [integers for codeword in encoder.codewords for integers in codeword.integers]
    for (name, integers), w in zip(slow.last_integers.items(), coded, strict=True):
        if not np.array_equal(integers, w):
            raise DisagreementError(f"{case.id}: {name!r} does not have the integers that were coded")


def _coder_state(data: bytes, bins: list[Bin]) -> list[Facts]:
    """The end of each codeword by the slow decoder."""
    ends = [bin for bin in bins if bin.element == "terminate"]
    coded = [n for n, unit in enumerate(iter_units(data)) if _is_coded(unit)]
    return [
        {"unit": n, "bins": end.number + 1, "shifts": end.P, "range": end.R_after, "offset": end.O_after}
        for n, end in zip(coded, ends, strict=True)
    ]


def _is_coded(unit: Unit) -> bool:
    type_name = "nnr_compressed_data_unit_payload_type"
    return unit.kind == UnitType.NNR_NDU and unit.header[type_name] != RAW_FLOAT


def _end(unit: int, total: int, last: Any) -> Facts:
    """The end of a codeword by the native decoder."""
    names = {"shifts": "shifts", "range": "range_after", "offset": "offset_after"}
    return {"unit": unit, "bins": total} | {name: int(last[field]) for name, field in names.items()}


def _tensor(case: Accepted, key: tuple[int, str], values: NDArray[Any]) -> Facts:
    name = key[1]
    exact = case.exact.get(key)
    if exact is None:
        return _facts(name, values)
    # Values of codebooks are binary64 (section 11.3); a decoder may round them to binary32.
    if not np.array_equal(exact.astype(np.float32), values):
        raise DisagreementError(f"{case.id}: {name!r} is not what its codebook says")
    facts = _facts(name, exact)
    return {**facts, "sha256_as_float32": _digest(values)}


def _facts(name: str, values: NDArray[Any]) -> Facts:
    facts = {"name": name, "dtype": values.dtype.name, "shape": list(values.shape), "sha256": _digest(values)}
    if values.size <= FEW and np.isfinite(values).all():
        facts["values"] = values.reshape(-1).tolist()
    return facts


def _digest(values: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()).hexdigest()


def _refused(case: Refused) -> Built:
    errors = case.error if isinstance(case.error, tuple) else (case.error,)
    for decode in (SlowDecoder().decode, Decoder().decode):
        _check_refused(case, errors, decode)
    found = re.match(r"\d+(\.\d+)?", case.rule)
    unsupported = case.klass == "limits"
    expect = {
        "reason": case.rule,
        "errors": [error.code for error in errors],
        "element": case.element,
        "bit_offset": case.bit_offset,
    }
    return Built(
        id=case.id,
        title=case.rule,
        purpose=f"{'Need not be supported' if unsupported else 'Must be refused, it breaks one rule'}: {case.rule}.",
        syntax="nnc",
        klass=case.klass,
        area=case.area,
        verdict="either" if unsupported else "reject",
        clauses=(found[0],) if found else (),
        streams=(Stream(case.data, expect),),
        observed=observation(case.id, [case.data])[1],
    )


def _check_refused(case: Refused, errors: tuple[type[AimcError], ...], decode: Callable[[bytes], object]) -> None:
    try:
        decode(case.data)
    except errors:
        return
    except AimcError as error:
        raise DisagreementError(f"{case.id}: {error!r} is another kind of error") from error
    raise DisagreementError(f"{case.id}: it is accepted")
