#include "payload/decode.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <new>

#include "base/parallel.hpp"
#include "entropy/tracer.hpp"
#include "payload/lanes.hpp"
#include "payload/plain_runs.hpp"
#include "payload/tensor_decoder.hpp"
#include "quant/dequantise.hpp"

namespace aimc {
namespace {

using Decoder = BinDecoder<NullTracer>;

// Decodes of one task: at least this many levels, so that starting a chain costs next to nothing.
constexpr std::uint64_t kChainLevels = std::uint64_t{1} << 16;

constexpr Status kOutOfMemory{Code::out_of_memory, 0, "out of memory while decoding"};

// A codeword opened up to the levels of its last tensor: what comes before is small (the vectors of a block, the
// headers) and can only be decoded in sequence; the block rows of the last tensor can be entered one by one.
struct OpenCodeword {
  CodewordJob* job = nullptr;
  std::unique_ptr<TensorDecoder<NullTracer>> last;
  Decoder decoder;
};

// Block rows [begin, end) of the last tensor of a codeword: the unit of parallel work.
struct Chain {
  OpenCodeword* codeword = nullptr;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t levels = 0;
  Status status = kOutOfMemory;  // until it is decoded: memory is all that can keep a chain from its turn
  Status values{};               // of the reconstruction, which counts when all chains of the codeword are good
};

template <class F>
Status guarded(F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return kOutOfMemory;
  }
}

// The step size of a tensor whose QP has been found good when its codeword was opened.
float checked_step(const TensorTarget& t) {
  float step = 0;
  step_size(t.qp, t.qp_density, &step);
  return step;
}

Status reconstruct(const TensorTarget& t, std::uint64_t begin, std::uint64_t count, std::uint64_t bit, Isa isa) {
  if (t.output == Output::integers) return Status{};
  auto* data = static_cast<unsigned char*>(t.data) + 4 * begin;
  const float step = checked_step(t);
  if (t.output == Output::uniform) {
    dequantise_in_place(data, count, step, isa);
  } else if (!look_up_in_place(data, count, step, t.codebook, t.codebook_size, t.codebook_zero)) {
    return fail(Code::out_of_range, bit, "codebook index outside the codebook");
  }
  return Status{};
}

Status check_end(Decoder& d) {
  if (!d.terminate_bin()) return fail(Code::inconsistent, d.shifts(), "the terminate bin is 0");
  if (!d.ends_exactly()) return fail(Code::inconsistent, d.shifts(), "the codeword does not end with its unit");
  return Status{};
}

Status open_codeword(OpenCodeword& open, Isa isa) {
  CodewordJob& job = *open.job;
  const PlainRuns runs = plain_runs(isa);
  open.decoder.start(job.payload, job.size);
  for (std::size_t i = 0; i < job.tensors.size(); ++i) {
    TensorTarget& t = job.tensors[i];
    auto decoder = std::make_unique<TensorDecoder<NullTracer>>(t.params, job.dialect, runs.uniform, runs.dependent);
    Status status = decoder->decode_header(open.decoder, job.size);
    if (!status.ok()) return status;
    t.qp = decoder->header().qp_delta + t.qp_offset;
    float step = 0;
    if (t.output != Output::integers && !step_size(t.qp, t.qp_density, &step)) {
      return fail(Code::out_of_range, open.decoder.shifts(), "the quantization step is not a normal binary32 number");
    }
    t.row_skip_enabled = decoder->header().row_skip_enabled;
    t.history_enabled = decoder->header().history_enabled;
    if (i + 1 == job.tensors.size()) {
      decoder->mark_first_row(open.decoder);
      open.last = std::move(decoder);
      break;
    }
    status = decoder->decode_levels(open.decoder, static_cast<std::int32_t*>(t.data), t.entry_points);
    if (status.ok()) status = reconstruct(t, 0, t.params.count(), open.decoder.shifts(), isa);
    if (!status.ok()) return status;
  }
  return Status{};
}

Status decode_chain(Chain& chain, Isa isa) {
  const OpenCodeword& open = *chain.codeword;
  const TensorTarget& t = open.job->tensors.back();
  TensorDecoder<NullTracer> tensor = *open.last;
  Decoder d = open.decoder;
  if (chain.begin > 0) tensor.enter(d, open.job->payload, open.job->size, t.entry_points[chain.begin - 1]);
  Status status =
      tensor.decode_block_rows(d, chain.begin, chain.end, static_cast<std::int32_t*>(t.data), t.entry_points);
  if (status.ok() && chain.end == tensor.block_rows()) status = check_end(d);
  if (!status.ok()) return status;
  const std::uint64_t first = tensor.block_rows() == 1 ? 0 : chain.begin * block_side(t.params) * t.params.width;
  chain.values = reconstruct(t, first, chain.levels, open.decoder.shifts(), isa);
  return status;
}

// Splits the last tensor at its entry points, into pieces of `min_levels` or more.
void add_chains(OpenCodeword& open, std::uint64_t min_levels, std::vector<Chain>& chains) {
  const TensorTarget& t = open.job->tensors.back();
  const std::uint64_t rows = open.last->block_rows();
  const bool enterable = rows > 1 && t.entry_points.size() == rows - 1;
  const std::uint64_t per_row = rows > 1 ? block_side(t.params) * t.params.width : t.params.count();
  const std::uint64_t step = enterable ? std::max<std::uint64_t>(1, min_levels / per_row) : rows;
  for (std::uint64_t begin = 0; begin < rows; begin += step) {
    const std::uint64_t end = std::min(rows, begin + step);
    const std::uint64_t first = begin * per_row;
    chains.push_back({&open, begin, end, std::min(t.params.count(), end * per_row) - first});
  }
}

// Hands out 0, 1, 2 ... to the workers until `count` is reached.
class Counter {
 public:
  explicit Counter(std::size_t count) : count_(count) {}
  Counter(Counter&& other) noexcept : count_(other.count_), next_(other.next_.load()) {}
  bool next(std::size_t* i) {
    *i = next_.fetch_add(1, std::memory_order_relaxed);
    return *i < count_;
  }

