"""Cases of the header of data units (section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.conformance.generators.nnc.build import (
    BLOCK,
    FLOAT,
    INT,
    RAW_FLOAT,
    frame,
    int_unit,
    levels_of,
    raw_unit,
    real_unit,
    small_unit,
)
from aimcodec.conformance.generators.nnc.case import Accepted, accepted
from aimcodec.conformance.generators.nnc.updates import UpdateSequence
from aimcodec.reference.nnc_encoder import Codebook, DataUnit, ParentNode, TensorChoices, codebook

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["block_cases", "codebook_cases", "factor_cases", "flag_cases", "identity_cases", "scan_cases", "shape_cases"]

LARGEST = 1 << 32  # of ue(k) (section 19)
INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1
STEP = 0.25  # of QP -8 at density 2

LS, BN, BI = 2, 4, 8


def identity_cases() -> Iterator[Accepted]:
    """Names, nodes and parents (sections 4.1, 12.2)."""
    for number, ids in enumerate([(0, 0, 0), (1, 31, 15), (LARGEST, LARGEST, LARGEST), (2, 32, 16)]):
        yield accepted(
            f"nnc-node-{number}",
            "identity",
            f"device_id, parameter_id, put_node_depth {ids}",
            [*frame(), small_unit(node_id=ids)],
            "12.2",
        )
    parents = [
        ParentNode(parent_device_id=0, parameter_id=0, put_node_depth=0),
        ParentNode(parent_device_id=LARGEST, parameter_id=LARGEST, put_node_depth=LARGEST),
        ParentNode(parent_device_id=7, parameter_id=31, put_node_depth=15),
        *[ParentNode(1, sha=sha) for sha in (0, (1 << 256) - 1, (1 << 255) + 12345)],
        *[ParentNode(2, sha=sha) for sha in (0, (1 << 512) - 1, (1 << 511) + 12345)],
    ]
    for number, parent in enumerate(parents):
        for node_id in (None, (3, 2, 1)):
            yield accepted(
                f"nnc-parent-{number}-{'with' if node_id else 'without'}-node",
                "identity",
                f"parent_node_id_type {parent.parent_node_id_type}, node_id_present_flag {int(node_id is not None)}",
                [
                    *frame(mps_parent_signalling_enabled_flag=1, nnr_pre_flag=number & 1),
                    small_unit(parent=parent, node_id=node_id, dq_flag=number & 1),
                ],
                "4.1",
                "12.2",
                note="The parent's identity is informative: no earlier integers are referred to.",
            )
    names = ["", "a b", "\u00e4\u4e16\U0001f600", "n" * 300, "w", "w.weight", "%00/.."]
    yield accepted(
        "nnc-names",
        "identity",
        "names: empty, with a space, of 1 to 4 bytes a character, long",
        [*frame(), *[int_unit(name, [number]) for number, name in enumerate(names)]],
        "4.1",
    )


def shape_cases() -> Iterator[Accepted]:
    """Payload types, ranks, formats, lengths (sections 4.1, 4.5, 5.1)."""
    vectors, matrices = [(1,), (5,)], [(1, 1), (1, 6), (6, 1), (2, 3)]
    shapes = [*vectors, *matrices, (1, 1, 1), (2, 1, 3), (1, 2, 3), (3, 1, 1), (2, 2, 2, 2), (1,) * 8]
    for idc in (0, 1):
        for kind, word in ((INT, "int"), (FLOAT, "float"), (RAW_FLOAT, "raw"), (BLOCK, "block")):
            yield accepted(
                f"nnc-shapes-{word}-edition-{idc + 1}",
                "shapes",
                f"edition {idc + 1}, {word} tensors of 1 to 8 dimensions, rows, columns and single elements",
                [*frame(idc), *[_shaped(kind, shape, idc) for shape in shapes]],
                "4.1",
                "5.1",
            )
    dimensions = [(127,), (128,), (383,), (384, 1), (1, 129), (1,) * 32]
    yield accepted(
        "nnc-shapes-dimensions",
        "shapes",
        "dimensions at the lengths of their codes, and 32 of them",
        [*frame(), *[int_unit(f"{shape}", np.ones(shape, np.int64)) for shape in dimensions]],
        "4.1",
    )
    formats = [
        unit(f"{word}{number}", [[1, -1]], nnr_decompressed_data_format=number)
        for number in range(10)
        for unit, word in ((real_unit, "real"), (int_unit, "int"))
    ]
    yield accepted(
        "nnc-formats",
        "shapes",
        "nnr_decompressed_data_format is a wish: the results are as without it",
        [*frame(), *formats, raw_unit("raw", [1.5, -0.0], nnr_decompressed_data_format=2)],
        "4.5",
    )
    yield accepted(
        "nnc-dimension-shift",
        "shapes",
        "first_tensor_dimension_shift of any value changes nothing",
        [*frame(), *[small_unit(f"{shift}", first_tensor_dimension_shift=shift) for shift in (0, 1, 2, 3, LARGEST)]],
        "4.1",
    )
    for length in (None, 0, 1, 9, 10, 254, 255):
        yield accepted(
            f"nnc-unary-length-{'absent' if length is None else length}",
            "shapes",
            f"cabac_unary_length_minus1 {'absent, which means 9' if length is None else length}",
            [
                *frame(),
                int_unit("int", [0, 1, -2, 9, 10, -11, 12, 300], cabac_unary_length_minus1=length),
                small_unit(dq_flag=1, cabac_unary_length_minus1=length),
            ],
            "4.1",
            "7",
        )
    specials = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 3.4e38, 1 / 3], np.float32)
    yield accepted(
        "nnc-raw-values",
        "shapes",
        "raw values: zeros, infinities, NaN, a subnormal number",
        [*frame(), raw_unit("raw", specials.reshape(2, 4))],
        "11.5",
    )
    informative = [
        unit(f"{word}{types}", [[1, 2], [3, 4]], compressed_parameter_types=types)
        for types in range(2, 16, 2)
        for unit, word in ((real_unit, "real"), (int_unit, "int"))
    ]
    yield accepted(
        "nnc-types",
        "shapes",
        "compressed_parameter_types outside of a block is informative",
        [*frame(), *informative, raw_unit("raw", [1.0], compressed_parameter_types=6)],
        "4.6",
    )


def _shaped(kind: int, shape: tuple[int, ...], idc: int) -> DataUnit:
    rng = np.random.default_rng(len(shape) * 100 + sum(shape))
    name = "x".join(map(str, shape))
    levels = levels_of(rng, shape, 3, 0.3)
    if kind == RAW_FLOAT:
        return raw_unit(name, levels / 8)
    if kind == INT:
        return int_unit(name, levels)
    if kind == FLOAT:
        return real_unit(name, levels, dq_flag=len(shape) & 1)
    bias = TensorChoices(levels_of(rng, shape[:1], 2), 4)
    weight = TensorChoices(levels, -8)
    return DataUnit(BLOCK, (name, f"{name}.b"), shape, (bias, weight), compressed_parameter_types=BI)


def block_cases() -> Iterator[Accepted]:
    """Layer blocks (section 4.6)."""
    for types in range(0, 16, 2):
        for idc in (0, 1):
            yield accepted(
                f"nnc-block-{types}-edition-{idc + 1}",
                "block",
                f"edition {idc + 1}, a block with compressed_parameter_types {types}",
                [
                    *frame(idc),
                    _block(types, (9, 4), f"{types}", dq_flag=idc),
                    _block(types, (5,), "vector", cabac_unary_length_minus1=None),
                ],
                "4.6",
            )
    for scan_order in (1, 2):
        yield accepted(
            f"nnc-block-scan-{scan_order}",
            "block",
            f"a block whose weight has entry points, scan_order {scan_order}",
            [*frame(), _block(LS | BI, (35, 11), "w", scan_order=scan_order, dq_flag=1)],
            "4.4",
            "4.6",
        )
    book = codebook((-5, -1, 0, 2, 9), 2)
    levels = np.array([[0, -2, 1], [2, 0, -1]])
    weight = TensorChoices(levels, -8)
    bias = TensorChoices(np.array([3, -700]), -8)
    unit = DataUnit(BLOCK, ("w", "b"), (2, 3), (bias, weight), codebook=book, compressed_parameter_types=BI)
    yield accepted(
        "nnc-block-codebook",
        "block",
        "the codebook of a block is the weight's only",
        [*frame(), unit],
        "4.3",
        exact={"w": _exact(book_entries(book), 2, levels)},
    )


def factor_cases() -> Iterator[Accepted]:
    """Decomposed weights: the factors come out as they are (sections 4.6, 13.5)."""
    for types in range(1, 16, 2):
        rows, rank = ((6, 2), (9, 1), (4, 12), (1, 3))[types // 2 % 4]
        yield _factors(f"nnc-factors-{types}", types, (9, 4), rows, rank)
    for scan_order in (1, 2):
        for dq_flag in (0, 1):
            id = f"nnc-factors-scan-{scan_order}-dq-{dq_flag}"
            yield _factors(id, 1, (36, 10), 36, 20, scan_order=scan_order, dq_flag=dq_flag)
    raw = raw_unit("raw", [[1.0, 2.0]], compressed_parameter_types=1, decomposition_rank=1, g_number_of_rows=1)
    yield accepted("nnc-factors-raw", "factors", "raw values whose header speaks of factors", [*frame(), raw], "4.6")


def _factors(id: str, types: int, shape: tuple[int, int], rows: int, rank: int, **unit: Any) -> Accepted:
    rng = np.random.default_rng(types)
    vector_count = bool(types & LS) + 4 * bool(types & BN) + bool(types & BI)
    vectors = [TensorChoices(levels_of(rng, shape[:1], 9), -8 + n) for n in range(vector_count)]
    g = TensorChoices(levels_of(rng, (rows, rank), 4), -12)
    h = TensorChoices(levels_of(rng, (rank, shape[0] * shape[1] // rows), 4), -9)
    names = ("w_G", "w_H", *(f"{n}" for n in range(vector_count)))
    block = DataUnit(
        BLOCK,
        names,
        shape,
        (*vectors, g, h),
        compressed_parameter_types=types,
        decomposition_rank=rank,
        g_number_of_rows=rows,
        **unit,
    )
    title = f"factors of {rows} x {rank} and {rank} x {h.levels.shape[1]}, compressed_parameter_types {types}"
    return accepted(id, "factors", title, [*frame(), block], "4.4", "4.6")


def _block(types: int, shape: tuple[int, ...], name: str, **unit: Any) -> DataUnit:
    rng = np.random.default_rng(types + shape[0])
    vector_count = bool(types & LS) + 4 * bool(types & BN) + bool(types & BI)
    vectors = [TensorChoices(levels_of(rng, shape[:1], 9), -8 + n) for n in range(vector_count)]
    weight = TensorChoices(levels_of(rng, shape, 4), -12)
    names = (name, *(f"{name}.{n}" for n in range(vector_count)))
    return DataUnit(BLOCK, names, shape, (*vectors, weight), compressed_parameter_types=types, **unit)


def book_entries(book: Codebook) -> list[int]:
    """Entries of a codebook, counted from the zero outwards (section 4.3)."""
    entries = [book.codebook_zero_value]
    for delta in book.delta_left:
        entries.insert(0, entries[0] - delta - 1)
    for delta in book.delta_right:
        entries.append(entries[-1] + delta + 1)
    return entries


def _exact(entries: Sequence[int], zero: int, levels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Section 11.3."""
    values: NDArray[np.float64] = np.array(entries, np.float64)[levels + zero] * STEP
    return values


