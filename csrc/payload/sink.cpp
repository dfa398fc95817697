#include "payload/sink.hpp"

#include <algorithm>
#include <cstring>

#include "base/inline.hpp"

namespace aimc {
namespace {

template <class T>
AIMC_INLINE void reconstruct_body(const T* levels, std::uint64_t n, float step, unsigned char* out) {
  for (std::uint64_t i = 0; i < n; ++i) {
    const float value = step * static_cast<float>(levels[i]);
    std::memcpy(out + 4 * i, &value, 4);
  }
}
template <class T>
AIMC_INLINE void copy_body(const T* levels, std::uint64_t n, unsigned char* out) {
  for (std::uint64_t i = 0; i < n; ++i) {
    const auto value = static_cast<std::int32_t>(levels[i]);
    std::memcpy(out + 4 * i, &value, 4);
  }
}

template <class T>
void reconstruct_scalar(const T* levels, std::uint64_t n, float step, unsigned char* out) {
  reconstruct_body(levels, n, step, out);
}
#if AIMC_X86
template <class T>
AIMC_TARGET_AVX512 void reconstruct_avx512(const T* levels, std::uint64_t n, float step, unsigned char* out) {
  reconstruct_body(levels, n, step, out);
}
#endif

}  // namespace

Sink::Sink(const TensorTarget& target, std::uint64_t row_begin, std::uint64_t row_end, bool blocked,
           const HeapVector<std::uint8_t>& skipped, float step)
    : data_(static_cast<unsigned char*>(target.data)),
      skipped_(skipped.empty() ? nullptr : skipped.data()),
      output_(target.output),
      step_(step),
      dq_(target.params.dq),
      blocked_(blocked),
      width_(target.params.width),
      side_(blocked ? block_side(target.params) : target.params.width),
      row_begin_(row_begin),
      row_end_(row_end),
      row_(row_begin) {}

std::uint64_t Sink::next_run(unsigned* dq_state) {
  if (blocked_) return stripe_ < width_ && row_ < row_end_ ? (row_end_ - row_begin_) * (width_ - stripe_) : 0;
  if (skipped_ == nullptr) return (row_end_ - row_) * width_;
  while (row_ < row_end_ && skipped_[row_] != 0) {
    std::memset(data_ + 4 * row_ * width_, 0, 4 * width_);
    if (dq_) {
      for (std::uint64_t i = 0; i < width_ % 4; ++i) *dq_state = kNextState[*dq_state][0];
    }
    ++row_;
  }
  std::uint64_t end = row_;
  while (end < row_end_ && skipped_[end] == 0) ++end;
  return (end - row_) * width_;
}

std::uint64_t Sink::contiguous() const {
  return blocked_ ? std::min(stripe_ + side_, width_) - column_ : (row_end_ - row_) * width_ - column_;
}

void Sink::advance(std::uint64_t n) {
  if (!blocked_) {
    column_ += n;
    row_ += column_ / width_;
    column_ %= width_;
    return;
  }
  column_ += n;
  if (column_ < std::min(stripe_ + side_, width_)) return;
  if (++row_ == row_end_) {
    stripe_ += side_;
    if (stripe_ < width_) row_ = row_begin_;
  }
  column_ = stripe_;
}

template <class T>
void Sink::write_any(const T* levels, std::uint64_t n, Isa isa) {
  while (n > 0) {
    const std::uint64_t some = std::min(n, contiguous());
    unsigned char* out = data_ + 4 * (row_ * width_ + column_);
    if (output_ == Output::integers) {
      copy_body(levels, some, out);
#if AIMC_X86
    } else if (isa == Isa::avx512) {
      reconstruct_avx512(levels, some, step_, out);
#endif
    } else {
      reconstruct_scalar(levels, some, step_, out);
    }
    (void)isa;
    levels += some;
    n -= some;
    advance(some);
  }
}

void Sink::write(const std::int16_t* levels, std::uint64_t n, Isa isa) {
  write_any(levels, n, isa);
}
void Sink::write(const std::int32_t* levels, std::uint64_t n, Isa isa) {
  write_any(levels, n, isa);
}

}  // namespace aimc
