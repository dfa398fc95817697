/* What a library of operators exports to be called by others, and to be tested by `aimc operators compare`.
 *
 * An operator is a function of tensors and attributes that returns a status. Its meaning, the names of its inputs and
 * attributes and its rules are those of the catalogue (docs/operators.md), which takes them from ONNX. Plain C11; the
 * same from C++.
 *
 * Every pointer says whom its memory belongs to:
 *   KEEP  the memory stays with whoever passes the pointer; it is valid until the call returns, and the receiver does
 *         not change it.
 *   GIVE  the memory passes to whoever receives the pointer, who has to release it.
 *   TAKE  the callee takes what it is passed over, and releases it.
 * Nothing but the memory of outputs changes hands in a call of an operator.
 *
 * Functions may be called from several threads at once.
 */
#ifndef AIMC_OPERATORS_H
#define AIMC_OPERATORS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define AIMC_OP_EXPORT __declspec(dllexport)
#else
#define AIMC_OP_EXPORT __attribute__((visibility("default")))
#endif

#define AIMC_OP_ABI_VERSION 1u
#define AIMC_OP_MAX_RANK 32

/* How a call ended; int32_t holds one. */
enum {
  AIMC_OP_SUCCESS = 0,             /* all outputs are set */
  AIMC_OP_TYPE_MISMATCH = 1,       /* an input has elements that the operator does not take, or two have to agree */
  AIMC_OP_DIMENSIONS_MISMATCH = 2, /* ranks or dimensions do not fit each other or the attributes */
  AIMC_OP_INVALID_ARGUMENT = 3,    /* missing, unknown, of the wrong kind, or a value without meaning */
  AIMC_OP_NOT_SUPPORTED = 4,       /* legal, but not there */
  AIMC_OP_ALLOC_FAILED = 5,        /* the allocator refused, or would have to */
  AIMC_OP_OUT_OF_RANGE = 6,        /* an axis or index is outside the tensor that it counts in */
  AIMC_OP_INTERNAL_ERROR = 7,      /* trouble of the library's own */
  AIMC_OP_MATH_ERROR = 8           /* integers: division by zero, or of the least number by -1 */
};

/* Types of elements: data_type of the AIM text, clause 6. Elements are least significant byte first; those of less than
 * 8 bits are packed, low bits first. */
enum {
  AIMC_OP_BOOL = 0, /* a byte, 0 or 1 */
  AIMC_OP_UINT8 = 1,
  AIMC_OP_INT8 = 2,
  AIMC_OP_UINT16 = 3,
  AIMC_OP_INT16 = 4,
  AIMC_OP_UINT32 = 5,
  AIMC_OP_INT32 = 6,
  AIMC_OP_UINT64 = 7,
  AIMC_OP_INT64 = 8,
  AIMC_OP_FLOAT16 = 9,
  AIMC_OP_BFLOAT16 = 10,
  AIMC_OP_FLOAT32 = 11,
  AIMC_OP_FLOAT64 = 12,
  AIMC_OP_COMPLEX64 = 13,
  AIMC_OP_COMPLEX128 = 14,
  AIMC_OP_FLOAT8_E4M3FN = 15,
  AIMC_OP_FLOAT8_E4M3FNUZ = 16,
  AIMC_OP_FLOAT8_E4M3B11FNUZ = 17,
  AIMC_OP_FLOAT8_E5M2 = 18,
  AIMC_OP_FLOAT8_E5M2FNUZ = 19,
  AIMC_OP_FLOAT8_E8M0FNU = 20,
  AIMC_OP_FLOAT8_E3M4 = 21,
  AIMC_OP_FLOAT8_E4M3 = 22,
  AIMC_OP_FLOAT6_E2M3FN = 23,
  AIMC_OP_FLOAT6_E3M2FN = 24,
  AIMC_OP_FLOAT4_E2M1FN = 25,
  AIMC_OP_INT4 = 26,
  AIMC_OP_UINT4 = 27,
  AIMC_OP_INT2 = 28,
  AIMC_OP_UINT2 = 29,
  AIMC_OP_INT1 = 30,
  AIMC_OP_UINT1 = 31
};

