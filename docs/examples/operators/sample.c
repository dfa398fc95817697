/* A small library of operators: Add, Relu and MatMul of FLOAT32.
 *
 *   cc -std=c11 -shared -fPIC -I"$(python -c 'from aimcodec import capi; print(capi.include_dir())')" sample.c -o
 * libsample.so aimc operators compare libsample.so
 */
#include <string.h>

#include "aimc/operators.h"

#define ONE_OUTPUT(call) ((call)->output_count == 1)

/* Checks that a call has `count` inputs of FLOAT32 and no attributes. */
static int32_t check(const aimc_op_call* call, size_t count) {
  if (call->input_count != count || call->attribute_count != 0 || !ONE_OUTPUT(call)) return AIMC_OP_INVALID_ARGUMENT;
  for (size_t i = 0; i < count; ++i) {
    const aimc_op_tensor* input = call->inputs[i];
    if (input == NULL) return AIMC_OP_INVALID_ARGUMENT;
    if (input->layout != AIMC_OP_LAYOUT_DENSE || input->device != AIMC_OP_DEVICE_CPU) return AIMC_OP_NOT_SUPPORTED;
    if (input->dtype == AIMC_OP_BOOL || input->dtype == AIMC_OP_COMPLEX64 || input->dtype == AIMC_OP_COMPLEX128) {
      return AIMC_OP_TYPE_MISMATCH;
    }
    if (input->dtype != call->inputs[0]->dtype) return AIMC_OP_TYPE_MISMATCH;
  }
  return call->inputs[0]->dtype == AIMC_OP_FLOAT32 ? AIMC_OP_SUCCESS : AIMC_OP_NOT_SUPPORTED;
}

static int64_t elements(uint32_t rank, const int64_t* dims) {
  int64_t count = 1;
  for (uint32_t i = 0; i < rank; ++i) count *= dims[i];
  return count;
}

/* Sets an output to a tensor of FLOAT32 with memory that is not initialised. */
static int32_t set_output(const aimc_op_call* call, uint32_t rank, const int64_t* dims) {
  aimc_op_tensor* output = &call->outputs[0];
  const size_t bytes = (size_t)elements(rank, dims) * sizeof(float);
  output->data = call->allocator->allocate(call->allocator->context, bytes);
  if (output->data == NULL) return AIMC_OP_ALLOC_FAILED;
  output->dtype = AIMC_OP_FLOAT32;
  output->rank = rank;
  memcpy(output->dims, dims, rank * sizeof dims[0]);
  return AIMC_OP_SUCCESS;
}

/* The dimension of a tensor that stands at `place` of `rank` dimensions, aligned at the end. */
static int64_t aligned(const aimc_op_tensor* tensor, uint32_t rank, uint32_t place) {
  return place + tensor->rank < rank ? 1 : tensor->dims[place + tensor->rank - rank];
}

/* Dimensions of two tensors together; the last `skipped` of each do not take part. */
static int32_t broadcast(const aimc_op_tensor* a, const aimc_op_tensor* b, uint32_t rank, uint32_t skipped,
                         int64_t* dims) {
  for (uint32_t i = 0; i + skipped < rank; ++i) {
    const int64_t left = aligned(a, rank, i);
    const int64_t right = aligned(b, rank, i);
    if (left != right && left != 1 && right != 1) return AIMC_OP_DIMENSIONS_MISMATCH;
    dims[i] = left == 1 ? right : left;
  }
  return AIMC_OP_SUCCESS;
}

/* Where an element of the result, counted over `count` dimensions, lies in a tensor that was broadcast. */
static int64_t place_in(const aimc_op_tensor* tensor, uint32_t rank, uint32_t count, const int64_t* dims,
                        int64_t element) {
  int64_t place = 0;
  int64_t step = 1;
  for (uint32_t i = count; i-- > 0;) {
    const int64_t size = aligned(tensor, rank, i);
    if (size != 1) place += element % dims[i] * step;
    element /= dims[i];
    step *= size;
  }
  return place;
}

