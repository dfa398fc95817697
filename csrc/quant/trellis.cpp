#include "quant/trellis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "base/allocator.hpp"
#include "base/scan.hpp"
#include "quant/trellis_forward.hpp"

namespace aimc {
namespace {

// Largest value in steps: all four multiples tried stay inside int32.
constexpr double kMaxSteps = 2147483644.0;

AIMC_INLINE bool in_range_body(const float* x, std::uint64_t n, double inverse) {
  std::int32_t outside = 0;
  for (std::uint64_t i = 0; i < n; ++i) outside |= std::fabs(static_cast<double>(x[i])) * inverse < kMaxSteps ? 0 : 1;
  return outside == 0;
}

// Integers from the branches taken.
AIMC_INLINE void multiples_body(const float* x, const std::uint16_t* taken, std::uint64_t n, double inverse,
                                std::int32_t* w) {
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::int32_t first = first_multiple(std::fabs(static_cast<double>(x[i])) * inverse);
    const std::int32_t multiple = first + ((taken[i] - first) & 3);
    const std::int32_t value = taken[i] == kTakeZero ? 0 : multiple;
    w[i] = x[i] < 0 ? -value : value;
  }
}

struct Loops {
  bool (*in_range)(const float*, std::uint64_t, double);
  void (*multiples)(const float*, const std::uint16_t*, std::uint64_t, double, std::int32_t*);
};

bool in_range_scalar(const float* x, std::uint64_t n, double inverse) {
  return in_range_body(x, n, inverse);
}
void multiples_scalar(const float* x, const std::uint16_t* taken, std::uint64_t n, double inverse, std::int32_t* w) {
  multiples_body(x, taken, n, inverse, w);
}
#if AIMC_X86
AIMC_TARGET_AVX2 bool in_range_avx2(const float* x, std::uint64_t n, double inverse) {
  return in_range_body(x, n, inverse);
}
AIMC_TARGET_AVX2 void multiples_avx2(const float* x, const std::uint16_t* taken, std::uint64_t n, double inverse,
                                     std::int32_t* w) {
  multiples_body(x, taken, n, inverse, w);
}
#endif

Loops loops(Isa isa) {
#if AIMC_X86
  if (isa >= Isa::avx2) return {in_range_avx2, multiples_avx2};
#endif
  (void)isa;
  return {in_range_scalar, multiples_scalar};
}

// Replaces each decision on the cheapest path by the branch taken.
void trace_back(const double* costs, std::uint64_t n, std::uint16_t* decisions) {
  // By decision bits of the state: neither, second, third, third (which then beats both).
  TrellisBranch branch[kTrellisStates][4];
  for (int s = 0; s < kTrellisStates; ++s) {
    for (int bits = 0; bits < 4; ++bits) branch[s][bits] = kTrellisBranch[s][bits == 3 ? 2 : bits];
  }
  auto state = static_cast<unsigned>(std::min_element(costs, costs + kTrellisStates) - costs);
  for (std::uint64_t i = n; i-- > 0;) {
    const unsigned bits = static_cast<unsigned>(decisions[i]) >> state;
    const TrellisBranch b = branch[state][(bits & 1) | ((bits >> 7) & 2)];
    decisions[i] = b.take;
    state = b.from;
  }
}

void quantise(const float* x, ScanRuns runs, double inverse, std::uint16_t* decisions, std::int32_t* w, Isa isa) {
  double costs[kTrellisStates];
  std::fill_n(costs, kTrellisStates, std::numeric_limits<double>::infinity());
  costs[0] = 0;
  const TrellisForward forward = trellis_forward(isa);
  ScanRuns again = runs;
  ScanRun run;
  std::uint64_t done = 0;
  for (; runs.next(&run); done += run.count) forward(x + run.begin, run.count, inverse, costs, decisions + done);
  trace_back(costs, done, decisions);
  for (done = 0; again.next(&run); done += run.count) {
    loops(isa).multiples(x + run.begin, decisions + done, run.count, inverse, w + run.begin);
  }
}

}  // namespace

Status quantise_trellis(const float* x, std::uint64_t rows, std::uint64_t width, int scan_order, double step,
                        std::int32_t* w, Isa isa) {
  if (!(step > 0) || !std::isnormal(step)) return fail(Code::argument, 0, "the step size is not a positive number");
  if (scan_order < 0 || scan_order > 4) return fail(Code::argument, 0, "scan_order outside 0 to 4");
  const std::uint64_t n = rows * width;
  const double inverse = 1.0 / step;
  if (!loops(isa).in_range(x, n, inverse)) {
    const bool finite = std::all_of(x, x + n, [](float v) { return std::isfinite(v); });
    if (!finite) return fail(Code::argument, 0, "a value that is not finite");
    return fail(Code::out_of_range, 0, "a value of about 2^31 steps or more");
  }
  const bool blocked = scan_order > 0 && rows > 1 && width > 1;
  const std::uint64_t side = blocked ? std::uint64_t{4} << scan_order : 0;
  try {
    const HeapArray<std::uint16_t> decisions(static_cast<std::size_t>(n));
    quantise(x, ScanRuns(rows, width, side, false), inverse, decisions.get(), w, isa);
  } catch (const std::bad_alloc&) {
    return fail(Code::out_of_memory, 0, "out of memory while quantising");
  }
  return Status{};
}

}  // namespace aimc
