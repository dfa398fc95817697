// What the lanes hold, in memory: the side of the lane decoder that deals with one lane at a time. Chains are put into
// lanes, their levels handed on, single levels finished outside the vector.
#pragma once
#include "base/allocator.hpp"
#include "payload/lane_coder.hpp"

#if AIMC_X86
#include <algorithm>
#include <cstdint>
#include <limits>

#include "payload/lanes.hpp"
#include "payload/plain_runs.hpp"

namespace aimc {

constexpr std::uint64_t kStageRows = 128;
// A remainder of this many prefix bins may leave 16 bits: such a level is finished outside the vector.
constexpr int kLanePrefix = 12;
constexpr std::size_t kSigContexts = 24;

template <class W>
struct alignas(64) StageRow {
  std::int16_t level[W::kLanes];
};

// The significance contexts of one trellis state and neighbour, packed so that one gather fetches a context:
// b in bits 0..15, a in 16..23, the rates in 24..27 and 28..31.
template <class W>
struct alignas(64) PackedRow {
  std::uint32_t context[W::kLanes];
};

// Registers<W> in memory; `next` and `last` in the order of W::slot.
template <class W>
struct SpilledRegisters {
  alignas(64) std::uint16_t range[W::kLanes];
  alignas(64) std::uint16_t value[W::kLanes];
  alignas(64) std::uint16_t high[W::kLanes];
  alignas(64) std::uint16_t low[W::kLanes];
  alignas(64) std::int16_t valid[W::kLanes];
  alignas(64) std::uint16_t state[W::kLanes];
  alignas(64) std::uint32_t next[W::kLanes];
  alignas(64) std::int32_t last[W::kLanes];  // offset of the last 4 bytes of the payload
};

struct Lane {
  LaneChain* chain = nullptr;
  std::uint32_t start = 0;      // offset of the payload from the base
  std::uint64_t remaining = 0;  // levels of the run in hand
};

// A level that was finished outside the vector.
struct EscapedLevel {
  std::uint32_t row;
  int lane;
  std::int32_t value;
};

// A chain on its way from one bank to another; its decoder and state are those of the chain.
struct SuspendedChain {
  LaneChain* chain;
  std::uint64_t remaining;
  HeapVector<DecoderContext> contexts;
};

template <class W>
struct LaneBank {
  LaneBank(LaneSource& lane_source, const std::uint8_t* base_of_payloads, bool dependent, int unary_length)
      : source(lane_source),
        base(base_of_payloads),
        dq(dependent),
        layout{unary_length},
        contexts(static_cast<std::size_t>(layout.count())),
        significance(dq ? kSigContexts : 0),
        stage(kStageRows) {}

  bool is_active(int lane) const { return (active >> lane & 1) != 0; }
  int active_count() const { return __builtin_popcount(active); }

  // Levels until a run ends, at most what the stage holds.
  std::uint64_t shortest_run() const {
    std::uint64_t rows = kStageRows;
    for (int lane = 0; lane < W::kLanes; ++lane) {
      if (is_active(lane)) rows = std::min(rows, lanes[lane].remaining);
    }
    return rows;
  }

  // Puts the next chain into a lane; false when there is none.
  bool load(int lane) {
    for (LaneChain* chain = source.next(); chain != nullptr; chain = source.next()) {
      place(lane, chain, chain->contexts);
      if (next_run(lane)) return true;
    }
    return false;
  }

  // Goes on with a chain of another bank.
  void adopt(int lane, const SuspendedChain& suspended) {
    place(lane, suspended.chain, suspended.contexts.data());
    lanes[lane].remaining = suspended.remaining;
  }

  SuspendedChain suspend(int lane) {
    LaneChain* chain = lanes[lane].chain;
    chain->decoder = take_decoder(lane);
    chain->state = take_state(lane);
    set_active(lane, false);
    return {chain, lanes[lane].remaining, take_contexts(lane)};
  }

  // Hands the staged levels of a lane on; false when the lane has become free.
  bool flush(int lane, std::uint64_t rows) {
    Lane& l = lanes[lane];
    const std::uint64_t consumed = spilled.next[W::slot(lane)] - l.start;
    if ((failed >> lane & 1) != 0 || consumed > l.chain->size + 16) {
      retire(lane, false);
      return false;
    }
    write_levels(lane, rows);
    l.remaining -= rows;
    return l.remaining > 0 || next_run(lane);
  }

