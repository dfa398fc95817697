"""Encoding of tensors as NNC streams, and of sequences of updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aimcodec._native import thread_count
from aimcodec.coding.nnc.codebook import code_with_codebook
from aimcodec.coding.nnc.data_unit import PT_FLOAT, PT_INT, PT_RAW_FLOAT, NodeId
from aimcodec.coding.nnc.quantise import (
    Quantised,
    as_integers,
    as_real,
    is_integer,
    is_real,
    qp_range,
    quantise,
    reaches,
    reconstruct,
)
from aimcodec.coding.nnc.tensor_coder import CodedPayload, Context, Tools, code_tensor, effective_scan_order
from aimcodec.coding.nnc.units import data_unit, leading_units
from aimcodec.errors import ArgumentError
from aimcodec.syntax.nnc import Unit, write_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Encoder", "Progress", "Settings", "encode"]

Progress = Callable[[int, int], None]

DEVICE_ID = 0
MAX_UNARY_LENGTH = 256
MAX_SCAN_ORDER = 4
MAX_QP_DENSITY = 7


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to encode.

    Attributes:
        qp: quantization parameter of weights (tensors of two or more dimensions); see `step_size` of section 11.1. With
            density 2 a QP 4 higher doubles the step, and -38 means a step of about 0.0015.
        nonweight_qp: the same for all other tensors of real numbers; None for `qp` less 2 doublings.
        qp_per_tensor: QPs by tensor name, before the two above.
        qp_density: 0 to 7; QPs from one doubling of the step to the next are 2 to the power of it.
        edition: 2, or 1 for decoders of the first edition (no row skipping, no updates).
        dq: dependent quantization: about 1.5 dB better at the same size, slower to encode.
        codebook: "off"; "on" for tensors of real numbers, without dependent quantization; "auto" where it is shorter.
        cabac_unary_length: greater-than flags before the remainder, 1 to 256.
        scan_order: 0 row by row; 1 to 4 in blocks of 8, 16, 32, 64 rows and columns with an entry point for each block
            row, which decode in parallel. Tensors of a single block row are coded row by row.
        row_skipping: False, True, or "auto": signal rows of zeros where it is shorter.
        parameter_search: choose the parameter sets of the contexts; without it encoding is faster, streams longer.
        scalars: "refuse", or "reshape" to code them as tensors of shape [1].
        non_finite: "refuse", or "raw" to carry tensors with NaN or infinities as raw binary32 values. Tensors with
            values of more than about 2^31 steps are always carried so.
        threads: number of threads; as many as the process may use when None. The stream does not depend on it.
        progress: called with the number of elements done and of all elements.
    """

    qp: int = -38
    nonweight_qp: int | None = -75
    qp_per_tensor: Mapping[str, int] = field(default_factory=dict)
    qp_density: int = 2
    edition: Literal[1, 2] = 2
    dq: bool = True
    codebook: Literal["off", "auto", "on"] = "off"
    cabac_unary_length: int = 11
    scan_order: int = 0
    row_skipping: bool | Literal["auto"] = "auto"
    parameter_search: bool = True
    scalars: Literal["refuse", "reshape"] = "refuse"
    non_finite: Literal["refuse", "raw"] = "refuse"
    threads: int | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        """Refuse settings outside their ranges."""
        _require(self.qp_density in range(MAX_QP_DENSITY + 1), "qp_density is 0 to 7")
        permitted = qp_range(self.qp_density)
        for qp in (self.qp, self.nonweight_qp, *self.qp_per_tensor.values()):
            if qp is not None and qp not in permitted:
                raise ArgumentError(
                    f"QP {qp} is outside {permitted.start} to {permitted.stop - 1} (qp_density {self.qp_density})"
                )
        _require(self.edition in (1, 2), "edition is 1 or 2")
        _require(self.edition == 2 or self.row_skipping is not True, "row skipping is a tool of edition 2")
        _require(self.codebook in ("off", "auto", "on"), "codebook is off, auto or on")
        _require(1 <= self.cabac_unary_length <= MAX_UNARY_LENGTH, "cabac_unary_length is 1 to 256")
        _require(0 <= self.scan_order <= MAX_SCAN_ORDER, "scan_order is 0 to 4")
        _require(self.row_skipping in (False, True, "auto"), "row_skipping is False, True or auto")
        _require(self.scalars in ("refuse", "reshape"), "scalars is refuse or reshape")
        _require(self.non_finite in ("refuse", "raw"), "non_finite is refuse or raw")

    def qp_of(self, name: str, shape: tuple[int, ...]) -> int:
        """QP of a tensor (15.2)."""
        if name in self.qp_per_tensor:
            return self.qp_per_tensor[name]
        if len(shape) > 1:
            return self.qp
        if self.nonweight_qp is not None:
            return self.nonweight_qp
        return max(self.qp - (2 << self.qp_density), qp_range(self.qp_density).start)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ArgumentError(message)


