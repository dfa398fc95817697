#include "payload/decode.hpp"

#include <algorithm>

#include "base/counter.hpp"
#include "base/parallel.hpp"
#include "payload/chain.hpp"
#include "payload/plain_runs.hpp"
#include "payload/schedule.hpp"

namespace aimc {
namespace {

// Decodes of one task: at least this many levels, so that starting a chain costs next to nothing.
constexpr std::uint64_t kChainLevels = std::uint64_t{1} << 16;

unsigned worker_count(unsigned threads, std::size_t tasks) {
  return static_cast<unsigned>(std::min<std::size_t>(threads, tasks));
}

}  // namespace

void decode_codewords(HeapVector<CodewordJob>& jobs, unsigned threads, Isa isa) {
  HeapVector<OpenCodeword> open(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) open[i].job = &jobs[i];
  Counter to_open(open.size());
  parallel(worker_count(threads, open.size()), [&] {
    for (std::size_t i; to_open.next(&i);) open[i].job->status = guarded([&] { return open_codeword(open[i], isa); });
  });

  HeapVector<Chain> chains;
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

void probe_codewords(HeapVector<CodewordJob>& jobs) {
  for (CodewordJob& job : jobs) {
    job.status = guarded([&]() -> Status {
      const PlainRuns runs = plain_runs(Isa::scalar);
      BinDecoder<NullTracer> d;
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

}  // namespace aimc
