#include "lossless/step_trace.hpp"

#include <algorithm>

namespace aimc::lossless {
namespace {

static_assert(kChunk % kStepUnit == 0, "parts of chunks");

class ContextRecorder {
 public:
  ContextRecorder(ContextStep* steps, const std::uint8_t* words, std::size_t bytes)
      : step_(steps), words_(words), bytes_(bytes) {}

  void before(std::int32_t level, std::uint32_t slot, std::uint32_t state, std::size_t left) {
    *step_ = ContextStep{};
    step_->state_before = state;
    step_->level = level;
    step_->position = static_cast<std::uint32_t>(bytes_ - left);
    step_->slot = static_cast<std::uint16_t>(state % kContextSlots);
    step_->frequency = static_cast<std::uint16_t>((slot >> 6 & (kContextSlots - 1)) + 1);
    step_->start = static_cast<std::uint16_t>(step_->slot - (slot >> 17));
    step_->symbol = static_cast<std::uint8_t>(slot_symbol(slot));
    step_->context = static_cast<std::uint8_t>(static_cast<std::uint32_t>(base_of(level)) % kContexts);
  }
  void after(std::uint32_t state, std::size_t left, std::uint16_t code) {
    step_->state_after = state;
    step_->code = code;
    if (bytes_ - left > step_->position) {
      step_->taken = 1;
      step_->word = static_cast<std::uint16_t>(load_word(words_ + step_->position));
    }
    ++step_;
    ++done_;
  }
  std::size_t done() const { return done_; }

 private:
  ContextStep* step_;
  const std::uint8_t* words_;
  std::size_t bytes_;
  std::size_t done_ = 0;
};

class ContextCounter {
 public:
  explicit ContextCounter(std::uint64_t* counts) : counts_(counts) {}

  void before(std::int32_t level, std::uint32_t slot, std::uint32_t /*state*/, std::size_t /*left*/) {
    ++counts_[static_cast<std::uint32_t>(base_of(level)) % kContexts * kContextSymbols + slot_symbol(slot)];
  }
  void after(std::uint32_t /*state*/, std::size_t /*left*/, std::uint16_t /*code*/) {}

 private:
  std::uint64_t* counts_;
};

}  // namespace

Status RansTrace::open(const std::uint8_t* in, std::size_t size, std::size_t count, int depth) {
  left_ = count;
  Cursor cursor(in, in + size);
  return open_rans(&cursor, count, depth, active_isa(), &escaped_, &decoder_);
}

Status RansTrace::skip(std::size_t count) {
  std::uint8_t bytes[kChunk];
  for (std::size_t done = 0; done < count; done += kChunk) {
    const std::size_t part = std::min(kChunk, count - done);
    if (const Status s = decoder_.decode(bytes, part); !s.ok()) return s;
    left_ -= part;
  }
  return {};
}

Status RansTrace::next(RansStep* steps, std::size_t count, std::size_t* done) {
  const Status status = decoder_.trace(steps, count, done);
  left_ -= *done;
  return status;
}

Status RansTrace::count_symbols(std::array<std::uint64_t, 256>* counts) {
  std::uint8_t bytes[kChunk];
  while (left_ > 0) {
    const std::size_t part = std::min(kChunk, left_);
    if (const Status s = decoder_.decode(bytes, part); !s.ok()) return s;
    for (std::size_t i = 0; i < part; ++i) ++(*counts)[bytes[i]];
    left_ -= part;
  }
  return finish();
}

Status ContextTrace::open(const std::uint8_t* in, std::size_t size, std::size_t count, unsigned record_bytes) {
  left_ = count;
  Cursor cursor(in, in + size);
  const Status status = open_context(&cursor, count, record_bytes, active_isa(), &block_);
  words_ = cursor.at();
  word_bytes_ = cursor.left();
  return status;
}

Status ContextTrace::skip(std::size_t count) {
  std::uint16_t codes[kChunk];
  for (std::size_t done = 0; done < count; done += kChunk) {
    const std::size_t part = std::min(kChunk, count - done);
    if (const Status s = block_.codes->decode(part, codes); !s.ok()) return s;
    left_ -= part;
  }
  return {};
}

Status ContextTrace::next(ContextStep* steps, std::size_t count, std::size_t* done) {
  std::uint16_t codes[kChunk];
  ContextRecorder recorder(steps, words_, word_bytes_);
  Status status;
  while (status.ok() && recorder.done() < count) {
    status = block_.codes->trace(std::min(kChunk, count - recorder.done()), codes, recorder);
  }
  *done = recorder.done();
  left_ -= *done;
  return status;
}

Status ContextTrace::count_symbols(std::array<std::uint64_t, kContexts * kContextSymbols>* counts) {
  std::uint16_t codes[kChunk];
  ContextCounter counter(counts->data());
  while (left_ > 0) {
    const std::size_t part = std::min(kChunk, left_);
    if (const Status s = block_.codes->trace(part, codes, counter); !s.ok()) return s;
    left_ -= part;
  }
  return finish();
}

}  // namespace aimc::lossless
