"""Streams made by hand to cost a decoder much more than they have bytes."""

from __future__ import annotations

from collections.abc import Iterator

from aimcodec.bits import BitWriter
from aimcodec.syntax.nnc import Unit, UnitType, write_units

__all__ = ["HOSTILE", "data_unit", "hostile_stream", "stream"]

BIG = 1 << 32
HUGE_SIZE_FIELD = (1 << 31) - 1


def start(profile: int) -> Unit:
    return Unit(UnitType.NNR_STR, {"nnr_start_unit_header": {"general_profile_idc": profile}})


def unit(kind: int, content: bytes, *, size: int | None = None) -> bytes:
    """A unit of any content in the long form, which may lie about its size."""
    return ((1 << 31) | (5 + len(content) if size is None else size)).to_bytes(4, "big") + bytes([kind << 2]) + content


def stream(*units: bytes, profile: int = 1, qp_density: int = 2, qp: int = -38) -> bytes:
    """A stream of a start unit, a model parameter set, and `units`."""
    bits = BitWriter()
    bits.u(5, 0)
    bits.u(3, 1)  # mps_quantization_method_flags
    bits.u(8, 0)
    bits.u(3, qp_density)
    bits.i(13, qp)
    bits.align()
    return write_units([start(profile)]) + unit(UnitType.NNR_MPS, bits.tobytes()) + b"".join(units)


def data_unit(  # one keyword for each field that a stream can lie in
    *,
    kind: int = 1,
    ids: int = 0,
    name: bytes = b"t",
    profile: int = 1,
    codebook: tuple[int, int, int] | None = None,
    dq: int = 0,
    types: int = 0,
    factors: tuple[int, int] | None = None,
    rank: int | None = None,
    dims: tuple[int, ...] = (4, 4),
    unary_length: int | None = None,
    scan_order: int = 0,
    entry_points: tuple[int, ...] = (),
    payload: bytes = b"\x00\x40",
) -> bytes:
    """A data unit; nothing about it needs to be consistent. `codebook`: order of its codes, size, centre offset."""
    bits = BitWriter()
    bits.u(5, kind)
    bits.u(1, int(ids > 0))
    bits.u(1, 0)
    bits.u(1, 1)
    if ids:
        bits.ue(7, ids - 2)
        bits.align()
        bits.data(name + b"\0")
    else:
        bits.data(name + b"\0")
    if profile == 1:
        bits.u(1, 0)
    if kind in (1, 3):
        bits.u(1, int(codebook is not None))
        if codebook is not None:
            order, size, centre = codebook
            bits.u(4, order)
            bits.ue(2, size)
            bits.ie(2, centre)
            bits.ie(7, 0)
    if kind != 2:
        bits.u(1, dq)
    bits.u(1, 1)
    bits.u(1, int(unary_length is not None))
    bits.u(4, types)
    for factor in factors or ():
        bits.ue(3, factor)
    bits.ue(1, len(dims) if rank is None else rank)
    for dimension in dims:
        bits.ue(7, dimension)
    if unary_length is not None:
        bits.u(8, unary_length - 1)
    if len(dims) > 1:
        if profile == 1:
            bits.ue(1, 0)
        bits.u(4, scan_order)
    for number, offset in enumerate(entry_points):
        bits.u(8, 255 - number % 16)
        if dq:
            bits.u(3, 7)
        bits.ie(7, offset) if number else bits.ue(11, offset)
    bits.align()
    return unit(UnitType.NNR_NDU, bits.tobytes() + payload)


def hostile_stream(profile: int = 1, **fields: object) -> bytes:
    """A stream with one data unit."""
    return stream(data_unit(profile=profile, **fields), profile=profile)  # type: ignore[arg-type]


def performance_map(flag: int, content: bytes) -> bytes:
    """A stream whose model parameter set has one performance map; `flag` is its bit among the first five."""
    bits = BitWriter()
    bits.u(5, flag)
    bits.u(3, 0)
    bits.u(8, 0)
    bits.data(content)
    return write_units([start(0)]) + unit(UnitType.NNR_MPS, bits.tobytes())


