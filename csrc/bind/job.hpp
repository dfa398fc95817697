// A codeword job with the Python objects whose memory it uses.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <vector>

#include "payload/decode.hpp"

namespace aimc::bind {

namespace py = pybind11;

using Int32Array = py::array_t<std::int32_t, py::array::c_style>;
using UInt8Array = py::array_t<std::uint8_t, py::array::c_style>;
using UInt64Array = py::array_t<std::uint64_t, py::array::c_style>;

struct Job {
  CodewordJob native;
  std::vector<py::object> kept;
  std::vector<py::buffer_info> views;
};

// (code, bit offset in the payload, message); code is a name of aimcodec.errors.
py::tuple status_tuple(const Status& status);

void register_decode(py::module_& m);
void register_encode(py::module_& m);
void register_config(py::module_& m);
void register_lossless(py::module_& m);
void register_trace(py::module_& m);

}  // namespace aimc::bind
