#include "signatures/data/dataset.h"

#include <gtest/gtest.h>

namespace bulkhead::signatures {
namespace {

SourceFilePtr file(std::string text) {
  return std::make_shared<const SourceFile>("set.csv", std::move(text));
}

TEST(Dataset, ValuesComeAndGo) {
  Dataset set("s", DatasetType::kString);
  EXPECT_TRUE(set.add("a"));
  EXPECT_FALSE(set.add("a"));
  EXPECT_TRUE(set.contains("a"));
  EXPECT_FALSE(set.contains("b"));
  EXPECT_TRUE(set.remove("a"));
  EXPECT_FALSE(set.remove("a"));
  EXPECT_EQ(set.size(), 0U);
}

TEST(Dataset, TypesHaveSizes) {
  Dataset md5("m", DatasetType::kMd5), v4("v", DatasetType::kIpv4), ip("i", DatasetType::kIp);
  EXPECT_FALSE(md5.add("short"));
  EXPECT_TRUE(md5.add(std::string(16, 'x')));
  EXPECT_TRUE(v4.add(std::string("\x0a\0\0\1", 4)));
  EXPECT_FALSE(v4.add(std::string(16, 'x')));
  EXPECT_TRUE(ip.add(std::string(16, 'x')));
  EXPECT_TRUE(ip.add(std::string("\x0a\0\0\1", 4)));
}

TEST(Dataset, LoadsAndWritesFiles) {
  Diagnostics out;
  Dataset strings("s", DatasetType::kString);
  strings.load(file("Zm9v\n\n# no\nYmFy,7\r\n"), false, out);
  EXPECT_TRUE(strings.contains("foo") && strings.contains("bar"));
  EXPECT_EQ(strings.text(false), "YmFy\nZm9v\n");
  Dataset addresses("a", DatasetType::kIp);
  addresses.load(file("10.0.0.1\n::1\n::ffff:10.0.0.2\n"), false, out);
  EXPECT_TRUE(addresses.contains(std::string("\x0a\0\0\2", 4)));
  EXPECT_EQ(addresses.text(false), "10.0.0.1\n10.0.0.2\n::1\n");
  EXPECT_FALSE(out.has_errors());
}

TEST(Dataset, Reputation) {
  Diagnostics out;
  Dataset set("s", DatasetType::kString);
  set.load(file("Zm9v,200\nYmFy\nYmFy,70000\n"), true, out);
  EXPECT_EQ(set.reputation("foo"), 200);
  EXPECT_FALSE(set.reputation("bar"));
  EXPECT_EQ(out.error_count(), 2U);
  EXPECT_EQ(set.text(true), "Zm9v,200\n");
}

TEST(Dataset, BadValuesHaveAPlace) {
  Diagnostics out;
  Dataset set("s", DatasetType::kSha256);
  set.load(file("\nabcd\n"), false, out);
  ASSERT_EQ(out.error_count(), 1U);
  EXPECT_EQ(out.all()[0].code, "signature.dataset.value");
  EXPECT_EQ(out.all()[0].span.line, 2U);
}

TEST(Dataset, MemcapIsKept) {
  Dataset set("s", DatasetType::kString);
  set.set_memcap(200);
  EXPECT_TRUE(set.add("one"));
  EXPECT_TRUE(set.add("two"));
  EXPECT_FALSE(set.add("three") && set.add("four"));
  EXPECT_GE(set.full(), 1U);
}

}  // namespace
}  // namespace bulkhead::signatures
