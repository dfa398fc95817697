// Finder of matches (7.5): the last place with the same bytes, as many as chance does not repeat. Weights repeat by
// rows and filters or not at all, so long matches are all there is to find; where there are none the finder goes in
// ever larger steps.
#include <algorithm>
#include <cstring>

#include "lossless/format.hpp"
#include "lossless/plane_encode.hpp"

namespace aimc::lossless {
namespace {

constexpr std::size_t kSeedBits = 96;  // of information in the shortest match that is looked for
constexpr std::size_t kShortestSeed = 8;
constexpr std::size_t kLongestSeed = 64;
constexpr int kHashBits = 14;
constexpr std::size_t kLongestStep = 64;
constexpr std::size_t kFewestBytes = 256;

struct Sequences {
  Bytes literals, literal_lengths, match_lengths, distances[3];
  std::size_t matched = 0;

  static void put_length(std::size_t length, Bytes* out) {
    if (length < kLongLength) {
      out->push_back(static_cast<std::uint8_t>(length));
    } else {
      out->push_back(kLongLength);
      put_u32(out, static_cast<std::uint32_t>(length));
    }
  }

  void add(const std::uint8_t* run, std::size_t run_length, std::size_t distance, std::size_t length) {
    literals.insert(literals.end(), run, run + run_length);
    put_length(run_length, &literal_lengths);
    put_length(length - kShortestMatch, &match_lengths);
    for (int i = 0; i < 3; ++i) distances[i].push_back(static_cast<std::uint8_t>(distance >> (8 * i)));
    matched += length;
  }
};

std::uint64_t load(const std::uint8_t* p) {
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word |= static_cast<std::uint64_t>(p[i]) << (8 * i);
  return word;
}

std::uint64_t hash(const std::uint8_t* p, std::size_t seed) {
  std::uint64_t h = 0;
  for (std::size_t i = 0; i + 8 <= seed; i += 8) h = (h ^ load(p + i)) * 0x9E3779B97F4A7C15ULL;
  return h;
}

// The last place with a hash; the hash goes with it, since memory far away is slow to compare.
struct Place {
  std::uint32_t hash = 0;
  std::uint32_t end = 0;  // the place + 1
};

Sequences find(const std::uint8_t* bytes, std::size_t count, std::size_t seed, bool thorough) {
  Sequences found;
  HeapVector<Place> last(std::size_t{1} << kHashBits);
  std::size_t run = 0;  // where the literals begin
  std::size_t misses = 0;
  for (std::size_t i = 0; i + seed <= count;) {
    const std::uint64_t h = hash(bytes + i, seed);
    Place& slot = last[h >> (64 - kHashBits)];
    const std::size_t from = slot.hash == static_cast<std::uint32_t>(h >> 16) ? slot.end : 0;
    slot = {static_cast<std::uint32_t>(h >> 16), static_cast<std::uint32_t>(i + 1)};
    if (from == 0 || i + 1 - from > kMaxDistance || std::memcmp(bytes + from - 1, bytes + i, seed) != 0) {
      ++misses;
      const std::size_t step = thorough ? 1 : 1 + misses / 16;
      i += step < kLongestStep ? step : kLongestStep;
      continue;
    }
    std::size_t begin = i;
    std::size_t source = from - 1;
    while (begin > run && source > 0 && bytes[begin - 1] == bytes[source - 1]) --begin, --source;
    std::size_t end = i + seed;
    while (end < count && bytes[end] == bytes[source + end - begin]) ++end;
    found.add(bytes + run, begin - run, begin - source, end - begin);
    run = i = end;
    misses = 0;
  }
  found.literals.insert(found.literals.end(), bytes + run, bytes + count);
  return found;
}

}  // namespace

bool encode_matches(const std::uint8_t* bytes, std::size_t count, std::size_t coded_size, const Effort& effort,
                    Bytes* out) {
  if (count < kFewestBytes || count > UINT32_MAX) return false;
  const std::size_t seed = kSeedBits * count / (8 * coded_size + 1) / 8 * 8;
  const Sequences s = find(bytes, count, std::min(std::max(seed, kShortestSeed), kLongestSeed), effort.thorough);
  if (s.matched < count / 16) return false;
  const std::size_t begin = out->size();
  put_u32(out, 0);
  put_u32(out, static_cast<std::uint32_t>(s.distances[0].size()));
  put_u32(out, static_cast<std::uint32_t>(s.literals.size()));
  put_u32(out, static_cast<std::uint32_t>(s.literal_lengths.size()));
  put_u32(out, static_cast<std::uint32_t>(s.match_lengths.size()));
  encode_plane(s.literals.data(), s.literals.size(), 1, effort, out);
  encode_plane(s.literal_lengths.data(), s.literal_lengths.size(), 1, effort, out);
  encode_plane(s.match_lengths.data(), s.match_lengths.size(), 1, effort, out);
  for (const Bytes& plane : s.distances) encode_plane(plane.data(), plane.size(), 1, effort, out);
  set_u32(out->data() + begin, static_cast<std::uint32_t>(out->size() - begin - 4));
  return true;
}

}  // namespace aimc::lossless
