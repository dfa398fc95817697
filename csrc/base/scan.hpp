// Scan orders (section 10.1): a tensor of rows x width as a sequence of runs, stretches of positions that follow each
// other both in coding order and in memory.
#pragma once
#include <algorithm>
#include <cstdint>

namespace aimc {

struct ScanRun {
  std::uint64_t begin = 0;  // row-major position of the first element
  std::uint64_t count = 0;
  std::uint64_t row = 0;          // of the first element
  bool starts_block_row = false;  // first run of a block row; with side 0, of the tensor
};

class ScanRuns {
 public:
  // side 0: row by row. `by_row`: no run holds more than one row.
  ScanRuns(std::uint64_t rows, std::uint64_t width, std::uint64_t side, bool by_row)
      : rows_(rows),
        width_(width),
        height_(side > 0 ? side : rows),
        stripe_(side > 0 ? side : width),
        by_row_(by_row) {}

  bool next(ScanRun* run) {
    if (row_begin_ >= rows_) return false;
    const std::uint64_t row_end = row_begin_ + std::min(height_, rows_ - row_begin_);
    const std::uint64_t columns = std::min(stripe_, width_ - column_);
    const bool whole_rows = columns == width_ && !by_row_;
    const std::uint64_t run_rows = whole_rows ? row_end - row_ : 1;
    *run = {row_ * width_ + column_, columns * run_rows, row_, row_ == row_begin_ && column_ == 0};
    advance(run_rows, columns, row_end);
    return true;
  }

 private:
  void advance(std::uint64_t run_rows, std::uint64_t columns, std::uint64_t row_end) {
    row_ += run_rows;
    if (row_ < row_end) return;
    column_ += columns;
    if (column_ < width_) {
      row_ = row_begin_;
      return;
    }
    column_ = 0;
    row_begin_ = row_end;
  }

  std::uint64_t rows_;
  std::uint64_t width_;
  std::uint64_t height_;  // of a block row
  std::uint64_t stripe_;  // width of a block
  bool by_row_;
  std::uint64_t row_begin_ = 0;  // of the block row
  std::uint64_t row_ = 0;
  std::uint64_t column_ = 0;
};

}  // namespace aimc
