#include "datapath/app/ntp/ntp_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace bulkhead::app::ntp {
namespace {

ByteSpan span_of(const std::string& bytes) {
  return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}
std::string message(unsigned first, std::size_t size = 48) {
  std::string out(size, '\0');
  out[0] = static_cast<char>(first);
  return out;
}

TEST(NtpProbe, VersionModeSizeAndPort) {
  const auto probe = [](const std::string& bytes, std::uint16_t client, std::uint16_t server) {
    return probe_datagram({Direction::kToServer, span_of(bytes), client, server});
  };
  EXPECT_EQ(probe(message(0x23), 4000, 123), Probe::kYes);
  EXPECT_EQ(probe(message(0x1b), 123, 4000), Probe::kYes);
  EXPECT_EQ(probe(message(0x23), 4000, 4001), Probe::kNo);
  EXPECT_EQ(probe(message(0x13), 4000, 123), Probe::kNo);
  EXPECT_EQ(probe(message(0x26), 4000, 123), Probe::kNo);
  EXPECT_EQ(probe(message(0x23, 47), 4000, 123), Probe::kNo);
}

TEST(NtpParser, WhatCannotBeReadIsAnEvent) {
  NtpParser parser;
  parser.parse(Direction::kToServer, span_of(message(0x23)), {});
  parser.parse(Direction::kToServer, span_of("short"), {});
  ASSERT_EQ(parser.transactions().size(), 2U);
  EXPECT_TRUE(parser.transactions()[0]->events.empty());
  EXPECT_EQ(parser.transactions()[1]->events.size(), 1U);
}

}  // namespace
}  // namespace bulkhead::app::ntp
