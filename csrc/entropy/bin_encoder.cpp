#include "entropy/bin_encoder.hpp"

#include "entropy/model_steps.hpp"

namespace aimc {
namespace {

// What a bin does to the range. Row q codes the MPS at column q, row 32 + q the LPS.
struct RangeMoves {
  std::uint8_t next[64][256];   // next range - 256, by range - 256
  std::uint8_t shift[64][256];  // of the renormalisation
  constexpr RangeMoves() : next(), shift() {
    for (int q = 0; q < 32; ++q) {
      for (int r = 0; r < 255; ++r) {
        const int lps_range = kLpsRange[(r >> 5) & 7][q];
        set(q, r, 256 + r - lps_range);
        set(32 + q, r, lps_range);
      }
    }
  }
  constexpr void set(int row, int r, int range) {
    int n = 0;
    for (; range < 256; range <<= 1) ++n;
    next[row][r] = static_cast<std::uint8_t>(range - 256);
    shift[row][r] = static_cast<std::uint8_t>(n);
  }
};
// By bin and (S >> 7) + 32: row of RangeMoves, times 256, and a mask that keeps what only an LPS adds to low.
struct RangeRows {
  std::uint32_t row[2][64];
  std::uint32_t lps_mask[2][64];
  constexpr RangeRows() : row(), lps_mask() {
    for (int bin = 0; bin < 2; ++bin) {
      for (int i = 1; i < 64; ++i) {
        const int column = i - 32;
        const bool lps = bin != (column >= 0 ? 1 : 0);
        row[bin][i] = static_cast<std::uint32_t>(256 * ((lps ? 32 : 0) + (column < 0 ? -column : column)));
        lps_mask[bin][i] = lps ? 0xFFFFFFFF : 0;
      }
    }
  }
};
// All tables of the loop, behind one pointer.
struct Tables {
  ModelSteps steps;
  RangeRows rows;
  RangeMoves moves;
};
constexpr Tables kTables;

constexpr int kFlushBits = 32;
constexpr int kFlushAt = 40;  // what stays behind makes a carry into bytes already out rare

void carry_into(std::vector<std::uint8_t>& out) {
  for (std::size_t i = out.size(); i > 0 && ++out[i - 1] == 0; --i) {
  }
}

}  // namespace

void EncoderContext::init(int id) {
  const ParameterSet& p = kParameterSet[id];
  a = static_cast<std::uint8_t>(p.a0 + kOffsetA);
  b = p.b0;
  parameter_set = static_cast<std::uint8_t>(id);
  for (int bin = 0; bin < 2; ++bin) {
    next_a[bin] = first_next_a(p, bin);
    step_b[bin] = first_step_b(p, bin);
  }
}

void BinEncoder::context_bins(const Symbol* symbols, std::size_t count, EncoderContext* contexts) {
  const Tables* tables = &kTables;
  const std::uint8_t* next_a = &tables->steps.next_a[0][0][0];
  const std::int16_t* step_b = &tables->steps.step_b[0][0][0];
  const std::uint32_t* rows = &tables->rows.row[0][0];
  const std::uint32_t* lps_mask = &tables->rows.lps_mask[0][0];
  const std::uint8_t* next_range = &tables->moves.next[0][0];
  const std::uint8_t* shifts = &tables->moves.shift[0][0];
  std::uint64_t low = low_;
  int pending = pending_;
  std::uint64_t range = range_ - 256;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t symbol = symbols[i];
    const std::size_t bin = symbol & 1;
    EncoderContext& c = contexts[symbol / kSymbolSpacing];
    const std::int32_t a = c.a;
    const std::int32_t b = c.b;
    c.a = next_a[static_cast<std::uint32_t>(c.next_a[bin] + a)];
    c.b = static_cast<std::int16_t>(b + step_b[static_cast<std::uint32_t>(b + c.step_b[bin]) >> 7]);
    // 16 a is 2048 too large already; S + 4096 = 128 * 32 + S.
    const std::uint32_t index = static_cast<std::uint32_t>(16 * a + b + 2048 + (static_cast<int>(bin) << 13)) >> 7;
    const std::uint64_t move = rows[index] + range;
    const std::uint64_t next = next_range[move];
    const unsigned shift = shifts[move];
    low = (low + ((range + 256 - ((next + 256) >> shift)) & lps_mask[index])) << shift;
    pending += static_cast<int>(shift);
    range = next;
    if (__builtin_expect(pending >= kFlushAt, 0)) {
      low_ = low;
      pending_ = pending;
      flush(kFlushBits);
      low = low_;
      pending = pending_;
    }
  }
  low_ = low;
  pending_ = pending;
  range_ = static_cast<std::uint32_t>(range) + 256;
}

void BinEncoder::bypass_bins(std::uint32_t bits, int n) {
  while (n > 0) {
    const int part = n < 8 ? n : 8;
    n -= part;
    low_ = (low_ << part) + std::uint64_t{range_} * ((bits >> n) & ((1U << part) - 1));
    pending_ += part;
    if (pending_ >= kFlushAt) flush(kFlushBits);
  }
}

// Puts the `bits` oldest bits out; a multiple of 8.
void BinEncoder::flush(int bits) {
  const int rest = 9 + pending_ - bits;
  const std::uint64_t head = low_ >> rest;
  if ((head >> bits) != 0) carry_into(out_);
  for (int shift = bits - 8; shift >= 0; shift -= 8) out_.push_back(static_cast<std::uint8_t>(head >> shift));
  low_ &= (std::uint64_t{1} << rest) - 1;
  pending_ -= bits;
}

void BinEncoder::finish() {
  // P + 8 bits of low * 2^7 and the stop bit are low with its last bit set.
  low_ = (low_ + range_ - 2) | 1;
  const int padding = 7 & -(9 + pending_);
  low_ <<= padding;
  pending_ += padding;
  flush(9 + pending_);
}

}  // namespace aimc
