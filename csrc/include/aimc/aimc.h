/* aimc.h: the C interface of the native core of aimcodec.
 *
 * WHICH LEVEL THIS IS. Payloads, not files. The library decodes and encodes
 *   - the arithmetic codewords that are the payloads of NNC data units (docs/spec/nnc-bitstream.md, clauses 5 to 11),
 * and
 *   - the blocks of AIM segments with their checksums (docs/spec/aim-bitstream.md, clauses 7 and 8).
 * It does not read headers: in this project they are read by the Python package, and a program that uses this library
 * reads them itself and passes on what they say. To open whole .nnc and .aim files, use the package.
 *
 * RULES
 *   - Every structure begins with struct_size, which the caller sets to its sizeof. Later versions only append members
 *     whose value 0 means what was before; a larger structure is accepted if what the library does not know is 0.
 *     Elements of an array all have the same struct_size. Members called `reserved` must be 0, flags 0 or 1.
 *   - Functions return AIMC_OK or the kind of error, and fill `error` if it is not null. They check all arguments, and
 *     nothing that a payload says makes them crash, hang or take memory that it cannot account for.
 *   - Decoding is three steps: probe, which finds what cannot be true or is beyond the limits before memory is spent on
 *     it; allocate, by the caller; decode, into that memory. Decoding checks all that probing checks.
 *   - Results of encoding belong to the context and are valid until it is next used or destroyed.
 *   - A context is used by one call at a time; a second one is refused. Several contexts may be used at once.
 *   - Results are the same bytes for every number of threads and every instruction set.
 */
#ifndef AIMC_AIMC_H
#define AIMC_AIMC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef AIMC_API
#if defined(_WIN32)
#define AIMC_API __declspec(dllimport)
#else
#define AIMC_API __attribute__((visibility("default")))
#endif
#endif

#define AIMC_ABI_VERSION 1u

/* ---- Status ---------------------------------------------------------------------------------------------------- */

/* The closed set of results; the same as the errors of the Python package. */
typedef int32_t aimc_status;
enum {
  AIMC_OK = 0,
  AIMC_TRUNCATED = 1,         /* the data end before the element does */
  AIMC_MALFORMED = 2,         /* the bits break the syntax */
  AIMC_OUT_OF_RANGE = 3,      /* an element has a value outside its permitted set */
  AIMC_INCONSISTENT = 4,      /* values contradict each other, or the checksum the data */
  AIMC_MISSING_REFERENCE = 5, /* an update needs what is not there */
  AIMC_UNSUPPORTED = 6,       /* legal, but not in this version or on this machine */
  AIMC_LIMIT_EXCEEDED = 7,    /* a limit of aimc_limits would be exceeded */
  AIMC_OUT_OF_MEMORY = 8,     /* the allocator had no memory; the call may be repeated */
  AIMC_ARGUMENT = 9,          /* the caller's argument cannot be used */
  AIMC_INTERNAL = 10          /* a defect of the library */
};

typedef struct aimc_error {
  uint32_t struct_size;
  aimc_status code;
  uint64_t bit_offset; /* from the first bit of the payload or block at fault */
  uint64_t index;      /* which codeword, tensor or block of the call */
  const char* message; /* static, never null */
} aimc_error;

AIMC_API uint32_t aimc_abi_version(void);
AIMC_API const char* aimc_version_string(void);
/* "ok", "truncated", ...; "unknown" for other numbers. Never null. */
AIMC_API const char* aimc_status_name(aimc_status status);

/* How the library was compiled: member number `index` of all structures, in order. Returns 0 after the last one. For
 * bindings, to check what they declare. */
AIMC_API int aimc_layout_member(uint32_t index, const char** structure, const char** member, uint32_t* offset,
                                uint32_t* size, uint32_t* structure_size);

/* ---- Contexts -------------------------------------------------------------------------------------------------- */

/* Settings, memory and results of calls. A handle is not a pointer to memory: one that was destroyed is recognised, and
 * refused with AIMC_ARGUMENT. At most 1024 are open at a time. */
typedef struct aimc_context aimc_context;

