// Chains for the lanes of one thread, and what becomes of them.
#pragma once
#include <cstddef>

#include "base/allocator.hpp"
#include "base/counter.hpp"
#include "payload/chain.hpp"
#include "payload/lanes.hpp"

namespace aimc {

// What a lane needs of a chain, and what becomes of it.
class LaneTask {
 public:
  explicit LaneTask(Chain& chain) : chain_(chain), tensor_(*chain.codeword->last) {}

  Status start(LaneChain** lane) {
    const OpenCodeword& open = *chain_.codeword;
    const TensorTarget& t = open.job->tensors.back();
    lane_.payload = open.job->payload;
    lane_.size = open.job->size;
    lane_.decoder = open.decoder;
    if (chain_.begin > 0) tensor_.enter(lane_.decoder, lane_.payload, lane_.size, t.entry_points[chain_.begin - 1]);
    const Status status = tensor_.start_any_block_row(lane_.decoder);
    if (!status.ok()) return status;
    lane_.state = tensor_.state();
    lane_.contexts = tensor_.contexts().data();
    const bool rows = tensor_.block_rows() > 1;
    const std::uint64_t side = rows ? block_side(t.params) : t.params.rows;
    const std::uint64_t first = chain_.begin * side;
    sink_ = make_owned<Sink>(t, first, std::min(first + side, t.params.rows), tensor_.blocked(),
                             tensor_.header().skipped, t.output == Output::uniform ? checked_step(t) : 0);
    lane_.sink = sink_.get();
    *lane = &lane_;
    return Status{};
  }

  Status finish() {
    const TensorTarget& t = chain_.codeword->job->tensors.back();
    if (chain_.end == tensor_.block_rows()) return check_end(lane_.decoder);
    return tensor_.check_entry(lane_.decoder, lane_.state, t.entry_points[chain_.begin]);
  }

  Chain& chain() { return chain_; }
  const LaneChain* lane() const { return &lane_; }

 private:
  Chain& chain_;
  TensorDecoder<NullTracer> tensor_;
  LaneChain lane_;
  Owned<Sink> sink_;
};

// Feeds the lanes of one worker. A chain that fails in the lanes is decoded once more by itself, so that the verdict
// does not depend on the path.
class LaneFeeder : public LaneSource {
 public:
  // Feeds the chains `share`, `share` + `shares`, `share` + 2 `shares` ...
  LaneFeeder(const HeapVector<Chain*>& chains, Counter& counter, std::size_t share, std::size_t shares)
      : chains_(chains), counter_(counter), share_(share), shares_(shares) {}

  LaneChain* next() override {
    for (std::size_t n; counter_.next(&n);) {
      const std::size_t i = n * shares_ + share_;
      auto task = make_owned<LaneTask>(*chains_[i]);
      LaneChain* lane = nullptr;
      const Status status = task->start(&lane);
      if (!status.ok()) {
        chains_[i]->status = status;
        continue;
      }
      tasks_.push_back(std::move(task));
      return lane;
    }
    return nullptr;
  }

  void done(LaneChain* lane, bool intact) override {
    const auto it = std::find_if(tasks_.begin(), tasks_.end(), [&](const auto& t) { return t->lane() == lane; });
    const Owned<LaneTask> task = std::move(*it);
    tasks_.erase(it);
    task->chain().status = intact ? task->finish() : fail(Code::inconsistent, 0, "lane given up");
    if (!task->chain().status.ok()) {
      task->chain().status = guarded([&] { return decode_chain(task->chain(), Isa::avx512); });
    }
  }

 private:
  const HeapVector<Chain*>& chains_;
  Counter& counter_;
  std::size_t share_;
  std::size_t shares_;
  HeapVector<Owned<LaneTask>> tasks_;
};

}  // namespace aimc
