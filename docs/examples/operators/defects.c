/* A library of operators in which every operator has a defect: what `aimc operators compare` has to find. The defects
 * are of kinds that real libraries had. Do not copy from here. */
#include <stdint.h>
#include <string.h>

#include "aimc/operators.h"

static int64_t elements(const aimc_op_tensor* tensor) {
  int64_t count = 1;
  for (uint32_t i = 0; i < tensor->rank; ++i) count *= tensor->dims[i];
  return count;
}

static float* allocate(const aimc_op_call* call, int64_t count) {
  return (float*)call->allocator->allocate(call->allocator->context, (size_t)count * sizeof(float));
}

/* An output of the shape of an input. */
static float* like(const aimc_op_call* call, const aimc_op_tensor* input) {
  aimc_op_tensor* output = &call->outputs[0];
  output->dtype = AIMC_OP_FLOAT32;
  output->rank = input->rank;
  memcpy(output->dims, input->dims, input->rank * sizeof input->dims[0]);
  output->data = allocate(call, elements(input));
  return (float*)output->data;
}

static int32_t only_float(const aimc_op_call* call) {
  return call->inputs[0]->dtype == AIMC_OP_FLOAT32 ? AIMC_OP_SUCCESS : AIMC_OP_NOT_SUPPORTED;
}

static const int64_t* ints(const aimc_op_call* call, const char* name, int64_t fallback[4]) {
  for (size_t i = 0; i < call->attribute_count; ++i) {
    if (strcmp(call->attributes[i].name, name) == 0) return (const int64_t*)call->attributes[i].values;
  }
  return fallback;
}

/* Broadcasts by repeating the second input from its beginning, which is right for rows only; and checks no shapes. */
static int32_t add(const aimc_op_call* call) {
  if (call->input_count < 2) return AIMC_OP_INVALID_ARGUMENT;
  if (only_float(call) != AIMC_OP_SUCCESS) return AIMC_OP_NOT_SUPPORTED;
  const int64_t count = elements(call->inputs[0]);
  const int64_t other = elements(call->inputs[1]);
  float* sum = like(call, call->inputs[0]);
  for (int64_t i = 0; i < count; ++i) {
    sum[i] = ((const float*)call->inputs[0]->data)[i] + ((const float*)call->inputs[1]->data)[i % (other ? other : 1)];
  }
  return AIMC_OP_SUCCESS;
}

/* Makes 0 of NaN. */
static int32_t relu(const aimc_op_call* call) {
  if (only_float(call) != AIMC_OP_SUCCESS) return AIMC_OP_NOT_SUPPORTED;
  const float* x = (const float*)call->inputs[0]->data;
  const int64_t count = elements(call->inputs[0]);
  float* y = like(call, call->inputs[0]);
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] > 0 ? x[i] : 0;
  return AIMC_OP_SUCCESS;
}

/* Begins with 0, so windows of negative numbers come out wrong. Windows of rank 4 without pads and dilations. */
static int32_t max_pool(const aimc_op_call* call) {
  const aimc_op_tensor* x = call->inputs[0];
  int64_t none[4] = {0, 0, 0, 0};
  int64_t one[4] = {1, 1, 1, 1};
  const int64_t* kernel = ints(call, "kernel_shape", none);
  const int64_t* pads = ints(call, "pads", none);
  const int64_t* step = ints(call, "strides", one);
  if (only_float(call) != AIMC_OP_SUCCESS || x->rank != 4 || pads[0] || *ints(call, "ceil_mode", none)) {
    return AIMC_OP_NOT_SUPPORTED;
  }
  if (kernel[0] < 1 || kernel[0] > x->dims[2] || kernel[1] > x->dims[3]) return AIMC_OP_INVALID_ARGUMENT;
  aimc_op_tensor shape = *x;
  shape.dims[2] = (x->dims[2] - kernel[0]) / step[0] + 1;
  shape.dims[3] = (x->dims[3] - kernel[1]) / step[1] + 1;
  float* y = like(call, &shape);
  for (int64_t plane = 0; plane < x->dims[0] * x->dims[1]; ++plane) {
    const float* in = (const float*)x->data + plane * x->dims[2] * x->dims[3];
    for (int64_t i = 0; i < shape.dims[2]; ++i) {
      for (int64_t j = 0; j < shape.dims[3]; ++j, ++y) {
        *y = 0;
        for (int64_t k = 0; k < kernel[0] * kernel[1]; ++k) {
          const float value = in[(i * step[0] + k / kernel[1]) * x->dims[3] + j * step[1] + k % kernel[1]];
          if (value > *y) *y = value;
        }
      }
    }
  }
  return AIMC_OP_SUCCESS;
}

