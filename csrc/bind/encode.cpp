#include "payload/encode.hpp"

#include <cstring>
#include <stdexcept>

#include "base/cpu.hpp"
#include "bind/job.hpp"
#include "payload/search.hpp"
#include "quant/quantise.hpp"
#include "quant/trellis.hpp"

namespace aimc::bind {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

using FloatArray = py::array_t<float, py::array::c_style>;

// The integers of one tensor with everything their coding depends on.
class Levels {
 public:
  Levels(const Int32Array& integers, std::uint64_t rows, std::uint64_t width, int qp_bits, int scan_order,
         int unary_length, bool dq, int dialect, bool parent, std::uint32_t codebook_size, std::uint32_t codebook_zero,
         const py::object& reference, const py::object& history)
      : integers_(integers), dialect_(static_cast<Dialect>(dialect)) {
    require(dialect >= 0 && dialect <= static_cast<int>(Dialect::edition2), "unknown dialect");
    require(rows > 0 && width > 0 && static_cast<std::uint64_t>(integers.size()) == rows * width,
            "integers has another size than rows * width");
    require(qp_bits >= 0 && qp_bits <= 13 && scan_order >= 0 && scan_order <= 4, "qp_bits or scan_order out of range");
    require(unary_length >= 1 && unary_length <= kMaxUnaryLength, "unary_length out of range");
    require(codebook_size == 0 || codebook_zero < codebook_size, "codebook_zero outside the codebook");
    TensorParams& p = input_.params;
    p.rows = rows;
    p.width = width;
    p.qp_bits = static_cast<std::uint8_t>(qp_bits);
    p.scan_order = static_cast<std::uint8_t>(scan_order);
    p.unary_length = static_cast<std::uint16_t>(unary_length);
    p.dq = dq;
    p.parent = parent;
    p.codebook = codebook_size > 0;
    p.codebook_size = codebook_size;
    p.codebook_zero = codebook_zero;
    if (!reference.is_none()) {
      reference_ = py::cast<Int32Array>(reference);
      require(reference_.size() == integers.size(), "reference has another size");
      p.temporal = true;
      p.reference = reference_.data();
    }
    if (!history.is_none()) {
      history_ = py::cast<UInt8Array>(history);
      require(history_.size() == integers.size(), "history has another size");
      p.history = history_.data();
    }
    input_.levels = integers_.data();
  }

  // (parameter set of each context, estimated bits).
  py::tuple search(bool row_skip, bool history_flag, bool enabled) const {
    UInt8Array ids(ContextLayout{input_.params.unary_length}.count());
    std::uint8_t* out = ids.mutable_data();
    TensorInput input = input_;
    input.row_skip = row_skip;
    input.history_flag = history_flag;
    double bits = 0;
    {
      const py::gil_scoped_release release;
      bits = choose_parameter_sets(input, dialect_, enabled, out, active_isa());
    }
    return py::make_tuple(ids, bits);
  }

  // The input of the encoder with the choices made for it; `ids`, null for set 0 everywhere, must outlive it.
  TensorInput input(std::int32_t qp_delta, bool row_skip, bool history_flag, const UInt8Array* ids) const {
    require(ids == nullptr || ids->size() == ContextLayout{input_.params.unary_length}.count(), "ids has another size");
    TensorInput input = input_;
    input.qp_delta = qp_delta;
    input.row_skip = row_skip;
    input.history_flag = history_flag;
    input.parameter_ids = ids == nullptr ? nullptr : ids->data();
    return input;
  }
  Dialect dialect() const { return dialect_; }

 private:
  Int32Array integers_;
  Int32Array reference_;
  UInt8Array history_;
  TensorInput input_;
  Dialect dialect_;
};

py::array entry_point_table(const HeapVector<EntryPoint>& points) {
  UInt64Array table({static_cast<py::ssize_t>(points.size()), py::ssize_t{3}});
  auto rows = table.mutable_unchecked<2>();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto row = static_cast<py::ssize_t>(i);
    rows(row, 0) = points[i].shifts;
    rows(row, 1) = points[i].value;
    rows(row, 2) = points[i].dq_state;
  }
  return table;
}

