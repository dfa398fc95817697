// The plain run body of entropy/levels.hpp, instantiated per instruction set.
#pragma once
#include "base/cpu.hpp"
#include "entropy/levels.hpp"
#include "payload/tensor_decoder.hpp"

namespace aimc {

struct PlainRuns {
  TensorDecoder<NullTracer>::PlainRun uniform;
  TensorDecoder<NullTracer>::PlainRun dependent;
};

PlainRuns plain_runs(Isa isa);

}  // namespace aimc
