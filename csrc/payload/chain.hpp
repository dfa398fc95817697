// Chains: the parts of codewords that can be decoded independently of each other.
#pragma once
#include <cstdint>
#include <new>

#include "base/allocator.hpp"
#include "base/cpu.hpp"
#include "base/status.hpp"
#include "payload/decode.hpp"
#include "payload/tensor_decoder.hpp"

namespace aimc {

constexpr Status kOutOfMemory{Code::out_of_memory, 0, "out of memory while decoding"};

// A codeword opened up to the levels of its last tensor: what comes before is small (the vectors of a block, the
// headers) and can only be decoded in sequence; the block rows of the last tensor can be entered one by one.
struct OpenCodeword {
  CodewordJob* job = nullptr;
  Owned<TensorDecoder<NullTracer>> last;
  BinDecoder<NullTracer> decoder;
};

// Block rows [begin, end) of the last tensor of a codeword: the unit of parallel work.
struct Chain {
  OpenCodeword* codeword = nullptr;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t levels = 0;
  Status status = kOutOfMemory;  // until it is decoded: memory is all that can keep a chain from its turn
  Status values{};               // of the reconstruction, which counts when all chains of the codeword are good
};

template <class F>
Status guarded(F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return kOutOfMemory;
  }
}

// Opens a codeword: decodes everything before the levels of its last tensor.
Status open_codeword(OpenCodeword& open, Isa isa);

// Splits the last tensor of an open codeword at its entry points, into pieces of `min_levels` or more.
void add_chains(OpenCodeword& open, std::uint64_t min_levels, HeapVector<Chain>& chains);

// Decodes a chain and reconstructs its values.
Status decode_chain(Chain& chain, Isa isa);

// The end of a codeword (9.5).
template <class Tracer>
Status check_end(BinDecoder<Tracer>& d) {
  if (!d.terminate_bin()) return fail(Code::inconsistent, d.shifts(), "the terminate bin is 0");
  if (!d.ends_exactly()) return fail(Code::inconsistent, d.shifts(), "the codeword does not end with its unit");
  return Status{};
}

// The step size of a tensor whose QP has been found good when its codeword was opened.
float checked_step(const TensorTarget& t);

}  // namespace aimc
