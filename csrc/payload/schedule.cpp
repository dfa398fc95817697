#include "payload/schedule.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <new>

#include "base/parallel.hpp"
#include "payload/lane_feeder.hpp"
#include "payload/lanes.hpp"

namespace aimc {
namespace {

// Longest first; equal ones as they lie in memory, which is in coding order.
bool longer(const Chain* x, const Chain* y) {
  return x->levels != y->levels ? x->levels > y->levels : std::less<>()(x, y);
}

// How many of the longest chains (they come sorted) are better decoded by themselves: a lane takes kRowCost times as
// long for a level as a single decoder, and a vector as long as its longest lane.
std::size_t too_long_for_lanes(const HeapVector<Chain*>& chains, unsigned threads) {
  constexpr std::uint64_t kRowCost = 4;
  constexpr std::uint64_t kLanes = 32;
  if (chains.size() < kFewestLanes) return chains.size();
  std::uint64_t in_lanes = 0;
  for (const Chain* chain : chains) in_lanes += chain->levels;
  std::uint64_t alone = 0;
  std::uint64_t best_cost = std::numeric_limits<std::uint64_t>::max();
  std::size_t best = 0;
  for (std::size_t k = 0; k < chains.size(); ++k) {
    const std::uint64_t lanes = kRowCost * std::max(chains[k]->levels, in_lanes / kLanes);
    const std::uint64_t cost = threads > 1 ? std::max(lanes, alone / (threads - 1)) : lanes + alone;
    if (cost < best_cost) {
      best_cost = cost;
      best = k;
    }
    alone += chains[k]->levels;
    in_lanes -= chains[k]->levels;
  }
  return chains.size() - best < kFewestLanes ? chains.size() : best;
}

// A lane has 31 bits for its place: the chain must begin within its payload, which an entry point need not.
bool begins_inside(const Chain& chain) {
  const CodewordJob& job = *chain.codeword->job;
  return chain.begin == 0 || job.tensors.back().entry_points[chain.begin - 1].shifts / 8 <= job.size;
}

// Lanes take chains of a single run of contexts (10.2), without codebook, temporal or history contexts.
bool fits_lanes(const Chain& chain) {
  const OpenCodeword& open = *chain.codeword;
  const bool simple_rows = !open.last->header().row_skip_enabled || !open.last->blocked();
  return open.last->plain() && open.job->tensors.back().output != Output::codebook && simple_rows &&
         chain.end - chain.begin == 1 && begins_inside(chain) && open.job->size < kLaneWindow;
}

}  // namespace

Schedule::Schedule(HeapVector<Chain>& chains, unsigned threads, Isa isa) : threads_(threads), isa_(isa) {
  HeapVector<Chain*> order;
  for (Chain& chain : chains) {
    order.push_back(&chain);
    const std::uint8_t* payload = chain.codeword->job->payload;
    if (base_ == nullptr || std::less<>()(payload, base_)) base_ = payload;
  }
  std::sort(order.begin(), order.end(), longer);
  for (Chain* chain : order) place(chain);
  for (LaneGroup& group : groups_) {
    const auto keep = group.chains.begin() + static_cast<std::ptrdiff_t>(too_long_for_lanes(group.chains, threads));
    alone_.insert(alone_.end(), group.chains.begin(), keep);
    group.chains.erase(group.chains.begin(), keep);
  }
  std::sort(alone_.begin(), alone_.end(), longer);
}

void Schedule::run() {
  for (LaneGroup& group : groups_) {
    for (std::size_t share = 0; share < threads_; ++share) {
      group.shares.emplace_back((group.chains.size() + threads_ - 1 - share) / threads_);
    }
  }
  Counter alone(alone_.size());
  Counter workers(threads_);
  parallel(threads_, [&] {
    std::size_t worker = 0;
    workers.next(&worker);
    if (worker > 0) run_alone(alone);
    for (LaneGroup& group : groups_) {
      // Every thread gets its share of the long chains, and takes over from others when it has done its own.
      for (std::size_t i = 0; i < threads_; ++i) run_share(group, (worker + i) % threads_);
    }
    if (worker == 0) run_alone(alone);
  });
}

void Schedule::place(Chain* chain) {
  const TensorParams& params = chain->codeword->last->params();
  if (isa_ != Isa::avx512 || !fits_lanes(*chain)) {
    alone_.push_back(chain);
    return;
  }
  const auto window = static_cast<std::size_t>(chain->codeword->job->payload - base_) / kLaneWindow;
  auto group = std::find_if(groups_.begin(), groups_.end(), [&](const LaneGroup& g) {
    return g.dq == params.dq && g.unary_length == params.unary_length && g.window == window;
  });
  if (group == groups_.end()) {
    group = groups_.insert(group, LaneGroup{params.dq, params.unary_length, window, {}, {}});
  }
  group->chains.push_back(chain);
}

void Schedule::run_alone(Counter& counter) {
  for (std::size_t i; counter.next(&i);) {
    alone_[i]->status = guarded([&] { return decode_chain(*alone_[i], isa_); });
  }
}

void Schedule::run_share(LaneGroup& group, std::size_t share) {
  LaneFeeder feeder(group.chains, group.shares[share], share, threads_);
  try {
    run_lanes(feeder, base_ + group.window * kLaneWindow, group.dq, group.unary_length);
  } catch (const std::bad_alloc&) {
    // The chains in the lanes keep the status they began with.
  }
}

}  // namespace aimc
