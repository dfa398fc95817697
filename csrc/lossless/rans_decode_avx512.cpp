// 64 states in two vectors: their low bytes, which are the slots, and their high bytes. Tables lie in registers: a
// permutation of bytes looks 64 slots up at once. The bytes that renormalisation takes are spread over the states that
// need one by an expansion under the mask of those states.
#pragma GCC diagnostic ignored "-Wuninitialized"  // raised by GCC inside its own intrinsics
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include "lossless/rans_kernels.hpp"
#include "lossless/vectors_avx512.hpp"

#if AIMC_X86

namespace aimc::lossless {
namespace {

// Tables by entry, of at most 64 entries; `entry` by slot.
struct FewTables {
  Table256 entry;
  __m512i symbol, frequency, start;
  __m512i escape;

  AIMC_KERNEL void load(const RansTable& t, const RansSlots& slots) {
    entry = load256(slots.entry.data());
    symbol = _mm512_loadu_si512(t.symbol.data());
    frequency = _mm512_loadu_si512(t.frequency.data());
    start = _mm512_loadu_si512(t.start.data());
    escape = _mm512_set1_epi8(static_cast<char>(t.entries - 1));
  }

  template <bool Escapes>
  AIMC_KERNEL void find(__m512i slot, __m512i* s, __m512i* f, __m512i* offset, __mmask64* escaped) const {
    const __m512i k = look_up(entry, slot, _mm512_movepi8_mask(slot));
    *s = _mm512_permutexvar_epi8(k, symbol);
    *f = _mm512_permutexvar_epi8(k, frequency);
    *offset = _mm512_sub_epi8(slot, _mm512_permutexvar_epi8(k, start));
    if (Escapes) *escaped = _mm512_cmpeq_epi8_mask(k, escape);
  }
};

// Tables by slot, of any number of entries.
struct ManyTables {
  Table256 symbol, frequency, offset;
  __m512i last;  // the last slot before those of the escape

  AIMC_KERNEL void load(const RansTable& t, const RansSlots& slots) {
    symbol = load256(slots.symbol.data());
    frequency = load256(slots.frequency.data());
    offset = load256(slots.offset.data());
    last = _mm512_set1_epi8(static_cast<char>(t.escapes ? t.start[t.escape_entry()] - 1 : 255));
  }

  template <bool Escapes>
  AIMC_KERNEL void find(__m512i slot, __m512i* s, __m512i* f, __m512i* o, __mmask64* escaped) const {
    const __mmask64 upper = _mm512_movepi8_mask(slot);
    *s = look_up(symbol, slot, upper);
    *f = look_up(frequency, slot, upper);
    *o = look_up(offset, slot, upper);
    if (Escapes) *escaped = _mm512_cmpgt_epu8_mask(slot, last);
  }
};

template <bool Escapes, class Tables>
AIMC_KERNEL __m512i step(const Tables& tables, States* x, const std::uint8_t** in, const std::uint8_t** escape) {
  __m512i symbol, frequency, offset;
  __mmask64 escaped = 0;
  tables.template find<Escapes>(x->low, &symbol, &frequency, &offset, &escaped);
  // frequency * high + offset, for the bytes of even and of odd place.
  const __m512i even =
      _mm512_add_epi16(_mm512_mullo_epi16(even_bytes(frequency), even_bytes(x->high)), even_bytes(offset));
  const __m512i odd = _mm512_add_epi16(_mm512_mullo_epi16(odd_bytes(frequency), odd_bytes(x->high)), odd_bytes(offset));
  const __m512i low = low_bytes(even, odd);
  const __m512i high = high_bytes(even, odd);
  const __mmask64 short_of = _mm512_testn_epi8_mask(high, high);
  x->high = _mm512_mask_mov_epi8(high, short_of, low);
  x->low = _mm512_mask_expand_epi8(low, short_of, load(*in));
  *in += __builtin_popcountll(short_of);
  if (Escapes) {
    symbol = _mm512_mask_expand_epi8(symbol, escaped, load(*escape));
    *escape += __builtin_popcountll(escaped);
  }
  return symbol;
}

// What becomes of 64 symbols: the bytes of a plane.
struct ToPlane {
  std::uint8_t* out;

