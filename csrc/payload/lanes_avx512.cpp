#include "payload/lanes.hpp"

#if AIMC_X86
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "payload/plain_runs.hpp"

// The intrinsics of gcc 12 start from deliberately undefined registers.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

// Helpers of the vector code are inlined into the functions that carry the target attribute.
#define AIMC_LANE AIMC_TARGET_AVX512 static AIMC_INLINE

namespace aimc {
namespace {

constexpr int kLanes = 32;
constexpr std::uint64_t kStageRows = 128;
// A remainder of this many prefix bins may leave 16 bits: such a level is finished outside the vector.
constexpr int kLanePrefix = 12;
// V holds O (9 bits) and the bits that follow it.
constexpr int kValueBits = 16;
constexpr int kFractionBits = kValueBits - 9;
constexpr int kSigContexts = 24;

// One context of all lanes.
struct alignas(64) ContextRow {
  std::int16_t a[kLanes];
  std::int16_t b[kLanes];
  std::uint16_t rate_a[kLanes];
  std::uint16_t rate_b[kLanes];
};

struct alignas(64) StageRow {
  std::int16_t level[kLanes];
};

// The significance contexts of one trellis state and neighbour, packed so that one gather fetches a context:
// b in bits 0..15, a in 16..23, the rates in 24..27 and 28..31.
struct alignas(64) PackedRow {
  std::uint32_t context[kLanes];
};

// Decoder registers of all lanes: R; V; the bits after those of V in two words, `valid` of them. `next` are the byte
// offsets of what comes then, in the order of unpack_slot.
struct alignas(64) SpilledRegisters {
  std::uint16_t range[kLanes];
  std::uint16_t value[kLanes];
  std::uint16_t high[kLanes];
  std::uint16_t low[kLanes];
  std::int16_t valid[kLanes];
  std::uint32_t next[kLanes];
  std::int32_t last[kLanes];  // offset of the last 4 bytes of the payload, same order
  std::uint16_t state[kLanes];
};

struct Registers {
  __m512i range;
  __m512i value;
  __m512i high;
  __m512i low;
  __m512i valid;
  __m512i next_a;
  __m512i next_b;
  __m512i state;
  __mmask32 negative;  // neighbour classes 1 and 2
  __mmask32 positive;
};

// Registers and the magnitudes of the levels in hand.
struct WithMagnitudes {
  Registers registers;
  __m512i abs;
};

// A context of all lanes in registers.
struct Models {
  __m512i a;
  __m512i b;
  __m512i rate_a;
  __m512i rate_b;
};

// Where unpacklo and unpackhi of 16-bit lanes put lane i among 2 x 16 double words.
constexpr int unpack_slot(int lane) {
  return (lane / 8) * 4 + lane % 4 + (lane % 8 < 4 ? 0 : 16);
}

struct alignas(64) Tables {
  std::uint8_t lps[256];         // 18.1
  std::uint8_t lps_shift[256];   // shifts that bring an LPS range back to 9 bits
  std::uint16_t adaptation[32];  // 18.3, index modulo 32
  std::uint16_t next_state[32];  // by 2 * state + parity
  Tables() : lps(), lps_shift(), adaptation(), next_state() {
    for (int row = 0; row < 8; ++row) std::memcpy(lps + 32 * row, kLpsRange[row], 32);
    for (int i = 0; i < 256; ++i) lps_shift[i] = static_cast<std::uint8_t>(__builtin_clz(lps[i]) - 23);
    for (int i = -16; i < 16; ++i) adaptation[i & 31] = kAdaptation[16 + i];
    for (unsigned i = 0; i < 16; ++i) next_state[i] = kNextState[i / 2][i % 2];
  }
};
const Tables g_tables;

AIMC_LANE __m512i table16(const std::uint16_t* table) {
  return _mm512_load_si512(table);
}

AIMC_LANE Models load_models(const ContextRow& row) {
  return {_mm512_load_si512(row.a), _mm512_load_si512(row.b), _mm512_load_si512(row.rate_a),
          _mm512_load_si512(row.rate_b)};
}

// `other` in the lanes of `mask`.
AIMC_LANE Models blend(const Models& m, __mmask32 mask, const ContextRow& other) {
  return {_mm512_mask_mov_epi16(m.a, mask, _mm512_load_si512(other.a)),
          _mm512_mask_mov_epi16(m.b, mask, _mm512_load_si512(other.b)),
          _mm512_mask_mov_epi16(m.rate_a, mask, _mm512_load_si512(other.rate_a)),
          _mm512_mask_mov_epi16(m.rate_b, mask, _mm512_load_si512(other.rate_b))};
}

AIMC_LANE void store_models(ContextRow& row, __mmask32 mask, const Models& m) {
  _mm512_store_si512(row.a, _mm512_mask_mov_epi16(_mm512_load_si512(row.a), mask, m.a));
  _mm512_store_si512(row.b, _mm512_mask_mov_epi16(_mm512_load_si512(row.b), mask, m.b));
}

// 8.3 for one estimator: x is the estimator with the sign of the bin, so that the step is always added.
AIMC_LANE __m512i adapt(__m512i estimator, __mmask32 zeros, __m512i rate, __m512i index_of_x) {
  const __m512i step = _mm512_srlv_epi16(_mm512_permutexvar_epi16(index_of_x, table16(g_tables.adaptation)), rate);
  const __m512i up = _mm512_add_epi16(estimator, step);
  return _mm512_mask_sub_epi16(up, zeros, estimator, step);
}

AIMC_LANE void update(Models& m, __mmask32 bins) {
  const __mmask32 zeros = _knot_mask32(bins);
  const __m512i zero = _mm512_setzero_si512();
  const __m512i xa = _mm512_mask_sub_epi16(m.a, zeros, zero, m.a);
  const __m512i xb = _mm512_mask_sub_epi16(m.b, zeros, zero, m.b);
  m.a = adapt(m.a, zeros, m.rate_a, _mm512_srai_epi16(xa, 3));
  m.b = adapt(m.b, zeros, m.rate_b, _mm512_srai_epi16(xb, 7));
}

AIMC_LANE void shift(Registers& r, __m512i n) {
  r.value = _mm512_shldv_epi16(r.value, r.high, n);
  r.high = _mm512_shldv_epi16(r.high, r.low, n);
  r.low = _mm512_sllv_epi16(r.low, n);
  r.valid = _mm512_sub_epi16(r.valid, n);
}

// Entry of a table of 256 bytes by 16-bit lanes that hold an index.
AIMC_LANE __m512i look_up(const std::uint8_t* table, __m512i index) {
  constexpr __mmask64 kLowBytes = 0x5555555555555555ULL;
  const __m512i lower =
      _mm512_maskz_permutex2var_epi8(kLowBytes, _mm512_load_si512(table), index, _mm512_load_si512(table + 64));
  const __m512i upper =
      _mm512_maskz_permutex2var_epi8(kLowBytes, _mm512_load_si512(table + 128), index, _mm512_load_si512(table + 192));
  return _mm512_mask_mov_epi16(lower, _mm512_test_epi16_mask(index, _mm512_set1_epi16(0x80)), upper);
}

// One context bin in the lanes of `active`; the models are updated in all lanes.
AIMC_LANE __mmask32 context_bins(Registers& r, Models& m, __mmask32 active) {
  const __m512i state = _mm512_add_epi16(m.b, _mm512_slli_epi16(m.a, 4));
  const __mmask32 zero_is_mps = _mm512_movepi16_mask(state);
  const __m512i column = _mm512_abs_epi16(_mm512_srai_epi16(state, 7));
  // (R & 0xE0) | column
  const __m512i index = _mm512_ternarylogic_epi32(r.range, _mm512_set1_epi16(0xE0), column, 0xEA);
  const __m512i lps_range = look_up(g_tables.lps, index);
  const __m512i mps_range = _mm512_mask_sub_epi16(r.range, active, r.range, lps_range);
  const __m512i border = _mm512_slli_epi16(mps_range, kFractionBits);
  // Both outcomes are renormalised before it is known which one it is: that keeps the chain from bin to bin short.
  const __m512i lps_shift = look_up(g_tables.lps_shift, index);
  const __m512i one = _mm512_set1_epi16(1);
  const __mmask32 below = _mm512_testn_epi16_mask(mps_range, _mm512_set1_epi16(0x100));
  const __m512i lps_renormalised = _mm512_sllv_epi16(lps_range, lps_shift);
  const __m512i mps_renormalised = _mm512_mask_add_epi16(mps_range, below, mps_range, mps_range);
  const __mmask32 lps = _mm512_mask_cmpge_epu16_mask(active, r.value, border);
  r.value = _mm512_mask_sub_epi16(r.value, lps, r.value, border);
  r.range = _mm512_mask_mov_epi16(mps_renormalised, lps, lps_renormalised);
  shift(r, _mm512_mask_mov_epi16(_mm512_maskz_mov_epi16(below, one), lps, lps_shift));
  const __mmask32 bins = _kand_mask32(_kxnor_mask32(lps, zero_is_mps), active);
  update(m, bins);
  return bins;
}

// One bypass bin in the lanes of `active`.
AIMC_LANE __mmask32 bypass_bins(Registers& r, __mmask32 active) {
  const __m512i half = _mm512_slli_epi16(r.range, kFractionBits - 1);
  const __mmask32 bins = _mm512_mask_cmpge_epu16_mask(active, r.value, half);
  r.value = _mm512_mask_sub_epi16(r.value, bins, r.value, half);
  shift(r, _mm512_maskz_set1_epi16(active, 1));
  return bins;
}

struct Lane {
  LaneChain* chain = nullptr;
  std::uint32_t start = 0;      // offset of the payload from the base
  std::uint64_t remaining = 0;  // levels of the run in hand
};

// A level that was finished outside the vector.
struct Escaped {
  std::uint32_t row;
  int lane;
  std::int32_t value;
};

class LaneMachine {
 public:
  LaneMachine(LaneSource& source, const std::uint8_t* base, bool dq, int unary_length)
      : source_(source),
        base_(base),
        dq_(dq),
        layout_{unary_length},
        plain_run_(dq ? plain_runs(Isa::avx512).dependent : plain_runs(Isa::avx512).uniform),
        contexts_(static_cast<std::size_t>(layout_.count())),
        significance_(dq ? kSigContexts : 0),
        stage_(kStageRows) {}

