#include "payload/chain.hpp"

#include <algorithm>

#include "payload/plain_runs.hpp"
#include "quant/dequantise.hpp"

namespace aimc {
namespace {

using Decoder = BinDecoder<NullTracer>;

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

}  // namespace

float checked_step(const TensorTarget& t) {
  float step = 0;
  step_size(t.qp, t.qp_density, &step);
  return step;
}

Status open_codeword(OpenCodeword& open, Isa isa) {
  CodewordJob& job = *open.job;
  const PlainRuns runs = plain_runs(isa);
  open.decoder.start(job.payload, job.size);
  for (std::size_t i = 0; i < job.tensors.size(); ++i) {
    TensorTarget& t = job.tensors[i];
    auto decoder = make_owned<TensorDecoder<NullTracer>>(t.params, job.dialect, runs.uniform, runs.dependent);
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

void add_chains(OpenCodeword& open, std::uint64_t min_levels, HeapVector<Chain>& chains) {
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

}  // namespace aimc
