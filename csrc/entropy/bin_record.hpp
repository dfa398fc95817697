// Recording of bins: 16 bytes each, from which bin_expand.hpp derives the rest.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "base/inline.hpp"
#include "entropy/tracer.hpp"

namespace aimc {

// The most that fields of a record hold.
constexpr std::uint64_t kMostTracedLevels = std::uint64_t{1} << 44;
constexpr std::size_t kMostTracedTensors = 16;

// Bits of `place`, from the lowest: bin 1, element 4, its number 11, tensor 4, position 44 (of a bin of row_skip_list
// the row). Bits of `coder`: a 16, b 16, context 11, R - 256 8, O 9, parameter set 4; all before the bin.
struct BinRecord {
  std::uint64_t place;
  std::uint64_t coder;

  int bin() const { return static_cast<int>(place & 1); }
  BinElement element() const { return static_cast<BinElement>(place >> 1 & 0xF); }
  std::uint32_t element_index() const { return static_cast<std::uint32_t>(place >> 5 & 0x7FF); }
  std::uint16_t tensor() const { return static_cast<std::uint16_t>(place >> 16 & 0xF); }
  std::uint64_t position() const { return place >> 20; }
  std::int16_t a() const { return static_cast<std::int16_t>(coder & 0xFFFF); }
  std::int16_t b() const { return static_cast<std::int16_t>(coder >> 16 & 0xFFFF); }
  std::uint16_t context() const {
    const auto number = static_cast<std::uint16_t>(coder >> 32 & 0x7FF);
    return number >= (kTerminateContext & 0x7FF) ? static_cast<std::uint16_t>(number | 0xF800) : number;
  }
  std::uint32_t range() const { return static_cast<std::uint32_t>(256 + (coder >> 43 & 0xFF)); }
  std::uint32_t offset() const { return static_cast<std::uint32_t>(coder >> 51 & 0x1FF); }
  int parameter_set() const { return static_cast<int>(coder >> 60); }
};

// Which bins are kept: those numbered first .. first + limit - 1 that belong to a tensor and to some of its levels.
struct BinWindow {
  static constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t first = 0;
  std::uint64_t limit = kAll;
  std::uint64_t tensor = kAll;  // its number in the codeword
  std::uint64_t first_level = 0;
  std::uint64_t levels = kAll;  // unless this is kAll, only bins of levels are kept

  bool holds_tensor(std::uint64_t number) const { return tensor == kAll || tensor == number; }
};

// Memory of records. The recorder works on pointers into it, since a decoder whose parts have no address elsewhere
// lives in registers.
class BinBuffer {
 public:
  explicit BinBuffer(std::size_t capacity) : capacity_(capacity) { renew(); }

  BinRecord* begin() const { return records_.get(); }
  std::size_t capacity() const { return capacity_; }
  // Makes room for more after `used` records, which move.
  void grow(std::size_t used);
  // Gives the records away.
  std::unique_ptr<BinRecord[]> take() { return std::move(records_); }
  void renew() { records_.reset(new BinRecord[capacity_]); }

 private:
  std::unique_ptr<BinRecord[]> records_;
  std::size_t capacity_;
};

// Keeps the bins of a window; counts them all.
class BinRecorder {
 public:
  static constexpr bool enabled = true;

  BinRecorder() = default;
  BinRecorder(const BinWindow& window, BinBuffer* buffer)
      : first_(window.first), limit_(kept(window.first, window.limit)), window_(&window), buffer_(buffer) {
    start_chunk();
    tensor(0);
  }

  // The buffer is new.
  void start_chunk() { enter_buffer(0); }

  AIMC_INLINE void at(BinElement element, std::uint64_t index) {
    const bool in_level = element >= BinElement::sig_flag;
    place_ = (place_ & (in_level ? kInLevel : kTensor)) | static_cast<std::uint64_t>(element) << 1 |
             index << (element == BinElement::row_skip_list ? 20 : 5);
    if (element == BinElement::terminate && by_level_) open_ = 0;
  }
  AIMC_INLINE void level(std::uint64_t position) {
    place_ = (place_ & kTensor) | position << 20;
    if (by_level_) open_ = position - first_level_ < levels_ ? limit_ : 0;
  }
  void tensor(std::size_t number) {
    place_ = static_cast<std::uint64_t>(number) << 16;
    by_level_ = window_->levels != BinWindow::kAll && window_->holds_tensor(number);
    first_level_ = window_->first_level;
    levels_ = kept(window_->first_level, window_->levels);
    open_ = window_->holds_tensor(number) && !by_level_ ? limit_ : 0;
  }
  AIMC_INLINE void bin(const BinEvent& e) {
    const std::uint64_t number = count_++;
    if (number - first_ >= open_) return;
    if (out_ == begin_) {
      chunk_shifts_ = e.shifts;
      chunk_number_ = number;
    }
    if (__builtin_expect(out_ == end_, 0)) {
      const std::size_t used = recorded();
      buffer_->grow(used);
      enter_buffer(used);
    }
    out_->place = place_ | static_cast<std::uint64_t>(e.bin);
    out_->coder = static_cast<std::uint64_t>(static_cast<std::uint16_t>(e.a)) |
                  static_cast<std::uint64_t>(static_cast<std::uint16_t>(e.b)) << 16 |
                  static_cast<std::uint64_t>(e.context & 0x7FF) << 32 |
                  static_cast<std::uint64_t>(e.range & 0xFF) << 43 | static_cast<std::uint64_t>(e.offset) << 51 |
                  static_cast<std::uint64_t>(e.parameter_set) << 60;
    ++out_;
  }
  void reset(std::uint32_t) {}

  std::uint64_t count() const { return count_; }
  std::size_t recorded() const { return static_cast<std::size_t>(out_ - begin_); }
  // P before the first record, and its number.
  std::uint64_t chunk_shifts() const { return chunk_shifts_; }
  std::uint64_t chunk_number() const { return chunk_number_; }

 private:
  static constexpr std::uint64_t kTensor = 0xF0000;
  static constexpr std::uint64_t kInLevel = ~std::uint64_t{0xFFFF};

  // So many from `first` on that differences which wrap around are beyond them.
  static std::uint64_t kept(std::uint64_t first, std::uint64_t count) {
    return count < BinWindow::kAll - first ? count : BinWindow::kAll - first;
  }

  AIMC_INLINE void enter_buffer(std::size_t used) {
    begin_ = buffer_->begin();
    out_ = begin_ + used;
    end_ = begin_ + buffer_->capacity();
  }

  BinRecord* out_ = nullptr;
  BinRecord* end_ = nullptr;
  BinRecord* begin_ = nullptr;
  std::uint64_t count_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t limit_ = 0;
  std::uint64_t open_ = 0;  // limit_ where the window holds what is being decoded, else 0
  std::uint64_t place_ = 0;
  std::uint64_t chunk_shifts_ = 0;
  std::uint64_t chunk_number_ = 0;
  std::uint64_t first_level_ = 0;
  std::uint64_t levels_ = 0;
  const BinWindow* window_ = nullptr;
  BinBuffer* buffer_ = nullptr;
  bool by_level_ = false;
};

}  // namespace aimc
