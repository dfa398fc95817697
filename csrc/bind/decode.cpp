#include <limits>
#include <stdexcept>
#include <unordered_set>

#include "bind/job.hpp"
#include "payload/tensor_decoder.hpp"
#include "quant/dequantise.hpp"

namespace aimc::bind {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

std::uint64_t element_count(std::uint64_t rows, std::uint64_t width) {
  require(rows > 0 && width > 0 && rows <= std::numeric_limits<std::int64_t>::max() / 8 / width,
          "rows and width must be positive and their product must fit");
  return rows * width;
}

// Entry points as rows (shifts since the first block row, value, dq_state).
HeapVector<EntryPoint> entry_points_from(const UInt64Array& table) {
  require(table.ndim() == 2 && table.shape(1) == 3, "entry_points must have three columns");
  HeapVector<EntryPoint> points(static_cast<std::size_t>(table.shape(0)));
  const auto view = table.unchecked<2>();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto row = static_cast<py::ssize_t>(i);
    require(view(row, 1) < 256 && view(row, 2) < 8, "entry point value or state out of range");
    points[i] = {view(row, 0), static_cast<std::uint8_t>(view(row, 1)), static_cast<std::uint8_t>(view(row, 2))};
  }
  return points;
}

Job make_job(const py::buffer& payload, int dialect) {
  require(dialect >= 0 && dialect <= static_cast<int>(Dialect::edition2), "unknown dialect");
  Job job;
  job.views.push_back(payload.request());
  const py::buffer_info& view = job.views.back();
  require(view.itemsize == 1 && view.ndim == 1 && (view.size == 0 || view.strides[0] == 1),
          "payload must be a contiguous byte buffer");
  job.native.payload = static_cast<const std::uint8_t*>(view.ptr);
  job.native.size = static_cast<std::size_t>(view.size);
  job.native.dialect = static_cast<Dialect>(dialect);
  return job;
}

void add_tensor(Job& job, std::uint64_t rows, std::uint64_t width, int qp_bits, int scan_order, int unary_length,
                bool dq, bool parent, const py::object& codebook, std::uint32_t codebook_zero, bool codebook_coded,
                const py::object& reference, const py::object& history, const py::object& entry_points, int output,
                int qp_offset, int qp_density) {
  const std::uint64_t count = element_count(rows, width);
  require(qp_bits >= 0 && qp_bits <= 13 && scan_order >= 0 && scan_order <= 4, "qp_bits or scan_order out of range");
  require(unary_length >= 1 && unary_length <= kMaxUnaryLength, "unary_length out of range");
  require(output >= 0 && output <= static_cast<int>(Output::codebook), "unknown output");
  require(qp_density >= 0 && qp_density <= 7, "qp_density out of range");
  TensorTarget t;
  t.params.rows = rows;
  t.params.width = width;
  t.params.qp_bits = static_cast<std::uint8_t>(qp_bits);
  t.params.scan_order = static_cast<std::uint8_t>(scan_order);
  t.params.unary_length = static_cast<std::uint16_t>(unary_length);
  t.params.dq = dq;
  t.params.parent = parent;
  t.output = static_cast<Output>(output);
  t.qp_offset = qp_offset;
  t.qp_density = static_cast<std::uint8_t>(qp_density);
  if (!codebook.is_none()) {
    const auto values = py::cast<Int32Array>(codebook);
    require(values.size() > 0 && codebook_zero < values.size(), "codebook_zero outside the codebook");
    t.codebook = values.data();
    t.codebook_size = static_cast<std::uint32_t>(values.size());
    t.codebook_zero = codebook_zero;
    t.params.codebook = codebook_coded;
    t.params.codebook_size = t.codebook_size;
    t.params.codebook_zero = codebook_zero;
    job.kept.push_back(values);
  }
  require(t.output != Output::codebook || t.codebook != nullptr, "output by codebook without a codebook");
  if (!reference.is_none()) {
    const auto array = py::cast<Int32Array>(reference);
    require(static_cast<std::uint64_t>(array.size()) == count, "reference has another size");
    t.params.temporal = true;
    t.params.reference = array.data();
    job.kept.push_back(array);
  }
  if (!history.is_none()) {
    const auto array = py::cast<UInt8Array>(history);
    require(static_cast<std::uint64_t>(array.size()) == count, "history has another size");
    t.params.history = array.data();
    job.kept.push_back(array);
  }
  if (!entry_points.is_none()) t.entry_points = entry_points_from(py::cast<UInt64Array>(entry_points));
  job.native.tensors.push_back(std::move(t));
}