@dataclass
class _Coded:
    """A data unit's content, and what it was made from."""

    payload_type: int
    shape: tuple[int, ...]
    coded: CodedPayload
    source: Quantised | NDArray[np.float32]

    def decoded(self, density: int) -> NDArray[Any]:
        """What the decoder will have."""
        if isinstance(self.source, Quantised):
            return reconstruct(self.source, density, self.coded.codebook)
        return self.source


class Encoder:
    """Encodes a model, and then its updates.

    Without a base, the first `encode` writes a whole model; every later one writes an update: the differences to what
    the decoder has, coded with the previous update as context where that is shorter (12.3, 12.5). Decode the streams
    in the same order with one `Decoder`.

    Args:
        base: tensors that the decoder already has; then the first stream is an update too.
        settings: keyword arguments of `Settings`.
    """

    def __init__(self, base: Mapping[str, NDArray[Any]] | None = None, **settings: Any) -> None:
        self._settings = _settings(settings)
        self._references: dict[str, tuple[NDArray[np.int32], int]] = {}
        self._history: dict[str, NDArray[np.uint8]] = {}
        self._digests = _digests(base or {})
        self.parameters: dict[str, NDArray[Any]] | None = None if base is None else dict(base)

    def encode(self, tensors: Mapping[str, NDArray[Any]]) -> bytes:
        """Encode the model, or its differences to `parameters`, which then are what the decoder has.

        Args:
            tensors: arrays by name. In an update, tensors that are left out, or the same as in the call before, keep
                their values.

        Raises:
            ArgumentError: a tensor that the format cannot carry; the message says which and why.
        """
        digests = _digests(tensors)
        if self.parameters is None:
            coded = _code_model(tensors, self._settings)
            stream = _write_model(coded, self._settings)
            self.parameters = {name: c.decoded(self._settings.qp_density) for name, c in coded.items()}
        else:
            changed = {name: a for name, a in tensors.items() if digests[name] != self._digests.get(name)}
            stream = self.encode_differences(
                {name: _difference(name, _as_array(name, a), self.parameters.get(name)) for name, a in changed.items()}
            )
        self._digests |= digests
        return stream

    def encode_differences(self, differences: Mapping[str, NDArray[Any]]) -> bytes:
        """Encode an update given as differences; a tensor of zeros is left out of the stream (12.4).

        Raises:
            ArgumentError: as in `encode`.
        """
        _require(self._settings.edition == 2, "updates are a tool of edition 2")
        units = leading_units(self._settings.qp_density, update=True)
        parameters = dict(self.parameters or {})
        numbers = {name: i for i, name in enumerate([*parameters, *(n for n in differences if n not in parameters)])}
        jobs = {name: (array, self._context(name, _as_array(name, array).shape)) for name, array in differences.items()}
        coded = _code_all(jobs, self._settings)
        references, history = dict(self._references), dict(self._history)
        for name, c in coded.items():
            if not isinstance(c.source, Quantised):
                raise ArgumentError(f"tensor {name!r}: an update cannot carry NaN, infinities or values beyond its QP")
            integers = c.source.integers
            if not integers.any():
                continue
            depth = references[name][1] + 1 if name in references else 1
            node = NodeId(DEVICE_ID, numbers[name], depth)
            units.append(_unit(name, c, node, self._settings, update=True))
            nonzero = (integers != 0).astype(np.uint8)
            references[name] = (integers, depth)
            history[name] = nonzero | history[name] if name in history else nonzero
            base, values = parameters.get(name), c.decoded(self._settings.qp_density)
            parameters[name] = values if base is None else base + values.astype(base.dtype, copy=False)
        stream = write_units(units)
        self._references, self._history, self.parameters = references, history, parameters
        return stream

    def _context(self, name: str, shape: tuple[int, ...]) -> Context:
        reference = self._references.get(name)
        if reference is not None and reference[0].shape != shape:
            raise ArgumentError(f"tensor {name!r} has shape {shape}, earlier updates have {reference[0].shape}")
        return Context(True, None if reference is None else reference[0], self._history.get(name))


