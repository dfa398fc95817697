// Decoding of the arithmetic codewords of a stream's data units: the front doors fill jobs, the caller owns all memory.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "base/cpu.hpp"
#include "base/status.hpp"
#include "payload/params.hpp"

namespace aimc {

// What the levels of a tensor are turned into.
enum class Output : std::uint8_t {
  integers,  // int32: the integers of 10.3, levels, or codebook indices minus CbZeroOffset
  uniform,   // binary32 by the step size (11.2)
  codebook,  // binary32 by codebook and step size (11.3)
};

// One tensor of a codeword and where it goes. `data` takes rows * width elements of 4 bytes, row-major.
struct TensorTarget {
  TensorParams params;
  HeapVector<EntryPoint> entry_points;
  Output output = Output::integers;
  std::int32_t qp_offset = 0;
  std::uint8_t qp_density = 0;
  const std::int32_t* codebook = nullptr;
  std::uint32_t codebook_size = 0;
  std::uint32_t codebook_zero = 0;
  void* data = nullptr;
  // Results.
  std::int32_t qp = 0;
  bool row_skip_enabled = false;
  bool history_enabled = false;
};

// One codeword: the payload of one data unit.
struct CodewordJob {
  const std::uint8_t* payload = nullptr;
  std::size_t size = 0;
  Dialect dialect = Dialect::edition2;
  HeapVector<TensorTarget> tensors;
  Status status;  // result
};

// Decodes all jobs, each to its own status. The results do not depend on the instruction set or on the threads.
void decode_codewords(HeapVector<CodewordJob>& jobs, unsigned threads, Isa isa);

// Whether the payload can hold what the headers declare, found without touching any tensor's memory: meant to be asked
// before that memory is allocated. Sets each job's status.
void probe_codewords(HeapVector<CodewordJob>& jobs);

}  // namespace aimc
