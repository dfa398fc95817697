#include "bind/job.hpp"

namespace aimc::bind {

void register_encode(py::module_&) {}

}  // namespace aimc::bind
