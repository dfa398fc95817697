#include <cstddef>

#include "base/cpu.hpp"
#include "capi/structs.hpp"
#include "lossless/crc32.hpp"

namespace {

struct Member {
  const char* structure;
  const char* member;
  std::uint32_t offset;
  std::uint32_t size;
  std::uint32_t structure_size;
};

#define AIMC_MEMBER(S, M)                           \
  Member {                                          \
    #S, #M, offsetof(S, M), sizeof(S::M), sizeof(S) \
  }

constexpr Member kMembers[] = {
    AIMC_MEMBER(aimc_error, struct_size),
    AIMC_MEMBER(aimc_error, code),
    AIMC_MEMBER(aimc_error, bit_offset),
    AIMC_MEMBER(aimc_error, index),
    AIMC_MEMBER(aimc_error, message),
    AIMC_MEMBER(aimc_allocator, struct_size),
    AIMC_MEMBER(aimc_allocator, reserved),
    AIMC_MEMBER(aimc_allocator, alloc),
    AIMC_MEMBER(aimc_allocator, free),
    AIMC_MEMBER(aimc_allocator, user),
    AIMC_MEMBER(aimc_limits, struct_size),
    AIMC_MEMBER(aimc_limits, reserved),
    AIMC_MEMBER(aimc_limits, max_elements),
    AIMC_MEMBER(aimc_limits, max_output_bytes),
    AIMC_MEMBER(aimc_limits, max_expansion),
    AIMC_MEMBER(aimc_limits, max_codebook_entries),
    AIMC_MEMBER(aimc_limits, max_entry_points),
    AIMC_MEMBER(aimc_limits, max_live_bytes),
    AIMC_MEMBER(aimc_options, struct_size),
    AIMC_MEMBER(aimc_options, threads),
    AIMC_MEMBER(aimc_options, isa),
    AIMC_MEMBER(aimc_options, reserved),
    AIMC_MEMBER(aimc_options, limits),
    AIMC_MEMBER(aimc_options, allocator),
    AIMC_MEMBER(aimc_memory, struct_size),
    AIMC_MEMBER(aimc_memory, reserved),
    AIMC_MEMBER(aimc_memory, live_bytes),
    AIMC_MEMBER(aimc_memory, peak_bytes),
    AIMC_MEMBER(aimc_nnc_params, struct_size),
    AIMC_MEMBER(aimc_nnc_params, qp_bits),
    AIMC_MEMBER(aimc_nnc_params, rows),
    AIMC_MEMBER(aimc_nnc_params, width),
    AIMC_MEMBER(aimc_nnc_params, scan_order),
    AIMC_MEMBER(aimc_nnc_params, unary_length),
    AIMC_MEMBER(aimc_nnc_params, dq),
    AIMC_MEMBER(aimc_nnc_params, parent),
    AIMC_MEMBER(aimc_nnc_params, codebook_coded),
    AIMC_MEMBER(aimc_nnc_params, codebook_zero),
    AIMC_MEMBER(aimc_nnc_params, codebook_size),
    AIMC_MEMBER(aimc_nnc_params, codebook),
    AIMC_MEMBER(aimc_nnc_params, reference),
    AIMC_MEMBER(aimc_nnc_params, history),
    AIMC_MEMBER(aimc_nnc_params, reference_size),
    AIMC_MEMBER(aimc_nnc_params, history_size),
    AIMC_MEMBER(aimc_nnc_target, struct_size),
    AIMC_MEMBER(aimc_nnc_target, output),
    AIMC_MEMBER(aimc_nnc_target, params),
    AIMC_MEMBER(aimc_nnc_target, qp_offset),
    AIMC_MEMBER(aimc_nnc_target, qp_density),
    AIMC_MEMBER(aimc_nnc_target, entry_count),
    AIMC_MEMBER(aimc_nnc_target, entry_shifts),
    AIMC_MEMBER(aimc_nnc_target, entry_values),
    AIMC_MEMBER(aimc_nnc_target, entry_states),
    AIMC_MEMBER(aimc_nnc_target, data),
    AIMC_MEMBER(aimc_nnc_target, data_size),
    AIMC_MEMBER(aimc_nnc_target, qp),
    AIMC_MEMBER(aimc_nnc_target, row_skip_enabled),
    AIMC_MEMBER(aimc_nnc_target, history_enabled),
    AIMC_MEMBER(aimc_nnc_target, reserved),
    AIMC_MEMBER(aimc_nnc_codeword, struct_size),
    AIMC_MEMBER(aimc_nnc_codeword, dialect),
    AIMC_MEMBER(aimc_nnc_codeword, payload),
    AIMC_MEMBER(aimc_nnc_codeword, payload_size),
    AIMC_MEMBER(aimc_nnc_codeword, targets),
    AIMC_MEMBER(aimc_nnc_codeword, target_count),
    AIMC_MEMBER(aimc_nnc_codeword, code),
    AIMC_MEMBER(aimc_nnc_codeword, reserved),
    AIMC_MEMBER(aimc_nnc_codeword, bit_offset),
    AIMC_MEMBER(aimc_nnc_codeword, message),
    AIMC_MEMBER(aimc_nnc_input, struct_size),
    AIMC_MEMBER(aimc_nnc_input, qp_delta),
    AIMC_MEMBER(aimc_nnc_input, params),
    AIMC_MEMBER(aimc_nnc_input, levels),
    AIMC_MEMBER(aimc_nnc_input, level_count),
    AIMC_MEMBER(aimc_nnc_input, row_skip),
    AIMC_MEMBER(aimc_nnc_input, history_flag),
    AIMC_MEMBER(aimc_nnc_input, parameter_ids),
    AIMC_MEMBER(aimc_nnc_input, parameter_id_count),
    AIMC_MEMBER(aimc_nnc_encoded, struct_size),
    AIMC_MEMBER(aimc_nnc_encoded, reserved),
    AIMC_MEMBER(aimc_nnc_encoded, payload),
    AIMC_MEMBER(aimc_nnc_encoded, payload_size),
    AIMC_MEMBER(aimc_nnc_encoded, tensor_count),
    AIMC_MEMBER(aimc_nnc_encoded, entry_counts),
    AIMC_MEMBER(aimc_nnc_encoded, entry_shifts),
    AIMC_MEMBER(aimc_nnc_encoded, entry_values),
    AIMC_MEMBER(aimc_nnc_encoded, entry_states),
    AIMC_MEMBER(aimc_block, struct_size),
    AIMC_MEMBER(aimc_block, record_bytes),
    AIMC_MEMBER(aimc_block, rotate),
    AIMC_MEMBER(aimc_block, opaque),
    AIMC_MEMBER(aimc_block, data),
    AIMC_MEMBER(aimc_block, size),
    AIMC_MEMBER(aimc_block, crc),
    AIMC_MEMBER(aimc_block, reserved),
    AIMC_MEMBER(aimc_block, records),
    AIMC_MEMBER(aimc_block, out),
    AIMC_MEMBER(aimc_block, out_size),
    AIMC_MEMBER(aimc_block, code),
    AIMC_MEMBER(aimc_block, reserved2),
    AIMC_MEMBER(aimc_block, bit_offset),
    AIMC_MEMBER(aimc_block, message),
    AIMC_MEMBER(aimc_segment, struct_size),
    AIMC_MEMBER(aimc_segment, record_bytes),
    AIMC_MEMBER(aimc_segment, rotate),
    AIMC_MEMBER(aimc_segment, opaque),
    AIMC_MEMBER(aimc_segment, records),
    AIMC_MEMBER(aimc_segment, size),
    AIMC_MEMBER(aimc_segment, fields),
    AIMC_MEMBER(aimc_segment, field_count),
    AIMC_MEMBER(aimc_segment, block_records),
    AIMC_MEMBER(aimc_segment, row_records),
    AIMC_MEMBER(aimc_segment, thorough),
    AIMC_MEMBER(aimc_segment, reserved),
    AIMC_MEMBER(aimc_encoded_blocks, struct_size),
    AIMC_MEMBER(aimc_encoded_blocks, reserved),
    AIMC_MEMBER(aimc_encoded_blocks, payload),
    AIMC_MEMBER(aimc_encoded_blocks, payload_size),
    AIMC_MEMBER(aimc_encoded_blocks, block_count),
    AIMC_MEMBER(aimc_encoded_blocks, sizes),
    AIMC_MEMBER(aimc_encoded_blocks, crcs),
};

#undef AIMC_MEMBER

constexpr const char* kStatusNames[] = {
    "ok",          "truncated",      "malformed",     "out_of_range", "inconsistent", "missing_reference",
    "unsupported", "limit_exceeded", "out_of_memory", "argument",     "internal"};
static_assert(static_cast<int>(aimc::Code::internal) == AIMC_INTERNAL, "aimc.h and status.hpp must agree");

}  // namespace

uint32_t aimc_abi_version(void) {
  return AIMC_ABI_VERSION;
}

const char* aimc_version_string(void) {
  return AIMC_VERSION;
}

const char* aimc_status_name(aimc_status status) {
  return status >= 0 && status <= AIMC_INTERNAL ? kStatusNames[status] : "unknown";
}

int aimc_layout_member(uint32_t index, const char** structure, const char** member, uint32_t* offset, uint32_t* size,
                       uint32_t* structure_size) {
  if (index >= sizeof(kMembers) / sizeof(kMembers[0])) return 0;
  const Member& m = kMembers[index];
  if (structure != nullptr) *structure = m.structure;
  if (member != nullptr) *member = m.member;
  if (offset != nullptr) *offset = m.offset;
  if (size != nullptr) *size = m.size;
  if (structure_size != nullptr) *structure_size = m.structure_size;
  return 1;
}

uint32_t aimc_crc32(uint32_t value, const void* data, size_t size) {
  if (data == nullptr) return value;
  return aimc::lossless::crc32(value, static_cast<const std::uint8_t*>(data), size, aimc::active_isa());
}
