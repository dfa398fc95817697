// Who decodes which chain.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "base/counter.hpp"
#include "base/cpu.hpp"
#include "payload/chain.hpp"

namespace aimc {

// Chains that can share a vector: same trellis, same unary length, payloads close to each other.
struct LaneGroup {
  bool dq;
  int unary_length;
  std::size_t window;  // number of the stretch of memory in which the payloads begin
  HeapVector<Chain*> chains;
  HeapVector<Counter> shares;  // one for each thread
};

// The work of one call: groups of chains for the lanes, and chains that are decoded by themselves. Longest first, so
// that no thread or lane is left with a long one at the end.
class Schedule {
 public:
  Schedule(HeapVector<Chain>& chains, unsigned threads, Isa isa);

  // Decodes all chains, each to its own status. One thread begins with the lanes, the others with the chains that must
  // be decoded by themselves; then each helps with what is left.
  void run();

 private:
  void place(Chain* chain);
  void run_alone(Counter& counter);
  void run_share(LaneGroup& group, std::size_t share);

  unsigned threads_;
  Isa isa_;
  const std::uint8_t* base_ = nullptr;  // where the first payload begins
  HeapVector<Chain*> alone_;
  HeapVector<LaneGroup> groups_;
};

}  // namespace aimc
