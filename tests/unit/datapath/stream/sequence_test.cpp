#include "datapath/stream/sequence.h"

#include <gtest/gtest.h>

namespace bulkhead::stream {
namespace {

TEST(Sequence, OrderWraps) {
  EXPECT_TRUE(seq_lt(0xfffffff0U, 5U));
  EXPECT_FALSE(seq_lt(5U, 0xfffffff0U));
  EXPECT_TRUE(seq_gt(5U, 0xfffffff0U));
  EXPECT_TRUE(seq_le(7U, 7U));
  EXPECT_TRUE(seq_ge(7U, 7U));
  EXPECT_EQ(seq_distance(0xffffffffU, 1U), 2);
  EXPECT_EQ(seq_distance(1U, 0xffffffffU), -2);
}

}  // namespace
}  // namespace bulkhead::stream
