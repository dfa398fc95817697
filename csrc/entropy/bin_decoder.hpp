// The arithmetic decoder (section 9.2), a template over its tracer.
//
// Registers: R (9 bits) at the top of a 64-bit word, and the 9-bit offset O at the top of another, with the bits that
// follow it below. One subtraction then compares, and one count of leading zeros renormalises both.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/inline.hpp"
#include "bits/big_endian.hpp"
#include "entropy/context.hpp"
#include "entropy/tracer.hpp"

namespace aimc {

// A context model laid out for decoding: what the next bin needs is ready when the bin comes.
struct DecoderContext {
  std::uint64_t lps;  // LPS ranges of column q, row r in byte r
  std::int16_t a;
  std::int16_t b;
  std::uint8_t rate_a;
  std::uint8_t rate_b;
  std::uint8_t mps;
  std::uint8_t parameter_set;

  void init(int id);
  void assign(const ContextModel& model);
};

// Table 18.1 by column: the eight rows packed into one word.
struct PackedLpsRanges {
  std::uint64_t column[32];
  constexpr PackedLpsRanges() : column() {
    for (int q = 0; q < 32; ++q) {
      for (int row = 0; row < 8; ++row) column[q] |= std::uint64_t{kLpsRange[row][q]} << (8 * row);
    }
  }
};
inline constexpr PackedLpsRanges kPackedLpsRanges;

inline void DecoderContext::assign(const ContextModel& model) {
  lps = kPackedLpsRanges.column[model.column()];
  a = model.a;
  b = model.b;
  rate_a = model.rate_a;
  rate_b = model.rate_b;
  mps = static_cast<std::uint8_t>(model.mps());
}

inline void DecoderContext::init(int id) {
  ContextModel model;
  model.init(id);
  assign(model);
  parameter_set = static_cast<std::uint8_t>(id);
}

// Bins that one bit of codeword can carry at most: the cheapest bin has rL = 2 at R = 351, log2(351 / 349) bit.
constexpr std::uint64_t kMaxBinsPerBit = 122;

template <class Tracer>
class BinDecoder {
 public:
  BinDecoder() = default;
  explicit BinDecoder(Tracer t) : tracer(std::move(t)) {}

  // Start of a codeword.
  void start(const std::uint8_t* data, std::size_t size) {
    seek(data, size, 0);
    range_ = std::uint64_t{510} << kShift;
  }

  // Start in the midst of a codeword: O and R given, the next bit is payload bit shifts + 9. At an entry point R = 256.
  void start_at(const std::uint8_t* data, std::size_t size, std::uint64_t shifts, std::uint32_t offset,
                std::uint32_t range) {
    seek(data, size, shifts);
    value_ = (value_ & kBelowOffset) | (std::uint64_t{offset} << kShift);
    range_ = std::uint64_t{range} << kShift;
  }

  // A block row starts: R is set, O is left alone.
  void reset_range() {
    tracer.reset(range());
    range_ = std::uint64_t{256} << kShift;
  }

  AIMC_INLINE int context_bin(DecoderContext& c, int context) {
    const std::uint64_t row = (range_ >> 57) & 0x38;
    const std::uint64_t lps_range = ((c.lps >> row) & 0xFF) << kShift;
    const std::uint64_t mps_range = range_ - lps_range;
    [[maybe_unused]] BinEvent event;
    if constexpr (Tracer::enabled) {
      event = before(static_cast<std::uint16_t>(context));
      event.parameter_set = c.parameter_set;
      event.a = c.a;
      event.b = c.b;
    }
    const std::uint64_t rest = value_ - mps_range;
    const bool is_lps = value_ >= mps_range;
    value_ = is_lps ? rest : value_;
    range_ = is_lps ? lps_range : mps_range;
    const int bin = c.mps ^ static_cast<int>(is_lps);
    if constexpr (Tracer::enabled) after(event, range_, bin);
    renormalise();
    update(c, bin);
    (void)context;
    return bin;
  }

  // `n` bypass bins, the first one most significant (n <= 32).
  AIMC_INLINE std::uint32_t bypass_bins(int n) {
    std::uint32_t bits = 0;
    for (int i = 0; i < n; ++i) bits = (bits << 1) | static_cast<std::uint32_t>(bypass_bin());
    return bits;
  }

  bool terminate_bin() {
    tracer.at(BinElement::terminate, 0);
    [[maybe_unused]] BinEvent event;
    if constexpr (Tracer::enabled) event = before(kTerminateContext);
    constexpr std::uint64_t end_range = std::uint64_t{2} << kShift;
    range_ -= end_range;
    const bool bin = value_ >= range_;
    if constexpr (Tracer::enabled) after(event, bin ? end_range : range_, bin ? 1 : 0);
    if (!bin) renormalise();
    return bin;
  }