def _book_case(id: str, title: str, books: Sequence[Codebook], shape: tuple[int, ...] = (), **unit: Any) -> Accepted:
    """One tensor for each codebook, with all of its entries."""
    units, exact = [], {}
    for number, book in enumerate(books):
        zero, size = book.CbZeroOffset, book.codebook_size
        rng = np.random.default_rng(number)
        more = rng.integers(0, size, int(np.prod(shape)) - size if shape else 0)
        levels = np.concatenate([np.arange(size), more]) - zero
        levels = levels.reshape(shape) if shape else levels
        units.append(real_unit(f"{number}", levels, codebook=book, **unit))
        exact[f"{number}"] = _exact(book_entries(book), zero, levels)
    return accepted(id, "codebooks", title, [*frame(), *units], "4.3", "7", exact=exact)


def codebook_cases() -> Iterator[Accepted]:
    """Codebooks (section 4.3)."""
    orders = [Codebook(egk, 0, (0, 1, egk), (2, 70000 >> egk)) for egk in range(16)]
    orders += [Codebook(egk, -egk, (), (1 << egk,)) for egk in range(16)]
    yield _book_case("nnc-codebook-egk", "codebook_egk 0 to 15", orders)
    widest = (1 << 32) - 2  # between the ends of int32
    ends = [
        Codebook(0, INT32_MIN, (), ()),
        Codebook(0, INT32_MAX, (), ()),
        Codebook(15, INT32_MIN, (), (widest,)),
        Codebook(15, INT32_MAX, (widest,), ()),
        Codebook(7, 0, ((1 << 31) - 1,), ((1 << 31) - 2,)),
    ]
    yield _book_case("nnc-codebook-int32", "entries at the ends of int32", ends)
    for size in (1, 2, 3, 4, 5, 8, 12, 13, 14, 40):
        books = [
            Codebook(0, 0, (0,) * zero, (1,) * (size - 1 - zero)) for zero in sorted({0, 1 % size, size // 2, size - 1})
        ]
        for shape in ((), (8, 6)):
            word = "matrix" if shape else "vector"
            yield _book_case(
                f"nnc-codebook-{size}-{word}",
                f"codebooks of {size} entries, the zero at the ends and between, for a {word}",
                books,
                shape,
                cabac_unary_length_minus1=2,
            )
    single = Codebook(0, 7, (), ())
    zeros = np.zeros((20, 3), np.int64)
    yield accepted(
        "nnc-codebook-single-scan",
        "codebooks",
        "a codebook of one entry in a block scan: entry points of block rows without bins",
        [*frame(), real_unit("w", zeros, codebook=single, scan_order=1)],
        "4.4",
        "7",
        exact={"w": _exact([7], 0, zeros)},
    )
    book = Codebook(1, 0, (1, 2), (3, 4, 5))
    levels = np.array([[0, -2, 1], [3, 0, -1]])
    yield accepted(
        "nnc-codebook-edition-1",
        "codebooks",
        "edition 1: the entropy coder does not know the codebook",
        [*frame(0), real_unit("w", levels, codebook=book)],
        "5.1",
        exact={"w": _exact(book_entries(book), 2, levels)},
    )


def scan_cases() -> Iterator[Accepted]:
    """Scans, entry points, row skipping (sections 10.1 to 10.4)."""
    shapes = {1: [(8, 8), (9, 3), (40, 21)], 2: [(16, 5), (17, 33)], 3: [(33, 34)], 4: [(65, 5)]}
    for scan_order, some in shapes.items():
        for dq_flag in (0, 1):
            for idc in (0, 1):
                units = []
                for shape in some:
                    rng = np.random.default_rng(shape[0])
                    name = f"{shape[0]}x{shape[1]}"
                    levels = levels_of(rng, shape, 2, 0.8)
                    units.append(real_unit(name, levels, scan_order=scan_order, dq_flag=dq_flag))
                yield accepted(
                    f"nnc-scan-{scan_order}-dq-{dq_flag}-edition-{idc + 1}",
                    "scans",
                    f"edition {idc + 1}, scan_order {scan_order}, dq_flag {dq_flag}, one and several block rows",
                    [*frame(idc), *units],
                    "10.1",
                    "10.2",
                )
    for scan_order in (0, 1):
        for dq_flag in (0, 1):
            for width in (3, 4, 5, 6, 9):
                yield _skipping(scan_order, dq_flag, width)
    yield _entry_point_at_zero()
    yield accepted(
        "nnc-scan-not-2d",
        "scans",
        "scan_order 1 of a single row: no block rows and no entry points",
        [*frame(), real_unit("w", np.ones((1, 9), np.int64), scan_order=1)],
        "5.1",
        "10.1",
    )


def _entry_point_at_zero() -> Accepted:
    """Entry points whose value is 0: behind each come bins that all are the more probable symbol, from fresh models."""
    levels = np.zeros((64, 2), np.int64)
    levels[::8, 0] = -100000
    tensor = TensorChoices(levels)
    skipped = TensorChoices(np.zeros((40, 2), np.int64), row_skip_list=[1] * 40)
    units = [
        DataUnit(FLOAT, (name,), chosen.levels.shape, (chosen,), scan_order=1)
        for name, chosen in (("value", tensor), ("offset", skipped))
    ]
    title = "entry points of value 0, and entry points without bits between them"
    return accepted("nnc-scan-entry-zero", "scans", title, [*frame(), *units], "4.4", "10.2")


def _skipping(scan_order: int, dq_flag: int, width: int) -> Accepted:
    """Rows that are skipped: first, last, neighbours, all of a block row; and a list that skips none."""
    rng = np.random.default_rng(width)
    levels = levels_of(rng, (25, width), 3, 0.3)
    skipped = np.zeros(25, np.int64)
    skipped[[0, 3, 4, *range(8, 16), 24]] = 1
    levels[skipped == 1] = 0
    units = [
        real_unit("some", levels, tensor={"row_skip_list": skipped.tolist()}, scan_order=scan_order, dq_flag=dq_flag),
        real_unit("none", levels, tensor={"row_skip_list": [0] * 25}, scan_order=scan_order, dq_flag=dq_flag),
        real_unit("all", levels * 0, tensor={"row_skip_list": [1] * 25}, scan_order=scan_order, dq_flag=dq_flag),
    ]
    return accepted(
        f"nnc-rowskip-{scan_order}-{dq_flag}-{width}",
        "scans",
        f"skipped rows of {width}, scan_order {scan_order}, dq_flag {dq_flag}",
        [*frame(), *units],
        "10.4",
    )


def flag_cases(seed: int) -> Iterator[Accepted]:
    """Flags of the header in combination, over two streams so that the second has references."""
    rng = np.random.default_rng(seed)
    entries = list(range(-7, 8))
    for number in range(40):
        first, second = levels_of(rng, (4, 3), 3), levels_of(rng, (4, 3), 3)
        kind, dq, book, formats, unary, node, temporal = (int(flag) for flag in rng.integers(0, 2, 7))
        kind = kind * int(rng.choice([FLOAT, BLOCK]))
        sequence = UpdateSequence(has_bias=kind == BLOCK and bool(rng.integers(0, 2)))
        sequence.add(first, dq_flag=dq, kind=kind)
        elements: dict[str, Any] = {
            "nnr_decompressed_data_format": 1 if formats else None,
            "cabac_unary_length_minus1": 4 if unary else None,
            "codebook": codebook(entries, 7) if book and kind else None,
        }
        is_update = number % 4 != 3
        sequence.add(
            second,
            temporal=bool(temporal) and is_update,
            node=bool(node),
            is_update=is_update,
            kind=kind,
            dq_flag=dq,
            **elements,
        )
        integers = sequence.streams[1].codewords[0].integers[-1]
        yield Accepted(
            f"nnc-flags-{seed}-{number}",
            "flags",
            f"header flags, combination {number}",
            tuple(sequence.streams),
            ("4.1",),
            klass="uncommon" if book and dq and kind else "valid",
            # With dependent quantization the integer of section 10.3 is what the codebook is asked for.
            exact={(1, "w"): _exact(entries, 7, integers)} if book and kind else {},
        )
