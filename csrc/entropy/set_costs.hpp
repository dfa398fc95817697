// What the bins of one context cost under each parameter set (15.7).
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"
#include "entropy/cost.hpp"
#include "entropy/tables.hpp"

namespace aimc {

// One model per parameter set, all fed with the same bins.
struct SetCosts {
  std::int16_t a[kParameterSets];
  std::int16_t b[kParameterSets];
  std::uint64_t cost[kParameterSets] = {};

  // States to the initial ones of the sets; costs stay.
  void reset();
  // The last `n` bits of `bins`, the first bin most significant; n <= 32.
  void add(std::uint32_t bins, int n);
};

// Bins of one context: words of 16 bins, the first one most significant.
struct BinString {
  const std::uint16_t* words;
  std::size_t count;
  SetCosts* costs;
};

// Adds all the strings, which belong to different contexts. Fastest when the longest ones come first.
void add_strings(const BinString* strings, std::size_t count, Isa isa);

// The body for AVX-512, defined where the compiler supports it.
void add_strings_avx512(const BinString* strings, std::size_t count);

}  // namespace aimc