static int32_t add(const aimc_op_call* call) {
  int32_t status = check(call, 2);
  if (status != AIMC_OP_SUCCESS) return status;
  const aimc_op_tensor* a = call->inputs[0];
  const aimc_op_tensor* b = call->inputs[1];
  const uint32_t rank = a->rank > b->rank ? a->rank : b->rank;
  int64_t dims[AIMC_OP_MAX_RANK];
  status = broadcast(a, b, rank, 0, dims);
  if (status == AIMC_OP_SUCCESS) status = set_output(call, rank, dims);
  if (status != AIMC_OP_SUCCESS) return status;
  const float* left = (const float*)a->data;
  const float* right = (const float*)b->data;
  float* sum = (float*)call->outputs[0].data;
  const int64_t count = elements(rank, dims);
  for (int64_t i = 0; i < count; ++i) {
    sum[i] = left[place_in(a, rank, rank, dims, i)] + right[place_in(b, rank, rank, dims, i)];
  }
  return AIMC_OP_SUCCESS;
}

static int32_t relu(const aimc_op_call* call) {
  int32_t status = check(call, 1);
  if (status == AIMC_OP_SUCCESS) status = set_output(call, call->inputs[0]->rank, call->inputs[0]->dims);
  if (status != AIMC_OP_SUCCESS) return status;
  const float* x = (const float*)call->inputs[0]->data;
  float* y = (float*)call->outputs[0].data;
  const int64_t count = elements(call->inputs[0]->rank, call->inputs[0]->dims);
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] < 0 ? 0 : x[i]; /* NaN stays */
  return AIMC_OP_SUCCESS;
}

static void multiply(const float* a, const float* b, float* c, int64_t rows, int64_t inner, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      float sum = 0;
      for (int64_t k = 0; k < inner; ++k) sum += a[i * inner + k] * b[k * columns + j];
      c[i * columns + j] = sum;
    }
  }
}

/* A vector counts as a matrix of one row on the left, of one column on the right. */
static aimc_op_tensor as_matrix(const aimc_op_tensor* tensor, int on_the_left) {
  aimc_op_tensor matrix = *tensor;
  if (tensor->rank == 1) {
    matrix.rank = 2;
    matrix.dims[0] = on_the_left ? 1 : tensor->dims[0];
    matrix.dims[1] = on_the_left ? tensor->dims[0] : 1;
  }
  return matrix;
}

static int32_t matmul(const aimc_op_call* call) {
  int32_t status = check(call, 2);
  if (status != AIMC_OP_SUCCESS) return status;
  if (call->inputs[0]->rank == 0 || call->inputs[1]->rank == 0) return AIMC_OP_DIMENSIONS_MISMATCH;
  const aimc_op_tensor a = as_matrix(call->inputs[0], 1);
  const aimc_op_tensor b = as_matrix(call->inputs[1], 0);
  const int64_t rows = a.dims[a.rank - 2];
  const int64_t inner = a.dims[a.rank - 1];
  const int64_t columns = b.dims[b.rank - 1];
  if (b.dims[b.rank - 2] != inner) return AIMC_OP_DIMENSIONS_MISMATCH;
  const uint32_t rank = a.rank > b.rank ? a.rank : b.rank;
  int64_t dims[AIMC_OP_MAX_RANK];
  status = broadcast(&a, &b, rank, 2, dims);
  if (status != AIMC_OP_SUCCESS) return status;
  uint32_t shown = rank - 2;
  if (call->inputs[0]->rank > 1) dims[shown++] = rows;
  if (call->inputs[1]->rank > 1) dims[shown++] = columns;
  status = set_output(call, shown, dims);
  if (status != AIMC_OP_SUCCESS) return status;
  const int64_t count = elements(rank - 2, dims);
  for (int64_t i = 0; i < count; ++i) {
    multiply((const float*)a.data + place_in(&a, rank, rank - 2, dims, i) * rows * inner,
             (const float*)b.data + place_in(&b, rank, rank - 2, dims, i) * inner * columns,
             (float*)call->outputs[0].data + i * rows * columns, rows, inner, columns);
  }
  return AIMC_OP_SUCCESS;
}

static const aimc_op_entry entries[] = {
    {"Add", "", 14, add},
    {"MatMul", "", 13, matmul},
    {"Relu", "", 14, relu},
};

static const aimc_op_library library = {
    AIMC_OP_ABI_VERSION, 0, "sample", "1.0", entries, sizeof entries / sizeof entries[0],
};

const aimc_op_library* aimc_operator_library(uint32_t abi_version) {
  return abi_version == AIMC_OP_ABI_VERSION ? &library : NULL;
}
