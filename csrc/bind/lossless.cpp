#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "base/cpu.hpp"
#include "bind/job.hpp"
#include "lossless/codec.hpp"
#include "lossless/crc32.hpp"

namespace aimc::bind {
namespace {

using lossless::DecodeTask;
using lossless::EncodedBlock;
using lossless::EncodeJob;
using lossless::Layout;
using UInt32Array = py::array_t<std::uint32_t, py::array::c_style>;

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

// A contiguous buffer of bytes of any item size.
class ByteView {
 public:
  ByteView(const py::buffer& buffer, bool writable) {
    const int flags = PyBUF_C_CONTIGUOUS | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(buffer.ptr(), &view_, flags) != 0) throw py::error_already_set();
  }
  ByteView(ByteView&& other) noexcept : view_(other.view_) { other.view_.obj = nullptr; }
  ByteView(const ByteView&) = delete;
  ByteView& operator=(const ByteView&) = delete;
  ~ByteView() {
    if (view_.obj != nullptr) PyBuffer_Release(&view_);
  }

  std::uint8_t* data() const { return static_cast<std::uint8_t*>(view_.buf); }
  std::size_t size() const { return static_cast<std::size_t>(view_.len); }

 private:
  Py_buffer view_{};
};

Layout layout_of(std::uint32_t record_bytes, bool rotate, bool opaque) {
  require(
      record_bytes > 0 && (opaque || record_bytes == 1 || record_bytes == 2 || record_bytes == 4 || record_bytes == 8),
      "record_bytes is not 1, 2, 4 or 8");
  require(!rotate || (record_bytes > 1 && !opaque), "records of one byte and opaque records are not rotated");
  return {record_bytes, rotate, opaque};
}

// Blocks to decode, of any number of segments.
class LosslessJobs {
 public:
  void add(const py::buffer& payload, const UInt32Array& sizes, const UInt32Array& checksums, std::uint64_t records,
           std::uint64_t block_records, std::uint32_t record_bytes, bool rotate, bool opaque,
           const py::buffer& output) {
    const Layout layout = layout_of(record_bytes, rotate, opaque);
    ByteView in(payload, false);
    ByteView out(output, true);
    require(block_records > 0, "block_records is 0");
    const std::uint64_t count = records / block_records + (records % block_records != 0 ? 1 : 0);
    require(static_cast<std::uint64_t>(sizes.size()) == count && sizes.size() == checksums.size(),
            "sizes and checksums have another length than there are blocks");
    require(records <= out.size() / record_bytes && records * record_bytes == out.size(), "output has another size");
    std::uint64_t at = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      DecodeTask task;
      task.in = in.data() + at;
      task.size = sizes.data()[i];
      require(task.size <= in.size() - at, "the blocks are larger than the payload");
      at += task.size;
      task.crc = checksums.data()[i];
      task.layout = layout;
      task.records = std::min(block_records, records - i * block_records);
      task.out = out.data() + i * block_records * record_bytes;
      tasks_.push_back(task);
    }
    require(at == in.size(), "the payload is larger than the blocks");
    views_.push_back(std::move(in));
    views_.push_back(std::move(out));
    ends_.push_back(tasks_.size());
  }

  // [(job, block, status)] of the blocks that are wrong.
  py::list decode(unsigned threads) {
    {
      const py::gil_scoped_release release;
      lossless::decode_blocks(&tasks_, threads, active_isa());
    }
    py::list wrong;
    std::size_t job = 0;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      while (i >= ends_[job]) ++job;
      if (tasks_[i].status.ok()) continue;
      wrong.append(py::make_tuple(job, i - (job > 0 ? ends_[job - 1] : 0), status_tuple(tasks_[i].status)));
    }
    return wrong;
  }

 private:
  HeapVector<DecodeTask> tasks_;
  std::vector<ByteView> views_;
  std::vector<std::size_t> ends_;  // number of tasks after each job
};

py::tuple encode(const py::buffer& data, std::uint32_t record_bytes, bool rotate, bool opaque,
                 const std::vector<std::uint8_t>& fields, std::uint64_t block_records, std::uint64_t row_records,
                 bool thorough, unsigned threads) {
  const ByteView in(data, false);
  EncodeJob job;
  job.layout = layout_of(record_bytes, rotate, opaque);
  require(in.size() % record_bytes == 0, "data is not a whole number of records");
  require(block_records > 0 && block_records <= UINT32_MAX / record_bytes - 1, "block_records out of range");
  std::size_t sum = 0;
  for (const std::uint8_t size : fields) {
    require(size > 0, "a field of no bytes");
    sum += size;
  }
  require(!opaque || (sum == record_bytes && fields.size() < 256), "the fields do not add up to the record");
  job.records = in.data();
  job.count = in.size() / record_bytes;
  job.block_records = block_records;
  job.row_records = row_records;
  job.fields.assign(fields.begin(), fields.end());
  job.thorough = thorough;
  HeapVector<EncodedBlock> blocks;
  bool enough = false;
  {
    const py::gil_scoped_release release;
    enough = lossless::encode_blocks(job, threads, active_isa(), &blocks);
  }
  if (!enough) throw std::bad_alloc();
  std::size_t total = 0;
  for (const EncodedBlock& block : blocks) total += block.bytes.size();
  const auto count = static_cast<py::ssize_t>(blocks.size());
  UInt8Array payload(static_cast<py::ssize_t>(total));
  UInt32Array sizes(count);
  UInt32Array checksums(count);
  std::uint8_t* at = payload.mutable_data();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto& bytes = blocks[i].bytes;
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
    sizes.mutable_data()[i] = static_cast<std::uint32_t>(bytes.size());
    checksums.mutable_data()[i] = blocks[i].crc;
  }
  return py::make_tuple(payload, sizes, checksums);
}

}  // namespace

void register_lossless(py::module_& m) {
  py::class_<LosslessJobs>(m, "LosslessJobs")
      .def(py::init<>())
      .def("add", &LosslessJobs::add, py::arg("payload"), py::arg("sizes"), py::arg("checksums"), py::arg("records"),
           py::arg("block_records"), py::arg("record_bytes"), py::arg("rotate"), py::arg("opaque"), py::arg("output"))
      .def("decode", &LosslessJobs::decode, py::arg("threads"));
  m.def("lossless_encode", &encode, py::arg("data"), py::arg("record_bytes"), py::arg("rotate"), py::arg("opaque"),
        py::arg("fields"), py::arg("block_records"), py::arg("row_records"), py::arg("thorough"), py::arg("threads"));
  m.def(
      "crc32",
      [](const py::buffer& data, std::uint32_t value) {
        const ByteView in(data, false);
        const py::gil_scoped_release release;
        return lossless::crc32(value, in.data(), in.size(), active_isa());
      },
      py::arg("data"), py::arg("value") = 0);
}

}  // namespace aimc::bind