  // Goes on with a lane as a single decoder would, to the end of its chain.
  void finish_alone(int lane) {
    const PlainRuns runs = plain_runs(Isa::avx512);
    const auto plain_run = dq ? runs.dependent : runs.uniform;
    Lane& l = lanes[lane];
    BinDecoder<NullTracer> d = take_decoder(lane);
    LevelState state = take_state(lane);
    HeapVector<DecoderContext> own = take_contexts(lane);
    std::int32_t levels[1024];
    bool fits = true;
    do {
      while (l.remaining > 0 && fits) {
        const std::uint64_t n = std::min<std::uint64_t>(l.remaining, 1024);
        fits = plain_run(d, own.data(), layout, state, levels, n, 0);
        l.chain->sink->write(levels, n, Isa::avx512);
        l.remaining -= n;
      }
      l.remaining = fits ? l.chain->sink->next_run(&state.dq_state) : 0;
    } while (l.remaining > 0);
    l.chain->decoder = d;
    l.chain->state = state;
    set_active(lane, false);
    source.done(l.chain, fits);
  }

  // Finishes the level of a lane after kLanePrefix prefix bins; returns a stand-in with the same parity.
  std::uint16_t escape(int lane, std::uint64_t abs, bool is_negative, std::uint32_t row) {
    DecoderContext prefix[kRemainderContexts];
    for (int j = kLanePrefix; j < kRemainderContexts; ++j) prefix[j].assign(context_of(lane, layout.remainder() + j));
    BinDecoder<NullTracer> d = take_decoder(lane);
    abs = decode_remainder(d, prefix, 0, kMaxRemainderPrefix, abs, std::numeric_limits<std::uint64_t>::max(),
                           kLanePrefix);
    put_decoder(lane, d);
    for (int j = kLanePrefix; j < kRemainderContexts; ++j) {
      ContextRow<W>& context = contexts[static_cast<std::size_t>(layout.remainder() + j)];
      context.a[lane] = prefix[j].a;
      context.b[lane] = prefix[j].b;
    }
    unsigned state = spilled.state[lane];
    const std::int64_t level = is_negative ? -static_cast<std::int64_t>(abs) : static_cast<std::int64_t>(abs);
    const std::int64_t value = dq ? doubled(level, state) : level;
    if (!fits_int32(value)) failed |= std::uint32_t{1} << lane;
    escaped.push_back({row, lane, static_cast<std::int32_t>(value)});
    return static_cast<std::uint16_t>(2 + (abs & 1));
  }

  LaneSource& source;
  const std::uint8_t* base;
  bool dq;
  ContextLayout layout;
  HeapVector<ContextRow<W>> contexts;
  HeapVector<PackedRow<W>> significance;  // in place of the first contexts, with dependent quantization
  HeapVector<StageRow<W>> stage;
  HeapVector<EscapedLevel> escaped;
  SpilledRegisters<W> spilled{};
  Lane lanes[W::kLanes];
  std::uint32_t negative = 0;  // neighbour classes 1 and 2
  std::uint32_t positive = 0;
  std::uint32_t failed = 0;  // lanes that met a level of more than 32 bits
  std::uint32_t active = 0;
  std::uint16_t active_half[2] = {0, 0};  // the same in the order of W::slot

 private:
  void set_active(int lane, bool on) {
    const int slot = W::slot(lane);
    const auto half_bit = static_cast<std::uint16_t>(1U << (slot % 16));
    std::uint16_t& half = active_half[slot / 16];
    const std::uint32_t bit = std::uint32_t{1} << lane;
    active = on ? active | bit : active & ~bit;
    half = static_cast<std::uint16_t>(on ? half | half_bit : half & ~half_bit);
  }

  void place(int lane, LaneChain* chain, const DecoderContext* from) {
    lanes[lane] = {chain, static_cast<std::uint32_t>(chain->payload - base), 0};
    for (std::size_t c = 0; c < contexts.size(); ++c) {
      contexts[c].a[lane] = from[c].a;
      contexts[c].b[lane] = from[c].b;
      contexts[c].rate_a[lane] = from[c].rate_a;
      contexts[c].rate_b[lane] = from[c].rate_b;
    }
    for (std::size_t c = 0; c < significance.size(); ++c) {
      significance[c].context[lane] =
          static_cast<std::uint16_t>(from[c].b) | static_cast<std::uint32_t>(from[c].a & 0xFF) << 16 |
          static_cast<std::uint32_t>(from[c].rate_a) << 24 | static_cast<std::uint32_t>(from[c].rate_b) << 28;
    }
    const std::uint32_t bit = std::uint32_t{1} << lane;
    negative = chain->state.neighbour == 1 ? negative | bit : negative & ~bit;
    positive = chain->state.neighbour == 2 ? positive | bit : positive & ~bit;
    failed &= ~bit;
    spilled.state[lane] = static_cast<std::uint16_t>(chain->state.dq_state);
    put_decoder(lane, chain->decoder);
    set_active(lane, true);
  }

