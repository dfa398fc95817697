#include "quant/quantise.hpp"

#include <cmath>

#include "capi/call.hpp"
#include "quant/dequantise.hpp"
#include "quant/trellis.hpp"

namespace aimc::capi {
namespace {

Status dequantise(const Context& context, void* data, std::size_t count, std::int32_t qp, std::uint32_t qp_density,
                  const std::int32_t* codebook, std::size_t codebook_size, std::uint32_t codebook_zero) {
  if (!usable(static_cast<std::int32_t*>(data), count)) return wrong("data is null or not aligned");
  if (qp_density > 7) return wrong("qp_density above 7");
  if (codebook_size > UINT32_MAX || !usable(codebook, codebook_size)) return wrong("a codebook that cannot be used");
  if (codebook_size > 0 ? codebook_zero >= codebook_size : codebook_zero != 0) {
    return wrong("codebook_zero outside the codebook");
  }
  float step = 0;
  if (!step_size(qp, static_cast<int>(qp_density), &step)) {
    return fail(Code::out_of_range, 0, "the quantization step is not a normal binary32 number");
  }
  if (codebook_size == 0) {
    dequantise_in_place(data, count, step, context.isa);
    return {};
  }
  const auto size = static_cast<std::uint32_t>(codebook_size);
  return look_up_in_place(data, count, step, codebook, size, codebook_zero)
             ? Status{}
             : fail(Code::out_of_range, 0, "codebook index outside the codebook");
}

}  // namespace
}  // namespace aimc::capi

using namespace aimc;
using namespace aimc::capi;

aimc_status aimc_quantise_uniform(aimc_context* handle, const float* x, size_t count, float step, int32_t* q,
                                  aimc_error* error) {
  return call(handle, error, [&](const Context& context, std::uint64_t*) {
    if (!usable(x, count) || !usable(q, count)) return wrong("x or q is null or not aligned");
    if (!(step > 0) || !std::isnormal(step)) return wrong("the step size is not a positive number");
    return quantise_uniform(x, count, step, q, context.isa);
  });
}

aimc_status aimc_quantise_trellis(aimc_context* handle, const float* x, size_t count, uint64_t rows, uint64_t width,
                                  uint32_t scan_order, double step, int32_t* q, aimc_error* error) {
  return call(handle, error, [&](const Context& context, std::uint64_t*) {
    if (count == 0 || rows == 0 || count % rows != 0 || count / rows != width)
      return wrong("count is not rows * width");
    if (!usable(x, count) || !usable(q, count)) return wrong("x or q is null or not aligned");
    if (scan_order > 4) return wrong("scan_order above 4");
    return quantise_trellis(x, rows, width, static_cast<int>(scan_order), step, q, context.isa);
  });
}

aimc_status aimc_dequantise(aimc_context* handle, void* data, size_t count, int32_t qp, uint32_t qp_density,
                            const int32_t* codebook, size_t codebook_size, uint32_t codebook_zero, aimc_error* error) {
  return call(handle, error, [&](const Context& context, std::uint64_t*) {
    return dequantise(context, data, count, qp, qp_density, codebook, codebook_size, codebook_zero);
  });
}
