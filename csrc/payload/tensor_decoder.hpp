// Decodes one tensor of a codeword: its header (5.2), its parameter sets (5.3), its levels in scan order (10).
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/allocator.hpp"
#include "base/status.hpp"
#include "entropy/bin_decoder.hpp"
#include "entropy/levels.hpp"
#include "payload/params.hpp"

namespace aimc {

// Where levels of one run go: row-major positions [begin, begin + count).
struct Run {
  std::uint64_t begin;
  std::uint64_t count;
};

// Bins that `bits` of codeword can hold at most.
inline std::uint64_t max_bins(std::uint64_t bytes) {
  return (bytes * 8 + 16) * kMaxBinsPerBit;
}

// What the header of a tensor says, decoded before its levels.
struct TensorHeader {
  std::int32_t qp_delta = 0;
  bool history_enabled = false;      // hist_dep_sig_prob_enabled_flag
  bool row_skip_enabled = false;     // row_skip_enabled_flag
  HeapVector<std::uint8_t> skipped;  // row_skip_list, empty when not enabled
  std::uint64_t coded_rows = 0;
};

template <class Tracer>
class TensorDecoder {
 public:
  using Decoder = BinDecoder<Tracer>;
  // Decodes a run of levels with the instruction set in force.
  using PlainRun = bool (*)(Decoder&, DecoderContext*, const ContextLayout&, LevelState&, std::int32_t*, std::uint64_t,
                            std::uint64_t);

  TensorDecoder(const TensorParams& params, Dialect dialect, PlainRun plain_run, PlainRun plain_run_dq)
      : params_(params),
        dialect_(dialect),
        layout_{params.unary_length},
        plain_run_(params.dq ? plain_run_dq : plain_run),
        contexts_(static_cast<std::size_t>(layout_.count())) {
    for (DecoderContext& c : contexts_) c.init(0);
    if (params_.codebook) index_range_ = {params_.codebook_size, params_.codebook_zero};
  }

  // Everything before the first level. `payload_bytes` bounds what the rest of the codeword can hold.
  Status decode_header(Decoder& d, std::uint64_t payload_bytes) {
    if (params_.qp_bits > 0) {
      d.tracer.at(BinElement::qp_delta, 0);
      header_.qp_delta = sign_extend(d.bypass_bins(params_.qp_bits), params_.qp_bits);
    }
    header_.coded_rows = params_.rows;
    if (dialect_ == Dialect::edition2 && params_.is_2d() && index_range_.size != 1) {
      const Status status = decode_row_skip(d, payload_bytes);
      if (!status.ok()) return status;
    }
    const std::uint64_t coded = header_.coded_rows * params_.width;
    if (index_range_.size != 1 && coded > max_bins(payload_bytes)) {
      return fail(Code::inconsistent, d.shifts(), "more elements than the payload can hold");
    }
    decode_parameter_sets(d);
    return Status{};
  }

  // All levels, row-major, after decode_header. A null `out` decodes them into the void. `entry_points`, where given,
  // must be what the codeword says (10.2).
  Status decode_levels(Decoder& d, std::int32_t* out, const HeapVector<EntryPoint>& entry_points) {
    first_shifts_ = d.shifts();
    return decode_block_rows(d, 0, block_rows(), out, entry_points);
  }

  // Block rows [begin, end), and the check that the next entry point is what they lead to.
  Status decode_block_rows(Decoder& d, std::uint64_t begin, std::uint64_t end, std::int32_t* out,
                           const HeapVector<EntryPoint>& entry_points) {
    for (std::uint64_t block_row = begin; block_row < end; ++block_row) {
      Status status = start_any_block_row(d);
      if (status.ok()) status = decode_block_row(d, block_row, out);
      if (status.ok() && block_row < entry_points.size()) status = check_entry(d, state_, entry_points[block_row]);
      if (!status.ok()) return status;
    }
    return Status{};
  }