def encode(tensors: Mapping[str, NDArray[Any]], **settings: Any) -> bytes:
    """Encode tensors as an NNC stream.

    Args:
        tensors: arrays by name. Real numbers (also of 16 and 64 bits, and the types of ml_dtypes) are quantised and
            come back as float32; integers and booleans are coded exactly and come back as int32.
        settings: keyword arguments of `Settings`: `qp=-38`, `nonweight_qp=-75`, `dq=True`, ...

    Raises:
        ArgumentError: an unknown or impossible setting, or a tensor that the format cannot carry: scalars, empty
            tensors, NaN and infinities (unless the settings say how), integers beyond 32 bits, complex numbers, names
            with a zero byte. The message says which and why.
    """
    checked = _settings(settings)
    return _write_model(_code_model(tensors, checked, _without_source), checked)


def _settings(settings: Mapping[str, Any]) -> Settings:
    try:
        return Settings(**settings)
    except TypeError as error:
        raise ArgumentError(f"unknown setting: {error}") from None


def _code_model(
    tensors: Mapping[str, NDArray[Any]], settings: Settings, finish: Callable[[_Coded], _Coded] = lambda c: c
) -> dict[str, _Coded]:
    return _code_all({name: (array, Context()) for name, array in tensors.items()}, settings, finish)


def _without_source(c: _Coded) -> _Coded:
    """A coded tensor that no longer holds memory in proportion to its size."""
    return replace(c, source=np.empty(0, np.float32))


def _write_model(coded: Mapping[str, _Coded], settings: Settings) -> bytes:
    units = leading_units(settings.qp_density, edition=settings.edition)
    for number, (name, c) in enumerate(coded.items()):
        node = NodeId(DEVICE_ID, number, 0) if settings.edition == 2 else None
        units.append(_unit(name, c, node, settings, update=False))
    return write_units(units)


def _code_all(
    jobs: Mapping[str, tuple[NDArray[Any], Context]],
    settings: Settings,
    finish: Callable[[_Coded], _Coded] = lambda c: c,
) -> dict[str, _Coded]:
    """Codes tensors on several threads, the largest first; the native code runs without the interpreter lock."""
    arrays = {name: _checked(name, array, settings) for name, (array, _) in jobs.items()}
    total, done = sum(a.size for a in arrays.values()), 0
    largest_first = sorted(arrays, key=lambda name: -arrays[name].size)
    results = {}
    with ThreadPoolExecutor(thread_count(settings.threads)) as pool:
        coding = pool.map(lambda name: finish(_code(name, arrays[name], jobs[name][1], settings)), largest_first)
        for name, coded in zip(largest_first, coding, strict=True):
            results[name] = coded
            done += arrays[name].size
            if settings.progress is not None:
                settings.progress(done, total)
    return {name: results[name] for name in arrays}


def _checked(name: str, array: NDArray[Any], settings: Settings) -> NDArray[Any]:
    """The tensor as the format can carry it."""
    if not isinstance(name, str):
        raise ArgumentError(f"tensor name {name!r} is not a string")
    array = _as_array(name, array)
    if "\0" in name:
        raise ArgumentError(f"tensor name {name!r} holds a zero byte")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"tensor name {name!r} is not encodable as UTF-8") from None
    if array.size == 0:
        raise ArgumentError(f"tensor {name!r} is empty (shape {array.shape}): NNC cannot carry it")
    if array.ndim == 0:
        if settings.scalars == "refuse":
            raise ArgumentError(f"tensor {name!r} is a scalar: NNC cannot carry it; scalars='reshape' codes shape [1]")
        array = array.reshape(1)
    if not (is_integer(array) or is_real(array)):
        raise ArgumentError(f"tensor {name!r} has type {array.dtype}: NNC carries real numbers and integers")
    return array


