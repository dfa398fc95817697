#include "lossless/plane_decode.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "lossless/nibbles.hpp"

namespace aimc::lossless {

Status PlaneDecoder::open(Cursor* in, std::size_t count, int depth, Isa isa) {
  const Status place = in->error(Code::out_of_range, "plane_method is not 0 to 5");
  std::uint8_t method = 0;
  if (!in->u8(&method)) return in->error(Code::truncated, "the data end before a plane");
  if (count == 0 && method != 0) return fail(Code::out_of_range, place.bit, "a plane of 0 bytes is not raw");
  method_ = static_cast<PlaneMethod>(method);
  switch (method_) {
    case PlaneMethod::raw:
      raw_ = in->take(count);
      return raw_ != nullptr ? Status{} : in->error(Code::truncated, "the data end in a raw plane");
    case PlaneMethod::constant:
      return in->u8(&constant_) ? Status{} : in->error(Code::truncated, "the data end in a constant plane");
    case PlaneMethod::rans:
      return open_rans(in, count, depth, isa, &whole_, &rans_);
    case PlaneMethod::matches:
      if (depth > 0) return fail(Code::out_of_range, place.bit, "matches inside of another plane");
      if (const Status s = decode_matches(in, count, isa, &whole_); !s.ok()) return s;
      raw_ = whole_.data();
      return {};
    case PlaneMethod::parts:
      if (depth > 0) return fail(Code::out_of_range, place.bit, "parts inside of another plane");
      return open_parts(in, count, isa);
    case PlaneMethod::nibbles:
      if (depth > kDeepestNibbles) return fail(Code::out_of_range, place.bit, "nibbles are nested too deep");
      return open_nibbles(in, count, depth, isa);
  }
  return place;
}

Status open_rans(Cursor* in, std::size_t count, int depth, Isa isa, Bytes* escaped, RansDecoder* decoder) {
  const Status place = in->error(Code::truncated, "rans_size goes beyond the data");
  std::uint32_t size = 0;
  Cursor part = *in;
  if (!in->u32(&size) || !in->part(size, &part)) return place;
  std::uint8_t code = 0;
  if (!part.u8(&code)) return part.error(Code::truncated, "the data end before state_code");
  if (code >= std::size(kStateCounts)) return fail(Code::out_of_range, place.bit + 32, "state_code is not 0 to 3");
  RansTable table;
  if (const Status s = read_table(&part, &table); !s.ok()) return s;
  std::uint32_t escapes = 0;
  if (table.escapes) {
    if (!part.u32(&escapes)) return part.error(Code::truncated, "the data end before escape_count");
    if (escapes > count) return part.error(Code::inconsistent, "more escapes than bytes");
    if (depth == kMaxDepth) return part.error(Code::out_of_range, "planes are nested too deep");
    if (const Status s = decode_plane(&part, escapes, depth + 1, isa, kPadding, escaped); !s.ok()) return s;
  }
  return decoder->open(part, table, kStateCounts[code], escaped->data(), escapes, isa);
}

Status PlaneDecoder::open_parts(Cursor* in, std::size_t count, Isa isa) {
  place_ = in->error(Code::out_of_range, "part_bytes is not a multiple of 4096 below the bytes of the plane");
  std::uint32_t part = 0;
  if (!in->u32(&part)) return in->error(Code::truncated, "the data end before part_bytes");
  if (part == 0 || part % kPartUnit != 0 || part >= count) return place_;
  part_bytes_ = part;
  inner_.resize((count + part - 1) / part);
  for (std::size_t i = 0; i < inner_.size(); ++i) {
    if (const Status s = inner_[i].open(in, std::min<std::size_t>(part, count - i * part), 1, isa); !s.ok()) return s;
  }
  return {};
}

Status PlaneDecoder::open_nibbles(Cursor* in, std::size_t count, int depth, Isa isa) {
  place_ = in->error(Code::out_of_range, "a nibble is not below 16, or the bits after the last one are not 0");
  std::uint8_t packed = 0;
  if (!in->u8(&packed)) return in->error(Code::truncated, "the data end before packed");
  if (packed > 1) return fail(Code::out_of_range, place_.bit, "packed is not 0 or 1");
  packed_ = packed == 1;
  inner_.resize(2);
  if (const Status s = inner_[0].open(in, packed_ ? (count + 1) / 2 : count, depth + 1, isa); !s.ok()) return s;
  return inner_[1].open(in, count, depth + 1, isa);
}

Status PlaneDecoder::next_of_parts(std::size_t count, std::uint8_t* scratch, const std::uint8_t** bytes) {
  PlaneDecoder& part = inner_[done_ / part_bytes_];
  done_ += count;
  return part.next(count, scratch, bytes);
}

Status PlaneDecoder::next_of_nibbles(std::size_t count, std::uint8_t* scratch) {
  alignas(64) std::uint8_t low_scratch[kChunk];
  const std::uint8_t* low = nullptr;
  const std::uint8_t* high = nullptr;
  if (const Status s = inner_[0].next(packed_ ? (count + 1) / 2 : count, low_scratch, &low); !s.ok()) return s;
  if (const Status s = inner_[1].next(count, scratch, &high); !s.ok()) return s;
  return join_nibbles(low, high, count, packed_, scratch) ? Status{} : place_;
}

Status PlaneDecoder::next(std::size_t count, std::uint8_t* scratch, const std::uint8_t** bytes) {
  *bytes = scratch;
  switch (method_) {
    case PlaneMethod::constant:
      std::memset(scratch, constant_, count);
      return {};
    case PlaneMethod::rans:
      return rans_.decode(scratch, count);
    case PlaneMethod::parts:
      return next_of_parts(count, scratch, bytes);
    case PlaneMethod::nibbles:
      return next_of_nibbles(count, scratch);
    case PlaneMethod::raw:
    case PlaneMethod::matches:
      break;
  }
  *bytes = raw_;
  raw_ += count;
  return {};
}

Status PlaneDecoder::next_records(PlaneDecoder* low, std::size_t count, bool stream, std::uint8_t* records) {
  const std::uint8_t* bytes = low->raw_;
  low->raw_ += count;
  return rans_.decode_records(bytes, count, stream, records);
}

Status PlaneDecoder::finish() const {
  for (const PlaneDecoder& plane : inner_) {
    if (const Status s = plane.finish(); !s.ok()) return s;
  }
  return method_ == PlaneMethod::rans ? rans_.finish() : Status{};
}

Status decode_plane(Cursor* in, std::size_t count, int depth, Isa isa, std::size_t padding, Bytes* out) {
  PlaneDecoder plane;
  if (const Status s = plane.open(in, count, depth, isa); !s.ok()) return s;
  out->assign(count + padding, 0);
  for (std::size_t done = 0; done < count; done += kChunk) {
    const std::size_t part = std::min(kChunk, count - done);
    const std::uint8_t* bytes = nullptr;
    if (const Status s = plane.next(part, out->data() + done, &bytes); !s.ok()) return s;
    if (bytes != out->data() + done) std::memcpy(out->data() + done, bytes, part);
  }
  return plane.finish();
}

}  // namespace aimc::lossless