  // The next levels in coding order, `most` or fewer, decoded into the void: a run of them, or a row that is skipped.
  Status decode_step(Decoder& d, const HeapVector<EntryPoint>& entry_points, std::uint64_t most) {
    const std::uint64_t side = blocked() ? std::min(block_side(params_), params_.rows) : params_.rows;
    const std::uint64_t block_row = position_ / (side * params_.width);
    const std::uint64_t row_begin = block_row * side;
    const std::uint64_t rows = std::min(side, params_.rows - row_begin);
    std::uint64_t at = position_ - row_begin * params_.width;
    Status status = at == 0 ? start_any_block_row(d) : Status{};
    const std::uint64_t stripe = blocked() ? block_side(params_) : params_.width;
    const std::uint64_t column = at / (rows * stripe) * stripe;
    const std::uint64_t columns = std::min(stripe, params_.width - column);
    at -= column * rows;
    const std::uint64_t row = row_begin + at / columns;
    Run run{row * params_.width + column + at % columns, columns - at % columns};
    if (columns == params_.width && !header_.row_skip_enabled) run.count = (row_begin + rows) * columns - run.begin;
    if (header_.row_skip_enabled && header_.skipped[static_cast<std::size_t>(row)] != 0) {
      skip_run(run, nullptr);
    } else if (status.ok()) {
      status = decode_run(d, {run.begin, std::min(run.count, most)}, nullptr);
    }
    const bool complete = position_ == (row_begin + rows) * params_.width;
    if (status.ok() && complete && block_row < entry_points.size()) {
      status = check_entry(d, state_, entry_points[static_cast<std::size_t>(block_row)]);
    }
    return status;
  }
  bool finished() const { return position_ == params_.count(); }

  // What a block row begins with, where the tensor has any.
  Status start_any_block_row(Decoder& d) { return has_block_rows(params_, dialect_) ? start_block_row(d) : Status{}; }

  // Whether the state after a block row is the entry point of the next.
  Status check_entry(const Decoder& d, const LevelState& state, const EntryPoint& entry) const {
    if (d.shifts() == first_shifts_ + entry.shifts && d.offset() == entry.value &&
        (!params_.dq || state.dq_state == entry.dq_state)) {
      return Status{};
    }
    return fail(Code::inconsistent, d.shifts(), "entry point differs from the codeword");
  }

  // Continues at block row `block_row` > 0 without what comes before it; decode_header must have been called.
  void enter(Decoder& d, const std::uint8_t* payload, std::size_t size, const EntryPoint& entry) {
    d.start_at(payload, size, first_shifts_ + entry.shifts, entry.value, 256);
    state_ = LevelState{0, entry.dq_state};
  }

  // To be called after decode_header where block rows are entered one by one.
  void mark_first_row(const Decoder& d) { first_shifts_ = d.shifts(); }

 private:
  // One block row; the whole tensor when there are none.
  Status decode_block_row(Decoder& d, std::uint64_t block_row, std::int32_t* out) {
    const std::uint64_t side = blocked() ? block_side(params_) : params_.rows;
    const std::uint64_t row_begin = block_row * side;
    const std::uint64_t row_end = std::min(row_begin + side, params_.rows);
    position_ = row_begin * params_.width;
    if (!blocked()) return decode_rows(d, row_begin, row_end, 0, params_.width, out);
    for (std::uint64_t column = 0; column < params_.width; column += side) {
      const Status status = decode_rows(d, row_begin, row_end, column, std::min(side, params_.width - column), out);
      if (!status.ok()) return status;
    }
    return Status{};
  }

  // 10.2: contexts back to the initial values of their sets, neighbour forgotten, R = 256; the trellis goes on.
  Status start_block_row(Decoder& d) {
    if (d.offset() >= 256) return fail(Code::inconsistent, d.shifts(), "offset beyond the range at a block row");
    for (DecoderContext& c : contexts_) c.init(c.parameter_set);
    state_.neighbour = 0;
    d.reset_range();
    return Status{};
  }

 public:
  bool blocked() const { return params_.scan_order > 0 && params_.is_2d(); }
  std::uint64_t block_rows() const {
    if (!blocked()) return 1;
    const std::uint64_t side = block_side(params_);
    return params_.rows / side + (params_.rows % side != 0 ? 1 : 0);
  }

  const TensorParams& params() const { return params_; }
  const TensorHeader& header() const { return header_; }
  const HeapVector<DecoderContext>& contexts() const { return contexts_; }
  const LevelState& state() const { return state_; }
  // Whether the plain run body serves: no codebook, no temporal or history contexts.
  bool plain() const { return !extended(); }

 private:
  bool extended() const {
    return params_.codebook || params_.temporal || header_.history_enabled || dialect_ == Dialect::edition1_rem32;
  }

  static std::int32_t sign_extend(std::uint32_t bits, int n) {
    const std::int64_t value = bits;
    return static_cast<std::int32_t>((bits >> (n - 1)) != 0 ? value - (std::int64_t{1} << n) : value);
  }

