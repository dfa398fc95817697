#include "payload/decode.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>

#include "base/parallel.hpp"
#include "entropy/tracer.hpp"
#include "payload/plain_runs.hpp"
#include "payload/tensor_decoder.hpp"
#include "quant/dequantise.hpp"

namespace aimc {
namespace {

using Decoder = BinDecoder<NullTracer>;

// Decodes of one task: at least this many levels, so that starting a chain costs next to nothing.
constexpr std::uint64_t kChainLevels = std::uint64_t{1} << 16;

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
  Status status;
};

template <class F>
Status guarded(F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return fail(Code::out_of_memory, 0, "out of memory while decoding");
  }
}

Status reconstruct(const TensorTarget& t, std::uint64_t begin, std::uint64_t count, std::uint64_t bit, Isa isa) {
  if (t.output == Output::integers) return Status{};
  auto* data = static_cast<unsigned char*>(t.data) + 4 * begin;
  float step = 0;
  if (!step_size(t.qp, t.qp_density, &step)) {
    return fail(Code::out_of_range, bit, "the quantization step is not a normal binary32 number");
  }
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

Status decode_chain(const Chain& chain, Isa isa) {
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
  return reconstruct(t, first, chain.levels, d.shifts(), isa);
}

// Splits the last tensor at its entry points.
void add_chains(OpenCodeword& open, std::vector<Chain>& chains) {
  const TensorTarget& t = open.job->tensors.back();
  const std::uint64_t rows = open.last->block_rows();
  const bool enterable = rows > 1 && t.entry_points.size() == rows - 1;
  const std::uint64_t per_row = rows > 1 ? block_side(t.params) * t.params.width : t.params.count();
  const std::uint64_t step = enterable ? std::max<std::uint64_t>(1, kChainLevels / per_row) : rows;
  for (std::uint64_t begin = 0; begin < rows; begin += step) {
    const std::uint64_t end = std::min(rows, begin + step);
    const std::uint64_t first = begin * per_row;
    chains.push_back({&open, begin, end, std::min(t.params.count(), end * per_row) - first, Status{}});
  }
}

// Hands out 0, 1, 2 ... to the workers until `count` is reached.
class Counter {
 public:
  explicit Counter(std::size_t count) : count_(count) {}
  bool next(std::size_t* i) {
    *i = next_.fetch_add(1, std::memory_order_relaxed);
    return *i < count_;
  }

 private:
  std::size_t count_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace

void decode_codewords(std::vector<CodewordJob>& jobs, unsigned threads, Isa isa) {
  std::vector<OpenCodeword> open(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) open[i].job = &jobs[i];
  Counter to_open(open.size());
  parallel(static_cast<unsigned>(std::min<std::size_t>(threads, open.size())), [&] {
    for (std::size_t i; to_open.next(&i);) open[i].job->status = guarded([&] { return open_codeword(open[i], isa); });
  });

  std::vector<Chain> chains;
  for (OpenCodeword& o : open) {
    if (o.job->status.ok()) add_chains(o, chains);
  }
  // Longest first, so that no thread is left with a long one at the end.
  std::vector<std::size_t> order(chains.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t x, std::size_t y) { return chains[x].levels > chains[y].levels; });
  Counter to_decode(chains.size());
  parallel(static_cast<unsigned>(std::min<std::size_t>(threads, chains.size())), [&] {
    for (std::size_t i; to_decode.next(&i);) {
      Chain& chain = chains[order[i]];
      chain.status = guarded([&] { return decode_chain(chain, isa); });
    }
  });
  // The first failure in coding order, whichever thread met one first.
  for (const Chain& chain : chains) {
    Status& status = chain.codeword->job->status;
    if (status.ok()) status = chain.status;
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
