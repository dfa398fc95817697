// The intrinsics of gcc 12 start from deliberately undefined registers.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "payload/lane_machine.hpp"
#include "payload/lanes.hpp"

namespace aimc {

void run_lanes(LaneSource& source, const std::uint8_t* base, bool dq, int unary_length) {
#if AIMC_X86
  LaneMachine<Wide> wide(source, base, dq, unary_length);
  const HeapVector<SuspendedChain> left = wide.run({}, Narrow::kLanes + 1);
  LaneMachine<Narrow>(source, base, dq, unary_length).run_to_the_end(left);
#else
  (void)source, (void)base, (void)dq, (void)unary_length;
#endif
}

}  // namespace aimc