// One codeword from (levels, qp_delta, row_skip, history_flag, ids or None) per tensor, in payload order. Returns the
// status, the payload, and for each tensor its entry points: shifts since the first block row, value, trellis state.
py::tuple encode_codeword(const py::list& tensors) {
  require(!tensors.empty(), "a codeword without tensors");
  HeapVector<TensorInput> inputs;
  std::vector<UInt8Array> ids;  // keeps the memory that the inputs point to
  Dialect dialect = Dialect::edition2;
  for (const py::handle h : tensors) {
    const auto t = py::cast<py::tuple>(h);
    require(t.size() == 5, "a tensor is (levels, qp_delta, row_skip, history_flag, ids)");
    const auto& levels = py::cast<const Levels&>(t[0]);
    require(inputs.empty() || levels.dialect() == dialect, "tensors of several dialects");
    dialect = levels.dialect();
    const bool has_ids = !t[4].is_none();
    if (has_ids) ids.push_back(py::cast<UInt8Array>(t[4]));
    inputs.push_back(levels.input(py::cast<std::int32_t>(t[1]), py::cast<bool>(t[2]), py::cast<bool>(t[3]),
                                  has_ids ? &ids.back() : nullptr));
  }
  HeapVector<std::uint8_t> payload;
  HeapVector<HeapVector<EntryPoint>> entry_points;
  Status status;
  {
    const py::gil_scoped_release release;
    status = encode_payload(inputs, dialect, payload, &entry_points);
  }
  py::list tables;
  for (const auto& points : entry_points) tables.append(entry_point_table(points));
  return py::make_tuple(status_tuple(status), py::bytes(reinterpret_cast<const char*>(payload.data()), payload.size()),
                        tables);
}

py::tuple quantise(const FloatArray& x, double step, Int32Array& out) {
  require(x.size() == out.size(), "out has another size");
  std::int32_t* q = out.mutable_data();
  Status status;
  {
    const py::gil_scoped_release release;
    status =
        quantise_uniform(x.data(), static_cast<std::uint64_t>(x.size()), static_cast<float>(step), q, active_isa());
  }
  return status_tuple(status);
}

py::tuple trellis(const FloatArray& x, std::uint64_t rows, std::uint64_t width, int scan_order, double step,
                  Int32Array& out) {
  require(x.size() == out.size() && static_cast<std::uint64_t>(x.size()) == rows * width, "out has another size");
  require(scan_order >= 0 && scan_order <= 4, "scan_order out of range");
  std::int32_t* w = out.mutable_data();
  Status status;
  {
    const py::gil_scoped_release release;
    status = quantise_trellis(x.data(), rows, width, scan_order, step, w, active_isa());
  }
  return status_tuple(status);
}

}  // namespace

void register_encode(py::module_& m) {
  py::class_<Levels>(m, "Levels")
      .def(py::init<const Int32Array&, std::uint64_t, std::uint64_t, int, int, int, bool, int, bool, std::uint32_t,
                    std::uint32_t, const py::object&, const py::object&>(),
           py::arg("integers"), py::arg("rows"), py::arg("width"), py::kw_only(), py::arg("qp_bits"),
           py::arg("scan_order"), py::arg("unary_length"), py::arg("dq"), py::arg("dialect"), py::arg("parent") = false,
           py::arg("codebook_size") = 0, py::arg("codebook_zero") = 0, py::arg("reference") = py::none(),
           py::arg("history") = py::none())
      .def("search", &Levels::search, py::kw_only(), py::arg("row_skip"), py::arg("history_flag"), py::arg("enabled"));
  m.def("encode_codeword", &encode_codeword, py::arg("tensors"));
  m.def("quantise_uniform", &quantise, py::arg("x").noconvert(), py::arg("step"), py::arg("out").noconvert());
  m.def("quantise_trellis", &trellis, py::arg("x").noconvert(), py::arg("rows"), py::arg("width"),
        py::arg("scan_order"), py::arg("step"), py::arg("out").noconvert());
}

}  // namespace aimc::bind
