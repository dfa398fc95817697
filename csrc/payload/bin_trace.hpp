// The bins of a codeword, chunk by chunk.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "entropy/bin_record.hpp"
#include "payload/walk.hpp"

namespace aimc {

// Consecutive bins: the number of the first, and the shifts before it.
struct BinChunk {
  std::unique_ptr<BinRecord[]> records;
  std::size_t count = 0;
  std::uint64_t first = 0;
  std::uint64_t shifts = 0;
};

class BinTrace {
 public:
  // The job stays with the caller. It has at most kMostTracedTensors tensors, of at most kMostTracedLevels levels.
  BinTrace(const CodewordJob& job, const BinWindow& window);

  // The next bins of the window: `least` or more, fewer only at the end of the window; none after it. Throws
  // std::bad_alloc.
  BinChunk next(std::size_t least);

  // Decodes what is left.
  void finish();

  // Bins decoded so far, in the window or not.
  std::uint64_t count() { return walk_.tracer().count(); }
  const Status& status() const { return walk_.status(); }

 private:
  BinWindow window_;
  BinBuffer buffer_;
  CodewordWalk<BinRecorder> walk_;
};

}  // namespace aimc
