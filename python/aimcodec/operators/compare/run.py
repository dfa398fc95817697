"""The comparison: a library of operators against the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimcodec.errors import ArgumentError
from aimcodec.operators.catalogue import Operator, get
from aimcodec.operators.classes import MINIMAL_SET
from aimcodec.operators.compare.case import Case
from aimcodec.operators.compare.cases import GENERATORS, cases_of
from aimcodec.operators.compare.judge import difference
from aimcodec.operators.compare.library import BackendLibrary, Library
from aimcodec.operators.compare.report import Finding, OperatorReport, Report
from aimcodec.operators.compare.tolerance import tolerance_of
from aimcodec.operators.functions import default_version, prepared, run
from aimcodec.operators.status import OperatorError, Status

__all__ = ["compare"]

Counting = Callable[[str], None]


def compare(
    library: Library,
    *,
    operators: Iterable[str] | None = None,
    seed: int = 0,
    repeats: int = 5,
    progress: Counting | None = None,
) -> Report:
    """Tests a library of operators against the reference evaluator of ONNX.

    For each operator the library is called with fixed and drawn inputs, right ones and wrong ones. Results have to be
    equal in number, type, rank, dimensions, bytes and values, up to the tolerance declared for the operator; wrong
    calls have to end in the status that the rules say. NOT_SUPPORTED in answer to a right call is counted, not a fault.

    Args:
        library: a `PythonLibrary`, `CLibrary` or other `Library`.
        operators: names; None for all that the library has.
        seed: of drawn inputs.
        repeats: runs of which the speed is the median; 0 for none. It is informative only.
        progress: called with the name of each operator when it was tested.

    Raises:
        ArgumentError: an operator is not in the library, or there are no cases for it.
        ModuleNotFoundError: onnx is not installed.
    """
    has = set(library.operators())
    chosen = sorted(has & set(GENERATORS) if operators is None else set(operators))
    if absent := [name for name in chosen if name not in has]:
        raise ArgumentError(f"{library.name} has no operator {absent[0]}")
    version = default_version()
    report = Report(library.name, version, seed)
    report.untested = sorted(has - set(GENERATORS)) if operators is None else []
    report.missing = sorted(MINIMAL_SET - has) if operators is None else []
    for name in chosen:
        report.operators.append(_operator(library, get(name, version=version), seed, repeats))
        if progress is not None:
            progress(name)
    return report


def _operator(library: Library, operator: Operator, seed: int, repeats: int) -> OperatorReport:
    tolerance = tolerance_of(operator.name)
    entry = OperatorReport(operator.name, str(tolerance))
    for case in cases_of(operator, seed):
        entry.cases += 1
        entry.right += not case.status
        finding = _wrong(library, operator, case) if case.status else _right(library, operator, case, entry)
        if finding:
            entry.findings.append(Finding(case.label, finding))
    if repeats and not entry.findings and entry.refused < entry.right:
        entry.speed = _speed(library, operator, seed, repeats)
    return entry


def _right(library: Library, operator: Operator, case: Case, entry: OperatorReport) -> str:
    """What is wrong with the answer to a call that is right."""
    try:
        expected = run(operator.name, case.inputs, case.attributes, outputs=case.outputs)
    except OperatorError:
        entry.skipped += 1
        return ""
    kept = [None if value is None else np.array(value) for value in case.inputs]
    try:
        got = library.call(operator, case, len(expected))
    except OperatorError as error:
        if error.status is Status.NOT_SUPPORTED:
            entry.refused += 1
            return ""
        return f"{error.status.name}: {error.reason}"
    except Exception as error:  # code of the vendor's
        return f"{type(error).__name__}: {error}"
    if changed := [i for i, value in enumerate(kept) if value is not None and not _same(value, case.inputs[i])]:
        return f"input {changed[0]} was changed"
    return difference(got, expected, tolerance_of(operator.name))


def _wrong(library: Library, operator: Operator, case: Case) -> str:
    """What is wrong with the answer to a call that is wrong."""
    try:
        library.call(operator, case, _outputs(operator, case))
    except OperatorError as error:
        if error.status is case.status:
            return ""
        return f"{error.status.name}, expected is {case.status.name}: {error.reason}"
    except Exception as error:  # code of the vendor's
        return f"{type(error).__name__}, expected is the status {case.status.name}"
    return f"SUCCESS, expected is {case.status.name}"


def _outputs(operator: Operator, case: Case) -> int:
    return case.outputs or sum(not parameter.optional for parameter in operator.outputs) or 1


def _same(a: NDArray[Any], b: Any) -> bool:
    return a.tobytes() == np.asarray(b).tobytes()


def _speed(library: Library, operator: Operator, seed: int, repeats: int) -> float | None:
    """Time of the reference divided by the library's, for the call with the largest inputs."""
    good = [case for case in cases_of(operator, seed) if not case.status]
    largest = max(good, key=lambda case: sum(np.size(value) for value in case.inputs if value is not None))
    outputs = prepared(operator.name, largest.inputs, largest.attributes, outputs=largest.outputs).outputs
    try:
        theirs = library.seconds(operator, largest, outputs, repeats)
        ours = BackendLibrary("reference", [operator.name]).seconds(operator, largest, outputs, repeats)
    except OperatorError:  # not supported for this one
        return None
    return ours / theirs
