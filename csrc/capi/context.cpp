#include "capi/context.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <thread>

#include "capi/call.hpp"

namespace aimc::capi {
namespace {

constexpr unsigned kMostThreads = 1024;

void* default_alloc(void*, std::size_t size, std::size_t alignment) {
  const std::size_t unit = std::max(alignment, alignof(std::max_align_t));
  return std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
}

void default_free(void*, void* memory, std::size_t, std::size_t) {
  std::free(memory);
}

constexpr aimc_limits kDefaultLimits{sizeof(aimc_limits),
                                     0,
                                     (std::uint64_t{1} << 31) - 1,
                                     std::uint64_t{1} << 36,
                                     4096,
                                     std::uint64_t{1} << 20,
                                     std::uint64_t{1} << 20,
                                     std::uint64_t{1} << 36};

constexpr aimc_options kDefaultOptions{sizeof(aimc_options), 1, AIMC_ISA_BEST, 0, nullptr, nullptr};

Status read_allocator(const aimc_allocator* given, HeapFunctions* functions) {
  *functions = {default_alloc, default_free, nullptr};
  if (given == nullptr) return {};
  if (const Status s = check_struct(given); !s.ok()) return s;
  if (given->reserved != 0) return wrong("a reserved member is set");
  if (given->alloc == nullptr || given->free == nullptr) return wrong("an allocator without alloc or free");
  *functions = {given->alloc, given->free, given->user};
  return {};
}

Status read_limits(const aimc_limits* given, aimc_limits* limits) {
  *limits = kDefaultLimits;
  if (given == nullptr) return {};
  if (const Status s = check_struct(given); !s.ok()) return s;
  if (given->reserved != 0) return wrong("a reserved member is set");
  *limits = *given;
  return {};
}

Status read_isa(std::uint32_t given, Isa* isa) {
  if (given > AIMC_ISA_AVX512) return wrong("an unknown instruction set");
  *isa = given == AIMC_ISA_BEST ? active_isa() : static_cast<Isa>(given - AIMC_ISA_SCALAR);
  return *isa <= detected_isa() ? Status{} : fail(Code::unsupported, 0, "this machine does not have the instructions");
}

unsigned thread_count(std::uint32_t given) {
  return std::clamp(given > 0 ? given : std::thread::hardware_concurrency(), 1U, kMostThreads);
}

// With the context's own functions, so that they see it too.
Status make_context(const aimc_options& options, Context** context) {
  HeapFunctions functions;
  aimc_limits limits;
  Isa isa = Isa::scalar;
  if (options.reserved != 0) return wrong("a reserved member is set");
  if (const Status s = read_allocator(options.allocator, &functions); !s.ok()) return s;
  if (const Status s = read_limits(options.limits, &limits); !s.ok()) return s;
  if (const Status s = read_isa(options.isa, &isa); !s.ok()) return s;
  void* memory = functions.allocate(functions.user, sizeof(Context), alignof(Context));
  if (memory == nullptr) return fail(Code::out_of_memory, 0, "out of memory");
  if (reinterpret_cast<std::uintptr_t>(memory) % alignof(Context) != 0) {
    functions.release(functions.user, memory, sizeof(Context), alignof(Context));
    return wrong("the allocator does not align memory");
  }
  *context = new (memory) Context(functions, limits);
  (*context)->threads = thread_count(options.threads);
  (*context)->isa = isa;
  return {};
}

void destroy(Context* context) {
  const HeapFunctions functions = context->functions;
  {
    const HeapScope scope(&context->heap);
    context->results = Results{};
  }
  context->~Context();
  functions.release(functions.user, context, sizeof(Context), alignof(Context));
}

template <class T>
aimc_status init(T* structure, std::uint32_t struct_size, const T& values) {
  if (structure == nullptr || !aligned(structure) || struct_size != sizeof(T)) return AIMC_ARGUMENT;
  *structure = values;
  return AIMC_OK;
}

}  // namespace
}  // namespace aimc::capi

using namespace aimc;
using namespace aimc::capi;

aimc_status aimc_limits_init(aimc_limits* limits, uint32_t struct_size) {
  return init(limits, struct_size, kDefaultLimits);
}

aimc_status aimc_options_init(aimc_options* options, uint32_t struct_size) {
  return init(options, struct_size, kDefaultOptions);
}

aimc_status aimc_context_create(uint32_t abi_version, const aimc_options* options, aimc_context** context,
                                aimc_error* error) {
  if (const Status s = check_error(error); !s.ok()) return static_cast<aimc_status>(s.code);
  if (context == nullptr) return report(error, wrong("no place for the context"));
  *context = nullptr;
  if (abi_version != AIMC_ABI_VERSION) return report(error, fail(Code::unsupported, 0, "another version of the ABI"));
  if (options == nullptr) options = &kDefaultOptions;
  if (const Status s = check_struct(options); !s.ok()) return report(error, s);
  Context* made = nullptr;
  if (const Status s = make_context(*options, &made); !s.ok()) return report(error, s);
  *context = open_handle(made);
  if (*context != nullptr) return report(error, Status{});
  destroy(made);
  return report(error, fail(Code::limit_exceeded, 0, "too many contexts are open"));
}

aimc_status aimc_context_destroy(aimc_context* handle) {
  Context* context = nullptr;
  if (const Status s = take(handle, &context); !s.ok()) return static_cast<aimc_status>(s.code);
  close(handle);
  destroy(context);
  return AIMC_OK;
}

aimc_status aimc_context_memory(aimc_context* handle, aimc_memory* memory, aimc_error* error) {
  return call(handle, error, [&](const Context& context, std::uint64_t*) {
    if (const Status s = check_struct(memory); !s.ok()) return s;
    memory->live_bytes = context.heap.live();
    memory->peak_bytes = context.heap.peak();
    return Status{};
  });
}