  void run() {
    bool dry = false;
    for (int lane = 0; lane < kLanes && !dry; ++lane) dry = !load(lane);
    while (active_ != 0) {
      if (dry && __builtin_popcount(active_) < static_cast<int>(kFewestLanes)) {
        for (int lane = 0; lane < kLanes; ++lane) {
          if (is_active(lane)) finish_alone(lane);
        }
        return;
      }
      const std::uint64_t rows = shortest_run();
      if (dq_) {
        decode_rows<true>(rows);
      } else {
        decode_rows<false>(rows);
      }
      for (int lane = 0; lane < kLanes; ++lane) {
        if (is_active(lane) && !flush(lane, rows) && !dry) dry = !load(lane);
      }
      escaped_.clear();
    }
  }

 private:
  template <bool kDq>
  AIMC_TARGET_AVX512 void decode_rows(std::uint64_t rows);
  template <bool kDq>
  AIMC_TARGET_AVX512 AIMC_INLINE __m512i decode_row(Registers& r, std::uint32_t row);
  AIMC_TARGET_AVX512 AIMC_INLINE Models gather_significance(const Registers& r, __m512i& index_a, __m512i& index_b,
                                                            __m512i& rates) const;
  AIMC_TARGET_AVX512 AIMC_INLINE void scatter_significance(const Models& m, __m512i index_a, __m512i index_b,
                                                           __m512i rates);
  AIMC_TARGET_AVX512 AIMC_INLINE void refill_if_low(Registers& r) {
    const __mmask32 low = _mm512_mask_cmplt_epi16_mask(active_, r.valid, _mm512_set1_epi16(kFractionBits));
    if (__builtin_expect(low != 0, 0)) r = refill(r);
  }
  // Out of line and by value: the registers of the caller stay registers.
  AIMC_TARGET_AVX512 __attribute__((noinline)) Registers refill(Registers r) const;
  AIMC_TARGET_AVX512 __m512i gather_bits(__m512i next, int half) const;
  AIMC_TARGET_AVX512 __attribute__((noinline)) WithMagnitudes decode_remainders(WithMagnitudes m, __mmask32 lanes,
                                                                                __mmask32 negative, std::uint32_t row);
  AIMC_TARGET_AVX512 __m512i escape(Registers& r, __m512i abs, __mmask32 lanes, __mmask32 negative, std::uint32_t row);
  AIMC_TARGET_AVX512 Registers load_registers() const;
  AIMC_TARGET_AVX512 void spill(const Registers& r);
  std::uint16_t escape_lane(int lane, std::uint64_t abs, bool negative, std::uint32_t row);