/* Memory functions. They see all memory of a call but that of the threads themselves, and may be called from several
 * threads at once. `alloc` returns memory of this alignment (a power of 2), or null. */
typedef struct aimc_allocator {
  uint32_t struct_size;
  uint32_t reserved;
  void* (*alloc)(void* user, size_t size, size_t alignment);
  void (*free)(void* user, void* memory, size_t size, size_t alignment);
  void* user;
} aimc_allocator;

/* Inclusive maxima. */
typedef struct aimc_limits {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t max_elements;         /* of one tensor */
  uint64_t max_output_bytes;     /* of all tensors or blocks of a call together */
  uint64_t max_expansion;        /* output bytes for each payload byte of a call; applies beyond 64 MiB of output */
  uint64_t max_codebook_entries; /* of one tensor */
  uint64_t max_entry_points;     /* of one tensor */
  uint64_t max_live_bytes;       /* memory that the context holds at once, output of the caller not included */
} aimc_limits;

enum { AIMC_ISA_BEST = 0, AIMC_ISA_SCALAR = 1, AIMC_ISA_AVX2 = 2, AIMC_ISA_AVX512 = 3 };

typedef struct aimc_options {
  uint32_t struct_size;
  uint32_t threads; /* at most so many; 0: as many as the machine has */
  uint32_t isa;     /* AIMC_ISA_...; AIMC_UNSUPPORTED if the machine does not have it */
  uint32_t reserved;
  const aimc_limits* limits;       /* null: those of aimc_limits_init */
  const aimc_allocator* allocator; /* null: malloc and free */
} aimc_options;

typedef struct aimc_memory {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t live_bytes; /* held now */
  uint64_t peak_bytes; /* most held at once since the context was created */
} aimc_memory;

/* Default limits. `struct_size` is sizeof(aimc_limits) of the caller. */
AIMC_API aimc_status aimc_limits_init(aimc_limits* limits, uint32_t struct_size);
/* One thread, best instruction set, default limits and allocator. */
AIMC_API aimc_status aimc_options_init(aimc_options* options, uint32_t struct_size);

/* `abi_version` is AIMC_ABI_VERSION of the caller: another one is AIMC_UNSUPPORTED. `options` may be null. What they
 * point to is copied. */
AIMC_API aimc_status aimc_context_create(uint32_t abi_version, const aimc_options* options, aimc_context** context,
                                         aimc_error* error);
AIMC_API aimc_status aimc_context_destroy(aimc_context* context);
AIMC_API aimc_status aimc_context_memory(aimc_context* context, aimc_memory* memory, aimc_error* error);

/* ---- NNC data units -------------------------------------------------------------------------------------------- */

/* Variants of the payload that are in circulation (nnc-bitstream.md, 13.1). */
enum { AIMC_NNC_EDITION1_REM32 = 0, AIMC_NNC_EDITION1 = 1, AIMC_NNC_EDITION2 = 2 };

/* What the coding of a tensor depends on. */
typedef struct aimc_nnc_params {
  uint32_t struct_size;
  uint32_t qp_bits;         /* 6 + qp_density; 0 for NNR_PT_INT */
  uint64_t rows;            /* first dimension */
  uint64_t width;           /* product of the others; 1 for a vector */
  uint32_t scan_order;      /* 0 to 4 */
  uint32_t unary_length;    /* cabac_unary_length_minus1 + 1, 1 to 256 */
  uint32_t dq;              /* dq_flag */
  uint32_t parent;          /* parent_node_id_present_flag */
  uint32_t codebook_coded;  /* the tensor has a codebook, and the coder knows: edition 2 only */
  uint32_t codebook_zero;   /* CbZeroOffset */
  size_t codebook_size;     /* 0: no codebook */
  const int32_t* codebook;  /* its entries; needed for AIMC_NNC_CODEBOOK only */
  const int32_t* reference; /* integers of the previous update, row-major; null: no temporal contexts */
  const uint8_t* history;   /* 1 where an earlier update was nonzero, row-major; null: no map */
  size_t reference_size;    /* elements of the two: 0 or rows * width */
  size_t history_size;
} aimc_nnc_params;

