// How the records of blocks are cut, checked.
#pragma once
#include "capi/structs.hpp"
#include "lossless/format.hpp"

namespace aimc::capi {

template <class T>
Status read_layout(const T& given, lossless::Layout* layout) {
  const std::uint32_t width = given.record_bytes;
  if (!is_flag(given.rotate) || !is_flag(given.opaque)) return wrong("a flag is not 0 or 1");
  const bool opaque = given.opaque != 0;
  const bool number = width == 1 || width == 2 || width == 4 || width == 8;
  if (width == 0 || (!opaque && !number)) return wrong("record_bytes is not 1, 2, 4 or 8");
  if (given.rotate != 0 && (width == 1 || opaque)) return wrong("records of one byte and opaque ones are not rotated");
  *layout = {width, given.rotate != 0, opaque};
  return {};
}

}  // namespace aimc::capi
