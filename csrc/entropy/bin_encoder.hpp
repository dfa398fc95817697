// The arithmetic encoder (section 9.3).
//
// All bins of a stretch are known before it is coded, so they come as an array of symbols: the loop over them has no
// branch that depends on a bin. The range moves through a table, since the next range depends on the range, the LPS
// column and the kind of bin only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "entropy/context.hpp"

namespace aimc {

// A context model laid out for encoding: the estimators, and what leads from them to the next ones.
struct alignas(32) EncoderContext {
  std::int32_t next_a[2];  // by bin: where the moves of a start (model_steps.hpp)
  std::int32_t step_b[2];  // by bin: to be added to b for the index of its step
  std::int16_t b;
  std::uint8_t a;  // plus kOffsetA
  std::uint8_t parameter_set;

  void init(int id);
};

// One context-coded bin: the context's number and, in the last bit, the bin. The number is spaced so that it is the
// offset of the context in memory.
using Symbol = std::uint16_t;
constexpr int kSymbolSpacing = 32;
static_assert(kMaxContexts * kSymbolSpacing <= 0x10000, "a symbol has 16 bits");
constexpr Symbol make_symbol(int context, int bin) {
  return static_cast<Symbol>(kSymbolSpacing * context + bin);
}

class BinEncoder {
 public:
  // Appends to `out`, which must be empty.
  explicit BinEncoder(std::vector<std::uint8_t>& out) : out_(out) {}

  // Context-coded bins in order.
  void context_bins(const Symbol* symbols, std::size_t count, EncoderContext* contexts);
  void context_bin(int context, int bin, EncoderContext* contexts) {
    const Symbol symbol = make_symbol(context, bin);
    context_bins(&symbol, 1, contexts);
  }
  // The low `n` bits of `bits` as bypass bins, the first one most significant; n <= 32.
  void bypass_bins(std::uint32_t bits, int n);
  // A block row starts (10.2).
  void reset_range() { range_ = 256; }
  // Terminate bin 1, stop bit and padding (9.4). Ends the codeword.
  void finish();

  // P: shifts since the start of the payload.
  std::uint64_t shifts() const { return 8 * out_.size() + static_cast<std::uint64_t>(pending_); }
  // The last 9 bits of low.
  std::uint32_t low_bits() const { return static_cast<std::uint32_t>(low_) & 0x1FF; }

 private:
  void flush(int bits);

  std::vector<std::uint8_t>& out_;
  std::uint64_t low_ = 0;  // 9 + pending_ bits below what is out already, and a carry above them
  int pending_ = 0;        // shifts whose bits are not out yet
  std::uint32_t range_ = 510;
};

}  // namespace aimc
