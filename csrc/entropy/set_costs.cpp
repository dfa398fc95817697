#include "entropy/set_costs.hpp"

#include "base/inline.hpp"
#include "entropy/model_steps.hpp"

namespace aimc {
namespace {

struct Tables {
  ModelSteps steps;
  BinCosts costs;
};
constexpr Tables kTables;

// A few models side by side, so that their chains of dependent steps overlap.
constexpr int kTogether = 3;
static_assert(kParameterSets % kTogether == 0, "the sets are simulated in equal groups");

class Models {
 public:
  Models(const SetCosts& costs, int first) {
    for (int i = 0; i < kTogether; ++i) {
      a_[i] = costs.a[first + i] + kOffsetA;
      b_[i] = costs.b[first + i];
      for (int bin = 0; bin < 2; ++bin) {
        next_a_[bin][i] = first_next_a(kParameterSet[first + i], bin);
        step_b_[bin][i] = first_step_b(kParameterSet[first + i], bin);
      }
    }
  }

  AIMC_INLINE void add(std::uint32_t bin) {
    const std::uint8_t* next_a = &kTables.steps.next_a[0][0][0];
    const std::int16_t* step_b = &kTables.steps.step_b[0][0][0];
    for (int i = 0; i < kTogether; ++i) {
      const int column = (b_[i] + 16 * (a_[i] - kOffsetA)) >> 7;
      cost_[i] += kTables.costs.cost[bin][column & 63];
      a_[i] = next_a[next_a_[bin][i] + a_[i]];
      b_[i] += step_b[(step_b_[bin][i] + b_[i]) >> 7];
    }
  }

  void store(SetCosts& costs, int first) const {
    for (int i = 0; i < kTogether; ++i) {
      costs.a[first + i] = static_cast<std::int16_t>(a_[i] - kOffsetA);
      costs.b[first + i] = static_cast<std::int16_t>(b_[i]);
      costs.cost[first + i] += cost_[i];
    }
  }

 private:
  std::int32_t a_[kTogether];  // plus kOffsetA
  std::int32_t b_[kTogether];
  std::int32_t next_a_[2][kTogether];
  std::int32_t step_b_[2][kTogether];
  std::uint64_t cost_[kTogether] = {};
};

void add_string(const BinString& s) {
  for (int first = 0; first < kParameterSets; first += kTogether) {
    Models models(*s.costs, first);
    for (std::size_t i = 0; i < s.count; ++i) {
      for (int bit = 15; bit >= 0; --bit) models.add((s.words[i] >> bit) & 1U);
    }
    models.store(*s.costs, first);
  }
}

}  // namespace

void SetCosts::reset() {
  for (int set = 0; set < kParameterSets; ++set) {
    a[set] = kParameterSet[set].a0;
    b[set] = kParameterSet[set].b0;
  }
}

void SetCosts::add(std::uint32_t bins, int n) {
  for (int first = 0; first < kParameterSets; first += kTogether) {
    Models models(*this, first);
    for (int bit = n - 1; bit >= 0; --bit) models.add((bins >> bit) & 1);
    models.store(*this, first);
  }
}

void add_strings(const BinString* strings, std::size_t count, Isa isa) {
#if AIMC_X86
  if (isa == Isa::avx512) return add_strings_avx512(strings, count);
#endif
  (void)isa;
  for (std::size_t i = 0; i < count; ++i) add_string(strings[i]);
}

}  // namespace aimc
