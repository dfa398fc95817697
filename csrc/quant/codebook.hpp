// Codebooks of quantised tensors (15.5).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace aimc {

// The distinct integers of a tensor, ascending. False, with `distinct` unspecified, if there are more than `most`.
bool distinct_integers(const std::int32_t* q, std::uint64_t n, std::size_t most, std::vector<std::int32_t>& distinct);

// Index of each integer in `codebook` (ascending) minus `zero`; false if one is missing. `indices` may be `q`.
bool look_up_indices(const std::int32_t* q, std::uint64_t n, const std::vector<std::int32_t>& codebook,
                     std::uint32_t zero, std::int32_t* indices);

}  // namespace aimc
