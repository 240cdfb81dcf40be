#include "datapath/flow/mac_list.h"

#include <gtest/gtest.h>

namespace bulkhead::flow {
namespace {

MacAddress mac(Byte last) {
  MacAddress m;
  m.bytes[5] = last;
  return m;
}

TEST(MacList, KeepsEachAddressOnceInOrderOfAppearance) {
  MacList list;
  for (const Byte b : {3, 1, 3, 2, 1}) list.add(mac(b));
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list.begin()[0], mac(3));
  EXPECT_EQ(list.begin()[1], mac(1));
  EXPECT_EQ(list.begin()[2], mac(2));
}

TEST(MacList, StopsAtItsLimit) {
  MacList list;
  for (Byte b = 0; b < 40; ++b) list.add(mac(b));
  EXPECT_EQ(list.size(), MacList::kMost);
  EXPECT_EQ(list.end()[-1], mac(MacList::kMost - 1));
}

}  // namespace
}  // namespace bulkhead::flow
