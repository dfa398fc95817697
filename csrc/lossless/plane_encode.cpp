#include "lossless/plane_encode.hpp"

#include <algorithm>
#include <cstring>

#include "lossless/format.hpp"
#include "lossless/histogram.hpp"
#include "lossless/rans_encode.hpp"

namespace aimc::lossless {
namespace {

constexpr std::size_t kFewestForWide = 1U << 14;  // bytes for which 128 states cost little
constexpr std::size_t kFewestForSample = 1U << 16;
constexpr std::size_t kSampleStride = 1024;

bool all_equal(const std::uint8_t* bytes, std::size_t count) {
  return bytes[0] == bytes[count - 1] && std::memcmp(bytes, bytes + 1, count - 1) == 0;
}

// Bytes that entropy coding has to save: a plane that is coded takes longer to read than one that is not.
std::size_t least_saving(std::size_t count, const Effort& effort) {
  return count / (effort.thorough ? 512 : 48) + 4;
}

bool worth_coding(std::uint64_t cost, std::size_t count, std::size_t overhead, const Effort& effort) {
  const std::uint64_t bytes = (cost >> kCostShift) / 8 + overhead;
  return bytes + least_saving(count, effort) < count;
}

void put_method(PlaneMethod method, Bytes* out) {
  out->push_back(static_cast<std::uint8_t>(method));
}

void put_raw(const std::uint8_t* bytes, std::size_t count, Bytes* out) {
  put_method(PlaneMethod::raw, out);
  out->insert(out->end(), bytes, bytes + count);
}

void put_rans(const RansTable& table, const std::uint8_t* bytes, std::size_t count, int depth, const Effort& effort,
              Bytes* out) {
  static thread_local RansOutput coded_at_depth[kMaxDepth + 1];
  RansOutput& coded = coded_at_depth[depth];
  const std::size_t states = count >= kFewestForWide ? kWideStates : kNarrowStates;
  rans_encode(table, bytes, count, states, effort.isa, &coded);
  put_method(PlaneMethod::rans, out);
  const std::size_t size_at = out->size();
  put_u32(out, 0);
  out->push_back(states == kWideStates ? 1 : 0);
  write_table(table, out);
  if (table.escapes) {
    put_u32(out, static_cast<std::uint32_t>(coded.escape_size));
    encode_plane(coded.escapes(), coded.escape_size, depth + 1, effort, out);
  }
  for (std::size_t j = 0; j < states; ++j) {
    out->push_back(static_cast<std::uint8_t>(coded.state[j]));
    out->push_back(static_cast<std::uint8_t>(coded.state[j] >> 8));
  }
  out->insert(out->end(), coded.bytes(), coded.bytes() + coded.size);
  set_u32(out->data() + size_at, static_cast<std::uint32_t>(out->size() - size_at - 4));
}

void encode_order0(const std::uint8_t* bytes, std::size_t count, int depth, const Effort& effort, Bytes* out) {
  if (count >= kFewestForSample && !effort.thorough) {
    const Histogram sample = sample_bytes(bytes, count, kSampleStride);
    const std::uint64_t cost = choose_table(sample, depth).cost / sample.total * count;
    if (!worth_coding(cost, count, 0, effort)) return put_raw(bytes, count, out);
  }
  const TableChoice choice = choose_table(count_bytes(bytes, count), depth);
  const std::size_t states = count >= kFewestForWide ? kWideStates : kNarrowStates;
  const std::size_t overhead = states + 2 * choice.table.entries + 8;  // a state holds a byte of what it costs
  if (choice.table.entries == 0 || !worth_coding(choice.cost, count, overhead, effort)) {
    return put_raw(bytes, count, out);
  }
  put_rans(choice.table, bytes, count, depth, effort, out);
}

}  // namespace

void encode_plane(const std::uint8_t* bytes, std::size_t count, int depth, const Effort& effort, Bytes* out) {
  if (count == 0) return put_raw(bytes, 0, out);
  if (all_equal(bytes, count)) {
    put_method(PlaneMethod::constant, out);
    out->push_back(bytes[0]);
    return;
  }
  const std::size_t begin = out->size();
  encode_order0(bytes, count, depth, effort, out);
  if (depth > 0) return;
  Bytes matches;
  if (encode_matches(bytes, count, out->size() - begin, effort, &matches) &&
      matches.size() + 1 + least_saving(count, effort) < out->size() - begin) {
    out->resize(begin);
    put_method(PlaneMethod::matches, out);
    out->insert(out->end(), matches.begin(), matches.end());
  }
}

}  // namespace aimc::lossless
