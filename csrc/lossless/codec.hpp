// Front door of the lossless coder: many blocks on several threads, with their checksums.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "base/cpu.hpp"
#include "base/status.hpp"
#include "lossless/cursor.hpp"
#include "lossless/format.hpp"

namespace aimc::lossless {

struct DecodeTask {
  const std::uint8_t* in = nullptr;
  std::size_t size = 0;
  std::uint32_t crc = 0;
  Layout layout;
  std::uint64_t records = 0;
  std::uint8_t* out = nullptr;
  Status status;  // of the result
};

// Decodes all; the checksum of a block is verified before it is decoded.
void decode_blocks(HeapVector<DecodeTask>* tasks, unsigned threads, Isa isa);

struct EncodeJob {
  const std::uint8_t* records = nullptr;
  std::uint64_t count = 0;
  std::uint64_t block_records = 0;
  std::uint64_t row_records = 0;
  Layout layout;
  Bytes fields;  // of opaque records
  bool thorough = false;
};

struct EncodedBlock {
  Bytes bytes;
  std::uint32_t crc = 0;
};

// False when memory ran out.
bool encode_blocks(const EncodeJob& job, unsigned threads, Isa isa, HeapVector<EncodedBlock>* blocks);

}  // namespace aimc::lossless
