#include "payload/plain_runs.hpp"

namespace aimc {
namespace {

using Decoder = BinDecoder<NullTracer>;

template <bool kDq>
bool run_scalar(Decoder& d, DecoderContext* contexts, const ContextLayout& layout, LevelState& state, std::int32_t* out,
                std::uint64_t n, std::uint64_t position) {
  return decode_plain_run<NullTracer, kDq>(d, contexts, layout, state, out, n, position);
}

#if AIMC_X86
// lzcnt and the flagless shifts of BMI2 shorten the chain from one bin to the next.
template <bool kDq>
AIMC_TARGET_AVX2 bool run_avx2(Decoder& d, DecoderContext* contexts, const ContextLayout& layout, LevelState& state,
                               std::int32_t* out, std::uint64_t n, std::uint64_t position) {
  return decode_plain_run<NullTracer, kDq>(d, contexts, layout, state, out, n, position);
}
#endif

}  // namespace

PlainRuns plain_runs(Isa isa) {
#if AIMC_X86
  if (isa >= Isa::avx2) return {run_avx2<false>, run_avx2<true>};
#endif
  (void)isa;
  return {run_scalar<false>, run_scalar<true>};
}

}  // namespace aimc
