// The arithmetic encoder (section 9.3).
//
// All bins of a stretch are known before it is coded, so they come as an array of symbols: the loop over them has no
// branch that depends on a bin. The range moves through a table, since the next range depends on the range, the LPS
// column and the kind of bin only.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "entropy/context.hpp"

namespace aimc {

// A context model laid out for encoding: the estimators, and for each bin what leads from them to the next ones and to
// the move of the range.
struct alignas(32) EncoderContext {
  struct Bin {
    std::int32_t next_a;  // to be added to a: index into the next values of a (model_steps.hpp)
    std::int32_t step_b;  // to be added to b, before a shift by 7: index of the step of b
    std::int32_t move;    // to be added to 16 a + b, before a shift by 7: index of the move of the range
  };
  Bin bin[2];
  std::int16_t b;
  std::uint8_t a;  // plus kOffsetA
  std::uint8_t parameter_set;

  void init(int id);
  // A context that never learns and halves the range: its bins are bypass bins.
  void init_bypass();
};

// One bin: the offset in memory, in an array of contexts, of what its context does with it.
using Symbol = std::uint16_t;
constexpr int kSymbolsPerContext = sizeof(EncoderContext);
constexpr int kSymbolOne = sizeof(EncoderContext::Bin);  // from the symbol for bin 0 to that for bin 1
static_assert((kMaxContexts + 1) * kSymbolsPerContext <= 0x10000, "a symbol has 16 bits");
constexpr Symbol make_symbol(int context, int bin) {
  return static_cast<Symbol>(kSymbolsPerContext * context + kSymbolOne * bin);
}
constexpr int symbol_context(Symbol symbol) {
  return symbol / kSymbolsPerContext;
}
constexpr int symbol_bin(Symbol symbol) {
  static_assert(kSymbolOne / 8 % 2 == 1 && kSymbolsPerContext % 16 == 0, "bit 3 tells the bins apart");
  return (symbol >> 3) & 1;
}

// The contexts of a tensor are followed by one for bypass bins.
inline int bypass_context(const ContextLayout& layout) {
  return layout.count();
}

class BinEncoder {
 public:
  // Appends to `out`, which must be empty.
  explicit BinEncoder(HeapVector<std::uint8_t>& out) : out_(out) {}

  // Bins in order.
  void bins(const Symbol* symbols, std::size_t count, EncoderContext* contexts);
  void bin(int context, int value, EncoderContext* contexts) {
    const Symbol symbol = make_symbol(context, value);
    bins(&symbol, 1, contexts);
  }
  // The low `n` bits of `bits` as bypass bins, the first one most significant; n <= 32. For headers: levels have
  // symbols of the bypass context.
  void bypass_bins(std::uint32_t bits, int n);
  // A block row starts (10.2).
  void reset_range() { range_ = 256; }
  // Terminate bin 1, stop bit and padding (9.4). Ends the codeword.
  void finish();

  // P: shifts since the start of the payload.
  std::uint64_t shifts() const { return 8 * out_.size() + static_cast<std::uint64_t>(pending_); }
  // The last 9 bits of low.
  std::uint32_t low_bits() const { return static_cast<std::uint32_t>(twice_low_ >> 1) & 0x1FF; }

 private:
  void flush(int bits);

  HeapVector<std::uint8_t>& out_;
  std::uint64_t twice_low_ = 0;  // low: 9 + pending_ bits below what is out already, and a carry above them
  int pending_ = 0;              // shifts whose bits are not out yet
  std::uint32_t range_ = 510;
};

}  // namespace aimc
