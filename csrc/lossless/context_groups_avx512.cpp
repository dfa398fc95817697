// A group is one vector. Slots are gathered; the words that renormalisation takes are spread over the states that need
// one by an expansion under the mask of those states.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // raised by GCC inside its own intrinsics
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "lossless/context_groups.hpp"

#if AIMC_X86
#include <immintrin.h>

namespace aimc::lossless {

AIMC_TARGET_AVX512 std::size_t decode_groups_avx512(ContextStream* s, std::size_t groups, std::uint16_t* codes) {
  const __m512i limit = _mm512_set1_epi32(static_cast<int>(s->code_limit));
  const __m512i slot_mask = _mm512_set1_epi32(kContextSlots - 1);
  const __m512i lowest = _mm512_set1_epi32(kLowestContextState);
  __m512i x = _mm512_loadu_si512(s->state);
  std::size_t done = 0;
  for (; done < groups; ++done, codes += kGroup) {
    std::int32_t* columns = s->model.next_columns();
    if (s->words_end - s->word < static_cast<std::ptrdiff_t>(2 * kGroup) || columns == nullptr) break;
    const __m512i column = _mm512_loadu_si512(columns);
    const __m512i level =
        _mm512_add_epi32(_mm512_srai_epi32(column, kColumnShift), _mm512_set1_epi32(s->model.row_level()));
    const __m512i base = _mm512_srai_epi32(level, 6);
    const __m512i context =
        _mm512_slli_epi32(_mm512_and_si512(base, _mm512_set1_epi32(kContexts - 1)), kContextSlotBits);
    const __m512i index = _mm512_or_si512(context, _mm512_and_si512(x, slot_mask));
    const __m512i slot = _mm512_i32gather_epi32(index, s->slots->data(), 4);
    const __m512i symbol = _mm512_and_si512(slot, _mm512_set1_epi32(kContextSymbols - 1));
    const __m512i code = _mm512_add_epi32(base, _mm512_sub_epi32(symbol, _mm512_set1_epi32(kSymbolBias)));
    const __mmask16 careful = _mm512_testn_epi32_mask(symbol, symbol) | _mm512_cmpge_epu32_mask(code, limit);
    if (careful != 0) break;
    const __m512i frequency =
        _mm512_add_epi32(_mm512_and_si512(_mm512_srli_epi32(slot, 6), slot_mask), _mm512_set1_epi32(1));
    x = _mm512_add_epi32(_mm512_mullo_epi32(frequency, _mm512_srli_epi32(x, kContextSlotBits)),
                         _mm512_srli_epi32(slot, 17));
    const __mmask16 low = _mm512_cmplt_epu32_mask(x, lowest);
    const __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(s->word)));
    x = _mm512_mask_or_epi32(x, low, _mm512_slli_epi32(x, 16), _mm512_maskz_expand_epi32(low, words));
    s->word += 2 * __builtin_popcount(low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), _mm512_cvtepi32_epi16(code));
    const __m512i exact = _mm512_add_epi32(_mm512_slli_epi32(code, 6), _mm512_set1_epi32(32));
    const __m512i error =
        _mm512_min_epi32(_mm512_max_epi32(_mm512_sub_epi32(exact, level), _mm512_set1_epi32(kLeastError)),
                         _mm512_set1_epi32(kGreatestError));
    _mm512_storeu_si512(columns,
                        _mm512_add_epi32(column, _mm512_sll_epi32(error, _mm_cvtsi32_si128(s->model.rate_shift()))));
    s->model.advance(_mm512_reduce_add_epi32(error));
  }
  _mm512_storeu_si512(s->state, x);
  return done;
}

}  // namespace aimc::lossless
#endif
