// The vector side of the lane decoder: one level in every lane at a time (section 7).
#pragma once
#include "base/allocator.hpp"
#include "payload/lane_bank.hpp"

#if AIMC_X86

namespace aimc {

// Registers and the magnitudes of the levels in hand.
template <class W>
struct WithMagnitudes {
  Registers<W> registers;
  typename W::Vector abs;
};

template <class W>
class LaneMachine {
 public:
  LaneMachine(LaneSource& source, const std::uint8_t* base, bool dq, int unary_length)
      : bank_(source, base, dq, unary_length) {}

  // Decodes chains of other machines and of the source, until the source is dry and fewer than `fewest` lanes are busy.
  // What is in them then is given back.
  HeapVector<SuspendedChain> run(const HeapVector<SuspendedChain>& first, int fewest) {
    const int adopted = static_cast<int>(first.size());
    for (int lane = 0; lane < adopted; ++lane) bank_.adopt(lane, first[static_cast<std::size_t>(lane)]);
    bool dry = false;
    for (int lane = adopted; lane < W::kLanes && !dry; ++lane) dry = !bank_.load(lane);
    while (bank_.active != 0 && !(dry && bank_.active_count() < fewest)) {
      const std::uint64_t rows = bank_.shortest_run();
      if (bank_.dq) {
        decode_rows<true>(rows);
      } else {
        decode_rows<false>(rows);
      }
      for (int lane = 0; lane < W::kLanes; ++lane) {
        if (bank_.is_active(lane) && !bank_.flush(lane, rows) && !dry) dry = !bank_.load(lane);
      }
      bank_.escaped.clear();
    }
    HeapVector<SuspendedChain> left;
    for (int lane = 0; lane < W::kLanes; ++lane) {
      if (bank_.is_active(lane)) left.push_back(bank_.suspend(lane));
    }
    return left;
  }

  // The same, but goes on with the last ones one by one, where they are no longer worth a vector.
  void run_to_the_end(const HeapVector<SuspendedChain>& first) {
    for (const SuspendedChain& chain : run(first, static_cast<int>(kFewestLanes))) {
      bank_.adopt(0, chain);
      bank_.finish_alone(0);
    }
  }

 private:
  using Vector = typename W::Vector;
  using Mask = typename W::Mask;

  // Significance contexts fetched by gather, and what is needed to put them back.
  struct Gathered {
    Models<W> models;
    __m512i index[W::kHalves];
    Vector rates;
  };

  template <bool kDq>
  AIMC_TARGET_AVX512 void decode_rows(std::uint64_t rows) {
    Registers<W> r = load_registers();
    for (std::uint32_t row = 0; row < rows; ++row) W::store(bank_.stage[row].level, decode_row<kDq>(r, row));
    spill(r);
  }

  template <bool kDq>
  AIMC_TARGET_AVX512 AIMC_INLINE Vector decode_row(Registers<W>& r, std::uint32_t row) {
    const Mask active = static_cast<Mask>(bank_.active);
    refill_if_low(r);
    const Mask significant = kDq ? gathered_significance(r, active) : significance(r, active);
    Vector abs = W::keep(significant, W::set1(1));
    Mask negative = 0;
    if (significant != 0) {
      refill_if_low(r);
      negative = signs(r, significant);
      const Mask more = greater_flags(r, significant, negative, abs);
      if (more != 0) {
        const WithMagnitudes<W> done = decode_remainders({r, abs}, more, negative, row);
        r = done.registers;
        abs = done.abs;
      }
    }
    r.negative = W::either(W::without(r.negative, active), negative);
    r.positive = W::either(W::without(r.positive, active), W::without(significant, negative));
    const Vector magnitude = kDq ? dependent_magnitude(r, abs, significant, active) : abs;
    return W::sub_where(magnitude, negative, W::zero(), magnitude);
  }

  // |w| = 2 |k| - (s & 1) of nonzero levels, and the next state by the parity of k (10.3).
  AIMC_TARGET_AVX512 static AIMC_INLINE Vector dependent_magnitude(Registers<W>& r, Vector abs, Mask significant,
                                                                   Mask active) {
    const Vector one = W::set1(1);
    const Vector twice = W::add(abs, abs);
    const Vector magnitude = W::sub_where(twice, W::both(W::any_bit(r.state, one), significant), twice, one);
    const Vector transition = W::bit_or(W::add(r.state, r.state), W::bit_and(abs, one));
    r.state = W::choose(r.state, active, W::table_of_32(kLaneTables.next_state, transition));
    return magnitude;
  }

  AIMC_TARGET_AVX512 AIMC_INLINE Mask significance(Registers<W>& r, Mask active) {
    return by_neighbour(r, bank_.contexts.data() + ContextLayout::kSig, active);
  }

  AIMC_TARGET_AVX512 AIMC_INLINE Mask signs(Registers<W>& r, Mask active) {
    return by_neighbour(r, bank_.contexts.data() + ContextLayout::kSign, active);
  }