void set_data(Job& job, std::size_t tensor, const py::array& data) {
  require(tensor < job.native.tensors.size(), "no such tensor");
  TensorTarget& t = job.native.tensors[tensor];
  const bool integers = data.dtype().is(py::dtype::of<std::int32_t>());
  require(t.output == Output::integers ? integers : data.dtype().is(py::dtype::of<float>()), "data has another type");
  require(data.writeable() && (data.flags() & py::array::c_style) != 0, "data must be writeable and C-contiguous");
  require(static_cast<std::uint64_t>(data.size()) == t.params.count(), "data has another size");
  t.data = py::array(data).mutable_data();
  job.kept.push_back(data);
}

// Moves the native parts out, so that they can be used without the interpreter lock, and back.
template <class F>
void with_native(const py::list& jobs, F&& f) {
  std::vector<Job*> wrapped;
  std::unordered_set<const Job*> seen;
  for (const py::handle h : jobs) {
    wrapped.push_back(py::cast<Job*>(h));
    require(!wrapped.back()->native.tensors.empty(), "a job without tensors");
    require(seen.insert(wrapped.back()).second, "a job given twice");
  }
  HeapVector<CodewordJob> native;
  native.reserve(wrapped.size());
  for (Job* job : wrapped) native.push_back(std::move(job->native));
  {
    const py::gil_scoped_release release;
    f(native);
  }
  for (std::size_t i = 0; i < wrapped.size(); ++i) wrapped[i]->native = std::move(native[i]);
}

void decode(const py::list& jobs, unsigned threads) {
  require(threads > 0, "threads must be positive");
  for (const py::handle h : jobs) {
    for (const TensorTarget& t : py::cast<Job*>(h)->native.tensors) require(t.data != nullptr, "a tensor without data");
  }
  with_native(jobs, [&](HeapVector<CodewordJob>& native) { decode_codewords(native, threads, active_isa()); });
}

void probe(const py::list& jobs) {
  with_native(jobs, probe_codewords);
}

// Turns int32 integers into binary32 values in place (section 11).
py::tuple reconstruct(const Int32Array& data, int qp, int qp_density, const py::object& codebook,
                      std::uint32_t codebook_zero) {
  require(data.writeable() && qp_density >= 0 && qp_density <= 7, "data must be writeable, qp_density 0 to 7");
  void* values = py::array(data).mutable_data();
  const auto count = static_cast<std::uint64_t>(data.size());
  float step = 0;
  if (!step_size(qp, qp_density, &step)) {
    return status_tuple(fail(Code::out_of_range, 0, "the quantization step is not a normal binary32 number"));
  }
  if (codebook.is_none()) {
    dequantise_in_place(values, count, step, active_isa());
    return status_tuple(Status{});
  }
  const auto entries = py::cast<Int32Array>(codebook);
  const bool inside =
      look_up_in_place(values, count, step, entries.data(), static_cast<std::uint32_t>(entries.size()), codebook_zero);
  return status_tuple(inside ? Status{} : fail(Code::out_of_range, 0, "codebook index outside the codebook"));
}

}  // namespace

void register_decode(py::module_& m) {
  py::class_<Job>(m, "Job")
      .def(py::init(&make_job), py::arg("payload"), py::arg("dialect"))
      .def("add_tensor", &add_tensor, py::arg("rows"), py::arg("width"), py::kw_only(), py::arg("qp_bits"),
           py::arg("scan_order"), py::arg("unary_length"), py::arg("dq"), py::arg("parent") = false,
           py::arg("codebook") = py::none(), py::arg("codebook_zero") = 0, py::arg("codebook_coded") = true,
           py::arg("reference") = py::none(), py::arg("history") = py::none(), py::arg("entry_points") = py::none(),
           py::arg("output") = 0, py::arg("qp_offset") = 0, py::arg("qp_density") = 2)
      .def("set_data", &set_data, py::arg("tensor"), py::arg("data"))
      .def("status", [](const Job& job) { return status_tuple(job.native.status); })
      .def("qp", [](const Job& job, std::size_t i) { return job.native.tensors.at(i).qp; }, py::arg("tensor"));
  m.def("probe", &probe, py::arg("jobs"));
  m.def("decode", &decode, py::arg("jobs"), py::arg("threads"));
  m.def("reconstruct", &reconstruct, py::arg("data").noconvert(), py::arg("qp"), py::arg("qp_density"), py::kw_only(),
        py::arg("codebook") = py::none(), py::arg("codebook_zero") = 0);
  m.def("max_bins", &max_bins, py::arg("payload_bytes"));
}

}  // namespace aimc::bind
