"""Seeded faults in copies of the slow decoders: what people get wrong when they write one.

Each replaces a piece of the source that is there exactly once. All of them change what some stream decodes to, or
whether it is refused; a fault that no stream of `core` tells is a missing stream.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["AIM_DECODER_FAULTS", "NNC_DECODER_FAULTS", "Fault"]


class Fault(NamedTuple):
    """A fault.

    Attributes:
        id: what goes wrong.
        module: file below the copied package.
        old: what is there.
        new: what is there instead.
    """

    id: str
    module: str
    old: str
    new: str
    syntax: Literal["nnc", "aim"] = "nnc"


NNC_DECODER_FAULTS = (
    # Contexts (sections 6, 8).
    Fault("sig-context-ignores-neighbour", "levels.py", "sig = SIG + 3 * s + n", "sig = SIG + 3 * s"),
    Fault("sig-context-ignores-state", "levels.py", "sig = SIG + 3 * s + n", "sig = SIG + n"),
    Fault("sig-context-offset", "contexts.py", "SIGN = 48\n", "SIGN = 47\n"),
    Fault("sig-temporal-class", "levels.py", "(1 if abs(ref) > 1 else 0)", "(1 if abs(ref) > 2 else 0)"),
    Fault("sig-history-ignores-state", "levels.py", "sig = SIG_H + s", "sig = SIG_H"),
    Fault("sign-context-ignores-neighbour", "levels.py", "sign_context = SIGN + n", "sign_context = SIGN"),
    Fault(
        "sign-temporal-swapped", "levels.py", "SIGN_T if ref < 0 else SIGN_T + 1", "SIGN_T if ref > 0 else SIGN_T + 1"
    ),
    Fault("greater-context-ignores-sign", "levels.py", "gtx = GTX + 2 * j + sign_flag", "gtx = GTX + 2 * j"),
    Fault("greater-temporal-bound", "levels.py", "(0 if abs(ref) >= j else 1)", "(0 if abs(ref) > j else 1)"),
    Fault("neighbour-classes-swapped", "levels.py", "return 1 if k < 0 else 2", "return 2 if k < 0 else 1"),
    Fault("row-skip-context-shared", "contexts.py", "self.models[GTX + 4 * N + 36]", "self.models[GTX + 4 * N + 34]"),
    Fault("estimate-shift", "contexts.py", "((sgn * self.a) >> 3)", "((sgn * self.a) >> 4)"),
    Fault("fast-rate", "contexts.py", "self.ra = p0 + 4", "self.ra = p0 + 5"),
    Fault("slow-rate", "contexts.py", "self.rb = p1", "self.rb = p1 + 1"),
    Fault("second-estimate-not-initialised", "contexts.py", "self.b = S0 - 16 * a0", "self.b = S0"),
    Fault("parameter-set-typo", "tables.py", "(2, 6, 3039, 95)", "(2, 6, 3039, 94)"),
    Fault("parameter-set-lost-in-reset", "contexts.py", "model.init(model.id)", "model.init(0)"),
    Fault("contexts-not-reset", "levels.py", "                self.contexts.reset()\n", ""),
    # Arithmetic decoder (section 9).
    Fault("range-table-row", "cabac.py", "RT[(R & 0xE0) + q]", "RT[((R - 1) & 0xE0) + q]"),
    Fault("mps-of-state-zero", "cabac.py", "MPS = 1 if S >= 0 else 0", "MPS = 1 if S > 0 else 0"),
    Fault("column-of-negative-state", "cabac.py", "q = abs(S >> 7)", "q = abs(S) >> 7"),
    Fault("lps-comparison", "cabac.py", "if rM <= O:", "if rM < O:"),
    Fault("bypass-comparison", "cabac.py", "if self.O >= self.R:", "if self.O > self.R:"),
    Fault("range-not-reset", "cabac.py", "        self.R = 256\n", ""),
    Fault("terminate-bin-unchecked", "cabac.py", "if self.O < self.R:", "if False:"),
    Fault("trailing-bytes-unchecked", "cabac.py", "if len(self._bits) != 8 * (2 + self.P // 8):", "if False:"),
    Fault("signed-bypass-without-sign", "cabac.py", "value - (1 << n) if value >> (n - 1) else value", "value"),
    # Binarization (section 7).
    Fault("unary-one-longer", "levels.py", "flag == 1 and j < N - 1 and", "flag == 1 and j < N and"),
    Fault(
        "suffix-one-bit-less", "levels.py", 'self.d.uae(rem, "rem_suffix")', 'self.d.uae(max(rem - 1, 0), "rem_suffix")'
    ),
    Fault("remainder-limit", "levels.py", "abs_ + (1 << rem) <= limit", "abs_ + (1 << rem) < limit"),
    Fault(
        "limit-sides-swapped",
        "levels.py",
        "cbZero if sign_flag else cbSize - 1 - cbZero",
        "cbSize - 1 - cbZero if sign_flag else cbZero",
    ),
    Fault(
        "limit-of-one-coded", "levels.py", "if limit is not None and limit <= 1:", "if limit is not None and limit < 1:"
    ),
    Fault("implied-sign", "levels.py", "sign_flag = 1 if cbZero != 0 else 0", "sign_flag = 0"),
    Fault("codebook-of-one-coded", "levels.py", "            if self.cbSize == 1:\n                continue\n", ""),
    # Trellis, scan, rows (section 10).
    Fault("trellis-parity-sign", "levels.py", "2 * k - sign(k) * (s & 1)", "2 * k + sign(k) * (s & 1)"),
    Fault("trellis-parity-state", "levels.py", "2 * k - sign(k) * (s & 1)", "2 * k - sign(k) * (s >> 2)"),
    Fault("trellis-next-state", "levels.py", "s = NEXT[s][k & 1]", "s = NEXT[s][int(k != 0)]"),
    Fault(
        "trellis-reset-at-block-row",
        "levels.py",
        "                n = 0\n",
        "                n = 0\n                s = 0\n",
    ),
    Fault("trellis-stands-in-skipped-row", "levels.py", "s = skip_row(s, self.layerWidth)", "s = s"),
    Fault("neighbour-kept-at-block-row", "levels.py", "                n = 0\n", ""),
    Fault("block-size", "scan.py", "B = 4 << scan_order", "B = 8 << scan_order"),
    Fault("single-block-row-resets", "scan.py", "resets = rows > B or", "resets = rows >= B or"),
    Fault("block-rows-not-reset", "scan.py", "starts_block_row = resets\n", "starts_block_row = False\n"),
    Fault(
        "scan-transposed",
        "scan.py",
        "for column in range(0, layerWidth, B):",
        "for column in reversed(range(0, layerWidth, B)):",
    ),
    # Payload (section 5).
    Fault("one-row-is-two-dimensional", "payload.py", "layerWidth > 1 and numWeights > layerWidth", "layerWidth > 1"),
    Fault("qp-bits", "payload.py", "6 + codeword.qp_density", "8"),
    Fault("qp-offset-forgotten", "payload.py", '"qp_delta") + codeword.quantization_parameter', '"qp_delta")'),
    Fault(
        "shift-id-off-by-one",
        "payload.py",
        'return 1 + d.uae(3, "shift_id_minus1")',
        'return d.uae(3, "shift_id_minus1")',
    ),
    Fault("shift-ids-of-trellis", "payload.py", "(24 if dq_flag else 3)", "(24 if dq_flag else 24)"),
    Fault("shift-ids-of-codebook", "payload.py", "a < 2 * maxAbs:", "a <= 2 * maxAbs:"),
    Fault("shift-ids-of-remainder", "payload.py", "lim = N - 1 + 2 ** (a + 1) - 1", "lim = N - 1 + 2 ** (a + 1) + 1"),
    Fault("dialect-of-edition-1", "payload.py", "32 if codeword.nncodec1 else 31", "31"),
    # Values (section 11).
    Fault("step-mantissa", "reconstruct.py", "k + (QP & (k - 1))", "k + (QP & 3)"),
    Fault("step-rounds-to-zero", "reconstruct.py", "exponent = (QP >> d) - d", "exponent = int(QP / k) - d"),
    Fault(
        "codebook-reversed",
        "reconstruct.py",
        "levels.astype(np.int64) + CbZeroOffset",
        "CbZeroOffset - levels.astype(np.int64)",
    ),
    Fault(
        "integers-as-floats",
        "data_unit.py",
        "        return decoded.integers\n",
        "        return decoded.integers.astype(np.float32)\n",
    ),
    Fault(
        "vectors-of-block", "data_unit.py", "return [*LS, *BI, *vectors, weight]", "return [*LS, *vectors, *BI, weight]"
    ),
    # Headers (sections 1 to 4).
    Fault("golomb-order", "bits.py", "(((1 << z) - 1) << k)", "((1 << z) - 1)"),
    Fault("signed-golomb", "bits.py", "(m + 1) // 2 if m & 1 else -(m // 2)", "-((m + 1) // 2) if m & 1 else m // 2"),
    Fault("signed-without-sign", "bits.py", "value - (1 << n) if value >> (n - 1) else value", "value"),
    Fault("long-size-forgotten", "framing.py", "31 if nnr_unit_size_flag else 15", "15"),
    Fault("size-not-checked", "framing.py", "if begin + 8 * nnr_unit_size > r.end:", "if False:"),
    Fault("second-parameter-set", "decoder.py", "            if self.mps is not None:\n", "            if False:\n"),
    Fault(
        "layer-set-ignored",
        "decoder.py",
        "self.lps_quantization or mps.quantization",
        "mps.quantization or self.lps_quantization",
    ),
    Fault("default-unary-length", "ndu.py", "if cabac_unary_length_flag else 9", "if cabac_unary_length_flag else 10"),
    Fault("entry-points-count", "ndu.py", "math.ceil(rows / blockDim) - 1", "math.ceil(rows / blockDim)"),
    Fault(
        "entry-point-state",
        "ndu.py",
        '            r.u(3, f"cabac_entry_point_dq_state[{j}]")',
        '            r.u(2, f"cabac_entry_point_dq_state[{j}]")',
    ),
    Fault("codebook-centre", "ndu.py", "(codebook_size >> 1) +", "(codebook_size + 1 >> 1) +"),
    Fault("codebook-delta", "ndu.py", '{CbZeroOffset - 1 - j}]") - 1', '{CbZeroOffset - 1 - j}]")'),
    Fault("dimension-of-zero", "ndu.py", "if tensor_dimensions[j] == 0:", "if False:"),
    Fault("payload-type-unchecked", "ndu.py", "if payload_type > NNR_PT_BLOCK:", "if False:"),
    # Updates (section 12).
    Fault(
        "reference-not-replaced",
        "updates.py",
        "self.references[name] = Reference(",
        "self.references.setdefault(name, Reference(integers, node_id, 1)) and Reference(",
    ),
    Fault("history-not-accumulated", "updates.py", "before | nonzero", "nonzero"),
)


def aim(id: str, module: str, old: str, new: str) -> Fault:
    return Fault(id, f"aim/{module}", old, new, "aim")


AIM_DECODER_FAULTS = (
    # Blocks (clauses 7.1 to 7.3).
    aim("sign-not-moved-back", "block.py", "rotated_back(record) if kind.rotate else record", "record"),
    aim(
        "constant-byte",
        "block.py",
        'r.bytes(kind.bytes, "constant") * n',
        'r.bytes(kind.bytes, "constant")[:1] * (n * kind.bytes)',
    ),
    aim("block-end-unchecked", "block.py", "    r.expect_end()\n", ""),
    aim("mask-bit-order", "block.py", "mask[i // 8] >> i % 8 & 1", "mask[i // 8] >> 7 - i % 8 & 1"),
    aim("mask-tail-unchecked", "block.py", "    if bits >> n:\n", "    if False:\n"),
    aim("mask-count-unchecked", "block.py", "if bits.bit_count() != nonzero_count:", "if False:"),
    aim("field-widths-unchecked", "block.py", "    if sum(widths) != kind.bytes:\n", "    if False:\n"),
    # Planes (7.4 to 7.7).
    aim(
        "depth-unchecked",
        "plane.py",
        "{0: {0, 1, 2, 3, 4, 5}, 1: {0, 1, 2, 5}}.get(depth, {0, 1, 2})",
        "{0, 1, 2, 3, 4, 5}",
    ),
    aim(
        "part-size-unchecked", "plane.py", "if part_bytes % PART_UNIT or not PART_UNIT <= part_bytes < m:", "if False:"
    ),
    aim("last-part-size", "plane.py", "min(part_bytes, m - begin)", "part_bytes"),
    aim("nibble-order", "nibbles.py", ">> 4 * (i % 2)", ">> 4 * (1 - i % 2)"),
    aim("nibbles-swapped", "nibbles.py", "16 * b + a", "16 * a + b"),
    aim("nibble-padding-unchecked", "plane.py", " or any(low[m:])", ""),
    aim("state-codes", "rans.py", "{0: 4, 1: 256, 2: 64, 3: 128}", "{0: 4, 1: 256, 2: 128, 3: 64}"),
    aim("final-states-unchecked", "rans.py", "if any(x != 256 for x in state):", "if False:"),
    aim("escapes-left-unchecked", "rans.py", "    if taken != len(escapes):\n", "    if False:\n"),
    aim("symbols-unordered", "rans.py", "if any(a >= b for a, b in pairwise(symbols)):", "if False:"),
    aim("slot-of-state", "rans.py", "+ (x & 255) - start", "+ (x & 255) - start + (start > 200)"),
    aim("minimum-match", "matches.py", "MINIMUM_MATCH = 4", "MINIMUM_MATCH = 3"),
    aim("distance-bytes", "matches.py", "distances[1][s] << 8", "distances[1][s] << 7"),
    aim("distance-of-zero", "matches.py", "if not 1 <= distance <= len(output):", "if not distance <= len(output):"),
    aim("long-length-form-unchecked", "matches.py", "if number is not None and number < LONG_LENGTH:", "if False:"),
    aim("lengths-left-unchecked", "matches.py", "    if position != len(data):\n", "    if False:\n"),
    # Context coding (clause 8).
    aim("context-rate", "context.py", "return 2 if r <= 14 else 1", "return 2 if r <= 13 else 1"),
    aim("context-clamp", "context.py", "-128), 512)", "-128), 256)"),
    aim("context-decay", "context.py", "row -= row >> 5", "row -= row >> 6"),
    aim("context-base", "context.py", "owner.symbol - 45", "owner.symbol - 44"),
    aim("context-start", "context.py", "(64 * self.header.start_code + 32) * 32", "64 * self.header.start_code * 32"),
    aim("context-table", "context.py", "self.tables[base & 3][slot]", "self.tables[base & 1][slot]"),
    aim("context-weight", "context.py", "(8 + w % 8) << (w // 8 - 1)", "(8 + w % 8) << (w // 8)"),
    aim("context-rests-unchecked", "context.py", "if len(digits) > n * rest_bits:", "if False:"),
    aim("context-states-unchecked", "context.py", "if any(x != LOWEST_STATE for x in self.state):", "if False:"),
    # Tensors (clauses 4, 6).
    aim("block-checksum-unchecked", "tensor.py", "!= block_crcs[i]:", "!= block_crcs[i] and False:"),
    aim("block-size-unchecked", "tensor.py", "if coded_size > n * tensor.records.bytes + 1:", "if False:"),
    aim("last-block-size", "tensor.py", "n = min(block_records, records - i * block_records)", "n = block_records"),
    aim("raw-segments", "tensor.py", "if tensor.coding == RAW and elements != tensor.elements:", "if False:"),
    aim("tail-bits-unchecked", "tensor.py", "if bits < 8 and", "if False and"),
    aim("bool-unchecked", "tensor.py", "if tensor.data_type == BOOL and", "if False and"),
    aim("complex-records", "data_types.py", 'turned("COMPLEX64", 64, 4)', 'turned("COMPLEX64", 64, 8)'),
    aim("half-not-rotated", "data_types.py", 'turned("FLOAT16", 16, 2)', 'plain("FLOAT16", 16)'),
    aim("bits-of-fp6", "data_types.py", 'plain("FLOAT6_E3M2FN", 6)', 'plain("FLOAT6_E3M2FN", 8)'),
    aim(
        "tied-reserved-bits",
        "tensor.py",
        '    r.reserved_zero(7, "reserved_zero_7bits")\n',
        '    r.u(7, "reserved_zero_7bits")\n',
    ),
    # Units (clause 2).
    aim(
        "header-checksum-unchecked",
        "unit.py",
        'if zlib.crc32(data[begin : header_end - 4]) != int.from_bytes(data[header_end - 4 : header_end], "big"):',
        "if False:",
    ),
    aim(
        "payload-checksum-unchecked",
        "unit.py",
        "if zlib.crc32(data[payload_begin:payload_end]) != payload_crc:",
        "if False:",
    ),
    aim("header-padding-unchecked", "unit.py", "if any(data[header_end:payload_begin]):", "if False:"),
    aim("payload-padding-unchecked", "unit.py", "if any(data[payload_end:end]):", "if False:"),
    aim(
        "reserved-bits-ignored", "unit.py", 'r.reserved_zero(6, "reserved_zero_6bits")', 'r.u(6, "reserved_zero_6bits")'
    ),
    aim("critical-unit-skipped", "unit.py", "        if critical_flag:\n", "        if False:\n"),
    aim("ancillary-unit-refused", "unit.py", "        if critical_flag:\n", "        if True:\n"),
    aim("critical-flag-unchecked", "unit.py", "elif critical_flag != (unit_type in CRITICAL):", "elif False:"),
    aim("protected-index", "unit.py", "if protected_flag and unit_type in NEVER_PROTECTED:", "if False:"),
    # Files (clauses 3, 5, 9).
    aim("trailing-data", "file.py", "if end.end != len(data):", "if False:"),
    aim("duplicate-names", "file.py", "if (variant_id, name) in self.numbers:", "if False:"),
    aim(
        "alias-of-alias",
        "file.py",
        "if number is None or self.entries[number].coding == CODING_ALIAS:",
        "if number is None:",
    ),
    aim("segment-gap", "file.py", "if found.start != expected:", "if False:"),
    aim("duplicate-keys", "file.py", "if key in self.file.metadata:", "if False:"),
    aim("unknown-variant", "file.py", "if variant_id != 0 and variant_id not in self.file.variants:", "if False:"),
    aim(
        "unit-digest-unchecked",
        "index.py",
        'expect(r, f"unit_digest[{i}]", r.b(32, f"unit_digest[{i}]"), unit.digest)',
        'r.b(32, f"unit_digest[{i}]")',
    ),
    aim("index-digest-unchecked", "index.py", '    expect(r, "index_digest", index_digest, index.digest)\n', ""),
    aim(
        "file-size-unchecked",
        "index.py",
        'expect(r, "file_size", r.u(64, "file_size"), end.end)',
        'r.u(64, "file_size")',
    ),
    aim("version-unchecked", "beside.py", "if version_major != VERSION_MAJOR:", "if False:"),
    aim("path-traversal", "beside.py", '{"", ".", ".."}', '{"", "."}'),
    aim("text-with-zero", "elements.py", 'if "\\0" in text:', "if False:"),
    aim("nnc-split-unchecked", "nnc.py", "if nnr.reader.position != 8 * (position + len(nnc.header)):", "if False:"),
    aim("nnc-names-unchecked", "nnc.py", "if names != [tensor.name for tensor in nnc.tensors]:", "if False:"),
)
