#include "capi/nnc_params.hpp"

#include "capi/structs.hpp"
#include "entropy/levels.hpp"

namespace aimc::capi {
namespace {

// Whatever the limits say: positions in bytes must fit.
constexpr std::uint64_t kAddressable = std::uint64_t{1} << 44;

Status check_fields(const aimc_nnc_params& p) {
  if (p.qp_bits > 13 || p.scan_order > 4) return wrong("qp_bits above 13 or scan_order above 4");
  if (p.unary_length < 1 || p.unary_length > kMaxUnaryLength) return wrong("unary_length outside 1 to 256");
  if (!is_flag(p.dq) || !is_flag(p.parent) || !is_flag(p.codebook_coded)) return wrong("a flag is not 0 or 1");
  if (p.codebook_size == 0 && (p.codebook_coded != 0 || p.codebook_zero != 0 || p.codebook != nullptr)) {
    return wrong("a codebook without entries");
  }
  if (p.codebook_size > 0 && p.codebook_zero >= p.codebook_size) return wrong("codebook_zero outside the codebook");
  if (!aligned(p.codebook) || !aligned(p.reference)) return wrong("an array that is not aligned");
  return {};
}

Status check_size(const aimc_nnc_params& p, const aimc_limits& limits) {
  if (p.rows == 0 || p.width == 0) return fail(Code::out_of_range, 0, "a dimension is 0");
  const std::uint64_t most = limits.max_elements < kAddressable ? limits.max_elements : kAddressable;
  if (p.rows > most / p.width) return fail(Code::limit_exceeded, 0, "more elements than max_elements");
  if (p.codebook_size > limits.max_codebook_entries || p.codebook_size > (std::uint64_t{1} << 31)) {
    return fail(Code::limit_exceeded, 0, "more codebook entries than max_codebook_entries");
  }
  return {};
}

// Once rows * width is known to be small enough.
Status check_arrays(const aimc_nnc_params& p) {
  const std::uint64_t count = p.rows * p.width;
  if (p.reference_size != (p.reference != nullptr ? count : 0) ||
      p.history_size != (p.history != nullptr ? count : 0)) {
    return wrong("reference or history of another size than the tensor");
  }
  return {};
}

}  // namespace

Status read_params(const aimc_nnc_params* given, const aimc_limits& limits, TensorParams* params) {
  if (const Status s = check_struct(given); !s.ok()) return s;
  if (const Status s = check_fields(*given); !s.ok()) return s;
  if (const Status s = check_size(*given, limits); !s.ok()) return s;
  if (const Status s = check_arrays(*given); !s.ok()) return s;
  params->rows = given->rows;
  params->width = given->width;
  params->qp_bits = static_cast<std::uint8_t>(given->qp_bits);
  params->scan_order = static_cast<std::uint8_t>(given->scan_order);
  params->unary_length = static_cast<std::uint16_t>(given->unary_length);
  params->dq = given->dq != 0;
  params->parent = given->parent != 0;
  params->codebook = given->codebook_coded != 0;
  params->codebook_size = static_cast<std::uint32_t>(given->codebook_size);
  params->codebook_zero = given->codebook_zero;
  params->temporal = given->reference != nullptr;
  params->reference = given->reference;
  params->history = given->history;
  return {};
}

Status read_dialect(std::uint32_t given, Dialect* dialect) {
  if (given > AIMC_NNC_EDITION2) return wrong("an unknown dialect");
  *dialect = static_cast<Dialect>(given);
  return {};
}

}  // namespace aimc::capi
