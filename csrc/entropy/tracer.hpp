// Observers of the arithmetic decoder. The decoder is a template over its tracer: with NullTracer the hooks compile to
// nothing; BinRecorder (bin_record.hpp) keeps bins, BinCosts (bin_costs.hpp) adds up what they cost.
#pragma once
#include <cstddef>
#include <cstdint>

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
constexpr std::size_t kBinElements = 12;

constexpr std::uint16_t kBypassContext = 0xFFFF;
constexpr std::uint16_t kTerminateContext = 0xFFFE;

// One bin: the decoder before it, and how it came out.
struct BinEvent {
  std::uint64_t shifts = 0;  // P
  std::uint16_t context = 0;
  std::uint8_t parameter_set = 0;  // of the context, as a and b
  std::int16_t a = 0;
  std::int16_t b = 0;
  std::uint32_t range = 0;
  std::uint32_t offset = 0;
  std::uint32_t part = 0;  // of the range that is left, before it is renormalised; not of a bypass bin
  int bin = 0;
};

struct NullTracer {
  static constexpr bool enabled = false;
  // The element that the next bins belong to, with the row, context or flag number that its name carries.
  void at(BinElement, std::uint64_t) {}
  // The coding-order index, within its tensor, of the level that the next bins belong to.
  void level(std::uint64_t) {}
  void tensor(std::size_t) {}
  void bin(const BinEvent&) {}
  // The range is set to 256, whatever it was.
  void reset(std::uint32_t) {}
};

}  // namespace aimc
