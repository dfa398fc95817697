// The frame of every call: context taken, its heap in force, exceptions stopped, errors reported.
#pragma once
#include <cstdint>
#include <new>

#include "capi/context.hpp"
#include "capi/structs.hpp"

namespace aimc::capi {

// Fills the caller's error, if there is one.
inline aimc_status report(aimc_error* error, const Status& status, std::uint64_t index = 0) {
  const auto code = static_cast<aimc_status>(status.code);
  if (error != nullptr) {
    error->code = code;
    error->bit_offset = status.bit;
    error->index = index;
    error->message = status.what;
  }
  return code;
}

// Runs `body`, which returns a status and may throw std::bad_alloc.
template <class F>
Status guard(F&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail(Code::out_of_memory, 0, "out of memory");
  } catch (...) {
    return fail(Code::internal, 0, "an exception that is not known");
  }
}

inline Status check_error(const aimc_error* error) {
  return error == nullptr ? Status{} : check_struct(error);
}

// Memory that the limit refused is the limit's fault, not the system's.
inline Status blame(Status status, bool limit_hit) {
  return limit_hit && status.code == Code::out_of_memory
             ? fail(Code::limit_exceeded, status.bit, "more memory than max_live_bytes")
             : status;
}

// A call on a context. `body(context, index)` returns a status, and which element it is about.
template <class F>
aimc_status call(aimc_context* handle, aimc_error* error, F&& body) noexcept {
  if (const Status s = check_error(error); !s.ok()) return static_cast<aimc_status>(s.code);
  Context* context = nullptr;
  if (const Status s = take(handle, &context); !s.ok()) return report(error, s);
  std::uint64_t index = 0;
  Status status;
  {
    const HeapScope scope(&context->heap);
    context->heap.forget_limit_hit();
    status = guard([&] { return body(*context, &index); });
    status = blame(status, context->heap.limit_hit());
  }
  give_back(handle);
  return report(error, status, index);
}

}  // namespace aimc::capi
