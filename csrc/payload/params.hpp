// What the entropy coder has to know about the tensors of one data unit: filled from the parsed headers, shared by the
// decoder and the encoder. All references are to the sections of the NNC text in docs/spec.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "entropy/context.hpp"

namespace aimc {

// Variants of the entropy-coded payload that the streams in circulation use (13.1).
enum class Dialect : std::uint8_t {
  edition1_rem32,  // general_profile_idc 0 as NNCodec 1 writes it: 32 remainder contexts, one block row still resets
  edition1,        // general_profile_idc 0 with 31 remainder contexts
  edition2,        // general_profile_idc 1
};

// One tensor of a codeword, in payload order. Sizes are already checked: rows * width fits 63 bits.
struct TensorParams {
  std::uint64_t rows = 0;    // first dimension
  std::uint64_t width = 0;   // product of the other dimensions (1 for a vector)
  std::uint8_t qp_bits = 0;  // 6 + qp_density; 0: no qp_delta (NNR_PT_INT)
  std::uint8_t scan_order = 0;
  std::uint16_t unary_length = 10;  // N of section 7: cabac_unary_length_minus1 + 1
  bool dq = false;                  // dq_flag
  bool parent = false;              // parent_node_id_present_flag
  bool temporal = false;            // temporal context modelling in force (5.3): `reference` is not null
  bool codebook = false;            // the tensor has a codebook and the dialect lets the entropy coder know
  std::uint32_t codebook_size = 0;
  std::uint32_t codebook_zero = 0;          // CbZeroOffset
  const std::int32_t* reference = nullptr;  // integers of the previous update, row-major, rows * width
  const std::uint8_t* history = nullptr;    // 1 where an earlier update was nonzero, row-major; null: no map kept

  std::uint64_t count() const { return rows * width; }
  bool is_2d() const { return rows > 1 && width > 1; }
};

// Side of a block of the block scans (10.1).
inline std::uint64_t block_side(const TensorParams& t) {
  return std::uint64_t{4} << t.scan_order;
}

// Whether block rows reset the coder (10.2): more than one block row, or any block scan in the oldest dialect.
inline bool has_block_rows(const TensorParams& t, Dialect dialect) {
  return t.scan_order > 0 && t.is_2d() && (t.rows > block_side(t) || dialect == Dialect::edition1_rem32);
}

// Contexts [first, last) whose parameter set ids are coded (5.3), in order. A context outside keeps set 0.
struct ContextRange {
  int first;
  int last;
};
HeapVector<ContextRange> parameter_set_contexts(const TensorParams& t, Dialect dialect, bool history_enabled);

// Where a block row after the first starts (10.2): enough to decode it alone.
struct EntryPoint {
  std::uint64_t shifts = 0;   // P(j) - P(0): shifts since the start of the first block row
  std::uint8_t value = 0;     // O, with R = 256
  std::uint8_t dq_state = 0;  // trellis state
};

}  // namespace aimc
