#include "payload/level_source.hpp"

#include <algorithm>
#include <cstring>

namespace aimc {
namespace {

// The trellis as a chain of shifts: word[|w| mod 4] holds, for each state s in bits 6 s and up, six times the next
// state. An even state stands for multiples 2k, an odd one for 2k - 1 (10.3), so bit 1 of |w| or |w| + 1 is the parity
// of k.
struct TrellisSteps {
  std::uint64_t word[4];
  constexpr TrellisSteps() : word() {
    for (unsigned r = 0; r < 4; ++r) {
      for (unsigned s = 0; s < 8; ++s) {
        const unsigned parity = ((r + (s & 1)) >> 1) & 1;
        word[r] |= std::uint64_t{6} * kNextState[s][parity] << (6 * s);
      }
    }
  }
};
constexpr TrellisSteps kTrellisSteps;

std::uint64_t scan_side(const TensorParams& t) {
  return t.scan_order > 0 && t.is_2d() ? block_side(t) : 0;
}

}  // namespace

HeapVector<std::uint8_t> zero_rows(const TensorInput& t) {
  const std::uint64_t width = t.params.width;
  HeapVector<std::uint8_t> zero(static_cast<std::size_t>(t.params.rows));
  for (std::size_t row = 0; row < zero.size(); ++row) {
    const std::int32_t* levels = t.levels + row * width;
    zero[row] = std::all_of(levels, levels + width, [](std::int32_t v) { return v == 0; }) ? 1 : 0;
  }
  return zero;
}

LevelSource::LevelSource(const TensorInput& t, Dialect dialect, const HeapVector<std::uint8_t>& skipped)
    : tensor_(t),
      skipped_(skipped),
      block_rows_(has_block_rows(t.params, dialect)),
      runs_(t.params.rows, t.params.width, scan_side(t.params), !skipped.empty()),
      done_(!runs_.next(&run_)) {}

Status LevelSource::next(LevelSpan* span) {
  count_ = 0;
  starts_block_row_ = false;
  while (!done_ && count_ < kMaxSpan) {
    if (block_rows_ && run_.starts_block_row) {
      if (count_ > 0 || starts_block_row_) break;
      starts_block_row_ = true;
      first_state_ = state_;
      run_.starts_block_row = false;
    }
    if (!skipped_.empty() && skipped_[static_cast<std::size_t>(run_.row)] != 0) {
      pass_over_skipped();
    } else {
      take(static_cast<std::size_t>(std::min<std::uint64_t>(run_.count, kMaxSpan - count_)));
    }
    if (run_.count == 0) done_ = !runs_.next(&run_);
  }
  if (!reachable_) return fail(Code::argument, 0, "a doubled integer that the trellis does not reach");
  if (!inside_codebook()) return fail(Code::argument, 0, "an index outside the codebook");
  *span = {levels_, states_, tensor_.params.temporal ? reference_ : nullptr, tensor_.history_flag ? history_ : nullptr,
           count_};
  return Status{};
}

void LevelSource::take(std::size_t count) {
  const TensorParams& params = tensor_.params;
  std::memcpy(levels_ + count_, tensor_.levels + run_.begin, count * sizeof(std::int32_t));
  if (params.temporal) std::memcpy(reference_ + count_, params.reference + run_.begin, count * sizeof(std::int32_t));
  if (tensor_.history_flag) std::memcpy(history_ + count_, params.history + run_.begin, count);
  if (params.dq) reachable_ &= resolve_trellis(count_, count_ + count);
  count_ += count;
  run_.begin += count;
  run_.count -= count;
}

// Doubled integers to parity levels; false if one of them is not reachable.
bool LevelSource::resolve_trellis(std::size_t begin, std::size_t end) {
  std::uint64_t at = std::uint64_t{6} * state_;
  for (std::size_t i = begin; i < end; ++i) {
    const auto w = static_cast<std::uint32_t>(levels_[i]);
    const std::uint32_t residue = (levels_[i] < 0 ? 0U - w : w) & 3;
    states_[i] = static_cast<std::uint8_t>(at & 63);
    at = kTrellisSteps.word[residue] >> (at & 63);
  }
  state_ = static_cast<std::uint8_t>((at & 63) / 6);
  std::uint32_t wrong = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const std::int32_t w = levels_[i];
    const auto state = static_cast<std::uint8_t>((states_[i] * 43) >> 8);  // / 6, for multiples of 6 below 64
    const std::int32_t odd = state & 1;
    wrong |= static_cast<std::uint32_t>(w ^ odd) & (w != 0 ? 1U : 0U);
    levels_[i] = w / 2 + (odd != 0 ? w % 2 : 0);
    states_[i] = state;
  }
  return wrong == 0;
}

// 10.4: the trellis advances by the width of the layer for each segment; its parity-0 cycles have lengths 1, 2 and 4.
void LevelSource::pass_over_skipped() {
  run_.count = 0;
  if (!tensor_.params.dq) return;
  for (std::uint64_t i = 0; i < tensor_.params.width % 4; ++i) state_ = kNextState[state_][0];
}

bool LevelSource::inside_codebook() const {
  const TensorParams& params = tensor_.params;
  if (!params.codebook || params.codebook_size == 0) return true;
  const std::int64_t least = -std::int64_t{params.codebook_zero};
  const std::int64_t most = std::int64_t{params.codebook_size} - 1 - params.codebook_zero;
  return std::all_of(levels_, levels_ + count_, [&](std::int32_t v) { return v >= least && v <= most; });
}

}  // namespace aimc