  // P: shifts since the start of the payload.
  std::uint64_t shifts() const {
    return static_cast<std::uint64_t>(next_ - data_) * 8 + overrun_ * 8 - kOffsetBits -
           static_cast<std::uint64_t>(available_);
  }
  // O, 9 bits.
  std::uint32_t offset() const { return static_cast<std::uint32_t>(value_ >> kShift); }
  std::uint32_t range() const { return static_cast<std::uint32_t>(range_ >> kShift); }
  // Section 9.5, to be asked after a terminate bin of 1: the byte count, the stop bit and the zeros after it.
  bool ends_exactly() const;

  Tracer tracer;

 private:
  static constexpr int kOffsetBits = 9;
  static constexpr int kShift = 64 - kOffsetBits;
  static constexpr std::uint64_t kBelowOffset = (std::uint64_t{1} << kShift) - 1;
  static constexpr int kMaxShift = 7;  // rL >= 2

  void seek(const std::uint8_t* data, std::size_t size, std::uint64_t shifts) {
    data_ = data;
    end_ = data + size;
    overrun_ = 0;
    const std::uint64_t byte = shifts >> 3;
    next_ = byte < size ? data + byte : end_;
    overrun_ = byte < size ? 0 : byte - size;
    value_ = 0;
    available_ = -kOffsetBits;
    refill();
    const int extra = static_cast<int>(shifts & 7);
    value_ <<= extra;
    available_ -= extra;
  }

  AIMC_INLINE void renormalise() {
    const int n = __builtin_clzll(range_);
    range_ <<= n;
    shift(n);
  }
  AIMC_INLINE void shift(int n) {
    value_ <<= n;
    available_ -= n;
    if (__builtin_expect(available_ < kMaxShift, 0)) refill();
  }

  // Tops up with whole bytes. The bits below them are real bits too, so a later refill may write them again.
  AIMC_INLINE void refill() {
    value_ |= load_be64(next_, end_) >> (kOffsetBits + available_);
    const int bytes = (kShift - available_) >> 3;
    const auto left = end_ - next_;
    if (__builtin_expect(left >= bytes, 1)) {
      next_ += bytes;
    } else {
      overrun_ += static_cast<std::uint64_t>(bytes - left);
      next_ = end_;
    }
    available_ += 8 * bytes;
  }

  AIMC_INLINE int bypass_bin() {
    [[maybe_unused]] BinEvent event;
    if constexpr (Tracer::enabled) event = before(kBypassContext);
    // O = 2 O + next bit against R is O against R / 2 with one more bit looked at.
    const std::uint64_t half = range_ >> 1;
    const std::uint64_t rest = value_ - half;
    const bool bin = value_ >= half;
    value_ = bin ? rest : value_;
    if constexpr (Tracer::enabled) after(event, 0, bin ? 1 : 0);
    shift(1);
    return bin ? 1 : 0;
  }

  static AIMC_INLINE void update(DecoderContext& c, int bin) {
    const int sign = bin - 1;  // 0 for bin 1, -1 for bin 0: (x ^ sign) - sign is x or -x
    const int a = c.a;
    const int b = c.b;
    const int step_a = kAdaptation[16 + (((a ^ sign) - sign) >> 3)] >> c.rate_a;
    const int step_b = kAdaptation[16 + (((b ^ sign) - sign) >> 7)] >> c.rate_b;
    const int new_a = a + ((step_a ^ sign) - sign);
    const int new_b = b + ((step_b ^ sign) - sign);
    const int state = new_b + 16 * new_a;
    const int column = state >> 7;
    c.a = static_cast<std::int16_t>(new_a);
    c.b = static_cast<std::int16_t>(new_b);
    c.mps = static_cast<std::uint8_t>(state >= 0);
    c.lps = kPackedLpsRanges.column[column < 0 ? -column : column];
  }

  AIMC_INLINE BinEvent before(std::uint16_t context) const {
    BinEvent event;
    event.shifts = shifts();
    event.context = context;
    event.range = range();
    event.offset = offset();
    return event;
  }
  AIMC_INLINE void after(BinEvent event, std::uint64_t part, int bin) {
    event.part = static_cast<std::uint32_t>(part >> kShift);
    event.bin = bin;
    tracer.bin(event);
  }

  const std::uint8_t* data_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  const std::uint8_t* next_ = nullptr;
  std::uint64_t overrun_ = 0;  // zero bytes supplied beyond the end
  std::uint64_t value_ = 0;
  std::uint64_t range_ = 0;
  int available_ = 0;  // bits of value_ below O that are in use
};

template <class Tracer>
bool BinDecoder<Tracer>::ends_exactly() const {
  const std::uint64_t stop = shifts() + 8;  // the last bit read into O is the stop bit
  const auto size = static_cast<std::uint64_t>(end_ - data_);
  if (stop / 8 + 1 != size) return false;
  const unsigned tail = data_[stop / 8] & (0xFFU >> (stop & 7));
  return tail == (0x80U >> (stop & 7));
}

}  // namespace aimc
