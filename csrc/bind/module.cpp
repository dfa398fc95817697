// The Python front door: no logic, only checks of types and sizes, and the release of the interpreter lock.
#include "bind/job.hpp"

PYBIND11_MODULE(_core, m) {
  m.doc() = "Native core of aimcodec. Internal: use the functions of the aimcodec package.";
  aimc::bind::register_config(m);
  aimc::bind::register_decode(m);
  aimc::bind::register_encode(m);
  aimc::bind::register_lossless(m);
  aimc::bind::register_trace(m);
}
