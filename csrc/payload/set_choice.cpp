#include "payload/set_choice.hpp"

#include <algorithm>
#include <limits>

#include "entropy/context.hpp"
#include "entropy/cost.hpp"

namespace aimc {
namespace {

// The id bins share one adaptive context, so a choice changes the price of all that follow: the search keeps the
// cheapest few ways to have got as far as a context.
constexpr std::size_t kWidth = 8;
constexpr std::uint64_t kIdCost = 3 * kBitCost;

struct Way {
  std::uint64_t cost = 0;
  ContextModel shift;
  std::uint32_t node = 0;  // last choice, in the list of all choices
};

struct Choice {
  std::uint32_t before;
  std::uint8_t id;
};

std::uint64_t bin_cost(const ContextModel& model, int bin) {
  return kBinCosts.cost[bin][(model.state() >> 7) & 63];
}

Way extend(const Way& way, std::uint64_t cost, std::uint8_t id, HeapVector<Choice>& choices) {
  Way next = way;
  const int bin = id != 0 ? 1 : 0;
  next.cost += cost + bin_cost(way.shift, bin) + (id != 0 ? kIdCost : 0);
  next.shift.update(bin);
  next.node = static_cast<std::uint32_t>(choices.size());
  choices.push_back({way.node, id});
  return next;
}

bool same_model(const Way& x, const Way& y) {
  return x.shift.a == y.shift.a && x.shift.b == y.shift.b;
}

bool cheaper(const Way& x, const Way& y) {
  return x.cost < y.cost;
}

// The cheapest ways, at most kWidth and no two with the same model.
void prune(HeapVector<Way>& ways) {
  // They are few, and of equally cheap ones the first must win.
  for (auto way = ways.begin(); way != ways.end(); ++way) {
    const auto place = std::upper_bound(ways.begin(), way, *way, cheaper);
    std::rotate(place, way, way + 1);
  }
  std::size_t kept = 0;
  for (const Way& way : ways) {
    const auto end = ways.begin() + static_cast<std::ptrdiff_t>(kept);
    if (kept == kWidth) break;
    if (std::none_of(ways.begin(), end, [&](const Way& w) { return same_model(w, way); })) ways[kept++] = way;
  }
  ways.resize(kept);
}

}  // namespace

HeapVector<std::uint8_t> choose_sets(const HeapVector<SetOption>& options, std::uint64_t* cost) {
  HeapVector<Choice> choices{{0, 0}};
  HeapVector<Way> ways(1);
  HeapVector<Way> next;
  for (const SetOption& option : options) {
    next.clear();
    for (const Way& way : ways) {
      next.push_back(extend(way, option.cost_default, 0, choices));
      if (option.cost_other < option.cost_default) {
        next.push_back(extend(way, option.cost_other, option.other, choices));
      }
    }
    if (next.size() > ways.size()) prune(next);
    ways.swap(next);
  }
  const Way& best = *std::min_element(ways.begin(), ways.end(), cheaper);
  *cost = best.cost;
  HeapVector<std::uint8_t> ids(options.size());
  std::uint32_t node = best.node;
  for (std::size_t i = ids.size(); i-- > 0; node = choices[node].before) ids[i] = choices[node].id;
  return ids;
}

}  // namespace aimc
