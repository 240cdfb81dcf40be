#include "datapath/io/batch_bytes.h"

#include <gtest/gtest.h>

namespace bulkhead::io {
namespace {

TEST(BatchBytes, ManySmallPacketsOrFewLargeOnes) {
  BatchBytes bytes(256 << 10);
  EXPECT_EQ(bytes.packets(32), 32U) << "nothing is known yet";
  bytes.add(32, 32 * 1500UL);
  EXPECT_EQ(bytes.packets(32), 32U);
  bytes.add(32, 32 * 65536UL);
  EXPECT_EQ(bytes.packets(32), 4U);
  bytes.add(4, 4 * 60UL);
  EXPECT_EQ(bytes.packets(32), 32U) << "it goes by the newest batch";
}

TEST(BatchBytes, AtLeastOne) {
  BatchBytes bytes(1000);
  bytes.add(1, 65536);
  EXPECT_EQ(bytes.packets(32), 1U);
  bytes.add(0, 0);
  EXPECT_EQ(bytes.packets(32), 1U) << "an empty read says nothing";
  EXPECT_EQ(bytes.packets(0), 1U);
}

}  // namespace
}  // namespace bulkhead::io
