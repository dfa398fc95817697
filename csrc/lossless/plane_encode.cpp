#include "lossless/plane_encode.hpp"

#include <algorithm>
#include <cstring>

#include "lossless/format.hpp"
#include "lossless/histogram.hpp"
#include "lossless/nibbles.hpp"
#include "lossless/rans_encode.hpp"

namespace aimc::lossless {
namespace {

constexpr std::size_t kSampleStride = 1024;
constexpr std::size_t kCountStride = 512;
constexpr std::size_t kFewestForSample = 1U << 16;
constexpr std::size_t kPartBytes = 1U << 15;

// Many states are fast, but each holds a byte of waste.
std::uint8_t state_code(std::size_t count, const Effort& effort) {
  if (count < 1024) return 0;
  if (!effort.wide_records) return count < (1U << 15) ? 2 : 1;
  return count < (1U << 17) || effort.alone ? 2 : 3;
}

bool all_equal(const std::uint8_t* bytes, std::size_t count) {
  return bytes[0] == bytes[count - 1] && std::memcmp(bytes, bytes + 1, count - 1) == 0;
}

// Bytes that coding has to save: a plane that is coded takes longer to read than one that is not.
std::size_t least_saving(std::size_t count, const Effort& effort) {
  return count / (effort.thorough ? 512 : effort.wide_records ? 600 : 80) + 4;
}

std::uint64_t whole_bytes(std::uint64_t cost) {
  return (cost >> kCostShift) / 8;
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
  RansOutput& coded = effort.workspace->coded[depth];
  const std::size_t states = kStateCounts[state_code(count, effort)];
  rans_encode(table, bytes, count, states, effort.isa, &coded);
  put_method(PlaneMethod::rans, out);
  const std::size_t size_at = out->size();
  put_u32(out, 0);
  out->push_back(state_code(count, effort));
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

void put_nibbles(const std::uint8_t* bytes, std::size_t count, bool packed, int depth, const Effort& effort,
                 Bytes* out) {
  Bytes low(packed ? (count + 1) / 2 : count);
  Bytes high(count);
  put_method(PlaneMethod::nibbles, out);
  out->push_back(packed ? 1 : 0);
  if (packed) {
    split_packed(bytes, count, low.data(), high.data());
    put_raw(low.data(), low.size(), out);
  } else {
    split_plain(bytes, count, low.data(), high.data());
    encode_plane(low.data(), count, depth + 1, effort, out);
  }
  encode_plane(high.data(), count, depth + 1, effort, out);
}

// Ways to code a plane without matches and parts, and the bytes each is expected to take.
struct Choice {
  PlaneMethod method = PlaneMethod::raw;
  std::uint64_t bytes = 0;
  RansTable table;
  bool packed = false;  // low nibbles as they are
};

// `choice` is from a histogram of `counted` bytes of the plane.
std::uint64_t rans_bytes(const TableChoice& choice, std::uint64_t counted, std::size_t count, const Effort& effort) {
  return whole_bytes(choice.cost / counted * count) + kStateCounts[state_code(count, effort)] +
         2 * choice.table.entries + 8;
}

Histogram nibbles_of(const Histogram& histogram, unsigned shift) {
  Histogram nibbles;
  nibbles.total = histogram.total;
  for (std::size_t v = 0; v < kSlots; ++v) nibbles.count[v >> shift & 0x0F] += histogram.count[v];
  return nibbles;
}

Choice choose_nibbles(const Histogram& histogram, std::size_t count, int depth, const Effort& effort) {
  const auto bytes = [&](unsigned shift) {
    return rans_bytes(choose_table(nibbles_of(histogram, shift), depth + 1), histogram.total, count, effort);
  };
  const std::uint64_t low = bytes(0);
  const bool packed = low + least_saving(count, effort) >= count / 2;
  return {PlaneMethod::nibbles, bytes(4) + (packed ? count / 2 : low), {}, packed};
}

Choice choose(const Histogram& histogram, std::size_t count, int depth, const Effort& effort) {
  Choice best{PlaneMethod::raw, count - std::min(least_saving(count, effort), count), {}, false};
  const TableChoice whole = choose_table(histogram, depth);
  if (whole.table.entries > 0 && rans_bytes(whole, histogram.total, count, effort) < best.bytes) {
    best = {PlaneMethod::rans, rans_bytes(whole, histogram.total, count, effort), whole.table, false};
  }
  // Values that are nearly alike in frequency need finer frequencies than there are; their high nibbles do not.
  if (depth == 0 && best.bytes > count - count / 8) {
    const Choice nibbles = choose_nibbles(histogram, count, depth, effort);
    if (nibbles.bytes < best.bytes) best = nibbles;
  }
  return best;
}

void put_choice(const Choice& choice, const std::uint8_t* bytes, std::size_t count, int depth, const Effort& effort,
                Bytes* out) {
  switch (choice.method) {
    case PlaneMethod::rans:
      return put_rans(choice.table, bytes, count, depth, effort, out);
    case PlaneMethod::nibbles:
      return put_nibbles(bytes, count, choice.packed, depth, effort, out);
    default:
      return put_raw(bytes, count, out);
  }
}

// Whether a sample shows nothing to gain.
bool looks_random(const std::uint8_t* bytes, std::size_t count, int depth, const Effort& effort) {
  if (count < kFewestForSample || effort.thorough) return false;
  const Histogram sample = sample_bytes(bytes, count, kSampleStride);
  // What a sample of s bytes seems to gain by chance: 0.72 bits for each value that occurs.
  constexpr std::uint64_t kChanceOfBytes = 23;
  constexpr std::uint64_t kChanceOfNibbles = 2;
  const std::uint64_t whole = whole_bytes(choose_table(sample, depth).cost) + kChanceOfBytes;
  const std::uint64_t nibbles =
      sample.total / 2 + whole_bytes(choose_table(nibbles_of(sample, 4), depth).cost) + kChanceOfNibbles;
  const auto total = static_cast<std::size_t>(sample.total);
  return std::min(whole, nibbles) + least_saving(total, effort) > total;
}

// Counts of all bytes, or of a sample where that will do: if its rare values are escapes, so are those it does not
// have.
Histogram counted(const std::uint8_t* bytes, std::size_t count, int depth, const Effort& effort) {
  if (count >= kFewestForSample && !effort.thorough) {
    Histogram sample = sample_bytes(bytes, count, kCountStride);
    if (choose_table(sample, depth).table.escapes) return sample;
  }
  return count_bytes(bytes, count);
}

// A few values stand out of many that do not: perhaps in some places only.
bool looks_mixed(const Choice& choice) {
  constexpr unsigned kManyEscapes = kSlots / 8;
  const RansTable& table = choice.table;
  return choice.method == PlaneMethod::rans && table.escapes && table.frequency[table.escape_entry()] >= kManyEscapes;
}

bool better_in_parts(const std::uint8_t* bytes, std::size_t count, std::uint64_t whole, const Effort& effort) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < count; at += kPartBytes) {
    const std::size_t part = std::min(kPartBytes, count - at);
    sum += choose(count_bytes(bytes + at, part), part, 1, effort).bytes;
  }
  return sum + count / 128 < whole;
}

void put_parts(const std::uint8_t* bytes, std::size_t count, const Effort& effort, Bytes* out) {
  put_method(PlaneMethod::parts, out);
  put_u32(out, kPartBytes);
  for (std::size_t at = 0; at < count; at += kPartBytes) {
    encode_plane(bytes + at, std::min(kPartBytes, count - at), 1, effort, out);
  }
}

void encode_without_matches(const std::uint8_t* bytes, std::size_t count, int depth, const Effort& effort, Bytes* out) {
  if (looks_random(bytes, count, depth, effort)) return put_raw(bytes, count, out);
  const Choice choice = choose(counted(bytes, count, depth, effort), count, depth, effort);
  if (depth == 0 && count > 2 * kPartBytes && (effort.thorough || looks_mixed(choice)) &&
      better_in_parts(bytes, count, choice.bytes, effort)) {
    return put_parts(bytes, count, effort, out);
  }
  put_choice(choice, bytes, count, depth, effort, out);
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
  encode_without_matches(bytes, count, depth, effort, out);
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
