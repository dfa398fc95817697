// The steps of the entropy decoders of a block: of rans(m), 7.4, and of the codes of context(n), 8.4. Decoding goes on
// where the last call ended.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"
#include "base/status.hpp"
#include "lossless/context_open.hpp"
#include "lossless/plane_decode.hpp"

namespace aimc::lossless {

// Steps of one call are a multiple of this, except in the last one.
constexpr std::size_t kStepUnit = kMostStates;

class RansTrace {
 public:
  using Step = RansStep;

  // `in` begins with rans(count). Throws std::bad_alloc.
  Status open(const std::uint8_t* in, std::size_t size, std::size_t count, int depth);

  std::size_t left() const { return left_; }
  // Decodes without records, by the fastest way there is.
  Status skip(std::size_t count);
  // The next `count` steps; `*done` of them are good if it fails.
  Status next(Step* steps, std::size_t count, std::size_t* done);
  // How often each byte occurs in what is left.
  Status count_symbols(std::array<std::uint64_t, 256>* counts);
  // After the last step.
  Status finish() const { return decoder_.finish(); }

 private:
  Bytes escaped_;
  RansDecoder decoder_;
  std::size_t left_ = 0;
};

// What the decoding of one code did.
struct ContextStep {
  std::uint32_t state_before;
  std::uint32_t state_after;
  std::int32_t level;
  std::uint32_t position;  // bytes of the words taken before
  std::uint16_t slot;
  std::uint16_t frequency;
  std::uint16_t start;  // of the slots of the symbol
  std::uint16_t code;
  std::uint16_t word;
  std::uint8_t symbol;
  std::uint8_t context;
  std::uint8_t taken;  // 1 if a word was taken
  std::uint8_t reserved[3];
};
static_assert(sizeof(ContextStep) == 32, "the record is mirrored by a numpy structured type");

class ContextTrace {
 public:
  using Step = ContextStep;

  // `in` is context(count). Throws std::bad_alloc.
  Status open(const std::uint8_t* in, std::size_t size, std::size_t count, unsigned record_bytes);

  std::size_t left() const { return left_; }
  Status skip(std::size_t count);
  Status next(Step* steps, std::size_t count, std::size_t* done);
  // How often each symbol occurs in each context in what is left.
  Status count_symbols(std::array<std::uint64_t, kContexts * kContextSymbols>* counts);
  Status finish() const { return block_.codes->finish(); }

 private:
  ContextBlock block_;
  std::size_t left_ = 0;
  const std::uint8_t* words_ = nullptr;
  std::size_t word_bytes_ = 0;
};

}  // namespace aimc::lossless
