// Instruction sets: what the machine has, and which one is in force. Every path gives the same bytes; forcing one is
// for tests, measurements and fuzzing.
#pragma once
#include <cstdint>

namespace aimc {

enum class Isa : std::uint8_t { scalar, avx2, avx512 };

// Best set of this machine. avx512 stands for F, BW, CD, DQ, VL, VBMI and VBMI2 together; avx2 includes BMI1, BMI2,
// LZCNT.
Isa detected_isa();

// The set in force: forced by set_isa, else by AIMC_ISA in the environment, else detected.
Isa active_isa();

// False if the machine does not have it.
bool set_isa(Isa isa);

const char* isa_name(Isa isa);

}  // namespace aimc
