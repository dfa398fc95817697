// Decoder of entropy-coded planes (7.4): 4 to 256 interleaved states of 16 bits over one sequence of bytes.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"
#include "base/status.hpp"
#include "lossless/cursor.hpp"
#include "lossless/rans_table.hpp"

namespace aimc::lossless {

// What moves while symbols are decoded.
struct RansStream {
  std::array<std::uint16_t, kMostStates> state{};
  const std::uint8_t* in = nullptr;
  const std::uint8_t* in_last = nullptr;  // kMostStates bytes from here on are readable, but not from any later place
  const std::uint8_t* escape = nullptr;   // the next escaped byte
  const std::uint8_t* escape_last = nullptr;  // as in_last
};

constexpr std::size_t kPadding = kMostStates;  // after bytes of which a round may take more than there are

// One slot of a table in one word, ready for use.
class RansSlot {
 public:
  RansSlot() = default;
  RansSlot(std::uint8_t symbol, std::uint8_t frequency, std::uint8_t offset, bool escape)
      : word_(frequency | static_cast<std::uint32_t>(offset) << 8 | static_cast<std::uint32_t>(symbol) << 16 |
              static_cast<std::uint32_t>(escape) << 24) {}

  std::uint32_t frequency() const { return word_ & 0xFF; }
  std::uint32_t offset() const { return word_ >> 8 & 0xFF; }  // slot - start
  std::uint8_t symbol() const { return static_cast<std::uint8_t>(word_ >> 16); }
  bool escape() const { return word_ >> 24 != 0; }

 private:
  std::uint32_t word_ = 0;
};

// A table by slot: in words, and in the separate bytes that vectors take.
struct RansSlots {
  std::array<RansSlot, kSlots> word{};
  std::array<std::uint8_t, kSlots> entry{};
  std::array<std::uint8_t, kSlots> symbol{};
  std::array<std::uint8_t, kSlots> frequency{};
  std::array<std::uint8_t, kSlots> offset{};
};

// Kernels decode rounds of one symbol for each state into `out`, at most `rounds`. A round takes at most a byte of each
// kind for a state, and none begins after `in_last` or `escape_last`. Return the rounds decoded.
using RansKernel = std::size_t (*)(const RansTable&, const RansSlots&, RansStream*, std::uint8_t* out,
                                   std::size_t rounds);
// The same for the upper plane of rotated records of two bytes, of which `low` is the lower plane: gives records. For
// 256 states. `stream` as in merge.hpp.
using RansRecordKernel = std::size_t (*)(const RansTable&, const RansSlots&, RansStream*, const std::uint8_t* low,
                                         std::uint8_t* records, std::size_t rounds);

RansKernel rans_kernel(Isa isa, const RansTable& table, std::size_t states);

// What one step of the decoder did.
struct RansStep {
  std::uint32_t position;  // renormalisation bytes taken before
  std::uint16_t state_before;
  std::uint16_t state_after;
  std::uint8_t symbol;  // the byte decoded
  std::uint8_t frequency;
  std::uint8_t start;  // of the slots of the symbol
  std::uint8_t escape;
  std::uint8_t taken;  // 1 if a renormalisation byte was taken
  std::uint8_t byte;   // that byte
  std::uint8_t reserved[2];
};
static_assert(sizeof(RansStep) == 16, "the record is mirrored by a numpy structured type");

class RansDecoder {
 public:
  // `in` holds the states and the renormalisation bytes, and nothing else. The escapes are followed by kPadding bytes.
  Status open(Cursor in, const RansTable& table, std::size_t states, const std::uint8_t* escapes,
              std::size_t escape_count, Isa isa);
  // The next `count` bytes: a multiple of the number of states, except in the last call.
  Status decode(std::uint8_t* out, std::size_t count);
  // As decode, by the scalar decoder, with a record of every step; `*done` of them are good if it fails.
  Status trace(RansStep* steps, std::size_t count, std::size_t* done);
  // Whether the next can be used.
  bool gives_records() const { return isa_ == Isa::avx512 && states_ == kMostStates; }
  // The next `count` bytes as the upper bytes of rotated records of two bytes, of which `low` has the lower ones.
  Status decode_records(const std::uint8_t* low, std::size_t count, bool stream, std::uint8_t* records);
  // After the last byte: everything must be used up.
  Status finish() const;

 private:
  template <class Run>
  std::size_t decode_rounds(std::size_t rounds, Run run);
  Status check_ends() const;
  void enter_tail();
  template <class Visit>
  Status decode_checked(std::size_t count, Visit visit);

  RansTable table_;
  RansSlots slots_{};
  RansStream stream_;
  const std::uint8_t* in_end_ = nullptr;
  const std::uint8_t* escape_end_ = nullptr;
  bool in_tail_ = false;
  std::array<std::uint8_t, 2 * kMostStates> tail_{};  // the last bytes of the input, padded
  Cursor place_{nullptr, nullptr};
  std::size_t states_ = 0;
  RansKernel kernel_ = nullptr;
  Isa isa_ = Isa::scalar;
};

}  // namespace aimc::lossless
