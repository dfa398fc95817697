// Fuzz target of the payload decoder. The first bytes of the input choose jobs, the rest is payload; fuzz/seeds.py
// writes the same format. Whatever the input, decoding must give the same result on every instruction set and thread
// count, must never report an internal error, and probe and trace must accept all that decoding accepts. When memory
// runs out, what is reported as good must be good all the same.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "failing_new.hpp"
#include "guarded_bytes.hpp"
#include "input.hpp"
#include "payload/bin_trace.hpp"
#include "payload/decode.hpp"
#include "payload/tensor_decoder.hpp"

namespace aimc::fuzz {
namespace {

constexpr std::size_t kMaxJobs = 34;             // two more than there are lanes
constexpr std::uint64_t kMaxElements = 1024;     // of one tensor
constexpr std::uint64_t kMaxJobElements = 1700;  // of all jobs together
constexpr std::uint8_t kUntouched = 0xA5;

[[noreturn]] void report(const char* what, const Status& expected, const Status& got) {
  std::fprintf(stderr, "%s\nexpected: code %d bit %llu %s\ngot: code %d bit %llu %s\n", what,
               static_cast<int>(expected.code), static_cast<unsigned long long>(expected.bit), expected.what,
               static_cast<int>(got.code), static_cast<unsigned long long>(got.bit), got.what);
  std::abort();
}

// What a tensor's parameters point to.
struct TensorMemory {
  std::vector<std::int32_t> codebook;
  std::vector<std::int32_t> reference;
  std::vector<std::uint8_t> history;
};

enum class EntryPoints : std::uint8_t { none, right, one_wrong, arbitrary };

struct TensorPlan {
  TensorTarget target;
  TensorMemory memory;
  EntryPoints entry_points = EntryPoints::none;
};

std::vector<std::int32_t> reference_integers(std::uint64_t count, std::uint64_t seed) {
  constexpr std::int32_t kValues[8] = {0, 0, 1, -1, 2, -3, 2147483647, -2147483647 - 1};
  std::vector<std::int32_t> values(count);
  for (std::int32_t& v : values) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    v = kValues[seed >> 61];
  }
  return values;
}

TensorPlan read_tensor(Input& in, std::uint64_t max_elements) {
  constexpr std::uint16_t kUnaryLengths[8] = {10, 1, 2, 3, 11, 64, 255, 256};
  TensorPlan plan;
  TensorTarget& t = plan.target;
  TensorParams& p = t.params;
  const std::uint8_t flags = in.u8();
  const std::uint8_t shape = in.u8();
  p.dq = (flags & 1) != 0;
  p.parent = (flags & 2) != 0;
  p.temporal = (flags & 4) != 0;
  const bool history = (flags & 8) != 0;
  const bool codebook = (flags & 16) != 0;
  p.codebook = (flags & 32) == 0 && codebook;
  p.unary_length = kUnaryLengths[shape & 7];
  p.scan_order = static_cast<std::uint8_t>((shape >> 3 & 7) % 5);
  plan.entry_points = static_cast<EntryPoints>(shape >> 6);
  p.rows = 1 + std::min(in.number(2), max_elements - 1);
  p.width = 1 + std::min(in.number(2), max_elements / p.rows - 1);
  t.qp_density = in.u8() & 7;
  p.qp_bits = static_cast<std::uint8_t>((flags & 64) != 0 ? 0 : 6 + t.qp_density);
  t.qp_offset = static_cast<std::int16_t>(in.number(2)) >> 3;
  t.output = (flags & 128) != 0 ? Output::integers : codebook ? Output::codebook : Output::uniform;
  if (codebook) {
    t.codebook_size = 1 + static_cast<std::uint32_t>(in.number(2)) % 1024;
    t.codebook_zero = static_cast<std::uint32_t>(in.number(2)) % t.codebook_size;
    p.codebook_size = t.codebook_size;
    p.codebook_zero = t.codebook_zero;
    plan.memory.codebook.resize(t.codebook_size, -7);
  }
  if (p.temporal) plan.memory.reference = reference_integers(p.count(), in.u8());
  if (history) {
    for (const std::int32_t v : reference_integers(p.count(), in.u8())) plan.memory.history.push_back(v != 0 ? 1 : 0);
  }
  return plan;
}

void connect(TensorPlan& plan) {
  TensorTarget& t = plan.target;
  if (t.codebook_size > 0) t.codebook = plan.memory.codebook.data();
  if (t.params.temporal) t.params.reference = plan.memory.reference.data();
  if (!plan.memory.history.empty()) t.params.history = plan.memory.history.data();
}

// The entry points that the codeword has, as far as it can be decoded without them.
HeapVector<EntryPoint> right_entry_points(const CodewordJob& job) {
  HeapVector<EntryPoint> points;
  BinDecoder<NullTracer> d;
  d.start(job.payload, job.size);
  for (const TensorTarget& t : job.tensors) {
    TensorDecoder<NullTracer> tensor(t.params, job.dialect, decode_plain_run<NullTracer, false>,
                                     decode_plain_run<NullTracer, true>);
    if (!tensor.decode_header(d, job.size).ok()) return {};
    if (&t != &job.tensors.back()) {
      if (!tensor.decode_levels(d, nullptr, {}).ok()) return {};
      continue;
    }
    const std::uint64_t first = d.shifts();
    for (std::uint64_t row = 0; row < tensor.block_rows(); ++row) {
      if (row > 0) {
        points.push_back({d.shifts() - first, static_cast<std::uint8_t>(d.offset()),
                          static_cast<std::uint8_t>(tensor.state().dq_state)});
      }
      if (!tensor.decode_block_rows(d, row, row + 1, nullptr, {}).ok()) return {};
    }
  }
  return points;
}

HeapVector<EntryPoint> arbitrary_entry_points(const TensorParams& p, Input in) {
  HeapVector<EntryPoint> points(p.rows / block_side(p) + (in.u8() & 1));
  for (EntryPoint& point : points) {
    point.shifts = in.number(8) >> (in.u8() & 63);
    point.value = in.u8();
    point.dq_state = in.u8() & 7;
  }
  return points;
}

void set_entry_points(CodewordJob& job, EntryPoints kind, Input in) {
  TensorTarget& t = job.tensors.back();
  if (kind == EntryPoints::none || t.params.scan_order == 0 || !t.params.is_2d()) return;
  t.entry_points = kind == EntryPoints::arbitrary ? arbitrary_entry_points(t.params, in) : right_entry_points(job);
  if (kind != EntryPoints::one_wrong || t.entry_points.empty()) return;
  EntryPoint& point = t.entry_points[in.u8() % t.entry_points.size()];
  point.shifts += in.number(8) >> (in.u8() & 63);
  point.value = static_cast<std::uint8_t>(point.value ^ (in.u8() & 3));
}

// All that the input describes. Jobs share the tensors' parameters; their payloads are pieces of the rest.
class Scenario {
 public:
  Scenario(Input in, GuardedBytes& payloads) {
    const std::uint8_t mode = in.u8();
    const std::uint8_t number = in.u8();
    two_threads_ = (mode & 0xC0) == 0xC0;  // starting threads takes long: not for every input
    const bool many = (mode & 8) != 0;
    if ((mode & 4) != 0) successful_allocations_ = in.u8();
    const std::size_t count = many ? 2 + number % (kMaxJobs - 1) : 1;
    const std::size_t tensors = many ? 1 : 1 + number % 3;
    const std::uint64_t max_elements = std::min(kMaxElements, kMaxJobElements / count);
    for (std::size_t i = 0; i < tensors; ++i) plans_.push_back(read_tensor(in, max_elements));
    for (TensorPlan& plan : plans_) connect(plan);
    for (std::size_t i = 0; i < count; ++i) {
      CodewordJob job;
      job.dialect = static_cast<Dialect>((mode & 3) % 3);
      for (const TensorPlan& plan : plans_) job.tensors.push_back(plan.target);
      const Input piece = cut(in, static_cast<Cut>(mode >> 4 & 3), i, count);
      job.size = std::min(piece.size(), payloads.capacity());
      job.payload = payloads.put(i, piece.data(), job.size);
      set_entry_points(job, plans_.back().entry_points, piece);
      jobs_.push_back(std::move(job));
    }
  }

