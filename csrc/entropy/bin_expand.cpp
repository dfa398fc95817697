#include "entropy/bin_expand.hpp"

#include "bits/big_endian.hpp"
#include "entropy/context.hpp"

namespace aimc {
namespace {

constexpr std::uint32_t kOffsetMask = 0x1FF;

// The bits of a payload from the one on that follows O.
class NextBits {
 public:
  NextBits(const std::uint8_t* payload, std::size_t size) : payload_(payload), size_(size) {}

  // `count` <= 8 bits after `shifts` shifts; zeros beyond the end.
  std::uint32_t read(std::uint64_t shifts, int count) const {
    const std::uint64_t bit = shifts + 9;
    const std::uint64_t byte = bit >> 3;
    if (count == 0 || byte >= size_) return 0;
    const std::uint32_t first = payload_[byte];
    const std::uint32_t second = byte + 1 < size_ ? payload_[byte + 1] : 0;
    return (first << 8 | second) << (bit & 7) >> (16 - count) & ((1U << count) - 1);
  }

 private:
  const std::uint8_t* payload_;
  std::size_t size_;
};

// What is left of the range, and of the offset, before both are renormalised.
struct Part {
  std::uint32_t range;
  std::uint32_t offset;
  int shift;
};

Part context_part(const BinRecord& r, BinStep* step) {
  ContextModel model;
  model.init(r.parameter_set());
  model.a = r.a();
  model.b = r.b();
  const std::uint32_t lps = kLpsRange[r.range() >> 5 & 7][model.column()];
  const bool is_lps = r.bin() != model.mps();
  const std::uint32_t mps = r.range() - lps;
  step->state_before = static_cast<std::int16_t>(model.state());
  step->lps_range = static_cast<std::uint16_t>(lps);
  model.update(r.bin());
  step->a_after = model.a;
  step->b_after = model.b;
  const std::uint32_t range = is_lps ? lps : mps;
  return {range, is_lps ? r.offset() - mps : r.offset(), __builtin_clz(range) - 23};
}

Part terminate_part(const BinRecord& r) {
  const std::uint32_t range = r.range() - 2;
  return {range, r.offset(), r.bin() != 0 ? 0 : __builtin_clz(range) - 23};
}

}  // namespace

void expand_bins(const BinRecord* records, std::size_t count, const std::uint8_t* payload, std::size_t size,
                 std::uint64_t shifts, BinStep* steps) {
  const NextBits next(payload, size);
  for (std::size_t i = 0; i < count; ++i) {
    const BinRecord& r = records[i];
    BinStep& step = steps[i];
    step = BinStep{};
    const bool row = r.element() == BinElement::row_skip_list;
    step.shifts = shifts;
    step.position = row ? 0 : r.position();
    step.element_index = row ? static_cast<std::uint32_t>(r.position()) : r.element_index();
    step.tensor = r.tensor();
    step.context = r.context();
    step.range_before = static_cast<std::uint16_t>(r.range());
    step.offset_before = static_cast<std::uint16_t>(r.offset());
    step.element = static_cast<std::uint8_t>(r.element());
    step.bin = static_cast<std::uint8_t>(r.bin());
    if (step.context == kBypassContext) {
      const std::uint32_t doubled = r.offset() << 1 | next.read(shifts, 1);
      step.range_after = step.range_before;
      step.offset_after = static_cast<std::uint16_t>((doubled - (r.bin() != 0 ? r.range() : 0)) & kOffsetMask);
      ++shifts;
      continue;
    }
    const Part part = step.context == kTerminateContext ? terminate_part(r) : context_part(r, &step);
    const std::uint32_t offset = part.offset << part.shift | next.read(shifts, part.shift);
    step.range_after = static_cast<std::uint16_t>(part.range << part.shift);
    step.offset_after = static_cast<std::uint16_t>(offset & kOffsetMask);
    shifts += static_cast<std::uint64_t>(part.shift);
  }
}

}  // namespace aimc
