#include "entropy/bin_encoder.hpp"

namespace aimc {
namespace {

// Estimator a moves through a table of all its values, offset by 128, for each rate and bin.
struct NextA {
  std::uint8_t next[4][2][256];
  constexpr NextA() : next() {
    for (int rate = 4; rate <= 7; ++rate) {
      for (int a = -128; a < 128; ++a) {
        const int up = kAdaptation[16 + (a >> 3)] >> rate;
        const int down = a == -128 ? 0 : kAdaptation[16 + ((-a) >> 3)] >> rate;
        next[rate - 4][0][a + 128] = static_cast<std::uint8_t>(a - down + 128);
        next[rate - 4][1][a + 128] = static_cast<std::uint8_t>(a + up + 128);
      }
    }
  }
};
constexpr NextA kNextA;

// Steps of estimator b: for bin 1 at index 16 + (b >> 7), for bin 0 at index 16 + ((b + 127) >> 7), since
// (-b) >> 7 = -((b + 127) >> 7).
struct StepB {
  std::int16_t step[3][2][33];
  constexpr StepB() : step() {
    for (int rate = 4; rate <= 6; ++rate) {
      for (int i = 0; i <= 32; ++i) {
        if (i > 0) step[rate - 4][0][i] = static_cast<std::int16_t>(-(kAdaptation[32 - i] >> rate));
        if (i < 32) step[rate - 4][1][i] = static_cast<std::int16_t>(kAdaptation[i] >> rate);
      }
    }
  }
};
constexpr StepB kStepB;

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
constexpr RangeMoves kRangeMoves;

// Row of kRangeMoves, times 256, by bin and (S >> 7) + 32.
struct RangeRows {
  std::uint16_t row[2][64];
  constexpr RangeRows() : row() {
    for (int bin = 0; bin < 2; ++bin) {
      for (int i = 1; i < 64; ++i) {
        const int column = i - 32;
        const bool lps = bin != (column >= 0 ? 1 : 0);
        row[bin][i] = static_cast<std::uint16_t>(256 * ((lps ? 32 : 0) + (column < 0 ? -column : column)));
      }
    }
  }
};
constexpr RangeRows kRangeRows;

constexpr int kFlushBits = 32;
constexpr int kFlushAt = 40;  // what stays behind makes a carry into bytes already out rare

void carry_into(std::vector<std::uint8_t>& out) {
  for (std::size_t i = out.size(); i > 0 && ++out[i - 1] == 0; --i) {
  }
}

}  // namespace

void EncoderContext::init(int id) {
  const ParameterSet& p = kParameterSet[id];
  a = static_cast<std::uint8_t>(p.a0 + 128);
  b = p.b0;
  parameter_set = static_cast<std::uint8_t>(id);
  table_a = static_cast<std::uint16_t>(512 * (p.rate_a - 4));
  table_b = static_cast<std::uint16_t>(66 * (p.rate_b - 4));
}

void BinEncoder::context_bins(const Symbol* symbols, std::size_t count, EncoderContext* contexts) {
  const std::uint8_t* next_a = &kNextA.next[0][0][0];
  const std::int16_t* step_b = &kStepB.step[0][0][0];
  const std::uint16_t* rows = &kRangeRows.row[0][0];
  const std::uint8_t* next_range = &kRangeMoves.next[0][0];
  const std::uint8_t* shifts = &kRangeMoves.shift[0][0];
  std::uint64_t low = low_;
  int pending = pending_;
  std::uint32_t range = range_ - 256;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t symbol = symbols[i];
    const int bin = symbol & 1;
    EncoderContext& c = contexts[symbol >> 1];
    const int a = c.a;
    const int b = c.b;
    const int state = b + 16 * a;  // S + 2048
    c.a = next_a[c.table_a + 256 * bin + a];
    c.b = static_cast<std::int16_t>(b + step_b[c.table_b + 33 * bin + 16 + ((b + (127 & (bin - 1))) >> 7)]);
    const std::uint32_t row = rows[64 * bin + 16 + (state >> 7)];
    const std::uint32_t next = next_range[row + range];
    const int shift = shifts[row + range];
    const std::uint32_t lps = 0U - (row >> 13);
    low += lps & (256 + range - ((256 + next) >> shift));
    low <<= shift;
    pending += shift;
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
  range_ = range + 256;
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
