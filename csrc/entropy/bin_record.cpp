#include "entropy/bin_record.hpp"

#include <algorithm>

namespace aimc {

void BinBuffer::grow(std::size_t used) {
  const std::size_t capacity = 2 * capacity_;
  std::unique_ptr<BinRecord[]> larger(new BinRecord[capacity]);
  std::copy(records_.get(), records_.get() + used, larger.get());
  records_ = std::move(larger);
  capacity_ = capacity;
}

}  // namespace aimc