/* What levels become: int32 integers of 10.3, or binary32 by step size (11.2) or by codebook (11.3). */
enum { AIMC_NNC_INTEGERS = 0, AIMC_NNC_UNIFORM = 1, AIMC_NNC_CODEBOOK = 2 };

/* A tensor to be decoded. */
typedef struct aimc_nnc_target {
  uint32_t struct_size;
  uint32_t output; /* AIMC_NNC_INTEGERS, ... */
  const aimc_nnc_params* params;
  int32_t qp_offset;            /* what qp_delta is added to */
  uint32_t qp_density;          /* 0 to 7 */
  size_t entry_count;           /* entry points; 0: none are known */
  const uint64_t* entry_shifts; /* of each: shifts since the first block row, */
  const uint8_t* entry_values;  /* the offset, */
  const uint8_t* entry_states;  /* and the trellis state, 0 to 7 */
  void* data;                   /* rows * width elements of 4 bytes; may be null when probing */
  size_t data_size;             /* its bytes */
  int32_t qp;                   /* result */
  uint32_t row_skip_enabled;    /* result: row_skip_enabled_flag */
  uint32_t history_enabled;     /* result: hist_dep_sig_prob_enabled_flag */
  uint32_t reserved;
} aimc_nnc_target;

/* The payload of a data unit. */
typedef struct aimc_nnc_codeword {
  uint32_t struct_size;
  uint32_t dialect; /* AIMC_NNC_EDITION2, ... */
  const uint8_t* payload;
  size_t payload_size;
  aimc_nnc_target* targets;
  size_t target_count;
  aimc_status code; /* result, as in aimc_error */
  uint32_t reserved;
  uint64_t bit_offset;
  const char* message;
} aimc_nnc_codeword;

/* Whether the payloads can hold what the targets say, within the limits. Each codeword gets its result; the first that
 * is not good is returned. */
AIMC_API aimc_status aimc_nnc_probe(aimc_context* context, aimc_nnc_codeword* codewords, size_t count,
                                    aimc_error* error);
/* Decodes all codewords, each to its own result. What is in the data of one that failed is undefined. */
AIMC_API aimc_status aimc_nnc_decode(aimc_context* context, aimc_nnc_codeword* codewords, size_t count,
                                     aimc_error* error);

/* A tensor to be encoded, with the encoder's choices for it. */
typedef struct aimc_nnc_input {
  uint32_t struct_size;
  int32_t qp_delta;
  const aimc_nnc_params* params;
  const int32_t* levels; /* doubled integers (10.3) with dq, else levels, or codebook indices minus CbZeroOffset */
  size_t level_count;    /* rows * width */
  uint32_t row_skip;     /* row_skip_enabled_flag */
  uint32_t history_flag; /* hist_dep_sig_prob_enabled_flag */
  const uint8_t* parameter_ids; /* parameter set of each context (6); null: 0 everywhere */
  size_t parameter_id_count;    /* aimc_nnc_context_count of the unary length */
} aimc_nnc_input;

typedef struct aimc_nnc_encoded {
  uint32_t struct_size;
  uint32_t reserved;
  const uint8_t* payload;
  size_t payload_size;
  size_t tensor_count;
  const size_t* entry_counts;   /* entry points of each tensor: one for each block row after the first */
  const uint64_t* entry_shifts; /* of the entry points of all tensors, one after the other */
  const uint8_t* entry_values;
  const uint8_t* entry_states;
} aimc_nnc_encoded;

/* Contexts of a tensor; 0 for a unary length outside 1 to 256. */
AIMC_API size_t aimc_nnc_context_count(uint32_t unary_length);
/* Chooses the parameter set of each context for a tensor: the size of `ids` must be aimc_nnc_context_count. `bits`, if
 * not null, becomes an estimate of what the tensor takes. */
AIMC_API aimc_status aimc_nnc_choose_sets(aimc_context* context, uint32_t dialect, const aimc_nnc_input* input,
                                          uint8_t* ids, size_t id_count, double* bits, aimc_error* error);
