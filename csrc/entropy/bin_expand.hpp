// Everything about recorded bins that follows from their records and the payload.
#pragma once
#include <cstddef>
#include <cstdint>

#include "entropy/bin_record.hpp"

namespace aimc {

// One bin, as the tables of section 17 show it. `element_index` is the row, context or flag number that the element
// name carries; `position` is the coding-order index of the level within its tensor, 0 in the tensor's header.
struct BinStep {
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
static_assert(sizeof(BinStep) == 48, "the record is mirrored by a numpy structured type");

// `count` consecutive bins, of which the first is decoded after `shifts` shifts.
void expand_bins(const BinRecord* records, std::size_t count, const std::uint8_t* payload, std::size_t size,
                 std::uint64_t shifts, BinStep* steps);

}  // namespace aimc
