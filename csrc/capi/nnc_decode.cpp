#include "capi/call.hpp"
#include "capi/nnc_params.hpp"
#include "capi/output_limits.hpp"
#include "payload/decode.hpp"
#include "payload/tensor_decoder.hpp"

namespace aimc::capi {
namespace {

using Jobs = HeapVector<CodewordJob>;
using Codewords = Structs<aimc_nnc_codeword>;
constexpr std::uint64_t kElementBytes = 4;

Status read_entry_points(const aimc_nnc_target& given, const aimc_limits& limits, TensorTarget* target) {
  const std::size_t count = given.entry_count;
  if (count > limits.max_entry_points) return fail(Code::limit_exceeded, 0, "more entry points than max_entry_points");
  if (!usable(given.entry_shifts, count) || !usable(given.entry_values, count) || !usable(given.entry_states, count)) {
    return wrong("entry points without shifts, values or states");
  }
  target->entry_points.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (given.entry_states[i] > 7) return wrong("the trellis state of an entry point is above 7");
    target->entry_points.push_back({given.entry_shifts[i], given.entry_values[i], given.entry_states[i]});
  }
  return {};
}

Status read_output(const aimc_nnc_target& given, bool with_data, TensorTarget* target) {
  if (given.output > AIMC_NNC_CODEBOOK) return wrong("an unknown output");
  if (given.qp_density > 7) return wrong("qp_density above 7");
  if (given.reserved != 0) return wrong("a reserved member is set");
  // QP is at most a sum of this and 13 bits.
  constexpr std::int32_t kFarthest = 1 << 30;
  if (given.qp_offset > kFarthest || given.qp_offset < -kFarthest) return wrong("qp_offset is beyond all QPs");
  target->output = static_cast<Output>(given.output);
  target->qp_offset = given.qp_offset;
  target->qp_density = static_cast<std::uint8_t>(given.qp_density);
  target->codebook = given.params->codebook;
  target->codebook_size = target->params.codebook_size;
  target->codebook_zero = target->params.codebook_zero;
  if (target->output == Output::codebook && target->codebook == nullptr) return wrong("output by codebook without one");
  if (!with_data) return {};
  const std::uint64_t bytes = target->params.count() * kElementBytes;
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(given.data) % kElementBytes == 0;
  if (given.data == nullptr || !is_aligned || given.data_size != bytes) {
    return wrong("data is null, not aligned, or of another size than the tensor");
  }
  target->data = given.data;
  return {};
}

// Whether the payload can hold the tensor at all: what needs no look at the payload.
Status check_bins(const TensorParams& p, const CodewordJob& job) {
  const bool skippable = job.dialect == Dialect::edition2 && p.is_2d();
  const bool one_entry = p.codebook && p.codebook_size == 1;
  const std::uint64_t least = one_entry ? 0 : skippable ? p.rows : p.count();
  return least <= max_bins(job.size) ? Status{}
                                     : fail(Code::inconsistent, 0, "more elements than the payload can hold");
}

Status read_codeword(const aimc_nnc_codeword& given, const aimc_limits& limits, bool with_data, OutputLimits* output,
                     CodewordJob* job) {
  if (const Status s = read_dialect(given.dialect, &job->dialect); !s.ok()) return s;
  if (given.reserved != 0) return wrong("a reserved member is set");
  if (!usable(given.payload, given.payload_size)) return wrong("a null payload");
  job->payload = given.payload;
  job->size = given.payload_size;
  const Structs<aimc_nnc_target> targets(given.targets, given.target_count);
  if (targets.size() == 0) return wrong("a codeword without tensors");
  if (const Status s = targets.check(); !s.ok()) return s;
  job->tensors.resize(targets.size());
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    TensorTarget& target = job->tensors[i];
    if (const Status s = read_params(targets[i].params, limits, &target.params); !s.ok()) return s;
    if (job->dialect != Dialect::edition2 && (target.params.codebook || target.params.temporal)) {
      return wrong("a coding tool of edition 2 in edition 1");
    }
    if (const Status s = read_output(targets[i], with_data, &target); !s.ok()) return s;
    if (const Status s = read_entry_points(targets[i], limits, &target); !s.ok()) return s;
    if (const Status s = check_bins(target.params, *job); !s.ok()) return s;
    bytes += target.params.count() * kElementBytes;
    if (bytes > limits.max_output_bytes) return fail(Code::limit_exceeded, 0, "more output than max_output_bytes");
  }
  output->add(job->size, bytes);
  return output->check_total();
}

Status read_codewords(const Codewords& codewords, const aimc_limits& limits, bool with_data, Jobs* jobs,
                      std::uint64_t* index) {
  if (const Status s = codewords.check(); !s.ok()) return s;
  jobs->resize(codewords.size());
  OutputLimits output(limits);
  for (std::size_t i = 0; i < codewords.size(); ++i) {
    *index = i;
    if (const Status s = read_codeword(codewords[i], limits, with_data, &output, &(*jobs)[i]); !s.ok()) return s;
  }
  *index = 0;
  return output.check();
}

void write_results(const Jobs& jobs, const Codewords& codewords, bool limit_hit) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const CodewordJob& job = jobs[i];
    const Status status = blame(job.status, limit_hit);
    aimc_nnc_codeword& codeword = codewords[i];
    codeword.code = static_cast<aimc_status>(status.code);
    codeword.bit_offset = status.bit;
    codeword.message = status.what;
    const Structs<aimc_nnc_target> targets(codeword.targets, codeword.target_count);
    for (std::size_t k = 0; k < targets.size(); ++k) {
      targets[k].qp = job.tensors[k].qp;
      targets[k].row_skip_enabled = job.tensors[k].row_skip_enabled ? 1 : 0;
      targets[k].history_enabled = job.tensors[k].history_enabled ? 1 : 0;
    }
  }
}

Status first_failure(const Jobs& jobs, std::uint64_t* index) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    *index = i;
    if (!jobs[i].status.ok()) return jobs[i].status;
  }
  *index = 0;
  return {};
}

template <class F>
aimc_status run(aimc_context* handle, const Codewords& codewords, bool with_data, aimc_error* error, F&& work) {
  return call(handle, error, [&](Context& context, std::uint64_t* index) {
    Jobs jobs;
    if (const Status s = read_codewords(codewords, context.limits, with_data, &jobs, index); !s.ok()) return s;
    if (jobs.empty()) return Status{};
    work(context, jobs);
    write_results(jobs, codewords, context.heap.limit_hit());
    return first_failure(jobs, index);
  });
}

}  // namespace
}  // namespace aimc::capi

using namespace aimc;
using namespace aimc::capi;

aimc_status aimc_nnc_probe(aimc_context* handle, aimc_nnc_codeword* codewords, size_t count, aimc_error* error) {
  return run(handle, {codewords, count}, false, error, [](Context&, Jobs& jobs) { probe_codewords(jobs); });
}

aimc_status aimc_nnc_decode(aimc_context* handle, aimc_nnc_codeword* codewords, size_t count, aimc_error* error) {
  return run(handle, {codewords, count}, true, error,
             [](Context& context, Jobs& jobs) { decode_codewords(jobs, context.threads, context.isa); });
}
