/* An encoder as a shared library. Its options say what it does: "refuse", "crash", "fail", else it writes a start unit. */
#include <stdlib.h>
#include <string.h>

#include "aimc/conform_plugin.h"

const aimc_conform_info* aimc_conform_get_info(void) {
  static const aimc_conform_info info = {sizeof(info), AIMC_CONFORM_ABI_VERSION, "stub", "1", "nnc"};
  return &info;
}

int aimc_conform_encode(const aimc_conform_tensor* tensors, size_t count, const char* syntax, const char* options,
                        aimc_conform_write_fn write, void* user, aimc_conform_error* error) {
  /* A start unit (3.1 of the NNC text): size 4, type 0, independently decodable, edition 2. */
  static const unsigned char start[4] = {0, 4, 2, 1};
  (void)error;
  if (strcmp(syntax, "nnc") != 0 || count != 2 || tensors[0].rank != 2 || strcmp(tensors[0].dtype, "float32") != 0)
    return AIMC_CONFORM_FAILED;
  if (strcmp(options, "refuse") == 0) return AIMC_CONFORM_UNSUPPORTED;
  if (strcmp(options, "fail") == 0) return AIMC_CONFORM_FAILED;
  if (strcmp(options, "crash") == 0) abort();
  return write(user, start, 2) || write(user, start + 2, 2);
}
