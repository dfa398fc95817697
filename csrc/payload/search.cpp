#include "payload/search.hpp"

#include <algorithm>

#include "entropy/binarize.hpp"
#include "entropy/set_costs.hpp"
#include "payload/level_source.hpp"
#include "payload/set_choice.hpp"

namespace aimc {
namespace {

// Collects the bins of each context as strings and prices them under every parameter set.
class BinCounter {
 public:
  BinCounter(const ContextLayout& layout, Isa isa)
      : isa_(isa), contexts_(static_cast<std::size_t>(bypass_context(layout)) + 1), newest_(contexts_.size(), kEmpty) {
    for (Context& c : contexts_) c.costs.reset();
  }

  void add(const Symbol* symbols, std::size_t count) {
    std::uint64_t* newest = newest_.data();
    for (std::size_t i = 0; i < count; ++i) {
      const auto context = static_cast<std::size_t>(symbol_context(symbols[i]));
      const std::uint64_t bins = 2 * newest[context] + static_cast<unsigned>(symbol_bin(symbols[i]));
      newest[context] = bins;
      if (__builtin_expect(bins >= kFull, 0)) put_away(context);
    }
    waiting_ += count;
    if (waiting_ >= kMostWaiting) price_words();
  }

  // Models go back to their initial states (10.2).
  void reset() {
    finish();
    for (Context& c : contexts_) c.costs.reset();
  }

  // Prices all bins given so far.
  void finish() {
    price_words();
    bypass_bins_ += static_cast<std::uint64_t>(bin_count(newest_.back()));
    newest_.back() = kEmpty;
    for (std::size_t i = 0; i + 1 < contexts_.size(); ++i) {
      if (newest_[i] == kEmpty) continue;
      contexts_[i].costs.add(static_cast<std::uint32_t>(newest_[i]), bin_count(newest_[i]));
      newest_[i] = kEmpty;
    }
  }

  const std::uint64_t* costs(int context) const { return contexts_[static_cast<std::size_t>(context)].costs.cost; }
  std::uint64_t bypass_bins() const { return bypass_bins_; }

 private:
  // The newest bins of a context are below a leading 1; when there are 32 they become two words.
  static constexpr std::uint64_t kEmpty = 1;
  static constexpr std::uint64_t kFull = std::uint64_t{1} << 32;
  static constexpr std::size_t kMostWaiting = std::size_t{1} << 19;

  struct Context {
    HeapVector<std::uint16_t> words;
    SetCosts costs;
  };

  static int bin_count(std::uint64_t newest) { return 63 - __builtin_clzll(newest); }

  void put_away(std::size_t context) {
    HeapVector<std::uint16_t>& words = contexts_[context].words;
    words.push_back(static_cast<std::uint16_t>(newest_[context] >> 16));
    words.push_back(static_cast<std::uint16_t>(newest_[context]));
    newest_[context] = kEmpty;
  }

  void price_words() {
    bypass_bins_ += 16 * contexts_.back().words.size();
    contexts_.back().words.clear();
    strings_.clear();
    for (Context& c : contexts_) {
      if (!c.words.empty()) strings_.push_back({c.words.data(), c.words.size(), &c.costs});
    }
    // The order of equal ones does not matter: each is priced for itself.
    std::sort(strings_.begin(), strings_.end(),
              [](const BinString& x, const BinString& y) { return x.count > y.count; });
    add_strings(strings_.data(), strings_.size(), isa_);
    for (Context& c : contexts_) c.words.clear();
    waiting_ = 0;
  }

  Isa isa_;
  HeapVector<Context> contexts_;  // the last one takes the bypass bins
  HeapVector<std::uint64_t> newest_;
  HeapVector<BinString> strings_;
  std::size_t waiting_ = 0;
  std::uint64_t bypass_bins_ = 0;
};

// All bins of the levels go to `counter`.
void count_levels(const TensorInput& t, Dialect dialect, const HeapVector<std::uint8_t>& skipped, BinCounter& counter) {
  const TensorParams& params = t.params;
  Binarizer binarizer(params.unary_length, params.codebook ? params.codebook_size : 0, params.codebook_zero);
  LevelSource source(t, dialect, skipped);
  const auto bins = make_owned<BinBuffer>();
  while (!source.done()) {
    LevelSpan span;
    if (!source.next(&span).ok()) break;
    if (source.starts_block_row()) {
      counter.reset();
      binarizer.start_block_row();
    }
    while (span.count > 0) {
      bins->count = 0;
      span.drop_front(binarizer.append(span, *bins));
      counter.add(bins->symbols, bins->count);
    }
  }
  counter.finish();
}

SetOption option(const std::uint64_t* costs, bool enabled) {
  const std::uint64_t* best = std::min_element(costs + 1, costs + kParameterSets);
  return {costs[0], enabled ? *best : costs[0], static_cast<std::uint8_t>(best - costs)};
}

// Cost of the list of skipped rows.
std::uint64_t row_list_cost(const HeapVector<std::uint8_t>& skipped) {
  SetCosts costs;
  costs.reset();
  for (const std::uint8_t zero : skipped) costs.add(zero, 1);
  return costs.cost[0];
}

}  // namespace

double choose_parameter_sets(const TensorInput& t, Dialect dialect, bool enabled, std::uint8_t* ids, Isa isa) {
  const TensorParams& params = t.params;
  const ContextLayout layout{params.unary_length};
  const HeapVector<std::uint8_t> skipped = t.row_skip ? zero_rows(t) : HeapVector<std::uint8_t>{};
  BinCounter counter(layout, isa);
  count_levels(t, dialect, skipped, counter);

  const HeapVector<ContextRange> ranges = parameter_set_contexts(params, dialect, t.history_flag);
  HeapVector<SetOption> options;
  for (const ContextRange& range : ranges) {
    for (int c = range.first; c < range.last; ++c) {
      options.push_back(option(counter.costs(c), enabled));
    }
  }
  std::uint64_t cost = 0;
  const HeapVector<std::uint8_t> chosen = choose_sets(options, &cost);
  std::fill_n(ids, layout.count(), std::uint8_t{0});
  auto id = chosen.begin();
  for (const ContextRange& range : ranges) {
    for (int c = range.first; c < range.last; ++c) ids[c] = *id++;
  }

  const std::uint64_t flags = has_row_skip_flag(params, dialect) ? (params.parent ? 2 : 1) : 0;
  cost += row_list_cost(skipped) + (counter.bypass_bins() + params.qp_bits + flags) * kBitCost;
  return static_cast<double>(cost) / static_cast<double>(kBitCost);
}

}  // namespace aimc
