#include "entropy/bin_encoder.hpp"

#include "entropy/model_steps.hpp"

namespace aimc {
namespace {

// What a bin does to the range. Row q codes the MPS at column q, row 32 + q the LPS, row 64 a bypass bin.
constexpr int kBypassRow = 64;
struct RangeMoves {
  struct Move {
    std::uint8_t next = 0;   // range - 256 after the renormalisation
    std::uint8_t shift = 0;  // of the renormalisation
  };
  Move move[kBypassRow + 1][256];  // by range - 256
  constexpr RangeMoves() : move() {
    for (int r = 0; r < 255; ++r) {
      for (int q = 0; q < 32; ++q) {
        const int lps_range = kLpsRange[(r >> 5) & 7][q];
        renormalise(q, r, 256 + r - lps_range);
        renormalise(32 + q, r, lps_range);
      }
      move[kBypassRow][r] = {static_cast<std::uint8_t>(r), 1};
    }
  }
  constexpr void renormalise(int row, int r, int range) {
    int n = 0;
    for (; range < 256; range <<= 1) ++n;
    move[row][r] = {static_cast<std::uint8_t>(range - 256), static_cast<std::uint8_t>(n)};
  }
};

// Rows of RangeMoves, times 256, by 64 * bin + 32 + (S >> 7). The first entry of each bin, which no S leads to, is for
// bypass bins.
struct MoveIndex {
  std::uint32_t row[128];
  std::uint32_t upper[128];  // mask: the bin takes the upper part of the range
  constexpr MoveIndex() : row(), upper() {
    for (int bin = 0; bin < 2; ++bin) {
      for (int column = -31; column < 32; ++column) {
        const bool lps = bin != (column >= 0 ? 1 : 0);
        set(64 * bin + 32 + column, (lps ? 32 : 0) + (column < 0 ? -column : column), lps);
      }
      set(64 * bin, kBypassRow, bin == 1);
    }
  }
  constexpr void set(int index, int move, bool takes_upper) {
    row[index] = static_cast<std::uint32_t>(256 * move);
    upper[index] = takes_upper ? 0xFFFFFFFF : 0;
  }
};

// All tables of the loop, behind one pointer.
struct Tables {
  ModelSteps steps;
  MoveIndex index;
  RangeMoves moves;
};
constexpr Tables kTables;

constexpr int kFlushBits = 32;
constexpr int kFlushAt = 40;  // what stays behind makes a carry into bytes already out rare

void carry_into(HeapVector<std::uint8_t>& out) {
  for (std::size_t i = out.size(); i > 0 && ++out[i - 1] == 0; --i) {
  }
}

}  // namespace

void EncoderContext::init(int id) {
  const ParameterSet& p = kParameterSet[id];
  a = static_cast<std::uint8_t>(p.a0 + kOffsetA);
  b = p.b0;
  parameter_set = static_cast<std::uint8_t>(id);
  // 16 a is 16 * kOffsetA too large, half of what makes S + 32 * 128.
  for (int i = 0; i < 2; ++i) bin[i] = {first_next_a(p, i), first_step_b(p, i), 128 * (64 * i + 32) - 16 * kOffsetA};
}

void EncoderContext::init_bypass() {
  a = 0;  // kOffsetA below 0: no estimator gets there, and no move leads away
  b = 0;
  parameter_set = 0;
  for (int i = 0; i < 2; ++i) bin[i] = {0, 0, 128 * 64 * i};
}

// Low counts double, so that half of an odd range can be added to it before the shift of a bypass bin.
void BinEncoder::bins(const Symbol* symbols, std::size_t count, EncoderContext* contexts) {
  char* memory = reinterpret_cast<char*>(contexts);
  const Tables* tables = &kTables;
  const std::uint8_t* next_a = &tables->steps.next_a[0][0][0];
  const std::int16_t* step_b = &tables->steps.step_b[0][0][0];
  const RangeMoves::Move* moves = &tables->moves.move[0][0];
  std::uint64_t twice_low = twice_low_;
  int pending = pending_;
  std::size_t range = range_ - 256;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t symbol = symbols[i];
    const auto& bin = *reinterpret_cast<const EncoderContext::Bin*>(memory + symbol);
    auto& context = *reinterpret_cast<EncoderContext*>(memory + symbol / kSymbolsPerContext * kSymbolsPerContext);
    const std::int32_t a = context.a;
    const std::int32_t b = context.b;
    const std::uint32_t index = static_cast<std::uint32_t>(16 * a + b + bin.move) >> 7;
    const std::uint32_t index_a = static_cast<std::uint32_t>(a + bin.next_a);
    const std::uint32_t index_b = static_cast<std::uint32_t>(b + bin.step_b) >> 7;
    context.a = next_a[index_a];
    context.b = static_cast<std::int16_t>(b + step_b[index_b]);
    const RangeMoves::Move& move = moves[tables->index.row[index] + range];
    const std::size_t next = move.next;
    const unsigned shift = move.shift;
    const std::size_t lower_part = 2 * (256 + range) - ((2 * (256 + next)) >> shift);
    twice_low = (twice_low + (lower_part & tables->index.upper[index])) << shift;
    pending += static_cast<int>(shift);
    range = next;
    if (__builtin_expect(pending >= kFlushAt, 0)) {
      twice_low_ = twice_low;
      pending_ = pending;
      flush(kFlushBits);
      twice_low = twice_low_;
      pending = pending_;
    }
  }
  twice_low_ = twice_low;
  pending_ = pending;
  range_ = static_cast<std::uint32_t>(range) + 256;
}

void BinEncoder::bypass_bins(std::uint32_t bits, int n) {
  EncoderContext context;
  context.init_bypass();
  while (n-- > 0) bin(0, static_cast<int>((bits >> n) & 1), &context);
}

// Puts the `count` oldest bits out; a multiple of 8.
void BinEncoder::flush(int count) {
  const int rest = 10 + pending_ - count;
  const std::uint64_t head = twice_low_ >> rest;
  if ((head >> count) != 0) carry_into(out_);
  for (int shift = count - 8; shift >= 0; shift -= 8) out_.push_back(static_cast<std::uint8_t>(head >> shift));
  twice_low_ &= (std::uint64_t{1} << rest) - 1;
  pending_ -= count;
}

void BinEncoder::finish() {
  // P + 8 bits of low * 2^7 and the stop bit are low with its last bit set.
  twice_low_ = (twice_low_ + 2 * (range_ - 2)) | 2;
  const int padding = 7 & -(9 + pending_);
  twice_low_ <<= padding;
  pending_ += padding;
  flush(9 + pending_);
}

}  // namespace aimc