  bool is_active(int lane) const { return (active_ >> lane & 1) != 0; }
  std::uint64_t shortest_run() const {
    std::uint64_t rows = kStageRows;
    for (int lane = 0; lane < kLanes; ++lane) {
      if (is_active(lane)) rows = std::min(rows, lanes_[lane].remaining);
    }
    return rows;
  }

  bool load(int lane);
  bool flush(int lane, std::uint64_t rows);
  bool next_run(int lane);
  void retire(int lane, bool intact);
  void finish_alone(int lane);
  void set_active(int lane, bool active);
  void put_decoder(int lane, const BinDecoder<NullTracer>& d);
  BinDecoder<NullTracer> take_decoder(int lane) const;
  LevelState take_state(int lane) const;
  ContextModel context_of(int lane, int context) const;

  LaneSource& source_;
  const std::uint8_t* base_;
  bool dq_;
  ContextLayout layout_;
  TensorDecoder<NullTracer>::PlainRun plain_run_;
  std::vector<ContextRow> contexts_;
  std::vector<PackedRow> significance_;
  std::vector<StageRow> stage_;
  std::vector<Escaped> escaped_;
  SpilledRegisters spilled_{};
  Lane lanes_[kLanes];
  std::uint32_t negative_ = 0;
  std::uint32_t positive_ = 0;
  std::uint32_t failed_ = 0;  // lanes that met a level of more than 32 bits
  std::uint32_t active_ = 0;
  std::uint16_t active_half_[2] = {0, 0};  // the same in the order of unpack_slot
};

Registers LaneMachine::load_registers() const {
  Registers r;
  r.range = _mm512_load_si512(spilled_.range);
  r.value = _mm512_load_si512(spilled_.value);
  r.high = _mm512_load_si512(spilled_.high);
  r.low = _mm512_load_si512(spilled_.low);
  r.valid = _mm512_load_si512(spilled_.valid);
  r.next_a = _mm512_load_si512(spilled_.next);
  r.next_b = _mm512_load_si512(spilled_.next + 16);
  r.state = _mm512_load_si512(spilled_.state);
  r.negative = negative_;
  r.positive = positive_;
  return r;
}

void LaneMachine::spill(const Registers& r) {
  _mm512_store_si512(spilled_.range, r.range);
  _mm512_store_si512(spilled_.value, r.value);
  _mm512_store_si512(spilled_.high, r.high);
  _mm512_store_si512(spilled_.low, r.low);
  _mm512_store_si512(spilled_.valid, r.valid);
  _mm512_store_si512(spilled_.next, r.next_a);
  _mm512_store_si512(spilled_.next + 16, r.next_b);
  _mm512_store_si512(spilled_.state, r.state);
  negative_ = r.negative;
  positive_ = r.positive;
}

// The four bytes at `next` of each active lane, first byte most significant, zeros beyond the end of its payload.
__m512i LaneMachine::gather_bits(__m512i next, int half) const {
  const __m512i last = _mm512_load_si512(spilled_.last + 16 * half);
  const __mmask16 active = active_half_[half];
  const __mmask16 inside = _mm512_mask_cmple_epi32_mask(active, next, last);
  const __m512i reversed = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), inside, next, base_, 1);
  const __m512i swap =
      _mm512_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203, 0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203,
                       0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203, 0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
  __m512i bits = _mm512_shuffle_epi8(reversed, swap);
  if (__builtin_expect(inside != active, 0)) {
    alignas(64) std::uint32_t words[16];
    alignas(64) std::uint32_t offsets[16];
    _mm512_store_si512(words, bits);
    _mm512_store_si512(offsets, next);
    for (int i = 0; i < 16; ++i) {
      if (((active & ~inside) >> i & 1) == 0) continue;
      const std::uint8_t* end = base_ + spilled_.last[16 * half + i] + 4;
      const std::uint8_t* p = offsets[i] < static_cast<std::uint32_t>(end - base_) ? base_ + offsets[i] : end;
      words[i] = static_cast<std::uint32_t>(load_be64(p, end) >> 32);
    }
    bits = _mm512_load_si512(words);
  }
  return bits;
}

