// Encoding of tensors of integers as one arithmetic codeword: the payload of one data unit (section 5).
#pragma once
#include <cstdint>

#include "base/allocator.hpp"
#include "base/status.hpp"
#include "payload/params.hpp"

namespace aimc {

// One tensor to be coded and the encoder's choices for it.
struct TensorInput {
  TensorParams params;
  // Row-major: doubled integers (10.3) with dq, else levels or codebook indices minus CbZeroOffset.
  const std::int32_t* levels = nullptr;
  std::int32_t qp_delta = 0;
  bool row_skip = false;      // row_skip_enabled_flag; the list marks the rows that are all zero
  bool history_flag = false;  // hist_dep_sig_prob_enabled_flag
  // Parameter set of each context (6), ContextLayout::count() of them; null: set 0 everywhere.
  const std::uint8_t* parameter_ids = nullptr;
};

// Whether the tensor's header has row_skip_enabled_flag (5.2).
bool has_row_skip_flag(const TensorParams& t, Dialect dialect);

// Whether the tensor's header can carry the choices (5.2); Code::argument if not.
Status check_input(const TensorInput& t, Dialect dialect);

// Replaces `out` by the codeword. `entry_points`, if not null, receives for each tensor one entry point for every block
// row after the first. Code::argument where the levels or choices are not what the syntax can carry.
Status encode_payload(const HeapVector<TensorInput>& tensors, Dialect dialect, HeapVector<std::uint8_t>& out,
                      HeapVector<HeapVector<EntryPoint>>* entry_points);

}  // namespace aimc
