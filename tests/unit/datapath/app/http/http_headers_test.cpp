#include "datapath/app/http/http_headers.h"

#include <gtest/gtest.h>

#include <string>

namespace bulkhead::app::http {
namespace {

// Adds "name: value" as it would come on a line of its own.
std::uint32_t add(Headers& headers, std::string_view name, std::string_view value) {
  const Headers::Text line = headers.append(std::string(name).append(": ").append(value).append("\r\n"));
  const Headers::Text said = line.part(name.size() + 2, value.size());
  const std::uint32_t times = headers.add(line.part(0, name.size()), said);
  if (times > 1) headers.join(line.part(0, name.size()), ", ", said);
  return times;
}

TEST(HttpHeaders, AreFoundWhateverTheirCase) {
  Headers headers;
  EXPECT_TRUE(headers.empty());
  EXPECT_EQ(add(headers, "Host", "a.example"), 1U);
  EXPECT_EQ(add(headers, "X-Long-Name-Of-A-Header", "1"), 1U);
  EXPECT_EQ(add(headers, "Hosx", "same length, first letter"), 1U);
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0].name, "Host");
  EXPECT_EQ(headers.value("host"), "a.example");
  EXPECT_EQ(headers.value("x-long-name-of-a-header"), "1");
  EXPECT_EQ(headers.value("hosx"), "same length, first letter");
  EXPECT_FALSE(headers.find("hos").has_value());
  EXPECT_FALSE(headers.find("x-long-name-of-b-header").has_value());
  EXPECT_EQ(headers.raw(), "Host: a.example\r\nX-Long-Name-Of-A-Header: 1\r\nHosx: same length, first letter\r\n");
}

TEST(HttpHeaders, RepeatedOnesAreJoined) {
  Headers headers;
  add(headers, "A", "1");
  add(headers, "B", "x");
  EXPECT_EQ(add(headers, "a", "2"), 2U);
  EXPECT_EQ(add(headers, "b", "y"), 2U);
  EXPECT_EQ(add(headers, "A", ""), 3U);
  EXPECT_EQ(add(headers, "A", "4"), 4U);
  ASSERT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers.value("a"), "1, 2, , 4");
  EXPECT_EQ(headers.value("b"), "x, y");
  std::string order;
  for (const Header header : headers) order += header.name;
  EXPECT_EQ(order, "AB");
}

TEST(HttpHeaders, FoldedLinesGoOn) {
  Headers headers;
  Headers::Text line = headers.append("A: one\r\n").part(0, 6);
  line = headers.folded(line, " two");
  const Headers::Text other = headers.folded(headers.append("B: x\r\n").part(0, 4), "\ty");
  line = headers.folded(line, " three, which is longer than a short string may be");
  EXPECT_EQ(headers.view(line), "A: one two three, which is longer than a short string may be");
  EXPECT_EQ(headers.view(other), "B: x\ty");
  EXPECT_EQ(headers.raw(), "A: one\r\nB: x\r\n");
  EXPECT_EQ(headers.add(line.part(0, 1), line.part(3, line.size - 3)), 1U);
  EXPECT_EQ(headers.add(other.part(0, 1), other.part(3, other.size - 3)), 1U);
  EXPECT_EQ(headers.value("b"), "x\ty");
  // What ends before its text does is copied before it grows.
  const Headers::Text a = headers.append("a: z\r\n");
  EXPECT_EQ(headers.add(a.part(0, 1), a.part(3, 1)), 2U);
  headers.join(a.part(0, 1), ", ", a.part(3, 1));
  EXPECT_EQ(headers.value("a"), "one two three, which is longer than a short string may be, z");
}

TEST(HttpHeaders, ZeroBytesInANameDoNotCount) {
  Headers headers;
  add(headers, "Accept", "a");
  EXPECT_FALSE(headers.find("host").has_value());
  add(headers, std::string_view("\0Host", 5), "hidden");
  EXPECT_EQ(headers.value("host"), "hidden");
  EXPECT_EQ(headers.value("accept"), "a");
}

TEST(HttpHeaders, AreTheSameAfterAMove) {
  Headers from;
  add(from, "A", "1");
  add(from, "A", "2");
  add(from, "Long-Enough-To-Be-Allocated", "and so is this value of it");
  const Headers to = std::move(from);
  EXPECT_EQ(to.value("a"), "1, 2");
  EXPECT_EQ(to.value("long-enough-to-be-allocated"), "and so is this value of it");
}

}  // namespace
}  // namespace bulkhead::app::http