// Tops up the bits of all lanes with whole bytes.
Registers LaneMachine::refill(Registers r) const {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i word = _mm512_set1_epi32(32);
  const __m512i low_half = _mm512_set1_epi32(0xFFFF);
  const __m512i valid_a = _mm512_unpacklo_epi16(r.valid, zero);
  const __m512i valid_b = _mm512_unpackhi_epi16(r.valid, zero);
  const __m512i bits_a =
      _mm512_or_si512(_mm512_unpacklo_epi16(r.low, r.high), _mm512_srlv_epi32(gather_bits(r.next_a, 0), valid_a));
  const __m512i bits_b =
      _mm512_or_si512(_mm512_unpackhi_epi16(r.low, r.high), _mm512_srlv_epi32(gather_bits(r.next_b, 1), valid_b));
  const __m512i bytes_a = _mm512_srli_epi32(_mm512_sub_epi32(word, valid_a), 3);
  const __m512i bytes_b = _mm512_srli_epi32(_mm512_sub_epi32(word, valid_b), 3);
  r.next_a = _mm512_mask_add_epi32(r.next_a, active_half_[0], r.next_a, bytes_a);
  r.next_b = _mm512_mask_add_epi32(r.next_b, active_half_[1], r.next_b, bytes_b);
  r.low = _mm512_packus_epi32(_mm512_and_si512(bits_a, low_half), _mm512_and_si512(bits_b, low_half));
  r.high = _mm512_packus_epi32(_mm512_srli_epi32(bits_a, 16), _mm512_srli_epi32(bits_b, 16));
  r.valid = _mm512_packus_epi32(_mm512_add_epi32(valid_a, _mm512_slli_epi32(bytes_a, 3)),
                                _mm512_add_epi32(valid_b, _mm512_slli_epi32(bytes_b, 3)));
  return r;
}

