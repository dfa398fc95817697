// The levels of a tensor in coding order (section 10), as the encoder sees them: rows that are skipped left out,
// dependent quantisation turned into parity levels and trellis states.
#pragma once
#include <cstdint>

#include "base/allocator.hpp"
#include "base/scan.hpp"
#include "base/status.hpp"
#include "entropy/binarize.hpp"
#include "payload/encode.hpp"

namespace aimc {

// 1 for each row that is all zero: row_skip_list.
HeapVector<std::uint8_t> zero_rows(const TensorInput& t);

class LevelSource {
 public:
  // `skipped`: row_skip_list, empty when rows are not skipped. Both must outlive the source.
  LevelSource(const TensorInput& t, Dialect dialect, const HeapVector<std::uint8_t>& skipped);

  bool done() const { return done_; }

  // The next levels, at most kMaxSpan and none beyond a block row; valid until the next call. The span is empty where a
  // block row has no coded level. Code::argument for a doubled integer that the trellis does not reach or an index
  // outside the codebook.
  Status next(LevelSpan* span);

  // Whether the span that came last starts a block row that resets the coder (10.2), and the trellis state before it.
  bool starts_block_row() const { return starts_block_row_; }
  std::uint8_t first_state() const { return first_state_; }

 private:
  void take(std::size_t count);
  bool resolve_trellis(std::size_t begin, std::size_t end);
  void pass_over_skipped();
  bool inside_codebook() const;

  const TensorInput& tensor_;
  const HeapVector<std::uint8_t>& skipped_;
  const bool block_rows_;
  ScanRuns runs_;
  ScanRun run_;  // what is left of the run in hand
  bool done_;
  bool starts_block_row_ = false;
  std::uint8_t first_state_ = 0;
  std::uint8_t state_ = 0;
  bool reachable_ = true;
  std::size_t count_ = 0;
  std::int32_t levels_[kMaxSpan];
  std::int32_t reference_[kMaxSpan];
  std::uint8_t history_[kMaxSpan];
  std::uint8_t states_[kMaxSpan] = {};
};

}  // namespace aimc
