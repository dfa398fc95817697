// Traces of coded data.
#include <stdexcept>
#include <utility>

#include "bind/job.hpp"
#include "entropy/bin_expand.hpp"
#include "payload/bin_trace.hpp"

namespace aimc::bind {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

// An array that owns memory made by new[].
template <class T>
UInt8Array array_of(std::unique_ptr<T[]> records, std::size_t count) {
  T* data = records.release();
  const py::capsule owner(data, [](void* p) { delete[] static_cast<T*>(p); });
  return UInt8Array(static_cast<py::ssize_t>(count * sizeof(T)), reinterpret_cast<std::uint8_t*>(data), owner);
}

class Bins {
 public:
  Bins(const Job& job, std::uint64_t first, std::uint64_t limit, std::uint64_t tensor, std::uint64_t first_level,
       std::uint64_t levels)
      : trace_(checked(job), BinWindow{first, limit, tensor, first_level, levels}) {}

  py::tuple next(std::size_t least) {
    BinChunk chunk;
    {
      const py::gil_scoped_release release;
      chunk = trace_.next(least);
    }
    return py::make_tuple(array_of(std::move(chunk.records), chunk.count), chunk.first, chunk.shifts);
  }

  void finish() {
    const py::gil_scoped_release release;
    trace_.finish();
  }

  std::uint64_t count() { return trace_.count(); }
  py::tuple status() const { return status_tuple(trace_.status()); }

 private:
  static const CodewordJob& checked(const Job& job) {
    require(!job.native.tensors.empty() && job.native.tensors.size() <= kMostTracedTensors,
            "a job without tensors, or with too many to be traced");
    for (const TensorTarget& t : job.native.tensors) {
      require(t.params.count() <= kMostTracedLevels, "a tensor is too large to be traced");
    }
    return job.native;
  }

  BinTrace trace_;
};

UInt8Array expand(const py::buffer& payload, const UInt8Array& records, std::uint64_t shifts) {
  const py::buffer_info view = payload.request();
  require(view.itemsize == 1 && view.ndim == 1 && (view.size == 0 || view.strides[0] == 1),
          "payload must be a contiguous byte buffer");
  const auto bytes = static_cast<std::size_t>(records.size());
  require(bytes % sizeof(BinRecord) == 0, "records are cut off");
  const std::size_t count = bytes / sizeof(BinRecord);
  std::unique_ptr<BinStep[]> steps(new BinStep[count]);
  {
    const py::gil_scoped_release release;
    expand_bins(reinterpret_cast<const BinRecord*>(records.data()), count, static_cast<const std::uint8_t*>(view.ptr),
                static_cast<std::size_t>(view.size), shifts, steps.get());
  }
  return array_of(std::move(steps), count);
}

}  // namespace

void register_trace(py::module_& m) {
  py::class_<Bins>(m, "BinTrace")
      .def(py::init<const Job&, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>(),
           py::arg("job"), py::arg("first") = 0, py::arg("limit") = BinWindow::kAll,
           py::arg("tensor") = BinWindow::kAll, py::arg("first_level") = 0, py::arg("levels") = BinWindow::kAll,
           py::keep_alive<1, 2>())
      .def("next", &Bins::next, py::arg("least"))
      .def("finish", &Bins::finish)
      .def("count", &Bins::count)
      .def("status", &Bins::status);
  m.def("expand_bins", &expand, py::arg("payload"), py::arg("records"), py::arg("shifts"));
}

}  // namespace aimc::bind