  void write_levels(int lane, std::uint64_t rows) {
    std::int16_t levels[kStageRows];
    for (std::uint64_t row = 0; row < rows; ++row) levels[row] = stage[row].level[lane];
    Sink& sink = *lanes[lane].chain->sink;
    const auto of_lane = [lane](const EscapedLevel& e) { return e.lane == lane; };
    if (std::none_of(escaped.begin(), escaped.end(), of_lane)) {
      sink.write(levels, rows, Isa::avx512);
      return;
    }
    std::int32_t wide[kStageRows];
    std::copy(levels, levels + rows, wide);
    for (const EscapedLevel& e : escaped) {
      if (of_lane(e)) wide[e.row] = e.value;
    }
    sink.write(wide, rows, Isa::avx512);
  }

  bool next_run(int lane) {
    unsigned state = spilled.state[lane];
    lanes[lane].remaining = lanes[lane].chain->sink->next_run(&state);
    spilled.state[lane] = static_cast<std::uint16_t>(state);
    if (lanes[lane].remaining > 0) return true;
    retire(lane, true);
    return false;
  }

  void retire(int lane, bool intact) {
    LaneChain* chain = lanes[lane].chain;
    chain->decoder = take_decoder(lane);
    chain->state = take_state(lane);
    set_active(lane, false);
    source.done(chain, intact);
  }

  void put_decoder(int lane, const BinDecoder<NullTracer>& d) {
    const LaneChain& chain = *lanes[lane].chain;
    const std::uint8_t* end = chain.payload + chain.size;
    const auto bits_at = [&](std::uint64_t bit) {
      const std::uint64_t byte = std::min<std::uint64_t>(bit >> 3, chain.size);
      return load_be64(chain.payload + byte, end) << (bit & 7);
    };
    const std::uint64_t after = d.shifts() + kValueBits;
    const auto bits = static_cast<std::uint32_t>(bits_at(after & ~std::uint64_t{7}) >> 32) << (after & 7);
    spilled.range[lane] = static_cast<std::uint16_t>(d.range());
    spilled.value[lane] =
        static_cast<std::uint16_t>(d.offset() << kFractionBits | bits_at(d.shifts() + 9) >> (64 - kFractionBits));
    spilled.high[lane] = static_cast<std::uint16_t>(bits >> 16);
    spilled.low[lane] = static_cast<std::uint16_t>(bits);
    spilled.valid[lane] = static_cast<std::int16_t>(32 - (after & 7));
    const int slot = W::slot(lane);
    spilled.next[slot] = lanes[lane].start + static_cast<std::uint32_t>(after >> 3) + 4;
    spilled.last[slot] = static_cast<std::int32_t>(lanes[lane].start + chain.size) - 4;
  }

  BinDecoder<NullTracer> take_decoder(int lane) const {
    const Lane& l = lanes[lane];
    const std::uint64_t loaded = std::uint64_t{spilled.next[W::slot(lane)] - l.start} * 8;
    const std::uint64_t shifts = loaded - static_cast<std::uint64_t>(spilled.valid[lane]) - kValueBits;
    BinDecoder<NullTracer> d;
    d.start_at(l.chain->payload, l.chain->size, shifts, spilled.value[lane] >> kFractionBits, spilled.range[lane]);
    return d;
  }

  LevelState take_state(int lane) const {
    const unsigned neighbour = (negative >> lane & 1) != 0 ? 1 : ((positive >> lane & 1) != 0 ? 2 : 0);
    return {neighbour, spilled.state[lane]};
  }

  HeapVector<DecoderContext> take_contexts(int lane) const {
    HeapVector<DecoderContext> own(contexts.size());
    for (std::size_t c = 0; c < own.size(); ++c) own[c].assign(context_of(lane, static_cast<int>(c)));
    return own;
  }

  ContextModel context_of(int lane, int context) const {
    const auto c = static_cast<std::size_t>(context);
    const ContextRow<W>& row = contexts[c];
    ContextModel model;
    model.a = row.a[lane];
    model.b = row.b[lane];
    model.rate_a = static_cast<std::uint8_t>(row.rate_a[lane]);
    model.rate_b = static_cast<std::uint8_t>(row.rate_b[lane]);
    if (c < significance.size()) {
      const std::uint32_t packed = significance[c].context[lane];
      model.a = static_cast<std::int8_t>(packed >> 16 & 0xFF);
      model.b = static_cast<std::int16_t>(packed & 0xFFFF);
    }
    return model;
  }
};

}  // namespace aimc
#endif
