#include <array>
#include <mutex>

#include "capi/context.hpp"
#include "capi/structs.hpp"

namespace aimc::capi {
namespace {

constexpr unsigned kSlotBits = 10;
constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;

struct Slot {
  Context* context = nullptr;
  std::uintptr_t generation = 0;  // counts the contexts that had the slot
  bool busy = false;
};

std::mutex g_mutex;
std::array<Slot, kSlots> g_slots;

// A handle is generation, slot and a last bit of 1: an odd number, so never taken for a pointer to memory of ours.
constexpr std::uintptr_t kMark = 1;

aimc_context* encode(std::size_t slot, std::uintptr_t generation) {
  return reinterpret_cast<aimc_context*>((generation << kSlotBits | slot) << 1 | kMark);
}

// The slot of an open handle, or null. The mutex must be held.
Slot* find(aimc_context* handle) {
  const auto bits = reinterpret_cast<std::uintptr_t>(handle);
  if ((bits & kMark) == 0) return nullptr;
  const std::size_t index = (bits >> 1) % kSlots;
  Slot& slot = g_slots[index];
  return slot.context != nullptr && encode(index, slot.generation) == handle ? &slot : nullptr;
}

}  // namespace

aimc_context* open_handle(Context* context) noexcept {
  const std::lock_guard<std::mutex> lock(g_mutex);
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = g_slots[i];
    if (slot.context != nullptr) continue;
    slot = {context, slot.generation + 1, false};
    return encode(i, slot.generation);
  }
  return nullptr;
}

Status take(aimc_context* handle, Context** context) noexcept {
  const std::lock_guard<std::mutex> lock(g_mutex);
  Slot* slot = find(handle);
  if (slot == nullptr) return wrong("not an open context");
  if (slot->busy) return wrong("the context is in use by another call");
  slot->busy = true;
  *context = slot->context;
  return {};
}

void give_back(aimc_context* handle) noexcept {
  const std::lock_guard<std::mutex> lock(g_mutex);
  if (Slot* slot = find(handle)) slot->busy = false;
}

void close(aimc_context* handle) noexcept {
  const std::lock_guard<std::mutex> lock(g_mutex);
  if (Slot* slot = find(handle)) {
    slot->context = nullptr;
    slot->busy = false;
  }
}

}  // namespace aimc::capi
