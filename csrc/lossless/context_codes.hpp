// Decoder of the codes of a block (8.4), a template over what watches it.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/cpu.hpp"
#include "base/status.hpp"
#include "lossless/context_groups.hpp"
#include "lossless/cursor.hpp"

namespace aimc::lossless {

// Codes that have no symbol, in order.
struct Escapes {
  Bytes low;
  Bytes high;
  std::size_t used = 0;
};

// Told of a code before and after it is decoded; `left` are the bytes of the words that are left.
struct NoContextTracer {
  void before(std::int32_t /*level*/, std::uint32_t /*slot*/, std::uint32_t /*state*/, std::size_t /*left*/) {}
  void after(std::uint32_t /*state*/, std::size_t /*left*/, std::uint16_t /*code*/) {}
};

class CodeDecoder {
 public:
  CodeDecoder(ContextStream stream, Escapes escapes, const Status& place, Isa isa)
      : stream_(std::move(stream)), escapes_(std::move(escapes)), place_(place), kernel_(context_kernel(isa)) {}

  // The next `count` codes: a multiple of 16, except in the last call.
  Status decode(std::size_t count, std::uint16_t* codes) {
    NoContextTracer none;
    for (std::size_t done = 0; done < count;) {
      done += kGroup * kernel_(&stream_, (count - done) / kGroup, codes + done);
      if (done == count) break;
      const std::size_t lanes = std::min(kGroup, count - done);
      if (const Status s = decode_group(lanes, codes + done, none); !s.ok()) return s;
      done += lanes;
    }
    return {};
  }

  // The same by the scalar decoder, with `tracer` told of every code.
  template <class Tracer>
  Status trace(std::size_t count, std::uint16_t* codes, Tracer& tracer) {
    for (std::size_t done = 0; done < count; done += kGroup) {
      const std::size_t lanes = std::min(kGroup, count - done);
      if (const Status s = decode_group(lanes, codes + done, tracer); !s.ok()) return s;
    }
    return {};
  }

  // After the last code: everything must be used up.
  Status finish() const {
    for (const std::uint32_t x : stream_.state) {
      if (x != kLowestContextState) return error(Code::inconsistent, "a state does not end at 65536");
    }
    if (stream_.word != stream_.words_end) return error(Code::inconsistent, "a block goes on after its last word");
    if (escapes_.used != escapes_.low.size()) return error(Code::inconsistent, "not all escapes are used");
    return {};
  }

 private:
  Status error(Code code, const char* what) const { return fail(code, place_.bit, what); }

  // At most 16 codes, one by one.
  template <class Tracer>
  Status decode_group(std::size_t lanes, std::uint16_t* codes, Tracer& tracer) {
    Group level;
    Group code = {};
    stream_.model.predict(level);
    for (std::size_t j = 0; j < lanes; ++j) {
      const std::int32_t base = base_of(level[j]);
      std::uint32_t& x = stream_.state[j];
      const std::uint32_t slot = (*stream_.slots)[slot_index(base, x)];
      tracer.before(level[j], slot, x, static_cast<std::size_t>(stream_.words_end - stream_.word));
      x = next_state(slot, x);
      if (x < kLowestContextState) {
        if (stream_.words_end - stream_.word < 2) return error(Code::truncated, "the data end in the words");
        x = x << 16 | load_word(stream_.word);
        stream_.word += 2;
      }
      if (slot_symbol(slot) != 0) {
        code[j] = base + static_cast<std::int32_t>(slot_symbol(slot)) - kSymbolBias;
      } else if (!take_escape(&code[j])) {
        return error(Code::inconsistent, "more escapes than escape_count");
      }
      if (static_cast<std::uint32_t>(code[j]) >= stream_.code_limit)
        return error(Code::out_of_range, "a code is too large or negative");
      codes[j] = static_cast<std::uint16_t>(code[j]);
      tracer.after(x, static_cast<std::size_t>(stream_.words_end - stream_.word), codes[j]);
    }
    stream_.model.learn(level, code);
    return {};
  }

  bool take_escape(std::int32_t* code) {
    if (escapes_.used == escapes_.low.size()) return false;
    *code = escapes_.low[escapes_.used] | escapes_.high[escapes_.used] << 8;
    ++escapes_.used;
    return true;
  }

  ContextStream stream_;
  Escapes escapes_;
  Status place_;  // of the words
  ContextKernel kernel_;
};

}  // namespace aimc::lossless
