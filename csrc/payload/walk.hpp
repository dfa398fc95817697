// A codeword decoded under a tracer, in steps of bounded length, so that whoever traces can stop between them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/allocator.hpp"
#include "base/status.hpp"
#include "payload/chain.hpp"
#include "payload/decode.hpp"
#include "payload/tensor_decoder.hpp"

namespace aimc {

template <class Tracer>
class CodewordWalk {
 public:
  // The job stays with the caller. No memory of its tensors is touched.
  CodewordWalk(const CodewordJob& job, Tracer tracer) : job_(job), decoder_(std::move(tracer)) {
    decoder_.start(job.payload, job.size);
  }

  // Decodes the header of a tensor, some of its levels, or the end of the codeword. False if there was nothing left to
  // do, because the codeword has ended or is wrong: see status().
  bool step() {
    if (finished_) return false;
    status_ = guarded([&] { return advance(); });
    if (!status_.ok()) finished_ = true;
    return true;
  }

  const Status& status() const { return status_; }
  Tracer& tracer() { return decoder_.tracer; }
  const BinDecoder<Tracer>& decoder() const { return decoder_; }

 private:
  static constexpr std::uint64_t kStepLevels = 256;

  Status advance() {
    if (tensor_ != nullptr) return decode_levels();
    return number_ < job_.tensors.size() ? open_tensor() : end();
  }

  Status open_tensor() {
    const TensorTarget& t = job_.tensors[number_];
    decoder_.tracer.tensor(number_);
    tensor_ = make_owned<TensorDecoder<Tracer>>(t.params, job_.dialect, decode_plain_run<Tracer, false>,
                                                decode_plain_run<Tracer, true>);
    const Status status = tensor_->decode_header(decoder_, job_.size);
    tensor_->mark_first_row(decoder_);
    return status;
  }

  Status decode_levels() {
    const Status status = tensor_->decode_step(decoder_, job_.tensors[number_].entry_points, kStepLevels);
    if (tensor_->finished()) {
      tensor_.reset();
      ++number_;
    }
    return status;
  }

  Status end() {
    finished_ = true;
    return check_end(decoder_);
  }

  const CodewordJob& job_;
  BinDecoder<Tracer> decoder_;
  Owned<TensorDecoder<Tracer>> tensor_;
  std::size_t number_ = 0;
  bool finished_ = false;
  Status status_;
};

}  // namespace aimc
