#include "datapath/app/range_files.h"

#include <gtest/gtest.h>

#include "datapath/app/text.h"

namespace bulkhead::app {
namespace {

class RangeFilesTest : public ::testing::Test {
 protected:
  std::unique_ptr<File> add(std::uint64_t start, std::string_view text, std::uint64_t size = 10, int second = 0,
                            const char* client = "10.0.0.1") {
    FlowTuple tuple;
    tuple.source = *IpAddress::parse(client);
    tuple.destination = *IpAddress::parse("10.0.0.2");
    FileMaking making;
    making.md5 = true;
    return files_.add(tuple, "h/f", {start, start + text.size() - 1, size}, bytes_of(text), "f", making,
                      Timestamp{} + std::chrono::seconds(second));
  }
  RangeFiles files_;
};

TEST_F(RangeFilesTest, PartsInAnyOrderMakeTheWhole) {
  EXPECT_EQ(add(4, "4567"), nullptr);
  EXPECT_EQ(add(0, "01234"), nullptr) << "overlaps";
  const auto whole = add(8, "89");
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(whole->size, 10U);
  EXPECT_EQ(whole->state, FileState::kClosed);
  FileHashes expected(true, false, false);
  expected.add(bytes_of("0123456789"));
  expected.finish();
  EXPECT_EQ(whole->hashes.md5(), expected.md5());
  EXPECT_EQ(files_.memory(), 0U);
}

TEST_F(RangeFilesTest, WhatDoesNotFitIsNotTaken) {
  EXPECT_EQ(add(0, "0123456789"), nullptr) << "already whole";
  EXPECT_EQ(add(8, "8901"), nullptr) << "beyond the end";
  EXPECT_EQ(files_.memory(), 0U);
}

TEST_F(RangeFilesTest, OtherClientsOtherSizesAndOldPartsAreOtherFiles) {
  EXPECT_EQ(add(0, "01234"), nullptr);
  EXPECT_EQ(add(5, "56789", 10, 0, "10.0.0.9"), nullptr);
  EXPECT_EQ(add(5, "56789", 11), nullptr) << "begins anew";
  EXPECT_EQ(add(0, "01234", 10, 1), nullptr);
  EXPECT_EQ(add(5, "56789", 10, 100), nullptr) << "too late";
  EXPECT_NE(add(0, "01234", 10, 100), nullptr);
}

TEST_F(RangeFilesTest, MemoryIsBounded) {
  const std::string part(16UL << 20, 'x');
  for (std::uint64_t i = 1; i < 10; ++i) EXPECT_EQ(add(i * part.size(), part, 1UL << 32), nullptr);
  EXPECT_LE(files_.memory(), RangeFiles::kMemory);
  EXPECT_GT(files_.refused(), 0U);
}

}  // namespace
}  // namespace bulkhead::app
