#include <new>
#include <utility>

#include "capi/blocks.hpp"
#include "capi/call.hpp"
#include "lossless/codec.hpp"

namespace aimc::capi {
namespace {

using lossless::EncodedBlock;
using lossless::EncodeJob;

Status read_fields(const aimc_segment& given, EncodeJob* job) {
  if (given.field_count > 255 || !usable(given.fields, given.field_count)) return wrong("fields that cannot be used");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < given.field_count; ++i) {
    if (given.fields[i] == 0) return wrong("a field of no bytes");
    sum += given.fields[i];
  }
  if (sum != (job->layout.opaque ? given.record_bytes : 0)) return wrong("the fields do not add up to the record");
  job->fields.assign(given.fields, given.fields + given.field_count);
  return {};
}

Status read_segment(const aimc_segment& given, EncodeJob* job) {
  if (const Status s = read_layout(given, &job->layout); !s.ok()) return s;
  if (const Status s = read_fields(given, job); !s.ok()) return s;
  if (!is_flag(given.thorough) || given.reserved != 0)
    return wrong("a flag is not 0 or 1, or a reserved member is set");
  job->records = static_cast<const std::uint8_t*>(given.records);
  if (!usable(job->records, given.size)) return wrong("null records");
  if (given.size % given.record_bytes != 0) return wrong("size is not a whole number of records");
  if (given.block_records == 0 || given.block_records > UINT32_MAX / given.record_bytes - 1) {
    return wrong("block_records out of range");
  }
  job->count = given.size / given.record_bytes;
  job->block_records = given.block_records;
  job->row_records = given.row_records;
  job->thorough = given.thorough != 0;
  return {};
}

void hand_out(const Results& results, aimc_encoded_blocks* encoded) {
  encoded->payload = results.payload.data();
  encoded->payload_size = results.payload.size();
  encoded->block_count = results.sizes.size();
  encoded->sizes = results.sizes.data();
  encoded->crcs = results.crcs.data();
}

// One after the other; each is let go as soon as it is copied.
void join(HeapVector<EncodedBlock>* blocks, Results* results) {
  std::size_t total = 0;
  for (const EncodedBlock& block : *blocks) total += block.bytes.size();
  results->payload.reserve(total);
  for (EncodedBlock& block : *blocks) {
    results->payload.insert(results->payload.end(), block.bytes.begin(), block.bytes.end());
    results->sizes.push_back(static_cast<std::uint32_t>(block.bytes.size()));
    results->crcs.push_back(block.crc);
    block = EncodedBlock{};
  }
}

Status encode(Context& context, const aimc_segment* segment, aimc_encoded_blocks* encoded) {
  EncodeJob job;
  if (const Status s = check_struct(encoded); !s.ok()) return s;
  if (const Status s = check_struct(segment); !s.ok()) return s;
  context.results = Results{};
  hand_out(context.results, encoded);
  if (const Status s = read_segment(*segment, &job); !s.ok()) return s;
  HeapVector<EncodedBlock> blocks;
  if (!lossless::encode_blocks(job, context.threads, context.isa, &blocks)) throw std::bad_alloc();
  Results results;
  join(&blocks, &results);
  context.results = std::move(results);
  hand_out(context.results, encoded);
  return {};
}

}  // namespace
}  // namespace aimc::capi

using namespace aimc;
using namespace aimc::capi;

aimc_status aimc_blocks_encode(aimc_context* handle, const aimc_segment* segment, aimc_encoded_blocks* encoded,
                               aimc_error* error) {
  return call(handle, error, [&](Context& context, std::uint64_t*) { return encode(context, segment, encoded); });
}