// The significance context of each lane by trellis state and neighbour.
Models LaneMachine::gather_significance(const Registers& r, __m512i& index_a, __m512i& index_b, __m512i& rates) const {
  const __m512i zero = _mm512_setzero_si512();
  __m512i context = _mm512_add_epi16(r.state, _mm512_add_epi16(r.state, r.state));
  context = _mm512_mask_add_epi16(context, r.negative, context, _mm512_set1_epi16(1));
  context = _mm512_mask_add_epi16(context, r.positive, context, _mm512_set1_epi16(2));
  const __m512i lanes_a = _mm512_set_epi32(27, 26, 25, 24, 19, 18, 17, 16, 11, 10, 9, 8, 3, 2, 1, 0);
  const __m512i lanes_b = _mm512_add_epi32(lanes_a, _mm512_set1_epi32(4));
  index_a = _mm512_add_epi32(_mm512_slli_epi32(_mm512_unpacklo_epi16(context, zero), 5), lanes_a);
  index_b = _mm512_add_epi32(_mm512_slli_epi32(_mm512_unpackhi_epi16(context, zero), 5), lanes_b);
  const __m512i packed_a = _mm512_i32gather_epi32(index_a, significance_.data(), 4);
  const __m512i packed_b = _mm512_i32gather_epi32(index_b, significance_.data(), 4);
  const __m512i low_half = _mm512_set1_epi32(0xFFFF);
  Models m;
  m.b = _mm512_packus_epi32(_mm512_and_si512(packed_a, low_half), _mm512_and_si512(packed_b, low_half));
  const __m512i upper = _mm512_packus_epi32(_mm512_srli_epi32(packed_a, 16), _mm512_srli_epi32(packed_b, 16));
  m.a = _mm512_srai_epi16(_mm512_slli_epi16(upper, 8), 8);
  m.rate_a = _mm512_and_si512(_mm512_srli_epi16(upper, 8), _mm512_set1_epi16(15));
  m.rate_b = _mm512_srli_epi16(upper, 12);
  rates = _mm512_and_si512(upper, _mm512_set1_epi16(static_cast<short>(0xFF00)));
  return m;
}

void LaneMachine::scatter_significance(const Models& m, __m512i index_a, __m512i index_b, __m512i rates) {
  const __m512i upper = _mm512_or_si512(rates, _mm512_and_si512(m.a, _mm512_set1_epi16(0xFF)));
  _mm512_mask_i32scatter_epi32(significance_.data(), active_half_[0], index_a, _mm512_unpacklo_epi16(m.b, upper), 4);
  _mm512_mask_i32scatter_epi32(significance_.data(), active_half_[1], index_b, _mm512_unpackhi_epi16(m.b, upper), 4);
}

// One level in every active lane (section 7).
template <bool kDq>
__m512i LaneMachine::decode_row(Registers& r, std::uint32_t row) {
  refill_if_low(r);
  Models m;
  __mmask32 significant;
  if constexpr (kDq) {
    __m512i index_a;
    __m512i index_b;
    __m512i rates;
    m = gather_significance(r, index_a, index_b, rates);
    significant = context_bins(r, m, active_);
    scatter_significance(m, index_a, index_b, rates);
  } else {
    ContextRow* sig = contexts_.data() + ContextLayout::kSig;
    m = blend(blend(load_models(sig[0]), r.negative, sig[1]), r.positive, sig[2]);
    significant = context_bins(r, m, active_);
    store_models(sig[0], _kandn_mask32(_kor_mask32(r.negative, r.positive), active_), m);
    store_models(sig[1], _kand_mask32(active_, r.negative), m);
    store_models(sig[2], _kand_mask32(active_, r.positive), m);
  }
  __m512i abs = _mm512_maskz_set1_epi16(significant, 1);
  __mmask32 negative = 0;
  if (significant != 0) {
    refill_if_low(r);
    ContextRow* sign = contexts_.data() + ContextLayout::kSign;
    m = blend(blend(load_models(sign[0]), r.negative, sign[1]), r.positive, sign[2]);
    negative = context_bins(r, m, significant);
    store_models(sign[0], _kandn_mask32(_kor_mask32(r.negative, r.positive), significant), m);
    store_models(sign[1], _kand_mask32(significant, r.negative), m);
    store_models(sign[2], _kand_mask32(significant, r.positive), m);

    __mmask32 more = significant;
    ContextRow* greater = contexts_.data() + ContextLayout::kGreater;
    for (int j = 0; j < layout_.unary_length && more != 0; ++j, greater += 2) {
      refill_if_low(r);
      m = blend(load_models(greater[0]), negative, greater[1]);
      const __mmask32 bins = context_bins(r, m, more);
      store_models(greater[0], _kandn_mask32(negative, more), m);
      store_models(greater[1], _kand_mask32(negative, more), m);
      abs = _mm512_mask_add_epi16(abs, bins, abs, _mm512_set1_epi16(1));
      more = bins;
    }
    if (more != 0) {
      const WithMagnitudes done = decode_remainders({r, abs}, more, negative, row);
      r = done.registers;
      abs = done.abs;
    }
  }
  const __m512i zero = _mm512_setzero_si512();
  const __m512i level = _mm512_mask_sub_epi16(abs, negative, zero, abs);
  const __mmask32 keep = ~active_;
  r.negative = (r.negative & keep) | negative;
  r.positive = (r.positive & keep) | (significant & ~negative);
  if constexpr (!kDq) return level;
  // w = 2 k - sign(k) (s & 1), then the next state by the parity of k.
  const __mmask32 odd = _mm512_test_epi16_mask(r.state, _mm512_set1_epi16(1)) & significant;
  __m512i doubled = _mm512_add_epi16(abs, abs);
  doubled = _mm512_mask_sub_epi16(doubled, odd, doubled, _mm512_set1_epi16(1));
  const __m512i parity = _mm512_and_si512(abs, _mm512_set1_epi16(1));
  const __m512i transition = _mm512_or_si512(_mm512_add_epi16(r.state, r.state), parity);
  r.state = _mm512_mask_permutexvar_epi16(r.state, active_, transition, table16(g_tables.next_state));
  return _mm512_mask_sub_epi16(doubled, negative, zero, doubled);
}

