/* What a codec exports to be tested by `aimc conform --lib` (docs/spec/conformance-kit.md, clause 3).
 *
 * The library is loaded in a child process for every case, so it may crash. It is called from one thread. Strings are
 * UTF-8; names carry their size, as tensor names may hold any character but U+0000. All memory that a function is given
 * belongs to the caller and is valid until the function returns. Structures begin with their size, so they can grow: a
 * plug-in must not read beyond `struct_size`, and the kit does not either.
 */
#ifndef AIMC_CONFORM_PLUGIN_H
#define AIMC_CONFORM_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define AIMC_CONFORM_EXPORT __declspec(dllexport)
#else
#define AIMC_CONFORM_EXPORT __attribute__((visibility("default")))
#endif

#define AIMC_CONFORM_ABI_VERSION 1u

/* Results of decoding and encoding; any other number is a failure of the plug-in. */
enum {
  AIMC_CONFORM_OK = 0,          /* accepted: all tensors were handed over; or written */
  AIMC_CONFORM_REJECTED = 1,    /* the input breaks a rule of the syntax */
  AIMC_CONFORM_UNSUPPORTED = 2, /* legal as far as it was read, but not implemented */
  AIMC_CONFORM_FAILED = 3       /* neither: no memory, a limit of the codec, trouble of its own */
};

typedef struct aimc_conform_info {
  uint32_t struct_size;
  uint32_t abi_version; /* AIMC_CONFORM_ABI_VERSION */
  const char* name;
  const char* version;
  const char* syntaxes; /* words: "nnc", "aim", "nnc aim" */
} aimc_conform_info;

/* One tensor. `dtype` is a name of numpy or ml_dtypes ("float32", "bfloat16", "int4" ...), or "opaque". `data` are its
 * elements in row-major order, little endian; types below 8 bits are packed as clause 6.2 of the AIM text says. */
typedef struct aimc_conform_tensor {
  uint32_t struct_size;
  uint32_t stream; /* which stream of a sequence it came from, 0 where there is one */
  uint32_t variant; /* variant_id of an AIM package, else 0 */
  uint32_t rank;
  const char* name;
  size_t name_size;
  const char* dtype;
  const uint64_t* shape;
  const void* data;
  size_t data_size;
} aimc_conform_tensor;

typedef struct aimc_conform_input {
  uint32_t struct_size;
  uint32_t stream_count;
  const uint8_t* const* streams; /* decoded in order, by one decoder that keeps its state */
  const size_t* sizes;
  const char* syntax;  /* "nnc" or "aim" */
  const char* options; /* words, see clause 1.4; empty as a rule */
} aimc_conform_input;

/* Where and why a stream was refused; filled as far as the codec knows. */
typedef struct aimc_conform_error {
  uint32_t struct_size;
  uint32_t stream;
  int64_t bit_offset; /* from the start of the stream, -1: not known */
  char element[256];  /* path or name of the syntax element, zero-terminated */
  char message[512];
} aimc_conform_error;

/* Takes a tensor; a result that is not 0 asks the codec to stop. */
typedef int (*aimc_conform_tensor_fn)(void* user, const aimc_conform_tensor* tensor);

/* Takes more bytes of the coded stream, in order. */
typedef int (*aimc_conform_write_fn)(void* user, const void* data, size_t size);

/* Required. */
AIMC_CONFORM_EXPORT const aimc_conform_info* aimc_conform_get_info(void);

/* Exported by decoders. */
AIMC_CONFORM_EXPORT int aimc_conform_decode(const aimc_conform_input* input, aimc_conform_tensor_fn take, void* user,
                                            aimc_conform_error* error);

/* Exported by encoders. `options` are words as on a command line. */
AIMC_CONFORM_EXPORT int aimc_conform_encode(const aimc_conform_tensor* tensors, size_t count, const char* syntax,
                                            const char* options, aimc_conform_write_fn write, void* user,
                                            aimc_conform_error* error);

/* Optional: the most memory that the last call held at once, in bytes. */
AIMC_CONFORM_EXPORT uint64_t aimc_conform_peak_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
