// Fuzz target of the lossless block decoder. The first bytes of the input choose the layout and the number of records,
// the rest is the block; fuzz/seeds.py writes the same format. Whatever the input, decoding must give the same status
// on every instruction set, and the same bytes where it succeeds; it must read no byte after the block and write none
// after the records. When memory runs out, what is reported as good must be good all the same.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "base/cpu.hpp"
#include "failing_new.hpp"
#include "guarded_bytes.hpp"
#include "input.hpp"
#include "lossless/codec.hpp"
#include "lossless/crc32.hpp"
#include "lossless/step_trace.hpp"

namespace aimc::fuzz {
namespace {

using lossless::Layout;

constexpr std::uint64_t kMaxOutput = 1U << 15;  // bytes; more than a few chunks and parts
constexpr std::uint8_t kUntouched = 0xA5;

[[noreturn]] void report(const char* what, const Status& expected, const Status& got) {
  std::fprintf(stderr, "%s\nexpected: code %d bit %llu %s\ngot: code %d bit %llu %s\n", what,
               static_cast<int>(expected.code), static_cast<unsigned long long>(expected.bit), expected.what,
               static_cast<int>(got.code), static_cast<unsigned long long>(got.bit), got.what);
  std::abort();
}

struct Scenario {
  Layout layout;
  std::uint64_t records = 1;
  int successful_allocations = -1;  // until one fails; negative when none does
  const std::uint8_t* block = nullptr;
  std::size_t size = 0;

  std::size_t output_bytes() const { return static_cast<std::size_t>(records) * layout.record_bytes; }
};

Scenario read_scenario(Input in, GuardedBytes& memory) {
  constexpr std::uint32_t kWidths[4] = {1, 2, 4, 8};
  Scenario scenario;
  const std::uint8_t flags = in.u8();
  scenario.layout.opaque = (flags & 8) != 0;
  scenario.layout.record_bytes = scenario.layout.opaque ? 1U + in.u8() : kWidths[flags & 3];
  scenario.layout.rotate = (flags & 4) != 0 && !scenario.layout.opaque && scenario.layout.record_bytes > 1;
  scenario.records = 1 + in.number(2) % (kMaxOutput / scenario.layout.record_bytes);
  if ((flags & 16) != 0) scenario.successful_allocations = in.u8();
  scenario.size = std::min(in.size(), memory.capacity());
  scenario.block = memory.put(0, in.data(), scenario.size);
  return scenario;
}

// The block with a good checksum, and output of its own, exactly as large as needed.
class Run {
 public:
  Run(const Scenario& scenario, Isa isa) : out_(scenario.output_bytes(), kUntouched) {
    HeapVector<lossless::DecodeTask> tasks(1);
    lossless::DecodeTask& task = tasks.front();
    task.in = scenario.block;
    task.size = scenario.size;
    task.crc = lossless::crc32(0, scenario.block, scenario.size, Isa::scalar);
    task.layout = scenario.layout;
    task.records = scenario.records;
    task.out = out_.data();
    set_isa(isa);
    lossless::decode_blocks(&tasks, 1, active_isa());
    status_ = task.status;
  }

  const Status& status() const { return status_; }
  const std::vector<std::uint8_t>& records() const { return out_; }

 private:
  std::vector<std::uint8_t> out_;
  Status status_;
};

bool same(const Status& x, const Status& y) {
  return x.code == y.code && x.bit == y.bit && std::strcmp(x.what, y.what) == 0;
}

void check_status(const Status& status, const Scenario& scenario) {
  const bool of_input = status.code == Code::ok || status.code == Code::truncated || status.code == Code::malformed ||
                        status.code == Code::out_of_range || status.code == Code::inconsistent;
  if (!of_input) report("an error that no block may cause", {}, status);
  if (status.bit > 8 * scenario.size) report("a place after the block", {}, status);
}

void compare(const Run& expected, const Run& got) {
  if (!same(expected.status(), got.status())) report("the status depends on the path", expected.status(), got.status());
  if (expected.status().ok() && expected.records() != got.records()) {
    report("the records depend on the path", expected.status(), got.status());
  }
}

// Steps up to the end or an error. `whole`: there must be no error.
template <class Trace>
void check_trace(Trace& trace, Status status, bool whole) {
  std::vector<typename Trace::Step> steps(lossless::kStepUnit);
  while (status.ok() && trace.left() > 0) {
    std::size_t done = 0;
    const std::size_t count = std::min(steps.size(), trace.left());
    status = trace.next(steps.data(), count, &done);
    if (done > count || (status.ok() && done != count)) report("other steps than asked for", {}, status);
  }
  if (status.ok()) status = trace.finish();
  if (whole && !status.ok()) report("trace refuses", {}, status);
}

// The traced decoders of whatever follows the mode of the block, and the method of its first plane.
void check_traces(const Scenario& scenario, bool good) {
  const auto count = static_cast<std::size_t>(scenario.records);
  const bool opaque = scenario.layout.opaque;
  if (scenario.size > 1) {
    lossless::ContextTrace codes;
    const bool whole = good && scenario.block[0] == 4;
    check_trace(codes, codes.open(scenario.block + 1, scenario.size - 1, count, scenario.layout.record_bytes), whole);
  }
  if (scenario.size > 2) {
    lossless::RansTrace plane;
    const bool whole = good && !opaque && scenario.block[0] == 2 && scenario.block[1] == 2;
    check_trace(plane, plane.open(scenario.block + 2, scenario.size - 2, count, 0), whole);
  }
}

void check_without_memory(const Scenario& scenario, const Run& expected) {
  try {
    const FailingAllocation failing(scenario.successful_allocations);
    const Run got(scenario, detected_isa());
    if (got.status().code != Code::out_of_memory) compare(expected, got);
  } catch (const std::bad_alloc&) {
    return;  // in what this target itself allocates
  }
}

void run(Input in) {
  static GuardedBytes memory(1);
  const Scenario scenario = read_scenario(in, memory);
  const Run expected(scenario, Isa::scalar);
  check_status(expected.status(), scenario);
  check_traces(scenario, expected.status().ok());
  for (const Isa isa : {Isa::avx2, Isa::avx512}) {
    if (isa <= detected_isa()) compare(expected, Run(scenario, isa));
  }
  if (scenario.successful_allocations >= 0) check_without_memory(scenario, expected);
}

}  // namespace
}  // namespace aimc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aimc::fuzz::run({data, size});
  return 0;
}
