"""How many bins a stream has."""

from __future__ import annotations

from aimcodec import _core
from aimcodec.coding.nnc.data_unit import DIALECT_EDITION2, PT_RAW_FLOAT
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.coding.nnc.payloads import References, build_job
from aimcodec.syntax.nnc import iter_units


def count_bins(stream: bytes) -> int:
    """Bins of all codewords of an edition-2 stream that is not an update, bypass and terminate bins included."""
    jobs = [
        build_job(unit, DIALECT_EDITION2, integers=True, references=References())
        for unit in interpret(iter_units(stream))
        if unit.payload_type != PT_RAW_FLOAT
    ]
    bins = 0
    for job in jobs:
        trace = _core.BinTrace(job, 0, 0)
        trace.finish()
        bins += trace.count()
    return bins