def bits_of(*fields: tuple[str, int, int]) -> bytes:
    """Descriptors packed into bytes: (method of BitWriter, its parameter, value)."""
    bits = BitWriter()
    for method, parameter, value in fields:
        getattr(bits, method)(parameter, value)
    bits.align()
    return bits.tobytes()


def _codebooks() -> Iterator[tuple[str, bytes]]:
    yield "codebook of 2^32 - 1 entries", hostile_stream(codebook=(0, BIG - 1, 0))
    yield "codebook of 2^20 entries that are not there", hostile_stream(codebook=(15, 1 << 20, 0))
    yield "codebook with its zero before the first entry", hostile_stream(codebook=(0, 4, -3))
    yield "codebook with its zero behind the last entry", hostile_stream(codebook=(0, 4, 2))
    yield "codebook with its zero 2^31 entries away", hostile_stream(codebook=(0, 4, 1 << 31))
    one = (0, 1, 0)
    yield "one-entry codebook for 2^40 elements", hostile_stream(codebook=one, dims=(1 << 20, 1 << 20))
    yield "one-entry codebook for 2^64 elements", hostile_stream(codebook=one, dims=(BIG - 1, BIG - 1))
    yield "one-entry codebook for 2^31 - 1 elements", hostile_stream(codebook=one, dims=((1 << 31) - 1,))
    yield "one-entry codebook for 2^25 elements", hostile_stream(codebook=one, dims=(1 << 25,))
    yield "codebook of factors", hostile_stream(kind=3, types=1, factors=(4, 4), codebook=one)


def _dimensions() -> Iterator[tuple[str, bytes]]:
    yield "2^32 - 1 elements", hostile_stream(dims=(BIG - 1,))
    yield "2^64 elements", hostile_stream(dims=(BIG - 1, BIG - 1))
    yield "2^63 elements", hostile_stream(dims=(1 << 31, BIG - 1))
    yield "2^256 elements", hostile_stream(dims=(BIG - 1,) * 8)
    yield "a product of dimensions that is 0 modulo 2^64", hostile_stream(dims=(1 << 16,) * 4)
    yield "a product of dimensions that is 16 modulo 2^64", hostile_stream(dims=((1 << 31) + 1, 1 << 31, 4, 2))
    yield "2^32 dimensions", hostile_stream(rank=BIG - 1)
    yield "nine dimensions", hostile_stream(dims=(1,) * 9)
    yield "no dimensions", hostile_stream(rank=0, dims=())
    yield "a dimension 0", hostile_stream(dims=(4, 0))
    yield "2^31 rows in blocks, without entry points", hostile_stream(dims=(1 << 31, 4), scan_order=1)
    yield "2^31 rows", hostile_stream(dims=(1 << 31, 2))
    yield "rows of 2^32 - 1 elements, any of which may be skipped", hostile_stream(dims=(2, BIG - 1))
    yield "rows of 2^29 elements, any of which may be skipped", hostile_stream(dims=(2, 1 << 29))
    yield "more skippable rows than the payload has bins", hostile_stream(dims=(1 << 20, 2), payload=bytes(64))
    yield "elements without a payload", hostile_stream(payload=b"")
    yield "2^20 elements in a payload of one byte", hostile_stream(dims=(1 << 20,), payload=b"\x00")
    yield "integers without a payload", hostile_stream(kind=0, payload=b"")
    yield (
        "edition 1: 2^24 elements in three bytes",
        hostile_stream(profile=0, dims=(1 << 12, 1 << 12), payload=bytes(3)),
    )
    yield "raw values: 2^32 of them", hostile_stream(kind=2, dims=(BIG - 1,), payload=bytes(16))
    yield "raw values: 4 bytes modulo 2^32", hostile_stream(kind=2, dims=((1 << 30) + 1,), payload=bytes(4))
    yield "factors of rank 2^32 - 1", hostile_stream(kind=3, types=1, factors=(BIG - 1, 4), ids=2, name=b"g\0h")
    yield "vectors of a block with 2^31 rows", hostile_stream(kind=3, types=8, ids=2, name=b"w\0b", dims=(1 << 31, 1))


