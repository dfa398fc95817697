#include "payload/encode.hpp"

#include <new>

#include "entropy/bin_encoder.hpp"
#include "entropy/binarize.hpp"
#include "payload/level_source.hpp"

namespace aimc {
namespace {

// Entry point before the codeword is finished: low stands in for O (15.10).
struct PendingEntry {
  std::uint64_t shifts;  // P
  std::uint32_t low;     // last 9 bits
  std::uint8_t dq_state;
};

class TensorEncoder {
 public:
  TensorEncoder(const TensorInput& t, Dialect dialect, BinEncoder& encoder, BinBuffer& bins)
      : tensor_(t),
        dialect_(dialect),
        layout_{t.params.unary_length},
        encoder_(encoder),
        bins_(bins),
        contexts_(static_cast<std::size_t>(layout_.count()) + 1) {
    init_contexts();
  }

  Status encode() {
    encode_header();
    encode_parameter_sets();
    first_shifts_ = encoder_.shifts();
    return encode_levels();
  }

  // After the codeword is finished.
  HeapVector<EntryPoint> entry_points(const HeapVector<std::uint8_t>& payload) const {
    HeapVector<EntryPoint> points;
    for (const PendingEntry& e : entries_) {
      const std::uint32_t offset = (bits_at(payload, e.shifts) - e.low) & 0x1FF;
      points.push_back({e.shifts - first_shifts_, static_cast<std::uint8_t>(offset), e.dq_state});
    }
    return points;
  }

 private:
  // 9 bits of the payload from bit `position` on.
  static std::uint32_t bits_at(const HeapVector<std::uint8_t>& payload, std::uint64_t position) {
    const auto byte = static_cast<std::size_t>(position >> 3);
    const std::uint32_t two =
        static_cast<std::uint32_t>(payload[byte] << 8) | (byte + 1 < payload.size() ? payload[byte + 1] : 0U);
    return (two >> (7 - (position & 7))) & 0x1FF;
  }

  void encode_header() {
    const TensorParams& params = tensor_.params;
    encoder_.bypass_bins(static_cast<std::uint32_t>(tensor_.qp_delta), params.qp_bits);
    if (!has_row_skip_flag(params, dialect_)) return;
    if (params.parent) encoder_.bypass_bins(tensor_.history_flag ? 1 : 0, 1);
    encoder_.bypass_bins(tensor_.row_skip ? 1 : 0, 1);
    if (!tensor_.row_skip) return;
    skipped_ = zero_rows(tensor_);
    for (const std::uint8_t zero : skipped_) encoder_.bin(layout_.row_skip(), zero, contexts_.data());
  }

  void encode_parameter_sets() {
    for (const ContextRange& range : parameter_set_contexts(tensor_.params, dialect_, tensor_.history_flag)) {
      for (int c = range.first; c < range.last; ++c) {
        const int id = tensor_.parameter_ids != nullptr ? tensor_.parameter_ids[c] : 0;
        encoder_.bin(layout_.shift(), id != 0 ? 1 : 0, contexts_.data());
        if (id != 0) encoder_.bypass_bins(static_cast<std::uint32_t>(id - 1), 3);
        contexts_[static_cast<std::size_t>(c)].init(id);
      }
    }
  }

  Status encode_levels() {
    const TensorParams& params = tensor_.params;
    Binarizer binarizer(params.unary_length, params.codebook ? params.codebook_size : 0, params.codebook_zero);
    LevelSource source(tensor_, dialect_, skipped_);
    bool first = true;
    while (!source.done()) {
      LevelSpan span;
      const Status status = source.next(&span);
      if (!status.ok()) return status;
      if (source.starts_block_row()) {
        if (!first) entries_.push_back({encoder_.shifts(), encoder_.low_bits(), source.first_state()});
        first = false;
        start_block_row(binarizer);
      }
      encode_span(span, binarizer);
    }
    return Status{};
  }

  // Initial states of the parameter sets in force.
  void init_contexts() {
    for (EncoderContext& c : contexts_) c.init(c.parameter_set);
    contexts_.back().init_bypass();
  }

