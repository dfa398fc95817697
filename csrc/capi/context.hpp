// What a handle stands for, and the table of those that are open.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "base/cpu.hpp"
#include "base/status.hpp"
#include "include/aimc/aimc.h"

namespace aimc::capi {

// Results of the last encoding.
struct Results {
  HeapVector<std::uint8_t> payload;
  HeapVector<std::size_t> entry_counts;
  HeapVector<std::uint64_t> entry_shifts;
  HeapVector<std::uint8_t> entry_values;
  HeapVector<std::uint8_t> entry_states;
  HeapVector<std::uint32_t> sizes;
  HeapVector<std::uint32_t> crcs;
};

struct Context {
  Context(const HeapFunctions& heap_functions, const aimc_limits& given)
      : functions(heap_functions), limits(given), heap(heap_functions, given.max_live_bytes) {}

  HeapFunctions functions;
  aimc_limits limits;
  unsigned threads = 1;
  Isa isa = Isa::scalar;
  Heap heap;
  Results results;  // under `heap`
};

// Makes a handle of a context; null when too many are open.
aimc_context* open_handle(Context* context) noexcept;

// The context of a handle, taken for a call. Null and a status if it is not open or in use.
Status take(aimc_context* handle, Context** context) noexcept;
void give_back(aimc_context* handle) noexcept;
// Closes the handle of a context that was taken.
void close(aimc_context* handle) noexcept;

}  // namespace aimc::capi
