"""An encoder that does one thing wrong: the kit says what, in which element, at which bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aimcodec.conformance.checks.result import CHECKS, Check, Finding
from aimcodec.conformance.child import Allowance
from aimcodec.conformance.claims import Claims
from aimcodec.conformance.encoder import ModelResult
from aimcodec.nnc import iter_units
from aimcodec.reference import Bin, Decoder

from . import liar
from .runs import RECIPES, result_of
from .runs import liar as lying

WEIGHT = "units[3].payload"  # after start unit, model parameter set and topology unit
MPS = "units[1].nnr_model_parameter_set_unit_payload"


def model_of(name: str = "plain/layer") -> dict[str, Any]:
    return RECIPES[name].model().tensors


def good(syntax: str) -> bytes:
    return (liar.nnc if syntax == "nnc" else liar.aim)(model_of())


def payload_end(data: bytes) -> int:
    """Byte behind the first data unit."""
    unit = list(iter_units(data))[3]
    return unit.payload_offset + len(memoryview(unit.payload))


def stop_bit(data: bytes) -> int:
    """The last 1 bit of the first data unit."""
    end = payload_end(data)
    last = data[end - 1]
    return 8 * end - 1 - int(math.log2(last & -last))


def tensor_payload(data: bytes) -> int:
    """First bit of the payload of unit 1 of a package."""
    at = liar.unit_places(data)[1]
    return 8 * (at + -(-int.from_bytes(data[at + 10 : at + 14], "big") // 64) * 64)


def digest_of_unit_1(data: bytes) -> int:
    return 8 * (liar.unit_places(data)[-3] + 64 + 4 + 3 * 9 + 32)


def level_bit(data: bytes, flat: int, unit: int = 3) -> int:
    """Where a level of the first tensor begins, as the slow decoder has it: its significance flags are counted."""
    bins: list[Bin] = []
    Decoder(trace=bins.append).decode(data)
    starts = [i for i, b in enumerate(bins) if b.number == 0]
    first = bins[starts[unit - 3] :]
    significance = [b for b in first if b.element == "sig_flag"]
    return 8 * list(iter_units(data))[unit].payload_offset + significance[flat].P + 9


def first_failure(result: ModelResult) -> tuple[Check, Finding]:
    assert result.outcome == "fail", result.detail
    check = next(check for check in result.checks if check.result == "fail")
    return check, check.findings[0]


Place = Callable[[bytes], int | None]

BROKEN: list[tuple[str, str, str, str, Place]] = [
    ("nnc", "bytes after the stream", "syntax", "units[5].nnr_unit_size", lambda d: 8 * len(d) + 1),
    ("nnc", "bytes after a payload", "coder", WEIGHT, lambda d: 8 * payload_end(d)),
    ("nnc", "payload cut", "coder", WEIGHT, lambda d: 8 * payload_end(d) - 24),
    ("nnc", "stop bit", "coder", WEIGHT, stop_bit),
    ("nnc", "unit size", "syntax", WEIGHT, lambda d: 8 * payload_end(d)),
    ("nnc", "reserved bit", "syntax", f"{MPS}.nnr_reserved_zero_1bit", lambda d: 69),
    ("nnc", "profile", "syntax", "units[0].nnr_start_unit_header.general_profile_idc", lambda d: 24),
    ("nnc", "empty", "syntax", "units[0].nnr_unit_size_flag", lambda d: 0),
    ("nnc", "garbage", "syntax", "units[0].nnr_unit_size", lambda d: 1),
    ("nnc", "missing", "semantics", "", lambda d: None),
    ("nnc", "surplus", "semantics", "units[5].nnr_compressed_data_unit_header", lambda d: None),
    ("nnc", "shape", "semantics", "units[3].nnr_compressed_data_unit_header", lambda d: None),
    ("nnc", "recon", "reconstruction", WEIGHT, lambda d: None),
    ("nnc", "recon garbage", "reconstruction", "", lambda d: None),
    ("nnc", "bloat", "budget", "", lambda d: None),
    ("aim", "crc", "syntax", "units[1].payload_crc", tensor_payload),
    ("aim", "digest", "syntax", "units[3].index_payload.unit_digest[1]", digest_of_unit_1),
    ("aim", "reserved bit", "syntax", "units[1].reserved_zero_6bits", lambda d: 8 * 64 + 74),
    ("aim", "bytes after the file", "syntax", "units[5]", lambda d: 8 * len(d)),
    ("aim", "another syntax", "syntax", "units[0]", lambda d: 0),
    ("aim", "missing", "semantics", "", lambda d: None),
    ("aim", "shape", "semantics", "units[1]", lambda d: None),
    ("aim", "bit", "semantics", "units[1].payload", tensor_payload),
    ("aim", "type", "semantics", "units[1].payload", tensor_payload),
    ("aim", "bloat", "budget", "", lambda d: None),
]


@pytest.mark.parametrize(("syntax", "lie", "check", "element", "place"), BROKEN, ids=[f"{b[0]}-{b[1]}" for b in BROKEN])
def test_a_lie_has_its_finding(syntax: str, lie: str, check: str, element: str, place: Place) -> None:
    found, finding = first_failure(result_of(lying(lie, syntax), "plain/layer"))
    assert (found.name, finding.element) == (check, element)
    assert finding.bit_offset == place(good(syntax))


@pytest.mark.parametrize("syntax", ["nnc", "aim"])
def test_the_same_encoder_without_a_lie_passes(syntax: str) -> None:
    result = result_of(lying("none", syntax), "plain/layer")
    assert result.outcome == "pass", result
    assert [c.name for c in result.checks if c.result == "pass" or syntax == "aim"] == list(CHECKS[:-1])


@pytest.mark.parametrize(
    ("lie", "value", "permitted"), [("reserved bit", "1", "0"), ("profile", "3", "0 .. 1"), ("stop bit", None, None)]
)
def test_a_violation_has_value_and_permitted_values(lie: str, value: str | None, permitted: str | None) -> None:
    _, finding = first_failure(result_of(lying(lie, "nnc"), "plain/layer"))
    padding = 8 * payload_end(good("nnc")) - stop_bit(good("nnc"))
    assert finding.value == (value or "0" * padding)
    assert finding.permitted == (permitted or "1" + "0" * (padding - 1))


def test_a_level_that_is_off_by_one_is_found_in_the_payload() -> None:
    model = model_of()
    stream = liar.nnc(liar.off_by_one(model))
    _, finding = first_failure(result_of(lying("off by one", "nnc"), "plain/layer"))
    assert (finding.tensor, finding.index) == ("weight", (5, 7))
    assert finding.element == WEIGHT
    assert finding.bit_offset == level_bit(stream, 5 * 32 + 7)


def test_wrong_rounding_is_found_at_the_first_value_that_it_changes() -> None:
    weight = model_of()["weight"].astype(np.float64)
    wrong = np.abs(weight / liar.STEP - np.trunc(weight / liar.STEP)) > 0.5
    index = tuple(map(int, np.argwhere(wrong)[0]))
    check, finding = first_failure(result_of(lying("rounding", "nnc"), "plain/layer"))
    assert (check.name, finding.tensor, finding.index) == ("semantics", "weight", index)
    assert f"; {int(wrong.sum())} of 768 so" in finding.message


def test_an_integer_must_be_exact_whatever_is_claimed() -> None:
    stream = liar.nnc(liar.integer_off(model_of("type/int32")))
    _, finding = first_failure(result_of(lying("integer", "nnc"), "type/int32", Claims()))
    assert (finding.tensor, finding.index, finding.permitted) == ("small", (3, 4), str(int(finding.value) - 1))
    assert finding.bit_offset == level_bit(stream, 3 * 12 + 4, unit=4)


@pytest.mark.parametrize("syntax", ["nnc", "aim"])
def test_exchanged_names(syntax: str) -> None:
    _, finding = first_failure(result_of(lying("names", syntax), "name/unicode"))
    assert finding.tensor == "caf\u00e9"
    if syntax == "nnc":
        assert finding.message.endswith("the values are those of tensor '\\xa0'")


@pytest.mark.parametrize("lie", ["off by one", "rounding"])
def test_errors_that_nobody_denies_are_measured(lie: str) -> None:
    result = result_of(lying(lie, "nnc"), "plain/layer", Claims())
    assert result.outcome == "pass"
    semantics = next(check for check in result.checks if check.name == "semantics")
    assert 0.5 < float(semantics.figures["max_error_steps_uniform"]) < 1.5


@pytest.mark.parametrize("syntax", ["nnc", "aim"])
def test_a_clock_in_the_stream_breaks_a_claim_and_is_a_note_without(syntax: str) -> None:
    check, finding = first_failure(result_of(lying("clock", syntax), "plain/layer"))
    assert check.name == "determinism"
    assert finding.element.startswith("units[2].nnr_topology" if syntax == "nnc" else "units[1].")
    honest = result_of(lying("clock", syntax), "plain/layer", Claims())
    assert (honest.outcome, honest.checks[-1].result) == ("pass", "note")


@pytest.mark.parametrize(("lie", "check"), [("order", "semantics"), ("long size", "syntax")])
def test_what_is_only_uncommon_is_a_note(lie: str, check: str) -> None:
    result = result_of(lying(lie, "nnc"), "plain/layer")
    assert result.outcome == "pass"
    assert [c.name for c in result.checks if c.result == "note"] == [check]


TROUBLES = {
    "hang": ("timeout", "stopped after its time"),
    "crash": ("crash", "signal SIGABRT"),
    "exit 7": ("crash", "exit code 7"),
    "memory": ("over limit", "MemoryError"),
    "file size": ("over limit", "File too large"),
    "no stream": ("fail", "no stream was written"),
    "link": ("fail", "no regular file"),
    "refuse": ("fail", "not supported, though it should be"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_encoder_in_trouble(trouble: str) -> None:
    outcome, detail = TROUBLES[trouble]
    allowance = Allowance(3.0 if trouble == "hang" else 20.0, 1 << 30, 1 << 22)
    result = result_of(lying(trouble, "nnc"), "plain/layer", allowance=allowance)
    assert (result.outcome, detail in result.detail) == (outcome, True), result.detail
    assert result.checks == () or result.checks[0].result == "fail"


@pytest.mark.parametrize(
    ("model", "claims", "outcome"),
    [
        ("rank/0", Claims(), "unsupported"),  # NNC has none
        ("type/int8", Claims(), "unsupported"),  # not claimed
        ("type/int8", Claims(dtypes=frozenset({"float32", "int8"})), "fail"),  # claimed
        ("type/int8", Claims(dtypes=frozenset({"int8", "bool"})), "fail"),
        ("plain/layer", Claims(dtypes=frozenset({"int8"})), "unsupported"),
    ],
)
def test_what_an_encoder_may_refuse(model: str, claims: Claims, outcome: str) -> None:
    assert result_of(lying("refuse", "nnc"), model, claims).outcome == outcome
