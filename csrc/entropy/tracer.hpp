// Observers of the arithmetic decoder. The decoder is a template over its tracer: with NullTracer the hooks compile to
// nothing, with BinTracer every bin is recorded.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace aimc {

// Syntax elements inside the arithmetic codeword (sections 5 and 7).
enum class BinElement : std::uint8_t {
  qp_delta,
  hist_dep_sig_prob_enabled_flag,
  row_skip_enabled_flag,
  row_skip_list,
  shift_id_nonzero,
  shift_id_minus1,
  sig_flag,
  sign_flag,
  abs_level_greater,
  rem_prefix,
  rem_suffix,
  terminate,
};

constexpr std::uint16_t kBypassContext = 0xFFFF;
constexpr std::uint16_t kTerminateContext = 0xFFFE;

// One bin, as the tables of section 17 show it. `element_index` is the row, context or flag number that the element
// name carries; `position` is the coding-order index of the level within its tensor.
struct BinRecord {
  std::uint64_t shifts;
  std::uint64_t position;
  std::uint32_t element_index;
  std::uint16_t tensor;
  std::uint16_t context;
  std::int16_t state_before;
  std::uint16_t range_before;
  std::uint16_t offset_before;
  std::uint16_t lps_range;
  std::uint16_t range_after;
  std::uint16_t offset_after;
  std::int16_t a_after;
  std::int16_t b_after;
  std::uint8_t element;
  std::uint8_t bin;
  std::uint8_t reserved[6];
};
static_assert(sizeof(BinRecord) == 48, "the record is mirrored by a numpy structured type");

struct NullTracer {
  static constexpr bool enabled = false;
  void at(BinElement, std::uint64_t) {}
  void level(std::uint64_t) {}
  void tensor(std::size_t) {}
  void record(BinRecord) {}
};

// Keeps the bins numbered first .. first + limit - 1; counts them all.
class BinTracer {
 public:
  static constexpr bool enabled = true;

  BinTracer(std::uint64_t first, std::uint64_t limit) : first_(first), limit_(limit) {}

  void at(BinElement element, std::uint64_t index) {
    element_ = element;
    index_ = static_cast<std::uint32_t>(index);
  }
  void level(std::uint64_t position) { position_ = position; }
  void tensor(std::size_t number) { tensor_ = static_cast<std::uint16_t>(number); }
  void record(BinRecord r) {
    const std::uint64_t number = count_++;
    if (number < first_ || number - first_ >= limit_) return;
    r.element = static_cast<std::uint8_t>(element_);
    r.element_index = index_;
    r.position = position_;
    r.tensor = tensor_;
    records_.push_back(r);
  }

  std::uint64_t count() const { return count_; }
  const std::vector<BinRecord>& records() const { return records_; }

 private:
  std::uint64_t first_;
  std::uint64_t limit_;
  std::uint64_t count_ = 0;
  std::uint64_t position_ = 0;
  std::uint32_t index_ = 0;
  std::uint16_t tensor_ = 0;
  BinElement element_ = BinElement::qp_delta;
  std::vector<BinRecord> records_;
};

}  // namespace aimc