  // Bins in one of three contexts, by the class of the neighbour.
  AIMC_TARGET_AVX512 static AIMC_INLINE Mask by_neighbour(Registers<W>& r, ContextRow<W>* rows, Mask active) {
    Models<W> m = blend(blend(load_models(rows[0]), r.negative, rows[1]), r.positive, rows[2]);
    const Mask bins = context_bins(r, m, active);
    store_models(rows[0], W::without(active, W::either(r.negative, r.positive)), m);
    store_models(rows[1], W::both(active, r.negative), m);
    store_models(rows[2], W::both(active, r.positive), m);
    return bins;
  }

  // Counts the greater flags into `abs`; returns the lanes in which all of them are 1.
  AIMC_TARGET_AVX512 AIMC_INLINE Mask greater_flags(Registers<W>& r, Mask more, Mask negative, Vector& abs) {
    ContextRow<W>* rows = bank_.contexts.data() + ContextLayout::kGreater;
    for (int j = 0; j < bank_.layout.unary_length && more != 0; ++j, rows += 2) {
      refill_if_low(r);
      Models<W> m = blend(load_models(rows[0]), negative, rows[1]);
      const Mask bins = context_bins(r, m, more);
      store_models(rows[0], W::without(more, negative), m);
      store_models(rows[1], W::both(more, negative), m);
      abs = W::add_where(abs, bins, abs, W::set1(1));
      more = bins;
    }
    return more;
  }

  // Out of line and by value, as all that is rare: the registers of the caller stay registers.
  AIMC_TARGET_AVX512 __attribute__((noinline)) WithMagnitudes<W> decode_remainders(WithMagnitudes<W> in, Mask lanes,
                                                                                   Mask negative, std::uint32_t row) {
    Registers<W> r = in.registers;
    Vector abs = in.abs;
    Vector rem = W::zero();
    Mask more = lanes;
    ContextRow<W>* prefix = bank_.contexts.data() + bank_.layout.remainder();
    for (int j = 0; j < kLanePrefix && more != 0; ++j, ++prefix) {
      refill_if_low(r);
      Models<W> m = load_models(*prefix);
      const Mask bins = context_bins(r, m, more);
      store_models(*prefix, more, m);
      abs = W::add_where(abs, bins, abs, W::set1(1 << j));
      rem = W::add_where(rem, bins, rem, W::set1(1));
      more = bins;
    }
    if (__builtin_expect(more != 0, 0)) {
      abs = escape(r, abs, more, negative, row);
      rem = W::choose(rem, more, W::zero());
    }
    Vector suffix = W::zero();
    for (Mask left = W::any_bit(rem, rem); left != 0; left = W::any_bit(rem, rem)) {
      refill_if_low(r);
      const Mask bins = bypass_bins(r, left);
      suffix = W::add_where(suffix, left, suffix, suffix);
      suffix = W::add_where(suffix, bins, suffix, W::set1(1));
      rem = W::sub_where(rem, left, rem, W::set1(1));
    }
    return {r, W::add(abs, suffix)};
  }

  AIMC_TARGET_AVX512 Vector escape(Registers<W>& r, Vector abs, Mask lanes, Mask negative, std::uint32_t row) {
    spill(r);
    alignas(64) std::uint16_t words[W::kLanes];
    W::store(words, abs);
    for (int lane = 0; lane < W::kLanes; ++lane) {
      if ((lanes >> lane & 1) != 0) words[lane] = bank_.escape(lane, words[lane], (negative >> lane & 1) != 0, row);
    }
    r = load_registers();
    return W::load(words);
  }

  AIMC_TARGET_AVX512 AIMC_INLINE void refill_if_low(Registers<W>& r) const {
    const Mask low = W::less(static_cast<Mask>(bank_.active), r.valid, W::set1(kFractionBits));
    if (__builtin_expect(low != 0, 0)) r = refill(r);
  }

  // Tops up the bits of all lanes with whole bytes.
  AIMC_TARGET_AVX512 __attribute__((noinline)) Registers<W> refill(Registers<W> r) const {
    __m512i low[W::kHalves];
    __m512i high[W::kHalves];
    __m512i valid[W::kHalves];
    for (int half = 0; half < W::kHalves; ++half) {
      valid[half] = W::widen(r.valid, W::zero(), half);
      const __m512i fresh = _mm512_srlv_epi32(gather_bits(r.next[half], half), valid[half]);
      const __m512i bits = _mm512_or_si512(W::widen(r.low, r.high, half), fresh);
      const __m512i bytes = _mm512_srli_epi32(_mm512_sub_epi32(_mm512_set1_epi32(32), valid[half]), 3);
      r.next[half] = _mm512_mask_add_epi32(r.next[half], bank_.active_half[half], r.next[half], bytes);
      valid[half] = _mm512_add_epi32(valid[half], _mm512_slli_epi32(bytes, 3));
      low[half] = _mm512_and_si512(bits, _mm512_set1_epi32(0xFFFF));
      high[half] = _mm512_srli_epi32(bits, 16);
    }
    r.low = W::narrow(low);
    r.high = W::narrow(high);
    r.valid = W::narrow(valid);
    return r;
  }

