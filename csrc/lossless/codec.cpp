#include "lossless/codec.hpp"

#include <algorithm>
#include <atomic>
#include <new>

#include "base/counter.hpp"
#include "base/parallel.hpp"
#include "lossless/block_decode.hpp"
#include "lossless/block_encode.hpp"
#include "lossless/crc32.hpp"
#include "lossless/merge.hpp"
#include "lossless/running_crc.hpp"

namespace aimc::lossless {
namespace {

// Output of which the start would have left the cache before the end is written.
constexpr std::uint64_t kStreamBytes = 1U << 24;

std::uint64_t output_bytes(const HeapVector<DecodeTask>& tasks) {
  std::uint64_t sum = 0;
  for (const DecodeTask& task : tasks) sum += task.records * task.layout.record_bytes;
  return sum;
}

void decode_one(DecodeTask* task, Isa isa, bool stream) {
  RunningCrc crc(task->in, task->size, isa);
  const bool aligned = reinterpret_cast<std::uintptr_t>(task->out) % 64 == 0;
  try {
    task->status =
        decode_block(task->in, task->size, task->layout, task->records, isa, stream && aligned, &crc, task->out);
  } catch (const std::bad_alloc&) {
    task->status = fail(Code::out_of_memory, 0, "out of memory");
  }
  // Whatever else is wrong, wrong data are the cause.
  if (crc.finish() != task->crc) task->status = fail(Code::inconsistent, 0, "the checksum of the block is wrong");
}

unsigned useful_threads(unsigned threads, std::size_t work) {
  return static_cast<unsigned>(std::min<std::size_t>(threads, std::max<std::size_t>(work, 1)));
}

}  // namespace

void decode_blocks(HeapVector<DecodeTask>* tasks, unsigned threads, Isa isa) {
  const bool stream = output_bytes(*tasks) >= kStreamBytes;
  Counter counter(tasks->size());
  parallel(useful_threads(threads, tasks->size()), [&] {
    for (std::size_t i = 0; counter.next(&i);) decode_one(&(*tasks)[i], isa, stream);
    if (stream) stream_fence();
  });
}

bool encode_blocks(const EncodeJob& job, unsigned threads, Isa isa, HeapVector<EncodedBlock>* blocks) {
  const auto count = static_cast<std::size_t>((job.count + job.block_records - 1) / job.block_records);
  blocks->resize(count);
  Counter counter(count);
  std::atomic<bool> enough{true};
  parallel(useful_threads(threads, count), [&] {
    try {
      Workspace workspace;
      const Effort effort{&workspace, isa, job.layout.record_bytes >= 4, job.count <= job.block_records, job.thorough};
      for (std::size_t i = 0; counter.next(&i);) {
        const std::uint64_t first = i * job.block_records;
        const BlockInput input{job.records + first * job.layout.record_bytes,
                               std::min(job.block_records, job.count - first), job.row_records};
        EncodedBlock& block = (*blocks)[i];
        encode_block(input, job.layout, job.fields, effort, &block.bytes);
        block.crc = crc32(0, block.bytes.data(), block.bytes.size(), isa);
      }
    } catch (const std::bad_alloc&) {
      enough = false;
    }
  });
  return enough;
}

}  // namespace aimc::lossless
