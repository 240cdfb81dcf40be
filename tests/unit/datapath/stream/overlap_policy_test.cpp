#include "datapath/stream/overlap_policy.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace bulkhead::stream {
namespace {

// The held segment is [10, 20). One letter for each arriving segment, O: old bytes stay, N: new bytes win:
//   begins 6: ends 15, 20, 24;  begins 10: ends 15, 20, 24;  begins 13: ends 15, 20, 24.
struct Row {
  OverlapPolicy policy;
  std::string_view name;
  std::string_view winners;
};

constexpr Row kRows[] = {
    {OverlapPolicy::kFirst, "first", "OOOOOOOOO"},
    {OverlapPolicy::kLast, "last", "NNNNNNNNN"},
    {OverlapPolicy::kBsd, "bsd", "NNNOOOOOO"},
    {OverlapPolicy::kBsdRight, "bsd-right", "NNNOOOOOO"},
    {OverlapPolicy::kOldLinux, "old-linux", "NNNONNOOO"},
    {OverlapPolicy::kLinux, "linux", "NNNOONOOO"},
    {OverlapPolicy::kSolaris, "solaris", "ONNONNOON"},
    {OverlapPolicy::kOldSolaris, "old-solaris", "ONNONNOON"},
    {OverlapPolicy::kHpux10, "hpux10", "NNNOOOOOO"},
    {OverlapPolicy::kHpux11, "hpux11", "ONNONNOON"},
    {OverlapPolicy::kIrix, "irix", "NNNOOOOOO"},
    {OverlapPolicy::kMacos, "macos", "NNNOOOOOO"},
    {OverlapPolicy::kVista, "vista", "OOOOOOOOO"},
    {OverlapPolicy::kWindows, "windows", "NNNOOOOOO"},
    {OverlapPolicy::kWindows2k3, "windows2k3", "NNNOOOOOO"},
};

TEST(OverlapPolicy, WinnersOfAllNineOverlaps) {
  for (const Row& row : kRows) {
    std::string winners;
    for (const std::int64_t begin : {6, 10, 13}) {
      for (const std::int64_t end : {15, 20, 24})
        winners += new_data_wins(row.policy, {10, 20}, {begin, end}) ? 'N' : 'O';
    }
    EXPECT_EQ(winners, row.winners) << row.name;
  }
}

}  // namespace
}  // namespace bulkhead::stream