def _entry_points() -> Iterator[tuple[str, bytes]]:
    yield "2^29 entry points that are not there", hostile_stream(dims=(BIG - 1, 4), scan_order=1)
    yield "three entry points where 511 are due", hostile_stream(dims=(4096, 8), scan_order=1, entry_points=(1, 2, 3))
    noise = bytes(4) + bytes(range(60))
    away = (1 << 31, *[1 << 29] * 30)
    yield (
        "entry points beyond the payload",
        hostile_stream(dims=(256, 32), scan_order=1, entry_points=away, payload=noise),
    )
    yield (
        "entry points beyond the payload, with trellis",
        hostile_stream(dims=(256, 32), scan_order=1, entry_points=away, dq=1, payload=noise),
    )
    yield (
        "entry points 2^40 bits apart",
        hostile_stream(dims=(80, 32), scan_order=1, entry_points=(BIG,) + (1 << 31,) * 8),
    )
    yield "an entry point before its block row", hostile_stream(dims=(24, 32), scan_order=1, entry_points=(1, -9))


def _framing() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "zeros", bytes(1 << 16)
    yield "ones", b"\xff" * (1 << 16)
    yield "a unit of 2^31 - 1 bytes", write_units([start(1)]) + unit(UnitType.NNR_MPS, b"", size=HUGE_SIZE_FIELD)
    yield "a unit of 0 bytes", write_units([start(1)]) + unit(UnitType.NNR_MPS, b"", size=0)
    yield "a unit smaller than its header", write_units([start(1)]) + unit(UnitType.NNR_MPS, b"", size=4)
    yield "10000 start units", write_units([start(1)]) * 10_000
    yield "an aggregate unit", write_units([start(1)]) + unit(UnitType.NNR_AGG, bytes(8))
    yield "a name of 2^15 bytes", hostile_stream(name=b"a" * (1 << 15))
    yield "a name without an end", stream(unit(UnitType.NNR_NDU, b"\x09" + b"a" * 4000))
    yield "2^32 names", hostile_stream(kind=3, ids=BIG)
    reference_list = bits_of(("u", 8, 6), ("u", 8, 0), ("ue", 7, BIG))
    yield "a reference list of 2^32 names", write_units([start(1)]) + unit(UnitType.NNR_TPL, reference_list)


def _prefixes() -> Iterator[tuple[str, bytes]]:
    """Endless zero prefixes of Exp-Golomb codes, at the first code of several structures."""
    yield "endless prefix: codebook size", stream(unit(UnitType.NNR_NDU, b"\x09t\0\x40" + bytes(4096)))
    yield "endless prefix: rank", stream(unit(UnitType.NNR_NDU, b"\x09t\0\x10" + bytes(4096)))
    yield "endless prefix: names", stream(unit(UnitType.NNR_NDU, b"\x1d" + bytes(4096)))


def _performance_maps() -> Iterator[tuple[str, bytes]]:
    counts = ("u", 8, 255)
    yield "sparsification map: 254 thresholds that are not there", performance_map(8, bits_of(counts))
    yield "pruning map: 254 ratios that are not there", performance_map(4, bits_of(counts))
    shape = bits_of(("u", 8, 2), ("ue", 1, BIG))
    yield "unification map: 2^32 dimensions", performance_map(2, shape)
    tail = bits_of(("ue", 1, 0))
    classes = bits_of(("u", 8, 0), ("u", 8, 0), ("u", 32, 0), ("u", 32, 0), ("u", 8, 0), ("ue", 7, BIG))
    yield "unification map: 2^32 classes", performance_map(2, bits_of(("u", 8, 2))[:1] + tail + classes)
    yield "decomposition map: 254 thresholds that are not there", performance_map(1, bits_of(counts))


HOSTILE = dict(
    case
    for group in (_codebooks, _dimensions, _entry_points, _framing, _prefixes, _performance_maps)
    for case in group()
)