  // The four bytes at `next` of each active lane, first byte most significant, zeros beyond the end of its payload.
  AIMC_TARGET_AVX512 __m512i gather_bits(__m512i next, int half) const {
    const __m512i last = _mm512_load_si512(bank_.spilled.last + 16 * half);
    const __mmask16 active = bank_.active_half[half];
    const __mmask16 inside = _mm512_mask_cmple_epi32_mask(active, next, last);
    const __m512i reversed = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), inside, next, bank_.base, 1);
    const __m512i swap = _mm512_broadcast_i32x4(_mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203));
    const __m512i bits = _mm512_shuffle_epi8(reversed, swap);
    return __builtin_expect(inside == active, 1) ? bits : with_tails(bits, next, half, active & ~inside);
  }

  // The same for lanes within four bytes of the end of their payload.
  AIMC_TARGET_AVX512 __m512i with_tails(__m512i bits, __m512i next, int half, int lanes) const {
    alignas(64) std::uint32_t words[16];
    alignas(64) std::uint32_t offsets[16];
    _mm512_store_si512(words, bits);
    _mm512_store_si512(offsets, next);
    for (int i = 0; i < 16; ++i) {
      if ((lanes >> i & 1) == 0) continue;
      const std::uint8_t* end = bank_.base + bank_.spilled.last[16 * half + i] + 4;
      const auto size = static_cast<std::uint32_t>(end - bank_.base);
      words[i] = static_cast<std::uint32_t>(load_be64(offsets[i] < size ? bank_.base + offsets[i] : end, end) >> 32);
    }
    return _mm512_load_si512(words);
  }

  // Significance by trellis state and neighbour: too many contexts to blend.
  AIMC_TARGET_AVX512 AIMC_INLINE Mask gathered_significance(Registers<W>& r, Mask active) {
    Gathered g = gather(r);
    const Mask bins = context_bins(r, g.models, active);
    const Vector upper = W::bit_or(g.rates, W::bit_and(g.models.a, W::set1(0xFF)));
    for (int half = 0; half < W::kHalves; ++half) {
      _mm512_mask_i32scatter_epi32(bank_.significance.data(), bank_.active_half[half], g.index[half],
                                   W::widen(g.models.b, upper, half), 4);
    }
    return bins;
  }

  AIMC_TARGET_AVX512 AIMC_INLINE Gathered gather(const Registers<W>& r) const {
    Vector context = W::add(r.state, W::add(r.state, r.state));
    context = W::add_where(context, r.negative, context, W::set1(1));
    context = W::add_where(context, r.positive, context, W::set1(2));
    Gathered g;
    __m512i low[W::kHalves];
    __m512i high[W::kHalves];
    for (int half = 0; half < W::kHalves; ++half) {
      const __m512i rows = _mm512_mullo_epi32(W::widen(context, W::zero(), half), _mm512_set1_epi32(W::kLanes));
      g.index[half] = _mm512_add_epi32(rows, W::lane_numbers(half));
      const __m512i packed = _mm512_i32gather_epi32(g.index[half], bank_.significance.data(), 4);
      low[half] = _mm512_and_si512(packed, _mm512_set1_epi32(0xFFFF));
      high[half] = _mm512_srli_epi32(packed, 16);
    }
    const Vector upper = W::narrow(high);
    g.models.b = W::narrow(low);
    g.models.a = W::shift_right_signed(W::shift_left(upper, 8), 8);
    g.models.rate_a = W::bit_and(W::shift_right(upper, 8), W::set1(15));
    g.models.rate_b = W::shift_right(upper, 12);
    g.rates = W::bit_and(upper, W::set1(0xFF00));
    return g;
  }

  AIMC_TARGET_AVX512 Registers<W> load_registers() const {
    const SpilledRegisters<W>& s = bank_.spilled;
    Registers<W> r;
    r.range = W::load(s.range);
    r.value = W::load(s.value);
    r.high = W::load(s.high);
    r.low = W::load(s.low);
    r.valid = W::load(s.valid);
    r.state = W::load(s.state);
    for (int half = 0; half < W::kHalves; ++half) r.next[half] = _mm512_load_si512(s.next + 16 * half);
    r.negative = static_cast<Mask>(bank_.negative);
    r.positive = static_cast<Mask>(bank_.positive);
    return r;
  }

  AIMC_TARGET_AVX512 void spill(const Registers<W>& r) {
    SpilledRegisters<W>& s = bank_.spilled;
    W::store(s.range, r.range);
    W::store(s.value, r.value);
    W::store(s.high, r.high);
    W::store(s.low, r.low);
    W::store(s.valid, r.valid);
    W::store(s.state, r.state);
    for (int half = 0; half < W::kHalves; ++half) _mm512_store_si512(s.next + 16 * half, r.next[half]);
    bank_.negative = r.negative;
    bank_.positive = r.positive;
  }

  LaneBank<W> bank_;
};

}  // namespace aimc
#endif