def _code(name: str, array: NDArray[Any], context: Context, settings: Settings) -> _Coded:
    tools = Tools(
        settings.edition,
        settings.qp_density,
        settings.cabac_unary_length,
        settings.scan_order,
        settings.row_skipping,
        settings.parameter_search,
    )
    if is_integer(array):
        integers = as_integers(name, array)
        quantised = Quantised(integers, 0, dq=False, real=False)
        return _Coded(PT_INT, array.shape, code_tensor(quantised, tools, context), quantised)
    real = as_real(name, array)
    if not np.isfinite(real).all():
        if settings.non_finite == "refuse":
            raise ArgumentError(
                f"tensor {name!r} holds NaN or infinities: NNC quantises finite values only; "
                "non_finite='raw' carries such tensors as raw binary32 values"
            )
        return _raw(real)
    qp = settings.qp_of(name, array.shape)
    if not reaches(real, qp, settings.qp_density):
        return _raw(real)
    quantised, coded = _code_real(real, qp, tools, context, settings)
    return _Coded(PT_FLOAT, real.shape, coded, quantised)


def _raw(real: NDArray[np.float32]) -> _Coded:
    """Exact, in 32 bits a value: for what cannot be quantised, and no longer than integers of 32 bits would be."""
    payload = np.ascontiguousarray(real, "<f4").tobytes()
    return _Coded(PT_RAW_FLOAT, real.shape, CodedPayload.raw(payload), real)


def _code_real(
    real: NDArray[np.float32], qp: int, tools: Tools, context: Context, settings: Settings
) -> tuple[Quantised, CodedPayload]:
    """Uniform or dependent quantization, or a codebook where wanted or shorter."""
    scan_order = effective_scan_order(real.shape, tools.scan_order)
    best: tuple[Quantised, CodedPayload] | None = None
    if settings.codebook != "on" or context.update:
        quantised = quantise(real, qp, settings.qp_density, dq=settings.dq, scan_order=scan_order)
        best = quantised, code_tensor(quantised, tools, context)
    if settings.codebook != "off" and not context.update:
        plain = quantise(real, qp, settings.qp_density, dq=False, scan_order=0)
        with_codebook = code_with_codebook(plain, tools)
        if with_codebook is not None and (best is None or with_codebook[1].bits < best[1].bits):
            best = with_codebook
        elif best is None:  # more distinct values than a codebook is good for
            best = plain, code_tensor(plain, tools, context)
    if best is None:
        raise ArgumentError("no way to code the tensor")
    return best


def _unit(name: str, c: _Coded, node: NodeId | None, settings: Settings, *, update: bool) -> Unit:
    return data_unit(
        name,
        c.shape,
        c.payload_type,
        c.coded.payload,
        node=node,
        update=update,
        temporal=c.coded.temporal,
        codebook=c.coded.codebook,
        dq=c.coded.dq,
        unary_length=settings.cabac_unary_length,
        scan_order=c.coded.scan_order,
        entry_points=c.coded.entry_points,
    )


def _as_array(name: str, array: Any) -> NDArray[Any]:
    try:
        return np.asarray(array)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"tensor {name!r} is not an array: {error}") from None


def _digests(tensors: Mapping[str, NDArray[Any]]) -> dict[str, bytes]:
    """What tells whether a tensor has changed, without keeping the tensor."""
    return {name: blake2b(_as_array(name, array).tobytes()).digest() for name, array in tensors.items()}


def _difference(name: str, array: NDArray[Any], base: NDArray[Any] | None) -> NDArray[Any]:
    """What to add to the base; the base of a new tensor is zero."""
    if base is None:
        return array
    if base.shape != array.shape:
        raise ArgumentError(f"tensor {name!r} has shape {array.shape}, its base {base.shape}")
    if is_integer(array) and is_integer(base):
        return array.astype(np.int64) - base.astype(np.int64)
    return array.astype(np.float32) - base.astype(np.float32)
