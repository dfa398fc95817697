// What the coding of a tensor depends on, checked and translated.
#pragma once
#include "base/status.hpp"
#include "include/aimc/aimc.h"
#include "payload/params.hpp"

namespace aimc::capi {

// Also whether the limits allow the tensor.
Status read_params(const aimc_nnc_params* given, const aimc_limits& limits, TensorParams* params);

Status read_dialect(std::uint32_t given, Dialect* dialect);

}  // namespace aimc::capi