  Status decode_row_skip(Decoder& d, std::uint64_t payload_bytes) {
    if (params_.parent) {
      d.tracer.at(BinElement::hist_dep_sig_prob_enabled_flag, 0);
      header_.history_enabled = d.bypass_bins(1) != 0;
      if (header_.history_enabled && params_.history == nullptr) {
        return fail(Code::missing_reference, d.shifts(), "history-dependent significance without a history map");
      }
    }
    d.tracer.at(BinElement::row_skip_enabled_flag, 0);
    header_.row_skip_enabled = d.bypass_bins(1) != 0;
    if (!header_.row_skip_enabled) return Status{};
    if (params_.rows > max_bins(payload_bytes)) {
      return fail(Code::inconsistent, d.shifts(), "more rows than the payload can hold");
    }
    header_.skipped.resize(static_cast<std::size_t>(params_.rows));
    DecoderContext& context = contexts_[static_cast<std::size_t>(layout_.row_skip())];
    for (std::size_t row = 0; row < header_.skipped.size(); ++row) {
      d.tracer.at(BinElement::row_skip_list, row);
      header_.skipped[row] = static_cast<std::uint8_t>(d.context_bin(context, layout_.row_skip()));
      header_.coded_rows -= header_.skipped[row];
    }
    return Status{};
  }

  void decode_parameter_sets(Decoder& d) {
    for (const auto& range : parameter_set_contexts(params_, dialect_, header_.history_enabled)) {
      for (int c = range.first; c < range.last; ++c) {
        DecoderContext& shift = contexts_[static_cast<std::size_t>(layout_.shift())];
        d.tracer.at(BinElement::shift_id_nonzero, static_cast<std::uint64_t>(c));
        int id = 0;
        if (d.context_bin(shift, layout_.shift()) != 0) {
          d.tracer.at(BinElement::shift_id_minus1, static_cast<std::uint64_t>(c));
          id = 1 + static_cast<int>(d.bypass_bins(3));
        }
        contexts_[static_cast<std::size_t>(c)].init(id);
      }
    }
  }

  // Rows [row_begin, row_end) of the column stripe [column, column + count).
  Status decode_rows(Decoder& d, std::uint64_t row_begin, std::uint64_t row_end, std::uint64_t column,
                     std::uint64_t count, std::int32_t* out) {
    const bool whole_rows = count == params_.width;
    if (whole_rows && !header_.row_skip_enabled) {
      return decode_run(d, {row_begin * params_.width, (row_end - row_begin) * params_.width}, out);
    }
    for (std::uint64_t row = row_begin; row < row_end; ++row) {
      const Run run{row * params_.width + column, count};
      if (header_.row_skip_enabled && header_.skipped[static_cast<std::size_t>(row)] != 0) {
        skip_run(run, out);
        continue;
      }
      const Status status = decode_run(d, run, out);
      if (!status.ok()) return status;
    }
    return Status{};
  }

  // 10.4: zeros; the trellis advances by the width of the layer, whatever the width of the segment. The parity-0
  // transitions have cycles of length 1, 2 and 4.
  void skip_run(const Run& run, std::int32_t* out) {
    if (out != nullptr) std::fill_n(out + run.begin, run.count, 0);
    position_ += run.count;
    if (!params_.dq) return;
    for (std::uint64_t i = 0; i < params_.width % 4; ++i) state_.dq_state = kNextState[state_.dq_state][0];
  }

  Status decode_run(Decoder& d, Run run, std::int32_t* out) {
    std::int32_t scratch[kScratch];
    while (run.count > 0) {
      const std::uint64_t n = out != nullptr ? run.count : std::min<std::uint64_t>(run.count, kScratch);
      if (!decode_some(d, run.begin, n, out != nullptr ? out + run.begin : scratch)) {
        return fail(Code::out_of_range, d.shifts(), "a level does not fit 32 bits");
      }
      run.begin += n;
      run.count -= n;
      position_ += n;
    }
    return Status{};
  }

  bool decode_some(Decoder& d, std::uint64_t begin, std::uint64_t n, std::int32_t* out) {
    if (!extended()) return plain_run_(d, contexts_.data(), layout_, state_, out, n, position_);
    ExtendedRun run;
    run.index_range = index_range_;
    run.remainder_prefix_limit = dialect_ == Dialect::edition1_rem32 ? kRemainderContexts + 1 : kRemainderContexts;
    run.dq = params_.dq;
    if (params_.temporal) run.reference = params_.reference + begin;
    if (header_.history_enabled) run.history = params_.history + begin;
    return decode_extended_run(d, contexts_.data(), layout_, run, state_, out, n, position_);
  }

  static constexpr std::uint64_t kScratch = 1024;

  TensorParams params_;
  Dialect dialect_;
  ContextLayout layout_;
  PlainRun plain_run_;
  HeapVector<DecoderContext> contexts_;
  IndexRange index_range_;
  TensorHeader header_;
  LevelState state_;
  std::uint64_t position_ = 0;
  std::uint64_t first_shifts_ = 0;  // P(0): shifts before the first block row
};

}  // namespace aimc