template <bool kDq>
void LaneMachine::decode_rows(std::uint64_t rows) {
  Registers r = load_registers();
  for (std::uint32_t row = 0; row < rows; ++row) {
    _mm512_store_si512(stage_[row].level, decode_row<kDq>(r, row));
  }
  spill(r);
}

WithMagnitudes LaneMachine::decode_remainders(WithMagnitudes m, __mmask32 lanes, __mmask32 negative,
                                              std::uint32_t row) {
  Registers r = m.registers;
  __m512i abs = m.abs;
  __m512i rem = _mm512_setzero_si512();
  __mmask32 more = lanes;
  ContextRow* prefix = contexts_.data() + layout_.remainder();
  for (int j = 0; j < kLanePrefix && more != 0; ++j, ++prefix) {
    refill_if_low(r);
    Models models = load_models(*prefix);
    const __mmask32 bins = context_bins(r, models, more);
    store_models(*prefix, more, models);
    abs = _mm512_mask_add_epi16(abs, bins, abs, _mm512_set1_epi16(static_cast<short>(1 << j)));
    rem = _mm512_mask_add_epi16(rem, bins, rem, _mm512_set1_epi16(1));
    more = bins;
  }
  if (__builtin_expect(more != 0, 0)) {
    abs = escape(r, abs, more, negative, row);
    rem = _mm512_mask_mov_epi16(rem, more, _mm512_setzero_si512());
  }
  __m512i suffix = _mm512_setzero_si512();
  for (__mmask32 left = _mm512_test_epi16_mask(rem, rem); left != 0; left = _mm512_test_epi16_mask(rem, rem)) {
    refill_if_low(r);
    const __mmask32 bins = bypass_bins(r, left);
    suffix = _mm512_mask_add_epi16(suffix, left, suffix, suffix);
    suffix = _mm512_mask_add_epi16(suffix, bins, suffix, _mm512_set1_epi16(1));
    rem = _mm512_mask_sub_epi16(rem, left, rem, _mm512_set1_epi16(1));
  }
  return {r, _mm512_add_epi16(abs, suffix)};
}

// Finishes the levels of `lanes` one by one. What stays in the vector is a stand-in with the same sign and parity.
__m512i LaneMachine::escape(Registers& r, __m512i abs, __mmask32 lanes, __mmask32 negative, std::uint32_t row) {
  spill(r);
  alignas(64) std::uint16_t words[kLanes];
  _mm512_store_si512(words, abs);
  for (int lane = 0; lane < kLanes; ++lane) {
    if ((lanes >> lane & 1) != 0) words[lane] = escape_lane(lane, words[lane], (negative >> lane & 1) != 0, row);
  }
  r = load_registers();
  return _mm512_load_si512(words);
}