  bool two_threads() const { return two_threads_; }
  // Allocations until one fails; negative when none does.
  int successful_allocations() const { return successful_allocations_; }
  const HeapVector<CodewordJob>& jobs() const { return jobs_; }

 private:
  enum class Cut : std::uint8_t { whole, equal, prefix, whole_or_tiny };

  static Input cut(const Input& in, Cut kind, std::size_t i, std::size_t count) {
    const std::size_t share = in.size() / count;
    switch (kind) {
      case Cut::whole:
        break;
      case Cut::equal:
        return {in.data() + i * share, share};
      case Cut::prefix:
        return {in.data(), in.size() - std::min(in.size(), i)};
      case Cut::whole_or_tiny:
        return {in.data(), i % 2 == 0 ? in.size() : std::min(in.size(), i % 8 / 2)};
    }
    return in;
  }

  bool two_threads_ = false;
  int successful_allocations_ = -1;
  std::vector<TensorPlan> plans_;
  HeapVector<CodewordJob> jobs_;
};

// Jobs with their own output memory, exactly as large as needed.
struct Run {
  HeapVector<CodewordJob> jobs;
  std::vector<std::vector<std::vector<std::uint8_t>>> data;  // by job and tensor

  explicit Run(const HeapVector<CodewordJob>& from) : jobs(from), data(from.size()) {
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      for (TensorTarget& t : jobs[i].tensors) {
        data[i].emplace_back(4 * t.params.count(), kUntouched);
        t.data = data[i].back().data();
      }
    }
  }
};

