#include <pybind11/stl.h>

#include <string>

#include "base/cpu.hpp"
#include "bind/job.hpp"

namespace aimc::bind {

py::tuple status_tuple(const Status& status) {
  static const char* const kNames[] = {
      "ok",          "truncated",      "malformed",     "out_of_range", "inconsistent", "missing_reference",
      "unsupported", "limit_exceeded", "out_of_memory", "argument",     "internal"};
  return py::make_tuple(kNames[static_cast<int>(status.code)], status.bit, status.what);
}

void register_config(py::module_& m) {
  m.def("isa", [] { return std::string(isa_name(active_isa())); });
  m.def("available_isas", [] {
    std::vector<std::string> names;
    for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
      if (isa <= detected_isa()) names.emplace_back(isa_name(isa));
    }
    return names;
  });
  m.def(
      "set_isa",
      [](const std::string& name) {
        for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
          if (name == isa_name(isa)) return set_isa(isa);
        }
        return false;
      },
      py::arg("name"));
  m.def("compiler", [] {
#if defined(__VERSION__)
    return std::string(__VERSION__);
#else
    return std::string("unknown");
#endif
  });
}

}  // namespace aimc::bind
