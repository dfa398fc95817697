#include <utility>

#include "capi/call.hpp"
#include "capi/nnc_params.hpp"
#include "payload/encode.hpp"
#include "payload/search.hpp"

namespace aimc::capi {
namespace {

std::size_t context_count(std::uint32_t unary_length) {
  const bool known = unary_length >= 1 && unary_length <= static_cast<std::uint32_t>(kMaxUnaryLength);
  return known ? static_cast<std::size_t>(ContextLayout{static_cast<int>(unary_length)}.count()) : 0;
}

Status read_input(const aimc_nnc_input& given, const aimc_limits& limits, Dialect dialect, TensorInput* input) {
  if (const Status s = read_params(given.params, limits, &input->params); !s.ok()) return s;
  const std::uint64_t count = input->params.count();
  if (given.level_count != count || !usable(given.levels, given.level_count)) {
    return wrong("levels are null, not aligned, or of another number than the tensor's elements");
  }
  if (!is_flag(given.row_skip) || !is_flag(given.history_flag)) return wrong("a flag is not 0 or 1");
  const bool ids = given.parameter_ids != nullptr;
  if (ids ? given.parameter_id_count != context_count(input->params.unary_length) : given.parameter_id_count != 0) {
    return wrong("another number of parameter_ids than of contexts");
  }
  input->levels = given.levels;
  input->qp_delta = given.qp_delta;
  input->row_skip = given.row_skip != 0;
  input->history_flag = given.history_flag != 0;
  input->parameter_ids = given.parameter_ids;
  return check_input(*input, dialect);
}

using EntryPoints = HeapVector<HeapVector<EntryPoint>>;

void keep(const EntryPoints& entry_points, Results* results) {
  for (const auto& points : entry_points) {
    results->entry_counts.push_back(points.size());
    for (const EntryPoint& point : points) {
      results->entry_shifts.push_back(point.shifts);
      results->entry_values.push_back(point.value);
      results->entry_states.push_back(point.dq_state);
    }
  }
}

void hand_out(const Results& results, aimc_nnc_encoded* encoded) {
  encoded->payload = results.payload.data();
  encoded->payload_size = results.payload.size();
  encoded->tensor_count = results.entry_counts.size();
  encoded->entry_counts = results.entry_counts.data();
  encoded->entry_shifts = results.entry_shifts.data();
  encoded->entry_values = results.entry_values.data();
  encoded->entry_states = results.entry_states.data();
}

Status encode(Context& context, std::uint32_t given_dialect, const Structs<const aimc_nnc_input>& inputs,
              aimc_nnc_encoded* encoded, std::uint64_t* index) {
  Dialect dialect = Dialect::edition2;
  if (const Status s = check_struct(encoded); !s.ok()) return s;
  if (const Status s = read_dialect(given_dialect, &dialect); !s.ok()) return s;
  if (inputs.size() == 0) return wrong("a codeword without tensors");
  if (const Status s = inputs.check(); !s.ok()) return s;
  context.results = Results{};
  hand_out(context.results, encoded);
  HeapVector<TensorInput> tensors(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    *index = i;
    if (const Status s = read_input(inputs[i], context.limits, dialect, &tensors[i]); !s.ok()) return s;
  }
  *index = 0;
  Results results;
  EntryPoints entry_points;
  if (const Status s = encode_payload(tensors, dialect, results.payload, &entry_points); !s.ok()) return s;
  keep(entry_points, &results);
  context.results = std::move(results);
  hand_out(context.results, encoded);
  return {};
}

Status choose(Context& context, std::uint32_t given_dialect, const aimc_nnc_input* given, std::uint8_t* ids,
              std::size_t id_count, double* bits) {
  Dialect dialect = Dialect::edition2;
  TensorInput input;
  if (const Status s = read_dialect(given_dialect, &dialect); !s.ok()) return s;
  if (const Status s = check_struct(given); !s.ok()) return s;
  if (const Status s = read_input(*given, context.limits, dialect, &input); !s.ok()) return s;
  if (ids == nullptr || id_count != context_count(input.params.unary_length)) {
    return wrong("ids are null, or of another number than the contexts");
  }
  const double estimate = choose_parameter_sets(input, dialect, true, ids, context.isa);
  if (bits != nullptr) *bits = estimate;
  return {};
}

}  // namespace
}  // namespace aimc::capi

using namespace aimc;
using namespace aimc::capi;

size_t aimc_nnc_context_count(uint32_t unary_length) {
  return context_count(unary_length);
}

aimc_status aimc_nnc_choose_sets(aimc_context* handle, uint32_t dialect, const aimc_nnc_input* input, uint8_t* ids,
                                 size_t id_count, double* bits, aimc_error* error) {
  return call(handle, error,
              [&](Context& context, std::uint64_t*) { return choose(context, dialect, input, ids, id_count, bits); });
}

aimc_status aimc_nnc_encode(aimc_context* handle, uint32_t dialect, const aimc_nnc_input* inputs, size_t count,
                            aimc_nnc_encoded* encoded, aimc_error* error) {
  return call(handle, error, [&](Context& context, std::uint64_t* index) {
    return encode(context, dialect, {inputs, count}, encoded, index);
  });
}