std::uint16_t LaneMachine::escape_lane(int lane, std::uint64_t abs, bool negative, std::uint32_t row) {
  DecoderContext prefix[kRemainderContexts];
  for (int j = kLanePrefix; j < kRemainderContexts; ++j) prefix[j].assign(context_of(lane, layout_.remainder() + j));
  BinDecoder<NullTracer> d = take_decoder(lane);
  abs =
      decode_remainder(d, prefix, 0, kMaxRemainderPrefix, abs, std::numeric_limits<std::uint64_t>::max(), kLanePrefix);
  put_decoder(lane, d);
  for (int j = kLanePrefix; j < kRemainderContexts; ++j) {
    ContextRow& context = contexts_[static_cast<std::size_t>(layout_.remainder() + j)];
    context.a[lane] = prefix[j].a;
    context.b[lane] = prefix[j].b;
  }
  unsigned state = spilled_.state[lane];
  const std::int64_t level = negative ? -static_cast<std::int64_t>(abs) : static_cast<std::int64_t>(abs);
  const std::int64_t value = dq_ ? doubled(level, state) : level;
  if (!fits_int32(value)) failed_ |= std::uint32_t{1} << lane;
  escaped_.push_back({row, lane, static_cast<std::int32_t>(value)});
  return static_cast<std::uint16_t>(2 + (abs & 1));
}

void LaneMachine::set_active(int lane, bool active) {
  const int slot = unpack_slot(lane);
  const auto half_bit = static_cast<std::uint16_t>(1U << (slot % 16));
  std::uint16_t& half = active_half_[slot / 16];
  const std::uint32_t bit = std::uint32_t{1} << lane;
  active_ = active ? active_ | bit : active_ & ~bit;
  half = static_cast<std::uint16_t>(active ? half | half_bit : half & ~half_bit);
}

// Puts the next chain into a lane; false when there is none.
bool LaneMachine::load(int lane) {
  for (;;) {
    LaneChain* chain = source_.next();
    if (chain == nullptr) return false;
    lanes_[lane] = {chain, static_cast<std::uint32_t>(chain->payload - base_), 0};
    for (std::size_t c = 0; c < contexts_.size(); ++c) {
      const DecoderContext& from = chain->contexts[c];
      contexts_[c].a[lane] = from.a;
      contexts_[c].b[lane] = from.b;
      contexts_[c].rate_a[lane] = from.rate_a;
      contexts_[c].rate_b[lane] = from.rate_b;
    }
    for (std::size_t c = 0; c < significance_.size(); ++c) {
      const DecoderContext& from = chain->contexts[c];
      significance_[c].context[lane] =
          static_cast<std::uint16_t>(from.b) | static_cast<std::uint32_t>(from.a & 0xFF) << 16 |
          static_cast<std::uint32_t>(from.rate_a) << 24 | static_cast<std::uint32_t>(from.rate_b) << 28;
    }
    const std::uint32_t bit = std::uint32_t{1} << lane;
    negative_ = chain->state.neighbour == 1 ? negative_ | bit : negative_ & ~bit;
    positive_ = chain->state.neighbour == 2 ? positive_ | bit : positive_ & ~bit;
    failed_ &= ~bit;
    spilled_.state[lane] = static_cast<std::uint16_t>(chain->state.dq_state);
    put_decoder(lane, chain->decoder);
    set_active(lane, true);
    if (next_run(lane)) return true;
  }
}

// Hands the staged levels of a lane on; false when the lane has become free.
bool LaneMachine::flush(int lane, std::uint64_t rows) {
  Lane& l = lanes_[lane];
  const std::uint64_t consumed = spilled_.next[unpack_slot(lane)] - l.start;
  if ((failed_ >> lane & 1) != 0 || consumed > l.chain->size + 16) {
    retire(lane, false);
    return false;
  }
  std::int16_t levels[kStageRows];
  for (std::uint64_t row = 0; row < rows; ++row) levels[row] = stage_[row].level[lane];
  const bool escaped = std::any_of(escaped_.begin(), escaped_.end(), [&](const Escaped& e) { return e.lane == lane; });
  if (!escaped) {
    l.chain->sink->write(levels, rows, Isa::avx512);
  } else {
    std::int32_t wide[kStageRows];
    std::copy(levels, levels + rows, wide);
    for (const Escaped& e : escaped_) {
      if (e.lane == lane) wide[e.row] = e.value;
    }
    l.chain->sink->write(wide, rows, Isa::avx512);
  }
  l.remaining -= rows;
  return l.remaining > 0 || next_run(lane);
}

bool LaneMachine::next_run(int lane) {
  unsigned state = spilled_.state[lane];
  lanes_[lane].remaining = lanes_[lane].chain->sink->next_run(&state);
  spilled_.state[lane] = static_cast<std::uint16_t>(state);
  if (lanes_[lane].remaining > 0) return true;
  retire(lane, true);
  return false;
}

