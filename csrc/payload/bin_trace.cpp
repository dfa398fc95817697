#include "payload/bin_trace.hpp"

namespace aimc {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;
constexpr std::size_t kStepBins = std::size_t{1} << 12;  // steps rarely have more

}  // namespace

BinTrace::BinTrace(const CodewordJob& job, const BinWindow& window)
    : window_(window), buffer_(kChunk + kStepBins), walk_(job, BinRecorder(window_, &buffer_)) {}

BinChunk BinTrace::next(std::size_t least) {
  BinRecorder& recorder = walk_.tracer();
  while (recorder.recorded() < least && walk_.step()) {
  }
  BinChunk chunk;
  chunk.count = recorder.recorded();
  chunk.first = recorder.chunk_number();
  chunk.shifts = recorder.chunk_shifts();
  chunk.records = buffer_.take();
  buffer_.renew();
  recorder.start_chunk();
  return chunk;
}

void BinTrace::finish() {
  while (walk_.step()) {
  }
}

}  // namespace aimc