 private:
  std::size_t count_;
  std::atomic<std::size_t> next_{0};
};

unsigned worker_count(unsigned threads, std::size_t tasks) {
  return static_cast<unsigned>(std::min<std::size_t>(threads, tasks));
}

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
    sink_ = std::make_unique<Sink>(t, first, std::min(first + side, t.params.rows), tensor_.blocked(),
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
  std::unique_ptr<Sink> sink_;
};

// Feeds the lanes of one worker. A chain that fails in the lanes is decoded once more by itself, so that the verdict
// does not depend on the path.
class LaneFeeder : public LaneSource {
 public:
  // Feeds the chains `share`, `share` + `shares`, `share` + 2 `shares` ...
  LaneFeeder(const std::vector<Chain*>& chains, Counter& counter, std::size_t share, std::size_t shares)
      : chains_(chains), counter_(counter), share_(share), shares_(shares) {}

  LaneChain* next() override {
    for (std::size_t n; counter_.next(&n);) {
      const std::size_t i = n * shares_ + share_;
      auto task = std::make_unique<LaneTask>(*chains_[i]);
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
    const std::unique_ptr<LaneTask> task = std::move(*it);
    tasks_.erase(it);
    task->chain().status = intact ? task->finish() : fail(Code::inconsistent, 0, "lane given up");
    if (!task->chain().status.ok()) {
      task->chain().status = guarded([&] { return decode_chain(task->chain(), Isa::avx512); });
    }
  }

 private:
  const std::vector<Chain*>& chains_;
  Counter& counter_;
  std::size_t share_;
  std::size_t shares_;
  std::vector<std::unique_ptr<LaneTask>> tasks_;
};

// Chains that can share a vector: same trellis, same unary length, plain contexts, payloads close to each other.
struct LaneGroup {
  bool dq;
  int unary_length;
  std::vector<Chain*> chains;
  std::vector<Counter> shares;  // one for each thread
};

// How many of the longest chains (they come sorted) are better decoded by themselves: a lane takes kRowCost times as
// long for a level as a single decoder, and a vector as long as its longest lane.
std::size_t too_long_for_lanes(const std::vector<Chain*>& chains, unsigned threads) {
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

// A lane has 32 bits for its place: it must begin within its payload, which an entry point need not.
bool begins_inside(const Chain& chain) {
  const CodewordJob& job = *chain.codeword->job;
  return chain.begin == 0 || job.tensors.back().entry_points[chain.begin - 1].shifts / 8 <= job.size;
}

bool fits_lanes(const Chain& chain, const std::uint8_t* base) {
  const OpenCodeword& open = *chain.codeword;
  const TensorTarget& t = open.job->tensors.back();
  const bool simple_rows = !open.last->header().row_skip_enabled || !open.last->blocked();
  return open.last->plain() && t.output != Output::codebook && simple_rows && chain.end - chain.begin == 1 &&
         begins_inside(chain) && static_cast<std::size_t>(open.job->payload - base) + open.job->size < kLaneSpan;
}

// The work of one call: groups of chains for the lanes, and chains that are decoded by themselves. Longest first, so
// that no thread or lane is left with a long one at the end.
class Schedule {
 public:
  Schedule(std::vector<Chain>& chains, unsigned threads, Isa isa) : threads_(threads), isa_(isa) {
    std::vector<Chain*> order;
    for (Chain& chain : chains) {
      order.push_back(&chain);
      const std::uint8_t* payload = chain.codeword->job->payload;
      if (base_ == nullptr || std::less<>()(payload, base_)) base_ = payload;
    }
    std::stable_sort(order.begin(), order.end(), [](const Chain* x, const Chain* y) { return x->levels > y->levels; });
    for (Chain* chain : order) place(chain);
    for (LaneGroup& group : groups_) {
      const auto keep = group.chains.begin() + static_cast<std::ptrdiff_t>(too_long_for_lanes(group.chains, threads));
      alone_.insert(alone_.end(), group.chains.begin(), keep);
      group.chains.erase(group.chains.begin(), keep);
    }
    std::stable_sort(alone_.begin(), alone_.end(),
                     [](const Chain* x, const Chain* y) { return x->levels > y->levels; });
  }

  // One thread begins with the lanes, the others with the chains that must be decoded by themselves; then each helps
  // with what is left.
  void run() {
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

 private:
  void place(Chain* chain) {
    const TensorParams& params = chain->codeword->last->params();
    if (isa_ != Isa::avx512 || !fits_lanes(*chain, base_)) {
      alone_.push_back(chain);
      return;
    }
    auto group = std::find_if(groups_.begin(), groups_.end(), [&](const LaneGroup& g) {
      return g.dq == params.dq && g.unary_length == params.unary_length;
    });
    if (group == groups_.end()) group = groups_.insert(group, LaneGroup{params.dq, params.unary_length, {}, {}});
    group->chains.push_back(chain);
  }

  void run_alone(Counter& counter) {
    for (std::size_t i; counter.next(&i);) {
      alone_[i]->status = guarded([&] { return decode_chain(*alone_[i], isa_); });
    }
  }

  void run_share(LaneGroup& group, std::size_t share) {
    LaneFeeder feeder(group.chains, group.shares[share], share, threads_);
    try {
      run_lanes(feeder, base_, group.dq, group.unary_length);
    } catch (const std::bad_alloc&) {
      // The chains in the lanes keep the status they began with.
    }
  }

  unsigned threads_;
  Isa isa_;
  const std::uint8_t* base_ = nullptr;
  std::vector<Chain*> alone_;
  std::vector<LaneGroup> groups_;
};

}  // namespace

void decode_codewords(std::vector<CodewordJob>& jobs, unsigned threads, Isa isa) {
  std::vector<OpenCodeword> open(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) open[i].job = &jobs[i];
  Counter to_open(open.size());
  parallel(worker_count(threads, open.size()), [&] {
    for (std::size_t i; to_open.next(&i);) open[i].job->status = guarded([&] { return open_codeword(open[i], isa); });
  });

  std::vector<Chain> chains;
  for (OpenCodeword& o : open) {
    if (o.job->status.ok()) add_chains(o, isa == Isa::avx512 ? 1 : kChainLevels, chains);
  }
  Schedule(chains, worker_count(threads, chains.size()), isa).run();
  // The first failure in coding order, whichever thread met one first and wherever the codeword was split.
  for (const auto part : {&Chain::status, &Chain::values}) {
    for (const Chain& chain : chains) {
      Status& status = chain.codeword->job->status;
      if (status.ok()) status = chain.*part;
    }
  }
}

void probe_codewords(std::vector<CodewordJob>& jobs) {
  for (CodewordJob& job : jobs) {
    job.status = guarded([&]() -> Status {
      const PlainRuns runs = plain_runs(Isa::scalar);
      Decoder d;
      d.start(job.payload, job.size);
      for (const TensorTarget& t : job.tensors) {
        TensorDecoder<NullTracer> tensor(t.params, job.dialect, runs.uniform, runs.dependent);
        Status status = tensor.decode_header(d, job.size);
        if (status.ok() && &t != &job.tensors.back()) status = tensor.decode_levels(d, nullptr, t.entry_points);
        if (!status.ok()) return status;
      }
      return Status{};
    });
  }
}

Status trace_codeword(const CodewordJob& job, BinTracer& tracer) {
  using Traced = BinDecoder<BinTracer>;
  Traced d(std::move(tracer));
  const auto run = [&]() -> Status {
    d.start(job.payload, job.size);
    for (std::size_t i = 0; i < job.tensors.size(); ++i) {
      const TensorTarget& t = job.tensors[i];
      d.tracer.tensor(i);
      TensorDecoder<BinTracer> tensor(t.params, job.dialect, decode_plain_run<BinTracer, false>,
                                      decode_plain_run<BinTracer, true>);
      Status status = tensor.decode_header(d, job.size);
      if (status.ok()) status = tensor.decode_levels(d, nullptr, t.entry_points);
      if (!status.ok()) return status;
    }
    if (!d.terminate_bin()) return fail(Code::inconsistent, d.shifts(), "the terminate bin is 0");
    if (!d.ends_exactly()) return fail(Code::inconsistent, d.shifts(), "the codeword does not end with its unit");
    return Status{};
  };
  const Status status = guarded(run);
  tracer = std::move(d.tracer);
  return status;
}

}  // namespace aimc
