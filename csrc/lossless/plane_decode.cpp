#include "lossless/plane_decode.hpp"

#include <algorithm>
#include <cstring>

namespace aimc::lossless {

Status PlaneDecoder::open(Cursor* in, std::size_t count, int depth, Isa isa) {
  const Status place = in->error(Code::out_of_range, "plane_method is not 0 to 3");
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
      return open_rans(in, count, depth, isa);
    case PlaneMethod::matches:
      if (depth > 0) return fail(Code::malformed, place.bit, "matches inside of another plane");
      if (const Status s = decode_matches(in, count, isa, &whole_); !s.ok()) return s;
      raw_ = whole_.data();
      return {};
  }
  return place;
}

Status PlaneDecoder::open_rans(Cursor* in, std::size_t count, int depth, Isa isa) {
  const Status place = in->error(Code::truncated, "rans_size goes beyond the data");
  std::uint32_t size = 0;
  Cursor part = *in;
  if (!in->u32(&size) || !in->part(size, &part)) return place;
  std::uint8_t code = 0;
  if (!part.u8(&code)) return part.error(Code::truncated, "the data end before state_code");
  if (code > 1) return fail(Code::out_of_range, place.bit + 32, "state_code is not 0 or 1");
  RansTable table;
  if (const Status s = read_table(&part, &table); !s.ok()) return s;
  std::uint32_t escapes = 0;
  if (table.escapes) {
    if (!part.u32(&escapes)) return part.error(Code::truncated, "the data end before escape_count");
    if (escapes > count) return part.error(Code::inconsistent, "more escapes than bytes");
    if (depth == kMaxDepth) return part.error(Code::malformed, "planes are nested too deep");
    if (const Status s = decode_plane(&part, escapes, depth + 1, isa, kPadding, &whole_); !s.ok()) return s;
  }
  return rans_.open(part, table, code == 0 ? kNarrowStates : kWideStates, whole_.data(), escapes, isa);
}

Status PlaneDecoder::next(std::size_t count, std::uint8_t* scratch, const std::uint8_t** bytes) {
  *bytes = scratch;
  switch (method_) {
    case PlaneMethod::constant:
      std::memset(scratch, constant_, count);
      return {};
    case PlaneMethod::rans:
      return rans_.decode(scratch, count);
    case PlaneMethod::raw:
    case PlaneMethod::matches:
      break;
  }
  *bytes = raw_;
  raw_ += count;
  return {};
}

Status PlaneDecoder::finish() const {
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
