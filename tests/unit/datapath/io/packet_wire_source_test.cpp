#include "datapath/io/packet_wire_source.h"

#include <gtest/gtest.h>

namespace bulkhead::io {
namespace {

// Classic BPF as far as the filter uses it.
std::uint32_t run(const std::vector<sock_filter>& program, std::uint32_t index, std::uint32_t mark) {
  std::uint32_t a = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& one = program[at];
    switch (one.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        a = one.k == static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_MARK) ? mark : index;
        break;
      case BPF_ALU | BPF_AND | BPF_K: a &= one.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += a == one.k ? one.jt : one.jf; break;
      case BPF_RET | BPF_K: return one.k;
      default: ADD_FAILURE() << one.code; return 0;
    }
  }
  ADD_FAILURE() << "no end";
  return 0;
}

TEST(PacketWireSource, TheFilterTakesBothSidesOnceOnly) {
  const auto program = wire_filter({{3, 4}, {7, 9}}, 0x2000000, 0x3000000);
  for (const std::uint32_t index : {3U, 4U, 7U, 9U}) {
    EXPECT_NE(run(program, index, 0), 0U);
    EXPECT_NE(run(program, index, 0x1000005), 0U) << "another mark";
    EXPECT_EQ(run(program, index, 0x2000005), 0U) << "a wire has sent it";
  }
  EXPECT_EQ(run(program, 5, 0), 0U);
}

TEST(PacketWireSource, WithoutPairsNothingIsTaken) {
  EXPECT_EQ(run(wire_filter({}, 1, 1), 1, 0), 0U);
}

}  // namespace
}  // namespace bulkhead::io
