// Which parameter sets to signal, given what the bins of each context cost under each.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"

namespace aimc {

// A context whose parameter set is signalled: what set 0 costs, and the best other set. Units of 2^-kCostShift bit.
struct SetOption {
  std::uint64_t cost_default;
  std::uint64_t cost_other;
  std::uint8_t other;
};

// Chooses between the two for each context, in coding order, such that the bins and their parameter set ids (5.3) cost
// least together. Returns the ids; `cost` becomes the sum.
HeapVector<std::uint8_t> choose_sets(const HeapVector<SetOption>& options, std::uint64_t* cost);

}  // namespace aimc
