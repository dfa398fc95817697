// Front door of the lossless coder: many blocks on several threads, with their checksums.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.hpp"
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
void decode_blocks(std::vector<DecodeTask>* tasks, unsigned threads);

struct EncodeJob {
  const std::uint8_t* records = nullptr;
  std::uint64_t count = 0;
  std::uint64_t block_records = 0;
  std::uint64_t row_records = 0;
  Layout layout;
  std::vector<std::uint8_t> fields;  // of opaque records
  bool thorough = false;
};

struct EncodedBlock {
  std::vector<std::uint8_t> bytes;
  std::uint32_t crc = 0;
};

// False when memory ran out.
bool encode_blocks(const EncodeJob& job, unsigned threads, std::vector<EncodedBlock>* blocks);

}  // namespace aimc::lossless
