"""Seeded faults in copies of the slow encoder of NNC: what people get wrong when they write one."""

from __future__ import annotations

from .decoder_faults import Fault

__all__ = ["ENCODER_FAULTS"]


def fault(id: str, module: str, old: str, new: str) -> Fault:
    return Fault(id, f"nnc_encoder/{module}", old, new)


ENCODER_FAULTS = (
    # Arithmetic encoder (section 9).
    fault("carry-lost", "arithmetic.py", "self._outstanding += 1", "self._outstanding += 0"),
    fault(
        "carry-stops-at-ff",
        "arithmetic.py",
        "self._bytes += bytes(self._outstanding_ff)",
        'self._bytes += b"\\xff" * self._outstanding_ff',
    ),
    fault("outstanding-ff-lost", "arithmetic.py", '        self._bytes += b"\\xff" * self._outstanding_ff\n', ""),
    fault("stop-bit", "arithmetic.py", "0{n - 8}b}1", "0{n - 8}b}0"),
    fault("padding-of-ones", "arithmetic.py", 'tail + "0" *', 'tail + "1" *'),
    fault(
        "codeword-one-byte-longer",
        "arithmetic.py",
        "        return bytes(self._bytes)\n",
        '        return bytes(self._bytes) + b"\\0"\n',
    ),
    fault("lps-offset", "arithmetic.py", "self.low = self.low + rM", "self.low = self.low + rL"),
    fault("renormalisation", "arithmetic.py", "while self.R < 256:", "while self.R <= 256:"),
    fault("model-not-updated", "arithmetic.py", "        model.update(bin)\n", ""),
    fault("bypass-order", "arithmetic.py", "range(n - 1, -1, -1)", "range(n)"),
    fault("range-table-row", "arithmetic.py", "RT[(self.R & 0xE0) + q]", "RT[(self.R & 0xC0) + q]"),
    # Binarization and contexts (sections 6, 7).
    fault("sig-context-offset", "levels.py", "return SIG + 3 * s + n", "return SIG + 3 * s"),
    fault("sign-context", "levels.py", "return SIGN + n", "return SIGN"),
    fault("greater-context", "levels.py", "return GTX + 2 * j + sign_flag", "return GTX + 2 * j"),
    fault("unary-one-shorter", "levels.py", "j < self.N and", "j < self.N - 1 and"),
    fault("remainder-comparison", "levels.py", "abs_v >= abs_ + (1 << rem)", "abs_v > abs_ + (1 << rem)"),
    fault("trellis-next-state", "levels.py", "s = NEXT[s][k & 1]", "s = NEXT[s][int(k != 0)]"),
    # Payload (section 5).
    fault(
        "qp-sign",
        "payload.py",
        "e.uae(bits, qp_delta & ((1 << bits) - 1))",
        "e.uae(bits, -qp_delta & ((1 << bits) - 1))",
    ),
    fault("qp-bits", "payload.py", "6 + codeword.qp_density", "7 + codeword.qp_density"),
    fault(
        "shift-id-off-by-one",
        "payload.py",
        "e.ae(contexts.SHIFT, 1 if id else 0)",
        "e.ae(contexts.SHIFT, 0 if id else 1)",
    ),
    # Headers (sections 1 to 4).
    fault("golomb-order", "bit_writer.py", "            k += 1\n", ""),
    fault("alignment-of-ones", "bit_writer.py", '"1" + "0" * (7', '"1" + "1" * (7'),
    fault("string-without-end", "bit_writer.py", '+ b"\\0"', '+ b""'),
    fault("string-in-latin-1", "bit_writer.py", 'text.encode("utf-8")', 'text.encode("latin-1", "replace")'),
    fault("unit-size-off-by-one", "stream.py", "size_bytes + rest if", "size_bytes + rest + 1 if"),
    fault("long-unit-in-short-form", "stream.py", "(1 << 15) - 1", "(1 << 20) - 1"),
    fault(
        "dimensions-reversed",
        "data_unit.py",
        "for dimension in unit.tensor_dimensions:",
        "for dimension in unit.tensor_dimensions[::-1]:",
    ),
    fault("dq-flag-forgotten", "data_unit.py", "w.u(1, unit.dq_flag)", "w.u(1, 0)"),
    fault(
        "unary-length-off-by-one",
        "data_unit.py",
        "w.u(8, unit.cabac_unary_length_minus1)",
        "w.u(8, unit.cabac_unary_length_minus1 + 1)",
    ),
    fault("payload-type", "data_unit.py", "w.u(5, payload_type)", "w.u(5, 1)"),
    fault("payload-type-reserved", "data_unit.py", "w.u(5, payload_type)", "w.u(5, payload_type + 4)"),
    fault("scan-order-reserved", "data_unit.py", "w.u(4, unit.scan_order)", "w.u(4, 7)"),
    fault("profile-reserved", "parameter_sets.py", "w.u(8, self.general_profile_idc)", "w.u(8, 2)"),
    # Values (section 11).
    fault("truncation", "quantise.py", "np.floor(np.abs(scaled) + 0.5)", "np.floor(np.abs(scaled))"),
    fault("trellis-rounding", "quantise.py", "(abs(scaled) + (s & 1) + 1) // 2", "(abs(scaled) + (s & 1) + 3) // 2"),
    fault("density-contradicts", "model.py", "mps_qp_density=QP_DENSITY", "mps_qp_density=3"),
    fault(
        "integers-wrap",
        "quantise.py",
        "return values.astype(np.int64)",
        "return values.astype(np.int8).astype(np.int64)",
    ),
    fault(
        "tensor-left-out", "model.py", "in tensors.items():", "in list(tensors.items())[: max(1, len(tensors) - 1)]:"
    ),
    fault("second-parameter-set", "model.py", "encoder.add(TopologyUnit())", "encoder.add(ModelParameterSet())"),
    fault(
        "claimed-reconstruction", "quantise.py", "uniform_values(levels, step)", "uniform_values(levels, step * 1.001)"
    ),
)
