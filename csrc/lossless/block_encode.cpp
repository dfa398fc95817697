#include "lossless/block_encode.hpp"

#include <algorithm>
#include <cstring>

#include "lossless/context.hpp"
#include "lossless/merge.hpp"

namespace aimc::lossless {
namespace {

void put_mode(BlockMode mode, Bytes* out) {
  out->push_back(static_cast<std::uint8_t>(mode));
}

void encode_words(const std::uint8_t* records, std::size_t count, const Layout& layout, const Effort& effort,
                  Bytes* out) {
  const unsigned width = layout.record_bytes;
  if (width == 1) return encode_plane(records, count, 0, effort, out);
  Bytes& buffer = effort.workspace->planes;
  buffer.resize(count * width);
  std::uint8_t* planes[kMaxWord] = {};
  for (unsigned j = 0; j < width; ++j) planes[j] = buffer.data() + j * count;
  split_kernel(effort.isa)(records, count, width, layout.rotate, planes);
  for (unsigned j = 0; j < width; ++j) encode_plane(planes[j], count, 0, effort, out);
}

void encode_fields(const std::uint8_t* records, std::size_t count, const Layout& layout, const Bytes& fields,
                   const Effort& effort, Bytes* out) {
  out->push_back(static_cast<std::uint8_t>(fields.size()));
  out->insert(out->end(), fields.begin(), fields.end());
  std::size_t at = 0;
  Bytes plane;
  for (const std::size_t size : fields) {
    plane.resize(count * size);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(plane.data() + i * size, records + i * layout.record_bytes + at, size);
    }
    encode_plane(plane.data(), plane.size(), 0, effort, out);
    at += size;
  }
}

void encode_planes(const std::uint8_t* records, std::size_t count, const Layout& layout, const Bytes& fields,
                   const Effort& effort, Bytes* out) {
  if (layout.opaque) {
    encode_fields(records, count, layout, fields, effort, out);
  } else {
    encode_words(records, count, layout, effort, out);
  }
}

bool is_zero(const std::uint8_t* record, std::size_t width) {
  std::uint8_t bits = 0;
  for (std::size_t j = 0; j < width; ++j) bits = static_cast<std::uint8_t>(bits | record[j]);
  return bits == 0;
}

// Whether more than an eighth of a sample of the records is zero.
bool many_zeros(const std::uint8_t* records, std::size_t count, std::size_t width) {
  constexpr std::size_t kSample = 1024;
  const std::size_t stride = std::max<std::size_t>(1, count / kSample);
  std::size_t seen = 0;
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < count; i += stride, ++seen) zeros += is_zero(records + i * width, width) ? 1 : 0;
  return 8 * zeros > seen;
}

// Records of one byte have no use for it: their zeros are but one of the values of a plane.
bool encode_sparse(const std::uint8_t* records, std::size_t count, const Layout& layout, const Bytes& fields,
                   const Effort& effort, Bytes* out) {
  const std::size_t width = layout.record_bytes;
  if (width == 1 || !many_zeros(records, count, width)) return false;
  Bytes mask((count + 7) / 8);
  Bytes kept;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* record = records + i * width;
    if (is_zero(record, width)) continue;
    mask[i / 8] = static_cast<std::uint8_t>(mask[i / 8] | 1U << (i % 8));
    kept.insert(kept.end(), record, record + width);
  }
  put_mode(BlockMode::sparse, out);
  put_u32(out, static_cast<std::uint32_t>(kept.size() / width));
  encode_plane(mask.data(), mask.size(), 0, effort, out);
  encode_planes(kept.data(), kept.size() / width, layout, fields, effort, out);
  return true;
}

}  // namespace

void encode_block(const BlockInput& input, const Layout& layout, const Bytes& fields, const Effort& effort,
                  Bytes* out) {
  const std::uint8_t* records = input.records;
  const auto count = static_cast<std::size_t>(input.count);
  const std::size_t width = layout.record_bytes;
  const std::size_t begin = out->size();
  out->reserve(begin + count * width + 1);
  if (count > 0 && std::memcmp(records, records + width, (count - 1) * width) == 0) {
    put_mode(BlockMode::constant, out);
    out->insert(out->end(), records, records + width);
    return;
  }
  put_mode(BlockMode::planes, out);
  encode_planes(records, count, layout, fields, effort, out);
  Bytes other;
  const auto take_if_shorter = [&] {
    if (other.size() < out->size() - begin) {
      out->resize(begin);
      out->insert(out->end(), other.begin(), other.end());
    }
    other.clear();
  };
  if (encode_sparse(records, count, layout, fields, effort, &other)) take_if_shorter();
  if (effort.thorough && layout.rotate) {
    put_mode(BlockMode::context, &other);
    if (encode_context(records, input.count, layout.record_bytes, input.row_records, effort, &other)) {
      take_if_shorter();
    }
  }
  if (out->size() - begin > 1 + count * width) {
    out->resize(begin);
    put_mode(BlockMode::raw, out);
    out->insert(out->end(), records, records + count * width);
  }
}

}  // namespace aimc::lossless
