// What a context-coded bin costs, for the encoder's decisions.
#pragma once
#include <cstdint>

namespace aimc {

// Costs are in units of 2^-13 bit.
constexpr int kCostShift = 13;
constexpr std::uint64_t kBitCost = std::uint64_t{1} << kCostShift;

// By kind of bin and LPS column: the mean of log2(R / (R - rL)) for the MPS and of log2(R / rL) for the LPS, with rL
// from table 18.1 and each range R from 256 to 510 weighted by 1 / R, as ranges are spread in a long codeword.
// (Table 18.4 grades costs more finely, by S >> 3, but the coder itself knows the column only.)
inline constexpr std::uint16_t kBinCost[2][32] = {
    {7410, 6211, 5177, 4314, 3706, 3188, 2749, 2387, 2114, 1810, 1583, 1367, 1222, 1045, 891, 801,
     682,  630,  529,  481,  430,  394,  325,  325,  228,  228,  186,  186,  131,  131,  84,  84},
    {9038,  10581, 12256, 14008, 15517, 17050, 18590, 20083, 21388, 23073, 24546, 26172, 27425, 29191, 31000, 32217,
     34051, 34977, 36990, 38088, 39374, 40409, 42652, 42652, 46782, 46782, 49185, 49185, 53338, 53338, 58520, 58520},
};

// The same by bin and (S >> 7) mod 64.
struct BinCosts {
  std::uint16_t cost[2][64];
  constexpr BinCosts() : cost() {
    for (int t = -31; t < 32; ++t) {
      const int mps = t >= 0 ? 1 : 0;
      const int column = t < 0 ? -t : t;
      cost[mps][t & 63] = kBinCost[0][column];
      cost[1 - mps][t & 63] = kBinCost[1][column];
    }
  }
};
inline constexpr BinCosts kBinCosts;

}  // namespace aimc
