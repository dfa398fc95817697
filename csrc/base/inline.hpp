// Loop bodies that are instantiated under several target attributes must be inlined into each of them.
#pragma once

#if defined(__GNUC__)
#define AIMC_INLINE inline __attribute__((always_inline))
#else
#define AIMC_INLINE inline
#endif

#if defined(__x86_64__) && defined(__GNUC__)
#define AIMC_X86 1
#define AIMC_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt")))
#define AIMC_TARGET_AVX512                                                                 \
  __attribute__((                                                                          \
      target("avx2,bmi,bmi2,lzcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi," \
             "avx512vbmi2")))
#else
#define AIMC_X86 0
#define AIMC_TARGET_AVX2
#define AIMC_TARGET_AVX512
#endif
