// The encoder's choice of parameter sets for one tensor (15.7), with an estimate of what the tensor then costs.
#pragma once
#include <cstdint>

#include "base/cpu.hpp"
#include "payload/encode.hpp"

namespace aimc {

// Writes the parameter set of each context (section 6) to `ids`, ContextLayout::count() of them, and returns the
// estimated bits of the tensor: header, parameter sets and levels. `enabled` false: all sets are 0. The input must pass
// check_input; its parameter_ids are not looked at. Levels that the syntax cannot carry are left to encode_payload to
// find; the estimate then stops before them. Needs memory of bounded size; throws std::bad_alloc without it. The choice
// does not depend on the instruction set.
double choose_parameter_sets(const TensorInput& t, Dialect dialect, bool enabled, std::uint8_t* ids, Isa isa);

}  // namespace aimc
