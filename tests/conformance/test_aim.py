"""Every AIM stream through the package, the slow decoder and the syntax layer."""

from __future__ import annotations

import io

import pytest

import aimcodec
from aimcodec.conformance.cover import LARGEST
from aimcodec.conformance.generators.aim.contents import of_package, of_slow
from aimcodec.errors import AimcError, ArgumentError, InternalError, LimitExceededError, UnsupportedError
from aimcodec.model import MEDIA_TYPE, decode_structure, encode_structure
from aimcodec.package import read_stream
from aimcodec.reference.aim import read, read_structure
from aimcodec.syntax.aim import UnitType, check_file, iter_units, trace_file, write_units
from aimcodec.syntax.trace import TraceRecord

from .cases import Case, case_parameters

ACCEPTED = case_parameters("valid", "uncommon", syntax="aim", slow_beyond=200_000, all_fast=True)
NOT_GOOD = case_parameters("invalid", "limits", syntax="aim", all_fast=True)
REFUSED = [p for p in NOT_GOOD if "structure" not in p.values[0].entry["features"]]
STRUCTURES = [p for p in NOT_GOOD if p not in REFUSED]  # that are broken, in files that are good
INVALID = [p for p in REFUSED if p.values[0].entry["class"] == "invalid"]
LIMITS = [p for p in REFUSED if p.values[0].entry["class"] == "limits"]
KNOWN_LIMITS = [p for p in LIMITS if "tensors" in p.values[0].steps[0].expect]
BROKEN_OR_LARGE = [p for p in REFUSED if p not in KNOWN_LIMITS]
CODED_DATA = ("blocks", "lossless", "tensors", "nnc")  # areas with rules that the syntax layer does not look at


def data_of(case: Case) -> bytes:
    (step,) = case.steps
    return step.data


def errors_of(case: Case) -> set[str]:
    """Codes of the errors that the case allows: any of those for bad input if it names none."""
    return set(case.steps[0].expect["errors"])


def assert_refused(error: AimcError, case: Case) -> None:
    assert not isinstance(error, InternalError | ArgumentError)
    codes = errors_of(case)
    assert not codes or error.code in codes


def everything(data: bytes, threads: int) -> list[AimcError]:
    """What is wrong with a package: all that is found on the way to all of its tensors."""
    try:
        with aimcodec.open(data, threads=threads) as package:
            findings = package.verify()
            for variant in package.variants:
                aimcodec.load_file(data, variant=variant.name, threads=threads)
    except AimcError as error:
        return [error]
    return findings


# Accepted.


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", ACCEPTED)
def test_packages_hold_what_they_should(case: Case, isa: str, threads: int) -> None:
    expect = case.steps[0].expect
    protected = tuple(expect.get("protected", ()))
    contents = of_package(data_of(case), [v["id"] for v in expect["variants"]], threads=threads, protected=protected)
    assert contents == {name: expect[name] for name in contents}
    with aimcodec.open(data_of(case), threads=threads) as package:
        assert package.verify() == []


@pytest.mark.parametrize("case", ACCEPTED)
def test_the_slow_decoder_gives_the_same(case: Case) -> None:
    expect = case.steps[0].expect
    if "protected" in expect:
        with pytest.raises(UnsupportedError):
            read(data_of(case))
        return
    contents = of_slow(read(data_of(case)))
    assert contents == {name: expect[name] for name in contents}


@pytest.mark.parametrize("case", [p for p in ACCEPTED if "protected" in p.values[0].steps[0].expect])
def test_protected_tensors_are_listed_and_refused(case: Case) -> None:
    with aimcodec.open(data_of(case)) as package:
        for name in case.steps[0].expect["protected"]:
            assert name in package
            with pytest.raises(UnsupportedError):
                package[name]


@pytest.mark.parametrize("case", ACCEPTED)
def test_writing_what_was_read_gives_the_same_bytes(case: Case) -> None:
    data = data_of(case)
    assert write_units(iter_units(data)) == data
    assert [u.offset for u in read_stream(io.BytesIO(data))] == [u.offset for u in iter_units(data)]


@pytest.mark.parametrize("case", ACCEPTED)
def test_writing_traces_what_reading_traces(case: Case) -> None:
    written: list[TraceRecord] = []
    write_units(iter_units(data_of(case)), trace=written.append)
    read_back = trace_file(data_of(case))
    assert written == read_back or repr(written) == repr(read_back)  # NaNs differ from themselves


