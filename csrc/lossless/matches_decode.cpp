// Planes of literals and matches (7.5).
#include <cstring>

#include "lossless/plane_decode.hpp"

namespace aimc::lossless {
namespace {

// Lengths of a plane, one after the other.
class Lengths {
 public:
  Lengths(const Bytes& bytes) : in_(bytes.data(), bytes.data() + bytes.size()) {}

  Code next(std::uint32_t* length) {
    std::uint8_t first = 0;
    if (!in_.u8(&first)) return Code::inconsistent;
    *length = first;
    if (first < kLongLength) return Code::ok;
    if (!in_.u32(length)) return Code::inconsistent;
    return *length < kLongLength ? Code::out_of_range : Code::ok;
  }
  bool used_up() const { return in_.left() == 0; }

 private:
  Cursor in_;
};

void copy_match(std::uint8_t* to, std::size_t distance, std::size_t length) {
  const std::uint8_t* from = to - distance;
  if (distance >= length) {
    std::memcpy(to, from, length);
    return;
  }
  for (std::size_t i = 0; i < length; ++i) to[i] = from[i];
}

}  // namespace

Status decode_matches(Cursor* in, std::size_t count, Isa isa, Bytes* out) {
  const Status place = in->error(Code::truncated, "lz_size goes beyond the data");
  std::uint32_t size = 0;
  Cursor part = *in;
  if (!in->u32(&size) || !in->part(size, &part)) return place;
  std::uint32_t sequences = 0;
  std::uint32_t literal_count = 0;
  std::uint32_t literal_length_bytes = 0;
  std::uint32_t match_length_bytes = 0;
  if (!part.u32(&sequences) || !part.u32(&literal_count) || !part.u32(&literal_length_bytes) ||
      !part.u32(&match_length_bytes)) {
    return part.error(Code::truncated, "the data end before the counts of a plane of matches");
  }
  // Every sequence makes at least the shortest match; a length has at most five bytes.
  const auto wrong = [&place](const char* what) { return fail(Code::inconsistent, place.bit, what); };
  if (std::uint64_t{literal_count} + kShortestMatch * std::uint64_t{sequences} > count) {
    return wrong("more sequences or literals than bytes");
  }
  for (const std::uint32_t bytes : {literal_length_bytes, match_length_bytes}) {
    if (bytes < sequences || bytes > 5ULL * sequences)
      return wrong("lengths of other bytes than the sequences can have");
  }
  Bytes literals, literal_lengths, match_lengths, distances[3];
  if (const Status s = decode_plane(&part, literal_count, 1, isa, 0, &literals); !s.ok()) return s;
  if (const Status s = decode_plane(&part, literal_length_bytes, 1, isa, 0, &literal_lengths); !s.ok()) return s;
  if (const Status s = decode_plane(&part, match_length_bytes, 1, isa, 0, &match_lengths); !s.ok()) return s;
  for (Bytes& plane : distances) {
    if (const Status s = decode_plane(&part, sequences, 1, isa, 0, &plane); !s.ok()) return s;
  }
  if (part.left() > 0) return part.error(Code::inconsistent, "a plane of matches goes on after its last element");

  out->resize(count);
  std::size_t done = 0;
  const std::uint8_t* literal = literals.data();
  std::size_t literals_left = literal_count;
  Lengths literal_run(literal_lengths);
  Lengths match_run(match_lengths);
  for (std::size_t i = 0; i < sequences; ++i) {
    std::uint32_t run = 0;
    std::uint32_t match = 0;
    for (const Code code : {literal_run.next(&run), match_run.next(&match)}) {
      if (code != Code::ok) return fail(code, place.bit, "a length is missing or in the wrong form");
    }
    if (run > literals_left || run > count - done) return wrong("a run of literals is too long");
    if (run > 0) std::memcpy(out->data() + done, literal, run);
    literal += run;
    literals_left -= run;
    done += run;
    const std::size_t length = match + kShortestMatch;
    const std::size_t distance = distances[0][i] | static_cast<std::size_t>(distances[1][i]) << 8 |
                                 static_cast<std::size_t>(distances[2][i]) << 16;
    if (length > count - done) return wrong("a match is too long");
    if (distance == 0 || distance > done) {
      return fail(Code::out_of_range, place.bit, "a distance is 0 or goes beyond the start");
    }
    copy_match(out->data() + done, distance, length);
    done += length;
  }
  if (literals_left != count - done) return wrong("the last literals do not fill the plane");
  if (!literal_run.used_up() || !match_run.used_up()) return wrong("lengths are left over");
  if (literals_left > 0) std::memcpy(out->data() + done, literal, literals_left);
  return {};
}

}  // namespace aimc::lossless