void LaneMachine::retire(int lane, bool intact) {
  LaneChain* chain = lanes_[lane].chain;
  chain->decoder = take_decoder(lane);
  chain->state = take_state(lane);
  set_active(lane, false);
  source_.done(chain, intact);
}

// Too few lanes are left to be worth a vector: goes on with this one as a single decoder would.
void LaneMachine::finish_alone(int lane) {
  Lane& l = lanes_[lane];
  BinDecoder<NullTracer> d = take_decoder(lane);
  LevelState state = take_state(lane);
  std::vector<DecoderContext> contexts(contexts_.size());
  for (std::size_t c = 0; c < contexts.size(); ++c) contexts[c].assign(context_of(lane, static_cast<int>(c)));
  std::int32_t levels[1024];
  bool fits = true;
  do {
    while (l.remaining > 0 && fits) {
      const std::uint64_t n = std::min<std::uint64_t>(l.remaining, 1024);
      fits = plain_run_(d, contexts.data(), layout_, state, levels, n, 0);
      l.chain->sink->write(levels, n, Isa::avx512);
      l.remaining -= n;
    }
    l.remaining = fits ? l.chain->sink->next_run(&state.dq_state) : 0;
  } while (l.remaining > 0);
  l.chain->decoder = d;
  l.chain->state = state;
  set_active(lane, false);
  source_.done(l.chain, fits);
}

void LaneMachine::put_decoder(int lane, const BinDecoder<NullTracer>& d) {
  const LaneChain& chain = *lanes_[lane].chain;
  const std::uint8_t* end = chain.payload + chain.size;
  const auto bits_at = [&](std::uint64_t bit) {
    const std::uint64_t byte = std::min<std::uint64_t>(bit >> 3, chain.size);
    return load_be64(chain.payload + byte, end) << (bit & 7);
  };
  const std::uint64_t after = d.shifts() + kValueBits;
  const auto bits = static_cast<std::uint32_t>(bits_at(after & ~std::uint64_t{7}) >> 32) << (after & 7);
  spilled_.range[lane] = static_cast<std::uint16_t>(d.range());
  spilled_.value[lane] =
      static_cast<std::uint16_t>(d.offset() << kFractionBits | bits_at(d.shifts() + 9) >> (64 - kFractionBits));
  spilled_.high[lane] = static_cast<std::uint16_t>(bits >> 16);
  spilled_.low[lane] = static_cast<std::uint16_t>(bits);
  spilled_.valid[lane] = static_cast<std::int16_t>(32 - (after & 7));
  const int slot = unpack_slot(lane);
  spilled_.next[slot] = lanes_[lane].start + static_cast<std::uint32_t>(after >> 3) + 4;
  spilled_.last[slot] = static_cast<std::int32_t>(lanes_[lane].start + chain.size) - 4;
}

BinDecoder<NullTracer> LaneMachine::take_decoder(int lane) const {
  const Lane& l = lanes_[lane];
  const std::uint64_t loaded = std::uint64_t{spilled_.next[unpack_slot(lane)] - l.start} * 8;
  const std::uint64_t shifts = loaded - static_cast<std::uint64_t>(spilled_.valid[lane]) - kValueBits;
  BinDecoder<NullTracer> d;
  d.start_at(l.chain->payload, l.chain->size, shifts, spilled_.value[lane] >> kFractionBits, spilled_.range[lane]);
  return d;
}

LevelState LaneMachine::take_state(int lane) const {
  const unsigned neighbour = (negative_ >> lane & 1) != 0 ? 1 : ((positive_ >> lane & 1) != 0 ? 2 : 0);
  return {neighbour, spilled_.state[lane]};
}

ContextModel LaneMachine::context_of(int lane, int context) const {
  const auto c = static_cast<std::size_t>(context);
  const ContextRow& row = contexts_[c];
  ContextModel model;
  model.rate_a = static_cast<std::uint8_t>(row.rate_a[lane]);
  model.rate_b = static_cast<std::uint8_t>(row.rate_b[lane]);
  if (c < significance_.size()) {
    const std::uint32_t packed = significance_[c].context[lane];
    model.a = static_cast<std::int8_t>(packed >> 16 & 0xFF);
    model.b = static_cast<std::int16_t>(packed & 0xFFFF);
  } else {
    model.a = row.a[lane];
    model.b = row.b[lane];
  }
  return model;
}

}  // namespace

void run_lanes(LaneSource& source, const std::uint8_t* base, bool dq, int unary_length) {
  LaneMachine machine(source, base, dq, unary_length);
  machine.run();
}

}  // namespace aimc
#else
namespace aimc {

void run_lanes(LaneSource&, const std::uint8_t*, bool, int) {}

}  // namespace aimc
#endif
