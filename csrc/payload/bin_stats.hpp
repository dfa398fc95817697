// Where the bits of a codeword go.
#pragma once
#include <cstdint>

#include "base/allocator.hpp"
#include "entropy/bin_costs.hpp"
#include "payload/decode.hpp"

namespace aimc {

struct CodewordCosts {
  HeapVector<TensorCosts> tensors;
  std::uint64_t frame = 0;    // cost of what a codeword has besides bins: its start and its stop bit
  std::uint64_t padding = 0;  // bits after the stop bit
  Status status;              // where it is not ok, bins up to the error, and neither frame nor padding
};

// Decodes a codeword. No memory of its tensors is touched. Throws std::bad_alloc.
CodewordCosts cost_of_bins(const CodewordJob& job);

}  // namespace aimc
