// Traces of coded data.
#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "bind/job.hpp"
#include "entropy/bin_expand.hpp"
#include "lossless/step_trace.hpp"
#include "payload/bin_stats.hpp"
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

const CodewordJob& with_tensors(const Job& job) {
  require(!job.native.tensors.empty(), "a job without tensors");
  return job.native;
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
    require(job.native.tensors.size() <= kMostTracedTensors, "too many tensors to be traced");
    for (const TensorTarget& t : job.native.tensors) {
      require(t.params.count() <= kMostTracedLevels, "a tensor is too large to be traced");
    }
    return with_tensors(job);
  }

  BinTrace trace_;
};

// The bytes of a contiguous buffer.
struct Bytes {
  explicit Bytes(const py::buffer& buffer) : view(buffer.request()) {
    require(view.itemsize == 1 && view.ndim == 1 && (view.size == 0 || view.strides[0] == 1),
            "the data must be a contiguous byte buffer");
  }
  const std::uint8_t* data() const { return static_cast<const std::uint8_t*>(view.ptr); }
  std::size_t size() const { return static_cast<std::size_t>(view.size); }

  py::buffer_info view;
};

UInt8Array expand(const py::buffer& payload, const UInt8Array& records, std::uint64_t shifts) {
  const Bytes in(payload);
  const auto bytes = static_cast<std::size_t>(records.size());
  require(bytes % sizeof(BinRecord) == 0, "records are cut off");
  const std::size_t count = bytes / sizeof(BinRecord);
  std::unique_ptr<BinStep[]> steps(new BinStep[count]);
  {
    const py::gil_scoped_release release;
    expand_bins(reinterpret_cast<const BinRecord*>(records.data()), count, in.data(), in.size(), shifts, steps.get());
  }
  return array_of(std::move(steps), count);
}

template <class Tallies>
UInt64Array tally_table(const Tallies& tallies) {
  UInt64Array table({static_cast<py::ssize_t>(tallies.size()), py::ssize_t{3}});
  auto view = table.mutable_unchecked<2>();
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    const auto row = static_cast<py::ssize_t>(i);
    view(row, 0) = tallies[i].bins;
    view(row, 1) = tallies[i].ones;
    view(row, 2) = tallies[i].cost;
  }
  return table;
}

// ([(elements, contexts, resets) of each tensor], frame, padding, status).
py::tuple bin_costs(const Job& job) {
  const CodewordJob& native = with_tensors(job);
  CodewordCosts costs;
  {
    const py::gil_scoped_release release;
    costs = cost_of_bins(native);
  }
  py::list tensors;
  for (const TensorCosts& t : costs.tensors) {
    tensors.append(py::make_tuple(tally_table(t.element), tally_table(t.context), t.resets));
  }
  return py::make_tuple(tensors, costs.frame, costs.padding, status_tuple(costs.status));
}

// Steps of an entropy decoder of AIM, with the data they are decoded from. After an error there are no more.
template <class Trace>
class Steps {
 public:
  Steps(const py::buffer& data, std::size_t count, unsigned variant) : data_(data) {
    const py::gil_scoped_release release;
    status_ = trace_.open(data_.data(), data_.size(), count, variant_of(variant));
  }

  // Steps that are decoded without being kept: a multiple of the unit.
  void skip(std::size_t count) {
    require(count % lossless::kStepUnit == 0, "steps are skipped in units");
    const py::gil_scoped_release release;
    if (status_.ok()) status_ = trace_.skip(std::min(count, trace_.left()));
    end();
  }

  UInt8Array next(std::size_t count) {
    require(count % lossless::kStepUnit == 0, "steps are taken in units");
    count = status_.ok() ? std::min(count, trace_.left()) : 0;
    std::size_t done = 0;
    std::unique_ptr<typename Trace::Step[]> steps(new typename Trace::Step[count]);
    {
      const py::gil_scoped_release release;
      if (count > 0) status_ = trace_.next(steps.get(), count, &done);
      end();
    }
    return array_of(std::move(steps), done);
  }

  template <std::size_t Size>
  UInt64Array counts() {
    std::array<std::uint64_t, Size> counts{};
    {
      const py::gil_scoped_release release;
      if (status_.ok()) status_ = trace_.count_symbols(&counts);
    }
    UInt64Array array(static_cast<py::ssize_t>(Size));
    std::copy(counts.begin(), counts.end(), array.mutable_data());
    return array;
  }

  py::tuple status() const { return status_tuple(status_); }

 private:
  static auto variant_of(unsigned variant) {
    if constexpr (std::is_same_v<Trace, lossless::RansTrace>) {
      return static_cast<int>(variant);
    } else {
      return variant;
    }
  }

  void end() {
    if (status_.ok() && trace_.left() == 0) status_ = trace_.finish();
  }

  Bytes data_;
  Trace trace_;
  Status status_;
};

using RansSteps = Steps<lossless::RansTrace>;
using ContextSteps = Steps<lossless::ContextTrace>;

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
  m.def("bin_costs", &bin_costs, py::arg("job"));
  py::class_<RansSteps>(m, "RansSteps")
      .def(py::init<const py::buffer&, std::size_t, unsigned>(), py::arg("data"), py::arg("count"), py::arg("depth"))
      .def("skip", &RansSteps::skip, py::arg("count"))
      .def("next", &RansSteps::next, py::arg("count"))
      .def("counts", &RansSteps::counts<256>)
      .def("status", &RansSteps::status);
  py::class_<ContextSteps>(m, "ContextSteps")
      .def(py::init<const py::buffer&, std::size_t, unsigned>(), py::arg("data"), py::arg("count"),
           py::arg("record_bytes"))
      .def("skip", &ContextSteps::skip, py::arg("count"))
      .def("next", &ContextSteps::next, py::arg("count"))
      .def("counts", &ContextSteps::counts<lossless::kContexts * lossless::kContextSymbols>)
      .def("status", &ContextSteps::status);
}

}  // namespace aimc::bind