/* Ignores groups, as if every kernel saw the first channels. Kernels of one element only. */
static int32_t conv(const aimc_op_call* call) {
  const aimc_op_tensor* x = call->inputs[0];
  const aimc_op_tensor* w = call->inputs[1];
  if (only_float(call) != AIMC_OP_SUCCESS || call->input_count != 2) return AIMC_OP_NOT_SUPPORTED;
  if (x->rank != 4 || w->rank != 4) return AIMC_OP_NOT_SUPPORTED;
  int64_t one[4] = {1, 1, 1, 1};
  int64_t none[4] = {0, 0, 0, 0};
  const int64_t* pads = ints(call, "pads", none);
  aimc_op_tensor shape = *x;
  shape.dims[1] = w->dims[0];
  shape.dims[2] = x->dims[2] + pads[0] + pads[2] - w->dims[2] + 1;
  shape.dims[3] = x->dims[3] + pads[1] + pads[3] - w->dims[3] + 1;
  if (*ints(call, "strides", one) != 1 || *ints(call, "dilations", one) != 1 || shape.dims[2] < 1) {
    return AIMC_OP_NOT_SUPPORTED;
  }
  float* y = like(call, &shape);
  for (int64_t n = 0; n < elements(&shape); ++n) {
    const int64_t column = n % shape.dims[3];
    const int64_t row = n / shape.dims[3] % shape.dims[2];
    const int64_t channel = n / (shape.dims[3] * shape.dims[2]) % shape.dims[1];
    const int64_t image = n / (shape.dims[3] * shape.dims[2] * shape.dims[1]);
    y[n] = 0;
    for (int64_t k = 0; k < w->dims[1] * w->dims[2] * w->dims[3]; ++k) {
      const int64_t i = row + k / w->dims[3] % w->dims[2] - pads[0];
      const int64_t j = column + k % w->dims[3] - pads[1];
      const int64_t c = k / (w->dims[3] * w->dims[2]);
      if (i < 0 || j < 0 || i >= x->dims[2] || j >= x->dims[3]) continue;
      y[n] += ((const float*)x->data)[((image * x->dims[1] + c) * x->dims[2] + i) * x->dims[3] + j] *
              ((const float*)w->data)[channel * w->dims[1] * w->dims[2] * w->dims[3] + k];
    }
  }
  return AIMC_OP_SUCCESS;
}

/* The last dimension is one too small. */
static int32_t transposed(const aimc_op_call* call) {
  if (only_float(call) != AIMC_OP_SUCCESS) return AIMC_OP_NOT_SUPPORTED;
  aimc_op_tensor shape = *call->inputs[0];
  if (shape.rank && shape.dims[shape.rank - 1] > 0) --shape.dims[shape.rank - 1];
  float* y = like(call, &shape);
  memset(y, 0, (size_t)elements(&shape) * sizeof *y);
  return AIMC_OP_SUCCESS;
}

/* Says that all went well, and sets nothing. */
static int32_t nothing(const aimc_op_call* call) {
  (void)call;
  return AIMC_OP_SUCCESS;
}

/* Writes one element too many. */
static int32_t overrun(const aimc_op_call* call) {
  if (only_float(call) != AIMC_OP_SUCCESS) return AIMC_OP_NOT_SUPPORTED;
  const int64_t count = elements(call->inputs[0]);
  float* y = like(call, call->inputs[0]);
  for (int64_t i = 0; i <= count; ++i) y[i] = 1.0f;
  return AIMC_OP_SUCCESS;
}

/* Keeps memory for itself. */
static int32_t leak(const aimc_op_call* call) {
  if (only_float(call) != AIMC_OP_SUCCESS) return AIMC_OP_NOT_SUPPORTED;
  const int64_t count = elements(call->inputs[0]);
  float* scratch = allocate(call, count);
  float* y = like(call, call->inputs[0]);
  for (int64_t i = 0; i < count; ++i) y[i] = scratch[i] = -((const float*)call->inputs[0]->data)[i];
  return AIMC_OP_SUCCESS;
}

/* Changes what it is given. */
static int32_t in_place(const aimc_op_call* call) {
  if (only_float(call) != AIMC_OP_SUCCESS) return AIMC_OP_NOT_SUPPORTED;
  call->outputs[0] = *call->inputs[0];
  return AIMC_OP_SUCCESS;
}

/* A status that there is not. */
static int32_t odd_status(const aimc_op_call* call) {
  (void)call;
  return 99;
}

static const aimc_op_entry entries[] = {
    {"Abs", "", 13, odd_status},    {"Add", "", 14, add},
    {"Ceil", "", 13, nothing},      {"Conv", "", 22, conv},
    {"Identity", "", 21, in_place}, {"MaxPool", "", 22, max_pool},
    {"Neg", "", 13, leak},          {"Relu", "", 14, relu},
    {"Sigmoid", "", 13, overrun},   {"Transpose", "", 23, transposed},
};

static const aimc_op_library library = {
    AIMC_OP_ABI_VERSION, 0, "defects", "1.0", entries, sizeof entries / sizeof entries[0],
};

const aimc_op_library* aimc_operator_library(uint32_t abi_version) {
  return abi_version == AIMC_OP_ABI_VERSION ? &library : NULL;
}