/* Other numbers are for later versions; a library answers them with AIMC_OP_NOT_SUPPORTED. */
enum { AIMC_OP_LAYOUT_DENSE = 0 /* row by row, without gaps */ };
enum { AIMC_OP_DEVICE_CPU = 0 };

/* A tensor. A scalar has rank 0 and one element; `data` may be NULL where there are no elements. */
typedef struct aimc_op_tensor {
  void* data; /* KEEP in inputs, GIVE in outputs */
  int32_t dtype;
  int32_t layout;
  int32_t device;
  uint32_t rank;
  int64_t dims[AIMC_OP_MAX_RANK];
} aimc_op_tensor;

/* Kinds of attributes, and what `values` points to. */
enum {
  AIMC_OP_ATTRIBUTE_FLOAT = 1,   /* float[1] */
  AIMC_OP_ATTRIBUTE_INT = 2,     /* int64_t[1] */
  AIMC_OP_ATTRIBUTE_STRING = 3,  /* char[count], UTF-8, no terminator */
  AIMC_OP_ATTRIBUTE_TENSOR = 4,  /* aimc_op_tensor[1] */
  AIMC_OP_ATTRIBUTE_FLOATS = 6,  /* float[count] */
  AIMC_OP_ATTRIBUTE_INTS = 7,    /* int64_t[count] */
  AIMC_OP_ATTRIBUTE_STRINGS = 8, /* aimc_op_text[count] */
  AIMC_OP_ATTRIBUTE_TENSORS = 9  /* aimc_op_tensor[count] */
};

typedef struct aimc_op_text {
  const char* data;
  size_t size;
} aimc_op_text;

typedef struct aimc_op_attribute {
  const char* name; /* KEEP */
  int32_t kind;
  size_t count;
  const void* values; /* KEEP */
} aimc_op_attribute;

/* Where the memory of outputs comes from: aligned for any type, NULL if there is none. A library may use it for its own
 * needs too, and then releases what it got before it returns. */
typedef struct aimc_op_allocator {
  void* context;
  void* /* GIVE */ (*allocate)(void* context, size_t bytes);
  void (*release)(void* context, void* memory /* TAKE */);
} aimc_op_allocator;

/* A call. Inputs that are left out are NULL; those at the end are not counted. Attributes that the caller did not set
 * are passed with the default of the catalogue, if there is one. `outputs` are as many as are wanted, all bytes 0: the
 * library sets each, with `data` from the allocator. If the call does not succeed the caller looks at no output, and
 * all memory was released. */
typedef struct aimc_op_call {
  const aimc_op_allocator* allocator;  /* KEEP */
  const aimc_op_tensor* const* inputs; /* KEEP */
  size_t input_count;
  const aimc_op_attribute* attributes; /* KEEP */
  size_t attribute_count;
  aimc_op_tensor* outputs; /* KEEP; the `data` of each: GIVE */
  size_t output_count;
} aimc_op_call;

typedef int32_t (*aimc_op_function)(const aimc_op_call* call /* KEEP */);

/* An operator: from this version of its domain on, up to that of the next entry of the same name. */
typedef struct aimc_op_entry {
  const char* name;
  const char* domain; /* "" is that of ONNX */
  int64_t version;
  aimc_op_function function;
} aimc_op_entry;

/* What is in a library; it stays as it is while the library is loaded. */
typedef struct aimc_op_library {
  uint32_t abi_version; /* AIMC_OP_ABI_VERSION */
  uint32_t reserved;    /* 0 */
  const char* name;     /* KEEP, as all of these */
  const char* version;
  const aimc_op_entry* entries;
  size_t entry_count;
} aimc_op_library;

/* The one function that a library exports. NULL if it does not know this version of the interface. */
AIMC_OP_EXPORT const aimc_op_library* /* KEEP */ aimc_operator_library(uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif
