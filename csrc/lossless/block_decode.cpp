#include "lossless/block_decode.hpp"

#include <algorithm>
#include <cstring>

#include "lossless/context.hpp"
#include "lossless/merge.hpp"
#include "lossless/plane_decode.hpp"

namespace aimc::lossless {
namespace {

// planes(count) of records that are numbers.
Status decode_words(Cursor* in, const Layout& layout, std::size_t count, Isa isa, bool stream, RunningCrc* crc,
                    std::uint8_t* out) {
  const unsigned width = layout.record_bytes;
  PlaneDecoder planes[kMaxWord];
  for (unsigned j = 0; j < width; ++j) {
    if (const Status s = planes[j].open(in, count, 0, isa); !s.ok()) return s;
  }
  const MergeKernel merge = merge_kernel(isa);
  const bool in_one = width == 2 && layout.rotate && planes[1].gives_records(planes[0]);
  if (crc != nullptr) crc->plan(count / kChunk);
  alignas(64) std::uint8_t scratch[kMaxWord][kChunk];
  for (std::size_t done = 0; done < count; done += kChunk) {
    const std::size_t part = std::min(kChunk, count - done);
    if (crc != nullptr) crc->step();
    std::uint8_t* records = out + done * width;
    if (in_one) {
      if (const Status s = planes[1].next_records(&planes[0], part, stream, records); !s.ok()) return s;
      continue;
    }
    const std::uint8_t* bytes[kMaxWord] = {};
    for (unsigned j = 0; j < width; ++j) {
      std::uint8_t* target = width == 1 ? records : scratch[j];
      if (const Status s = planes[j].next(part, target, &bytes[j]); !s.ok()) return s;
    }
    if (width > 1 || bytes[0] != records) merge(bytes, part, width, layout.rotate, stream, records);
  }
  for (unsigned j = 0; j < width; ++j) {
    if (const Status s = planes[j].finish(); !s.ok()) return s;
  }
  return {};
}

// planes(count) of opaque records, cut in fields.
Status decode_fields(Cursor* in, const Layout& layout, std::size_t count, Isa isa, std::uint8_t* out) {
  const Status place = in->error(Code::inconsistent, "the fields do not add up to the record");
  std::uint8_t fields = 0;
  if (!in->u8(&fields)) return in->error(Code::truncated, "the data end before field_count");
  const std::uint8_t* sizes = in->take(fields);
  if (sizes == nullptr) return in->error(Code::truncated, "the data end in field_bytes");
  std::size_t sum = 0;
  for (unsigned k = 0; k < fields; ++k) {
    if (sizes[k] == 0) return fail(Code::out_of_range, place.bit + 8 + 8 * k, "field_bytes is 0");
    sum += sizes[k];
  }
  if (sum != layout.record_bytes) return place;
  std::size_t at = 0;
  Bytes plane;
  for (unsigned k = 0; k < fields; ++k) {
    const std::size_t size = sizes[k];
    if (const Status s = decode_plane(in, count * size, 0, isa, 0, &plane); !s.ok()) return s;
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(out + i * layout.record_bytes + at, plane.data() + i * size, size);
    }
    at += size;
  }
  return {};
}

Status decode_planes(Cursor* in, const Layout& layout, std::size_t count, Isa isa, bool stream, RunningCrc* crc,
                     std::uint8_t* out) {
  return layout.opaque ? decode_fields(in, layout, count, isa, out)
                       : decode_words(in, layout, count, isa, stream, crc, out);
}

Status decode_sparse(Cursor* in, const Layout& layout, std::size_t count, Isa isa, std::uint8_t* out) {
  const std::size_t width = layout.record_bytes;
  const Status place = in->error(Code::inconsistent, "the mask has another number of records than nonzero_count");
  std::uint32_t nonzero = 0;
  if (!in->u32(&nonzero)) return in->error(Code::truncated, "the data end before nonzero_count");
  if (nonzero == 0) return fail(Code::out_of_range, place.bit, "nonzero_count is 0");
  if (nonzero > count) return place;
  Bytes mask;
  if (const Status s = decode_plane(in, (count + 7) / 8, 0, isa, 0, &mask); !s.ok()) return s;
  std::size_t marked = 0;
  for (const std::uint8_t byte : mask) marked += static_cast<std::size_t>(__builtin_popcount(byte));
  if (count % 8 != 0 && mask.back() >> (count % 8) != 0) {
    return fail(Code::malformed, place.bit + 32, "the mask has a bit after the last record");
  }
  if (marked != nonzero) return place;
  Bytes kept(static_cast<std::size_t>(nonzero) * width);
  if (const Status s = decode_planes(in, layout, nonzero, isa, false, nullptr, kept.data()); !s.ok()) return s;
  std::memset(out, 0, count * width);
  const std::uint8_t* from = kept.data();
  for (std::size_t byte = 0; byte < mask.size(); ++byte) {
    for (unsigned bits = mask[byte]; bits != 0; bits &= bits - 1) {
      const std::size_t i = 8 * byte + static_cast<std::size_t>(__builtin_ctz(bits));
      std::memcpy(out + i * width, from, width);
      from += width;
    }
  }
  return {};
}

void repeat_record(const std::uint8_t* record, std::size_t width, std::size_t count, std::uint8_t* out) {
  const std::size_t total = width * count;
  std::memcpy(out, record, width);
  for (std::size_t done = width; done < total;) {  // what is there already is copied: twice as much every time
    const std::size_t part = std::min(done, total - done);
    std::memcpy(out + done, out, part);
    done += part;
  }
}

}  // namespace

Status decode_block(const std::uint8_t* in, std::size_t size, const Layout& layout, std::uint64_t records, Isa isa,
                    bool stream, RunningCrc* crc, std::uint8_t* out) {
  const std::size_t width = layout.record_bytes;
  const auto count = static_cast<std::size_t>(records);
  Cursor cursor(in, in + size);
  std::uint8_t mode = 0;
  if (!cursor.u8(&mode)) return cursor.error(Code::truncated, "a block of no bytes");
  Status status;
  switch (static_cast<BlockMode>(mode)) {
    case BlockMode::raw:
    case BlockMode::constant: {
      const bool constant = static_cast<BlockMode>(mode) == BlockMode::constant;
      const std::uint8_t* bytes = cursor.take(constant ? width : width * count);
      if (bytes == nullptr) return cursor.error(Code::truncated, "the data end in a raw or constant block");
      if (constant) {
        repeat_record(bytes, width, count, out);
      } else {
        std::memcpy(out, bytes, width * count);
      }
      break;
    }
    case BlockMode::planes:
      status = decode_planes(&cursor, layout, count, isa, stream, crc, out);
      break;
    case BlockMode::sparse:
      status = decode_sparse(&cursor, layout, count, isa, out);
      break;
    case BlockMode::context:
      status = layout.rotate ? decode_context(cursor.at(), cursor.left(), records, layout.record_bytes, isa, out)
                             : fail(Code::out_of_range, 0, "context coding of records without rotation");
      if (!status.ok() && layout.rotate) status.bit += 8;
      return status;
    default:
      return fail(Code::out_of_range, 0, "block_mode is not 0 to 4");
  }
  if (!status.ok()) return status;
  return cursor.left() == 0 ? Status{} : cursor.error(Code::inconsistent, "a block goes on after its last element");
}

}  // namespace aimc::lossless