bool same(const Status& x, const Status& y) {
  return x.code == y.code && x.bit == y.bit && std::string(x.what) == y.what;
}

void compare(const Run& expected, const Run& got) {
  for (std::size_t i = 0; i < expected.jobs.size(); ++i) {
    const CodewordJob& x = expected.jobs[i];
    const CodewordJob& y = got.jobs[i];
    if (!same(x.status, y.status)) report("the status depends on the path", x.status, y.status);
    if (!x.status.ok()) continue;
    if (expected.data[i] != got.data[i]) report("the values depend on the path", x.status, y.status);
    for (std::size_t k = 0; k < x.tensors.size(); ++k) {
      if (x.tensors[k].qp != y.tensors[k].qp || x.tensors[k].row_skip_enabled != y.tensors[k].row_skip_enabled ||
          x.tensors[k].history_enabled != y.tensors[k].history_enabled) {
        report("the header depends on the path", x.status, y.status);
      }
    }
  }
}

void check_without_memory(const Scenario& scenario, const Run& expected, unsigned threads) {
  Run got(scenario.jobs());
  try {
    const FailingAllocation failing(scenario.successful_allocations());
    decode_codewords(got.jobs, threads, detected_isa());
  } catch (const std::bad_alloc&) {
    return;  // what the caller, too, may have to deal with
  }
  for (std::size_t i = 0; i < got.jobs.size(); ++i) {
    const Status& status = got.jobs[i].status;
    if (status.code == Code::out_of_memory) continue;
    if (!same(status, expected.jobs[i].status)) report("other status without memory", expected.jobs[i].status, status);
    if (status.ok() && got.data[i] != expected.data[i]) report("wrong values without memory", status, status);
  }
}

void check_probe_and_trace(const Run& decoded) {
  Run probed(decoded.jobs);
  probe_codewords(probed.jobs);
  for (std::size_t i = 0; i < decoded.jobs.size(); ++i) {
    const Status& status = decoded.jobs[i].status;
    if (status.code == Code::internal) report("an internal error", {}, status);
    if (!status.ok()) continue;
    if (!probed.jobs[i].status.ok()) report("probe refuses", status, probed.jobs[i].status);
    BinTrace trace(decoded.jobs[i], BinWindow{});
    while (trace.next(1).count > 0) {
    }
    if (!trace.status().ok()) report("trace refuses", status, trace.status());
  }
}

void run(Input in) {
  static GuardedBytes payloads(kMaxJobs);
  const Scenario scenario(in, payloads);
  Run expected(scenario.jobs());
  decode_codewords(expected.jobs, 1, Isa::scalar);
  check_probe_and_trace(expected);
  const auto check = [&](unsigned threads, Isa isa) {
    Run got(scenario.jobs());
    decode_codewords(got.jobs, threads, isa);
    compare(expected, got);
  };
  for (const Isa isa : {Isa::avx2, Isa::avx512}) {
    if (isa <= detected_isa()) check(1, isa);
  }
  const unsigned threads = scenario.two_threads() ? 2 : 1;
  if (scenario.successful_allocations() >= 0) check_without_memory(scenario, expected, threads);
  if (threads == 1) return;
  check(2, Isa::scalar);
  check(2, detected_isa());
}

}  // namespace
}  // namespace aimc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aimc::fuzz::run({data, size});
  return 0;
}
