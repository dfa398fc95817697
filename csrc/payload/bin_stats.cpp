#include "payload/bin_stats.hpp"

#include "payload/walk.hpp"

namespace aimc {

CodewordCosts cost_of_bins(const CodewordJob& job) {
  CodewordCosts costs;
  costs.tensors.resize(job.tensors.size());
  for (std::size_t i = 0; i < job.tensors.size(); ++i) {
    const ContextLayout layout{job.tensors[i].params.unary_length};
    costs.tensors[i].context.resize(static_cast<std::size_t>(layout.count()));
  }
  CodewordWalk<BinCosts> walk(job, BinCosts(&costs.tensors));
  while (walk.step()) {
  }
  costs.status = walk.status();
  if (!costs.status.ok()) return costs;
  // Besides the bits shifted in for bins, O has 9; the last of them is the stop bit. The bins begin with a range of 510
  // and end with one of 2.
  const std::uint64_t used = walk.decoder().shifts() + 9;
  const RangeLog& log = range_log();
  costs.frame = (std::uint64_t{9} << kCostBits) - log[510] + log[2];
  costs.padding = 8 * static_cast<std::uint64_t>(job.size) - used;
  return costs;
}

}  // namespace aimc
