// This codec as a plug-in of the conformance kit: the package, called from inside the Python process that loaded the
// library, which need not be the process's own doing: it is not linked to Python, and loads into nothing else.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "include/aimc/conform_plugin.h"

namespace {

namespace py = pybind11;

constexpr const char* kPython = "aimcodec.conformance.subjects.library";

template <std::size_t kSize>
void put_text(const std::string& text, char (&place)[kSize]) {
  const std::size_t size = std::min(text.size(), kSize - 1);
  std::memcpy(place, text.data(), size);
  place[size] = 0;
}

bool can_hold_error(const aimc_conform_error* error) {
  return error != nullptr && error->struct_size >= sizeof(aimc_conform_error);
}

// `facts`: result, stream, bit offset, element, message.
int report(const py::tuple& facts, aimc_conform_error* error) {
  if (can_hold_error(error)) {
    error->stream = py::cast<std::uint32_t>(facts[1]);
    error->bit_offset = py::cast<std::int64_t>(facts[2]);
    put_text(py::cast<std::string>(facts[3]), error->element);
    put_text(py::cast<std::string>(facts[4]), error->message);
  }
  return py::cast<int>(facts[0]);
}

int failed(const char* message, aimc_conform_error* error) {
  if (can_hold_error(error)) {
    error->bit_offset = -1;
    put_text("", error->element);
    put_text(message, error->message);
  }
  return AIMC_CONFORM_FAILED;
}

// Runs `body` with the interpreter; nothing is thrown out of the library.
template <class F>
int with_python(aimc_conform_error* error, F&& body) noexcept {
  try {
    const py::gil_scoped_acquire held;
    try {
      return body();
    } catch (const py::error_already_set& thrown) {
      return failed(thrown.what(), error);
    }
  } catch (const std::exception& thrown) {
    return failed(thrown.what(), error);
  } catch (...) {
    return failed("an exception that is not known", error);
  }
}

py::object python(const char* function) {
  return py::module_::import(kPython).attr(function);
}

py::bytes bytes_of(const void* data, std::size_t size) {
  return py::bytes(static_cast<const char*>(data), size);
}

// What Python calls with a decoded tensor.
class Taker {
 public:
  Taker(aimc_conform_tensor_fn take, void* user) : take_(take), user_(user) {}

  int operator()(std::uint32_t stream, std::uint32_t variant, const std::string& name, const std::string& dtype,
                 const py::tuple& shape, const py::bytes& memory) const {
    std::vector<std::uint64_t> dimensions;
    for (const py::handle dimension : shape) dimensions.push_back(py::cast<std::uint64_t>(dimension));
    aimc_conform_tensor tensor{};
    tensor.struct_size = sizeof(tensor);
    tensor.stream = stream;
    tensor.variant = variant;
    tensor.rank = static_cast<std::uint32_t>(dimensions.size());
    tensor.name = name.data();
    tensor.name_size = name.size();
    tensor.dtype = dtype.c_str();
    tensor.shape = dimensions.data();
    tensor.data = PyBytes_AS_STRING(memory.ptr());
    tensor.data_size = static_cast<std::size_t>(PyBytes_GET_SIZE(memory.ptr()));
    const py::gil_scoped_release released;
    return take_(user_, &tensor);
  }

 private:
  aimc_conform_tensor_fn take_;
  void* user_;
};

py::list tensors_of(const aimc_conform_tensor* tensors, std::size_t count) {
  py::list found;
  for (std::size_t i = 0; i < count; ++i) {
    const aimc_conform_tensor& t = tensors[i];
    py::tuple shape(t.rank);
    for (std::uint32_t k = 0; k < t.rank; ++k) shape[k] = py::int_(t.shape[k]);
    found.append(py::make_tuple(py::str(t.name, t.name_size), py::str(t.dtype), shape, bytes_of(t.data, t.data_size)));
  }
  return found;
}

}  // namespace

const aimc_conform_info* aimc_conform_get_info(void) {
  static const aimc_conform_info info{sizeof(aimc_conform_info), AIMC_CONFORM_ABI_VERSION, "aimcodec", AIMC_VERSION,
                                      "nnc aim"};
  return &info;
}

int aimc_conform_decode(const aimc_conform_input* input, aimc_conform_tensor_fn take, void* user,
                        aimc_conform_error* error) {
  if (input == nullptr || input->struct_size < sizeof(aimc_conform_input) || take == nullptr) {
    return failed("no input, or nothing that takes tensors", error);
  }
  return with_python(error, [&] {
    py::list streams;
    for (std::uint32_t i = 0; i < input->stream_count; ++i) {
      streams.append(bytes_of(input->streams[i], input->sizes[i]));
    }
    const py::object taker = py::cpp_function(Taker(take, user));
    return report(python("decode")(streams, input->syntax, input->options, taker), error);
  });
}

int aimc_conform_encode(const aimc_conform_tensor* tensors, size_t count, const char* syntax, const char* options,
                        aimc_conform_write_fn write, void* user, aimc_conform_error* error) {
  if ((tensors == nullptr && count > 0) || syntax == nullptr || write == nullptr) {
    return failed("no tensors, no syntax, or nothing to write to", error);
  }
  return with_python(error, [&] {
    const py::tuple done = python("encode")(tensors_of(tensors, count), syntax, options == nullptr ? "" : options);
    const int result = report(done[0], error);
    if (result != AIMC_CONFORM_OK) return result;
    const auto stream = py::cast<py::bytes>(done[1]);
    const char* data = PyBytes_AS_STRING(stream.ptr());
    const auto size = static_cast<std::size_t>(PyBytes_GET_SIZE(stream.ptr()));
    const py::gil_scoped_release released;
    return write(user, data, size) == 0 ? int{AIMC_CONFORM_OK} : int{AIMC_CONFORM_FAILED};
  });
}
