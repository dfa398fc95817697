// Replaces the allocation functions, so that one allocation of the code under test can be made to fail.
#pragma once

namespace aimc::fuzz {

// The allocation after `successes` others throws std::bad_alloc, as long as this object lives.
class FailingAllocation {
 public:
  explicit FailingAllocation(long successes);
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
};

}  // namespace aimc::fuzz
