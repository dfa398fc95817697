/* A decoder as a shared library that knows one stream, and does what MODE says. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aimc/conform_plugin.h"

#ifndef ABI
#define ABI AIMC_CONFORM_ABI_VERSION
#endif

const aimc_conform_info* aimc_conform_get_info(void) {
  static const aimc_conform_info info = {sizeof info, ABI, "toy", "1.0", "nnc"};
  return &info;
}

static int give(aimc_conform_tensor_fn take, void* user, const char* name, uint32_t bits) {
  const unsigned char data[4] = {bits & 255, bits >> 8 & 255, bits >> 16 & 255, bits >> 24};
  const uint64_t shape[1] = {1};
  const aimc_conform_tensor tensor = {sizeof tensor, 0, 0, 1, name, strlen(name), "float32", shape, data, 4};
  return take(user, &tensor);
}

enum { RIGHT, WRONG, TWICE, SMALL, SEGV, ABORT, HANG, EXIT, STRANGE, FAILED, REJECT, UNSUPPORTED, MEMORY };

int aimc_conform_decode(const aimc_conform_input* input, aimc_conform_tensor_fn take, void* user,
                        aimc_conform_error* error) {
  aimc_conform_tensor small = {4, 0, 0, 0, "w", 1, "float32", NULL, NULL, 0};
  if (input->struct_size < sizeof *input || input->stream_count != 1 || strcmp(input->syntax, "nnc")) return 3;
  switch (MODE) {
    case WRONG: return give(take, user, "w", 0xbd280001u);
    case TWICE: return give(take, user, "w", 0xbd280000u) || give(take, user, "w", 0xbd280000u);
    case SMALL: return take(user, &small);
    case SEGV: return *(volatile int*)8;
    case ABORT: abort();
    case HANG: for (;;) sleep(1);
    case EXIT: _exit(0);
    case STRANGE: return 77;
    case FAILED: return AIMC_CONFORM_FAILED;
    case UNSUPPORTED: return AIMC_CONFORM_UNSUPPORTED;
    case MEMORY: if (malloc((size_t)1 << 40) == NULL) { write(2, "out of memory\n", 14); abort(); }
    case REJECT:
      error->bit_offset = 244;
      strcpy(error->element, "scan_order");
      strcpy(error->message, "no such order");
      return AIMC_CONFORM_REJECTED;
    default: return give(take, user, "w", 0xbd280000u);
  }
}