  AIMC_KERNEL void put(__m512i symbols) {
    _mm512_storeu_si512(out, symbols);
    out += 64;
  }
};

// Or records of two bytes, together with the bytes of the lower plane: so that memory is written while the next symbols
// are computed.
template <bool Stream>
struct ToRecords {
  const std::uint8_t* low;
  std::uint8_t* records;

  AIMC_KERNEL void put(__m512i symbols) {
    merge_64<true, Stream>(_mm512_loadu_si512(low), symbols, records);
    low += 64;
    records += 128;
  }
};

template <std::size_t Vectors, bool Escapes, class Tables, class Sink>
AIMC_KERNEL std::size_t decode(const RansTable& table, const RansSlots& slots, RansStream* s, Sink sink,
                               std::size_t rounds) {
  Tables tables;
  tables.load(table, slots);
  States x[Vectors];
  for (std::size_t v = 0; v < Vectors; ++v) x[v] = load_states(s->state.data() + 64 * v);
  const std::uint8_t* in = s->in;
  const std::uint8_t* escape = s->escape;
  std::size_t done = 0;
  for (; done < rounds; ++done) {
    if (in > s->in_last || (Escapes && escape > s->escape_last)) break;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v) sink.put(step<Escapes>(tables, &x[v], &in, &escape));
  }
  s->in = in;
  s->escape = escape;
  for (std::size_t v = 0; v < Vectors; ++v) store_states(x[v], s->state.data() + 64 * v);
  return done;
}

template <std::size_t Vectors, bool Escapes, class Tables>
AIMC_TARGET_AVX512 std::size_t decode_plane(const RansTable& table, const RansSlots& slots, RansStream* s,
                                            std::uint8_t* out, std::size_t rounds) {
  return decode<Vectors, Escapes, Tables>(table, slots, s, ToPlane{out}, rounds);
}

template <bool Escapes, class Tables, bool Stream>
AIMC_TARGET_AVX512 std::size_t decode_records(const RansTable& table, const RansSlots& slots, RansStream* s,
                                              const std::uint8_t* low, std::uint8_t* records, std::size_t rounds) {
  return decode<4, Escapes, Tables>(table, slots, s, ToRecords<Stream>{low, records}, rounds);
}

template <std::size_t Vectors, class Tables>
RansKernel kernel(bool escapes) {
  return escapes ? decode_plane<Vectors, true, Tables> : decode_plane<Vectors, false, Tables>;
}

template <class Tables>
RansKernel kernel(std::size_t states, bool escapes) {
  if (states == 64) return kernel<1, Tables>(escapes);
  return states == 128 ? kernel<2, Tables>(escapes) : kernel<4, Tables>(escapes);
}

template <class Tables, bool Stream>
RansRecordKernel record_kernel(bool escapes) {
  return escapes ? decode_records<true, Tables, Stream> : decode_records<false, Tables, Stream>;
}

}  // namespace

RansKernel avx512_rans_kernel(const RansTable& table, std::size_t states) {
  return table.entries > 64 ? kernel<ManyTables>(states, table.escapes) : kernel<FewTables>(states, table.escapes);
}

RansRecordKernel avx512_rans_record_kernel(const RansTable& table, bool stream) {
  if (table.entries > 64) {
    return stream ? record_kernel<ManyTables, true>(table.escapes) : record_kernel<ManyTables, false>(table.escapes);
  }
  return stream ? record_kernel<FewTables, true>(table.escapes) : record_kernel<FewTables, false>(table.escapes);
}

}  // namespace aimc::lossless
#endif