/* Encodes tensors as one codeword. */
AIMC_API aimc_status aimc_nnc_encode(aimc_context* context, uint32_t dialect, const aimc_nnc_input* inputs,
                                     size_t count, aimc_nnc_encoded* encoded, aimc_error* error);

/* ---- Quantisation of NNC --------------------------------------------------------------------------------------- */

/* q[i] = round(x[i] / step), halves away from zero. */
AIMC_API aimc_status aimc_quantise_uniform(aimc_context* context, const float* x, size_t count, float step, int32_t* q,
                                           aimc_error* error);
/* Doubled integers (10.3) of dependent quantisation for a tensor of count = rows * width elements that is coded in
 * `scan_order`. */
AIMC_API aimc_status aimc_quantise_trellis(aimc_context* context, const float* x, size_t count, uint64_t rows,
                                           uint64_t width, uint32_t scan_order, double step, int32_t* q,
                                           aimc_error* error);
/* In place: `data` holds int32 integers before and binary32 values after. Without a codebook (size 0) by the step size
 * of the QP (11.2), else by codebook and step size (11.3). */
AIMC_API aimc_status aimc_dequantise(aimc_context* context, void* data, size_t count, int32_t qp, uint32_t qp_density,
                                     const int32_t* codebook, size_t codebook_size, uint32_t codebook_zero,
                                     aimc_error* error);

/* ---- AIM blocks ------------------------------------------------------------------------------------------------ */

/* A block to be decoded. Records are numbers of 1, 2, 4 or 8 bytes, or opaque ones of any size. */
typedef struct aimc_block {
  uint32_t struct_size;
  uint32_t record_bytes;
  uint32_t rotate; /* sign below the mantissa (6.3): not for records of one byte, not for opaque ones */
  uint32_t opaque; /* records are cut in fields (7.2) */
  const uint8_t* data;
  size_t size;
  uint32_t crc; /* block_crc */
  uint32_t reserved;
  uint64_t records;
  void* out;        /* may be null when probing */
  size_t out_size;  /* records * record_bytes */
  aimc_status code; /* result, as in aimc_error */
  uint32_t reserved2;
  uint64_t bit_offset;
  const char* message;
} aimc_block;

/* Checksums and limits. Each block gets its result; the first that is not good is returned. */
AIMC_API aimc_status aimc_blocks_probe(aimc_context* context, aimc_block* blocks, size_t count, aimc_error* error);
/* Decodes all blocks, each to its own result. What is in the memory of one that failed is undefined. */
AIMC_API aimc_status aimc_blocks_decode(aimc_context* context, aimc_block* blocks, size_t count, aimc_error* error);

/* Records to be encoded in blocks. */
typedef struct aimc_segment {
  uint32_t struct_size;
  uint32_t record_bytes;
  uint32_t rotate;
  uint32_t opaque;
  const void* records;
  size_t size;            /* bytes: a whole number of records */
  const uint8_t* fields;  /* of opaque records: bytes of each field, their sum is record_bytes; else null */
  size_t field_count;     /* 0 to 255 */
  uint64_t block_records; /* records of each block but the last */
  uint64_t row_records;   /* records of a row of the tensor: the product of its dimensions after the first */
  uint32_t thorough;      /* 1: mode "small", every gain; 0: mode "fast", what costs the decoder little */
  uint32_t reserved;
} aimc_segment;

typedef struct aimc_encoded_blocks {
  uint32_t struct_size;
  uint32_t reserved;
  const uint8_t* payload; /* the blocks, one after the other */
  size_t payload_size;
  size_t block_count;
  const uint32_t* sizes; /* coded_size of each */
  const uint32_t* crcs;  /* block_crc of each */
} aimc_encoded_blocks;

AIMC_API aimc_status aimc_blocks_encode(aimc_context* context, const aimc_segment* segment,
                                        aimc_encoded_blocks* encoded, aimc_error* error);
/* CRC-32 (1.2) of what follows data with checksum `value`; 0 at the start. Null data: `value`. */
AIMC_API uint32_t aimc_crc32(uint32_t value, const void* data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
