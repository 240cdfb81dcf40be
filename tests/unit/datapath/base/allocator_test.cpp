#include "datapath/base/allocator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

namespace bulkhead {
namespace {

TEST(Allocator, CountsWhatIsThereAndWhatIsGone) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer has an allocator of its own";
#endif
  constexpr std::size_t kSize = 32UL << 20;
  const std::size_t before = allocated_bytes();
  auto block = std::make_unique<char[]>(kSize);
  std::memset(block.get(), 1, kSize);
  EXPECT_GE(allocated_bytes(), before + kSize);
  block.reset();
  give_back_memory();
  EXPECT_LT(allocated_bytes(), before + kSize / 2);
}

TEST(Allocator, HasAName) {
  const std::string name = allocator_name();
  EXPECT_TRUE(name == "system" || name.starts_with("jemalloc ")) << name;
  EXPECT_GT(name.size(), 5U) << name;
}

}  // namespace
}  // namespace bulkhead
