#include "capi/blocks.hpp"
#include "capi/call.hpp"
#include "capi/output_limits.hpp"
#include "lossless/codec.hpp"
#include "lossless/crc32.hpp"

namespace aimc::capi {
namespace {

using lossless::DecodeTask;
using Blocks = Structs<aimc_block>;
using Tasks = HeapVector<DecodeTask>;

Status read_block(const aimc_block& given, const aimc_limits& limits, bool with_out, OutputLimits* output,
                  DecodeTask* task) {
  if (const Status s = read_layout(given, &task->layout); !s.ok()) return s;
  if (given.reserved != 0 || given.reserved2 != 0) return wrong("a reserved member is set");
  if (!usable(given.data, given.size)) return wrong("a null block");
  if (given.records == 0) return fail(Code::out_of_range, 0, "a block without records");
  if (given.records > limits.max_elements) return fail(Code::limit_exceeded, 0, "more records than max_elements");
  // The format counts the records of a block in 32 bits.
  if (given.records > UINT32_MAX) return fail(Code::out_of_range, 0, "more records than a block can have");
  const std::uint64_t bytes = given.records * given.record_bytes;
  if (with_out && (given.out == nullptr || given.out_size != bytes)) {
    return wrong("out is null, or of another size than the records");
  }
  task->in = given.data;
  task->size = given.size;
  task->crc = given.crc;
  task->records = given.records;
  task->out = with_out ? static_cast<std::uint8_t*>(given.out) : nullptr;
  output->add(given.size, bytes);
  return output->check_total();
}

Status read_blocks(const Blocks& blocks, const aimc_limits& limits, bool with_out, Tasks* tasks, std::uint64_t* index) {
  if (const Status s = blocks.check(); !s.ok()) return s;
  tasks->resize(blocks.size());
  OutputLimits output(limits);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    *index = i;
    if (const Status s = read_block(blocks[i], limits, with_out, &output, &(*tasks)[i]); !s.ok()) return s;
  }
  *index = 0;
  return output.check();
}

Status write_results(const Tasks& tasks, const Blocks& blocks, bool limit_hit, std::uint64_t* index) {
  Status first;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Status status = blame(tasks[i].status, limit_hit);
    aimc_block& block = blocks[i];
    block.code = static_cast<aimc_status>(status.code);
    block.bit_offset = status.bit;
    block.message = status.what;
    if (first.ok() && !status.ok()) {
      first = status;
      *index = i;
    }
  }
  return first;
}

template <class F>
aimc_status run(aimc_context* handle, const Blocks& blocks, bool with_out, aimc_error* error, F&& work) {
  return call(handle, error, [&](Context& context, std::uint64_t* index) {
    Tasks tasks;
    if (const Status s = read_blocks(blocks, context.limits, with_out, &tasks, index); !s.ok()) return s;
    work(context, &tasks);
    return write_results(tasks, blocks, context.heap.limit_hit(), index);
  });
}

void verify(const Context& context, Tasks* tasks) {
  for (DecodeTask& task : *tasks) {
    if (lossless::crc32(0, task.in, task.size, context.isa) != task.crc) {
      task.status = fail(Code::inconsistent, 0, "the checksum of the block is wrong");
    }
  }
}

}  // namespace
}  // namespace aimc::capi

using namespace aimc;
using namespace aimc::capi;

aimc_status aimc_blocks_probe(aimc_context* handle, aimc_block* blocks, size_t count, aimc_error* error) {
  return run(handle, {blocks, count}, false, error, verify);
}

aimc_status aimc_blocks_decode(aimc_context* handle, aimc_block* blocks, size_t count, aimc_error* error) {
  return run(handle, {blocks, count}, true, error, [](const Context& context, Tasks* tasks) {
    lossless::decode_blocks(tasks, context.threads, context.isa);
  });
}