@pytest.mark.parametrize("case", ACCEPTED)
def test_checking_finds_nothing(case: Case) -> None:
    assert check_file(data_of(case)) == []


@pytest.mark.parametrize("case", ACCEPTED + NOT_GOOD)
def test_traces_account_for_every_bit_once(case: Case) -> None:
    position = 0
    for record in trace_file(data_of(case)):
        assert record.bit_offset == position
        position += record.bit_length
    assert position == 8 * len(data_of(case))


# Refused.


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", REFUSED)
def test_packages_are_refused(case: Case, isa: str, threads: int) -> None:
    findings = everything(data_of(case), threads)
    assert findings
    assert_refused(findings[0], case)


@pytest.mark.parametrize("case", BROKEN_OR_LARGE)
def test_the_slow_decoder_refuses(case: Case) -> None:
    with pytest.raises(AimcError) as refusal:
        read(data_of(case))
    assert_refused(refusal.value, case)


@pytest.mark.parametrize("case", INVALID)
def test_the_syntax_layer_refuses(case: Case) -> None:
    """All that is no rule of coded data; where the violation is, it finds first."""
    data = data_of(case)
    violations = check_file(data)
    if not violations:
        assert case.entry["area"] in CODED_DATA
        assert sum(1 for _ in iter_units(data))
        return
    expect = case.steps[0].expect
    assert_refused(violations[0], case)
    if expect["bit_offset"] is not None:
        assert violations[0].bit_offset == expect["bit_offset"]
    if expect["element"] is not None:
        assert expect["element"] in violations[0].path
    for reading in (lambda: list(iter_units(data)), lambda: list(read_stream(io.BytesIO(data)))):
        with pytest.raises(AimcError) as refusal:
            reading()
        assert_refused(refusal.value, case)


@pytest.mark.parametrize("case", LIMITS)
def test_limits_are_named(case: Case) -> None:
    for error in everything(data_of(case), 1):
        assert isinstance(error, LimitExceededError)
        assert any(name in error.message for name in vars(type(aimcodec.DEFAULT_LIMITS))["__slots__"])


@pytest.mark.parametrize("case", KNOWN_LIMITS)
def test_what_exceeds_the_usual_limits_decodes_under_larger_ones(case: Case) -> None:
    expect = case.steps[0].expect
    slow = of_slow(read(data_of(case)))
    fast = of_package(data_of(case), [v["id"] for v in expect["variants"]], limits=LARGEST)
    assert slow == fast == {name: expect[name] for name in slow}


def test_places_of_most_violations_of_the_structure_are_certain() -> None:
    """Otherwise the test above would look at none."""
    structure = [p.values[0] for p in INVALID if p.values[0].entry["area"] not in ("blocks", "nnc", "index")]
    certain = [case for case in structure if case.steps[0].expect["bit_offset"] is not None]
    assert 2 * len(certain) > len(structure)


# Structures.


def test_structures_that_are_good() -> None:
    """Both readers take them, and they are written as they were."""
    found = 0
    for parameter in ACCEPTED:
        if parameter.values[0].entry["area"] == "structures":
            for structure in read(data_of(parameter.values[0])).structures.values():
                read_structure(structure.content)
                assert structure.media_type == MEDIA_TYPE
                assert encode_structure(decode_structure(structure.content)) == structure.content
                found += 1
    assert found > 20


@pytest.mark.parametrize("case", STRUCTURES)
def test_structures_that_are_broken(case: Case) -> None:
    """Who skips them reads the file; who reads them refuses it, at the place of the violation."""
    data, expect = data_of(case), case.steps[0].expect
    contents = of_package(data, [v["id"] for v in expect["variants"]])
    assert contents == of_slow(read(data)) == {name: expect[name] for name in contents}
    (unit,) = (unit for unit in iter_units(data) if unit.kind == UnitType.STRUCTURE)
    with aimcodec.open(data) as package, pytest.raises(AimcError) as refusal:
        package.model  # noqa: B018
    assert_refused(refusal.value, case)
    first = check_file(data)[0]
    assert_refused(first, case)
    assert first.bit_offset == 8 * unit.payload_offset + (refusal.value.bit_offset or 0)
    if expect["bit_offset"] is not None:
        assert first.bit_offset == expect["bit_offset"]
    assert (expect["element"] or "") in first.path
    if case.entry["class"] == "invalid":
        with pytest.raises(AimcError) as refusal:
            read_structure(bytes(unit.payload))
        assert_refused(refusal.value, case)
