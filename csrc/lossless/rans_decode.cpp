#include "lossless/rans_decode.hpp"

#include <algorithm>
#include <cstring>

#include "lossless/merge_kernels.hpp"
#include "lossless/rans_kernels.hpp"

namespace aimc::lossless {
namespace {

template <std::size_t States, bool Escapes>
std::size_t decode_scalar(const RansTable&, const RansSlots& slots, RansStream* s, std::uint8_t* out,
                          std::size_t rounds) {
  std::uint16_t* const state = s->state.data();
  const std::uint8_t* in = s->in;
  const std::uint8_t* escape = s->escape;
  std::size_t done = 0;
  for (; done < rounds; ++done, out += States) {
    if (in > s->in_last || (Escapes && escape > s->escape_last)) break;
    for (std::size_t j = 0; j < States; ++j) {
      const std::uint32_t x = state[j];
      const RansSlot slot = slots.word[x & 0xFF];
      const std::uint32_t y = slot.frequency() * (x >> 8) + slot.offset();
      const std::uint32_t more = y << 8 | *in;
      const std::uint32_t low = (y - kLowestState) >> 31;  // a number, since no branch on it could be predicted
      state[j] = static_cast<std::uint16_t>(y ^ ((y ^ more) & (0U - low)));
      in += low;
      out[j] = Escapes && slot.escape() ? *escape : slot.symbol();
      if (Escapes) escape += slot.escape() ? 1 : 0;
    }
  }
  s->in = in;
  s->escape = escape;
  return done;
}

// Visits decoded bytes only to keep them.
struct Keep {
  std::uint8_t* out;
  void operator()(std::uint8_t symbol, std::uint32_t, std::uint32_t, const std::uint8_t*) { *out++ = symbol; }
};

void fill_slots(const RansTable& table, RansSlots* slots) {
  for (std::uint32_t k = 0; k < table.entries; ++k) {
    const bool escape = table.escapes && k == table.escape_entry();
    for (unsigned i = 0; i < table.frequency[k]; ++i) {
      const unsigned slot = table.start[k] + i;
      const auto offset = static_cast<std::uint8_t>(i);
      slots->word[slot] = RansSlot(table.symbol[k], table.frequency[k], offset, escape);
      slots->entry[slot] = static_cast<std::uint8_t>(k);
      slots->symbol[slot] = table.symbol[k];
      slots->frequency[slot] = table.frequency[k];
      slots->offset[slot] = offset;
    }
  }
}

}  // namespace

RansKernel rans_kernel(Isa isa, const RansTable& table, std::size_t states) {
#if AIMC_X86
  if (isa == Isa::avx512 && states >= 64) return avx512_rans_kernel(table, states);
  if (isa == Isa::avx2 && states >= 64 && table.entries <= 16) return avx2_rans_kernel(table, states);
#else
  (void)isa;
#endif
  switch (states) {
    case 4:
      return table.escapes ? decode_scalar<4, true> : decode_scalar<4, false>;
    case 128:
      return table.escapes ? decode_scalar<128, true> : decode_scalar<128, false>;
    case 64:
      return table.escapes ? decode_scalar<64, true> : decode_scalar<64, false>;
    default:
      return table.escapes ? decode_scalar<256, true> : decode_scalar<256, false>;
  }
}

Status RansDecoder::open(Cursor in, const RansTable& table, std::size_t states, const std::uint8_t* escapes,
                         std::size_t escape_count, Isa isa) {
  table_ = table;
  states_ = states;
  place_ = in;
  isa_ = isa;
  const std::uint8_t* bytes = in.take(2 * states);
  if (bytes == nullptr) return in.error(Code::truncated, "the data end before the states of an entropy-coded plane");
  for (std::size_t j = 0; j < states; ++j) {
    stream_.state[j] = static_cast<std::uint16_t>(bytes[2 * j] | bytes[2 * j + 1] << 8);
    if (stream_.state[j] < kLowestState) return place_.error(Code::out_of_range, "a state is below 256");
  }
  stream_.in = in.at();
  in_end_ = in.end();
  in_tail_ = false;
  stream_.escape = escapes;
  escape_end_ = stream_.escape_last = escapes + escape_count;
  if (in.left() >= kMostStates) {
    stream_.in_last = in_end_ - kMostStates;
  } else {
    enter_tail();
  }
  fill_slots(table, &slots_);
  kernel_ = rans_kernel(isa, table, states);
  return {};
}

// From here on the input is a copy with padding, so that rounds can go on to its end.
void RansDecoder::enter_tail() {
  const auto left = static_cast<std::size_t>(in_end_ - stream_.in);
  if (left > 0) std::memcpy(tail_.data(), stream_.in, left);
  stream_.in = tail_.data();
  in_end_ = stream_.in_last = tail_.data() + left;
  in_tail_ = true;
}

// `run(done, rounds)` decodes after so many rounds at most `rounds` more, and returns how many.
template <class Run>
std::size_t RansDecoder::decode_rounds(std::size_t rounds, Run run) {
  std::size_t done = run(0, rounds);
  if (done < rounds && !in_tail_ && stream_.in > stream_.in_last) {
    enter_tail();
    done += run(done, rounds - done);
  }
  return done;
}

Status RansDecoder::check_ends() const {
  if (stream_.in > in_end_) return place_.error(Code::truncated, "the renormalisation bytes end too early");
  if (stream_.escape > escape_end_) return place_.error(Code::inconsistent, "more escapes are taken than there are");
  return {};
}

// From a position that is a multiple of the number of states. `visit(byte, state, next state, input)` is called for
// every byte, with the input as it was before.
template <class Visit>
Status RansDecoder::decode_checked(std::size_t count, Visit visit) {
  RansStream& s = stream_;
  for (std::size_t i = 0, j = 0; i < count; ++i, j = j + 1 == states_ ? 0 : j + 1) {
    const std::uint32_t before = s.state[j];
    const std::uint8_t* const in = s.in;
    const RansSlot slot = slots_.word[before & 0xFF];
    std::uint8_t symbol = slot.symbol();
    if (slot.escape()) {
      if (s.escape == escape_end_) return place_.error(Code::inconsistent, "more escapes are taken than there are");
      symbol = *s.escape++;
    }
    std::uint32_t x = slot.frequency() * (before >> 8) + slot.offset();
    if (x < kLowestState) {
      if (s.in == in_end_) return place_.error(Code::truncated, "the renormalisation bytes end too early");
      x = x << 8 | *s.in++;
    }
    s.state[j] = static_cast<std::uint16_t>(x);
    visit(symbol, before, x, in);
  }
  return {};
}

Status RansDecoder::decode(std::uint8_t* out, std::size_t count) {
  const std::size_t rounds = decode_rounds(count / states_, [&](std::size_t done, std::size_t left) {
    return kernel_(table_, slots_, &stream_, out + done * states_, left);
  });
  if (const Status s = check_ends(); !s.ok()) return s;
  return decode_checked(count - rounds * states_, Keep{out + rounds * states_});
}

Status RansDecoder::decode_records(const std::uint8_t* low, std::size_t count, bool stream, std::uint8_t* records) {
#if AIMC_X86
  const RansRecordKernel kernel = avx512_rans_record_kernel(table_, stream);
  const std::size_t rounds = decode_rounds(count / states_, [&](std::size_t done, std::size_t left) {
    return kernel(table_, slots_, &stream_, low + done * states_, records + 2 * done * states_, left);
  });
  if (const Status s = check_ends(); !s.ok()) return s;
  std::array<std::uint8_t, kMostStates> high;
  for (std::size_t at = rounds * states_; at < count; at += high.size()) {
    const std::size_t part = std::min(high.size(), count - at);
    if (const Status s = decode_checked(part, Keep{high.data()}); !s.ok()) return s;
    const std::uint8_t* const planes[2] = {low + at, high.data()};
    merge_scalar(planes, part, 2, true, false, records + 2 * at);
  }
#else
  (void)low, (void)count, (void)stream, (void)records;
#endif
  return {};
}

Status RansDecoder::trace(RansStep* steps, std::size_t count, std::size_t* done) {
  const std::size_t bytes = place_.left() - 2 * states_;
  *done = 0;
  return decode_checked(count, [&](std::uint8_t symbol, std::uint32_t x, std::uint32_t next, const std::uint8_t* in) {
    const RansSlot slot = slots_.word[x & 0xFF];
    const bool taken = stream_.in != in;
    RansStep& step = steps[(*done)++];
    step.position = static_cast<std::uint32_t>(bytes - static_cast<std::size_t>(in_end_ - in));
    step.state_before = static_cast<std::uint16_t>(x);
    step.state_after = static_cast<std::uint16_t>(next);
    step.symbol = symbol;
    step.frequency = static_cast<std::uint8_t>(slot.frequency());
    step.start = static_cast<std::uint8_t>((x & 0xFF) - slot.offset());
    step.escape = slot.escape() ? 1 : 0;
    step.taken = taken ? 1 : 0;
    step.byte = taken ? *in : std::uint8_t{0};
    step.reserved[0] = step.reserved[1] = 0;
  });
}

Status RansDecoder::finish() const {
  for (std::size_t j = 0; j < states_; ++j) {
    if (stream_.state[j] != kLowestState) return place_.error(Code::inconsistent, "a final state is not 256");
  }
  if (stream_.in != in_end_) return place_.error(Code::inconsistent, "renormalisation bytes are left over");
  if (stream_.escape != escape_end_) return place_.error(Code::inconsistent, "escapes are left over");
  return {};
}

}  // namespace aimc::lossless