  void start_block_row(Binarizer& binarizer) {
    init_contexts();
    binarizer.start_block_row();
    encoder_.reset_range();
  }

  void encode_span(LevelSpan span, Binarizer& binarizer) {
    while (span.count > 0) {
      bins_.count = 0;
      span.drop_front(binarizer.append(span, bins_));
      encoder_.bins(bins_.symbols, bins_.count, contexts_.data());
    }
  }

  const TensorInput& tensor_;
  const Dialect dialect_;
  const ContextLayout layout_;
  BinEncoder& encoder_;
  BinBuffer& bins_;
  HeapVector<EncoderContext> contexts_;
  HeapVector<std::uint8_t> skipped_;
  std::uint64_t first_shifts_ = 0;  // P at the start of the levels
  HeapVector<PendingEntry> entries_;
};

Status encode_all(const HeapVector<TensorInput>& tensors, Dialect dialect, HeapVector<std::uint8_t>& out,
                  HeapVector<HeapVector<EntryPoint>>* entry_points) {
  out.clear();
  BinEncoder encoder(out);
  const auto bins = make_owned<BinBuffer>();
  HeapVector<TensorEncoder> encoders;
  encoders.reserve(tensors.size());
  for (const TensorInput& t : tensors) {
    Status status = check_input(t, dialect);
    if (!status.ok()) return status;
    encoders.emplace_back(t, dialect, encoder, *bins);
    status = encoders.back().encode();
    if (!status.ok()) return status;
  }
  encoder.finish();
  if (entry_points == nullptr) return Status{};
  entry_points->clear();
  for (const TensorEncoder& e : encoders) entry_points->push_back(e.entry_points(out));
  return Status{};
}

}  // namespace

bool has_row_skip_flag(const TensorParams& t, Dialect dialect) {
  return dialect == Dialect::edition2 && t.is_2d() && !(t.codebook && t.codebook_size == 1);
}

Status check_input(const TensorInput& t, Dialect dialect) {
  const TensorParams& p = t.params;
  const auto wrong = [](const char* what) { return fail(Code::argument, 0, what); };
  if (p.rows == 0 || p.width == 0 || t.levels == nullptr) return wrong("an empty tensor");
  if (p.scan_order > 4) return wrong("scan_order above 4");
  if (p.unary_length < 1 || p.unary_length > kMaxUnaryLength) return wrong("unary length outside 1 to 256");
  if (p.qp_bits > 13) return wrong("more than 13 bits of qp_delta");
  const std::int32_t bound = p.qp_bits > 0 ? std::int32_t{1} << (p.qp_bits - 1) : 0;
  if (p.qp_bits > 0 && (t.qp_delta < -bound || t.qp_delta >= bound)) return wrong("qp_delta does not fit its bits");
  if (p.codebook && (p.codebook_size == 0 || p.codebook_size > (1U << 31) || p.codebook_zero >= p.codebook_size)) {
    return wrong("codebook without entries, or its zero outside it");
  }
  if (dialect != Dialect::edition2 && (p.codebook || p.temporal))
    return wrong("a coding tool of edition 2 in edition 1");
  if (p.temporal && p.reference == nullptr) return wrong("temporal contexts without a reference");
  const bool flags = has_row_skip_flag(p, dialect);
  if (t.row_skip && !flags) return wrong("row skipping where the header has no flag for it");
  if (t.history_flag && (!flags || !p.parent || p.history == nullptr)) {
    return wrong("history contexts without a map or a flag in the header");
  }
  if (t.parameter_ids != nullptr) {
    for (int c = 0; c < ContextLayout{p.unary_length}.count(); ++c) {
      if (t.parameter_ids[c] >= kParameterSets) return wrong("parameter set above 8");
    }
  }
  return Status{};
}

Status encode_payload(const HeapVector<TensorInput>& tensors, Dialect dialect, HeapVector<std::uint8_t>& out,
                      HeapVector<HeapVector<EntryPoint>>* entry_points) {
  try {
    return encode_all(tensors, dialect, out, entry_points);
  } catch (const std::bad_alloc&) {
    return fail(Code::out_of_memory, 0, "out of memory while encoding");
  }
}

}  // namespace aimc
