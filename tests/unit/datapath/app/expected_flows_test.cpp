#include "datapath/app/expected_flows.h"

#include <gtest/gtest.h>

namespace bulkhead::app {
namespace {

FlowTuple tuple(const char* source, std::uint16_t source_port, const char* destination, std::uint16_t port) {
  FlowTuple out;
  out.source = *IpAddress::parse(source);
  out.destination = *IpAddress::parse(destination);
  out.source_port = source_port;
  out.destination_port = port;
  return out;
}

Timestamp at(int seconds) {
  return Timestamp{} + std::chrono::seconds(seconds);
}

const FlowTuple kControl = tuple("10.0.0.1", 4000, "10.0.0.2", 21);

TEST(ExpectedFlows, AConnectionIsTakenOnceFromEitherSide) {
  ExpectedFlows flows;
  flows.add(kControl, 3000, {AppProtocol::ftp_data, "RETR", "a"}, at(0));
  flows.add(kControl, 3001, {AppProtocol::ftp_data, "STOR", "b"}, at(0));
  EXPECT_EQ(flows.size(), 2U);
  EXPECT_FALSE(flows.take(tuple("10.0.0.1", 5, "10.0.0.2", 2999), at(1)));
  EXPECT_FALSE(flows.take(tuple("10.0.0.1", 5, "10.0.0.3", 3000), at(1))) << "another pair";
  const auto passive = flows.take(tuple("10.0.0.1", 5, "10.0.0.2", 3000), at(1));
  ASSERT_TRUE(passive);
  EXPECT_EQ(passive->command, "RETR");
  EXPECT_FALSE(flows.take(tuple("10.0.0.1", 5, "10.0.0.2", 3000), at(1))) << "once";
  EXPECT_TRUE(flows.take(tuple("10.0.0.2", 20, "10.0.0.1", 3001), at(1))) << "the server connects";
  EXPECT_EQ(flows.size(), 0U);
}

TEST(ExpectedFlows, WhatNobodyComesForIsForgotten) {
  ExpectedFlows flows;
  flows.add(kControl, 3000, {AppProtocol::ftp_data, "RETR", "a"}, at(0));
  EXPECT_FALSE(flows.take(tuple("10.0.0.1", 5, "10.0.0.2", 3000), at(31)));
  EXPECT_EQ(flows.size(), 0U);
}

TEST(ExpectedFlows, APairHoldsSoManyAndTheOldestGoes) {
  ExpectedFlows flows;
  for (std::uint16_t i = 0; i < ExpectedFlows::kPerPair + 2; ++i) {
    flows.add(kControl, static_cast<std::uint16_t>(3000 + i), {AppProtocol::ftp_data, "RETR", "a"}, at(0));
  }
  EXPECT_EQ(flows.size(), ExpectedFlows::kPerPair);
  EXPECT_FALSE(flows.take(tuple("10.0.0.1", 5, "10.0.0.2", 3001), at(0)));
  EXPECT_TRUE(flows.take(tuple("10.0.0.1", 5, "10.0.0.2", 3002), at(0)));
}

TEST(ExpectedFlows, TheTableIsBoundedAndMakesRoomForTheLiving) {
  ExpectedFlows flows;
  for (std::size_t i = 0; i < ExpectedFlows::kMax; ++i) {
    FlowTuple control = kControl;
    const Byte bytes[4] = {11, static_cast<Byte>(i >> 16), static_cast<Byte>(i >> 8), static_cast<Byte>(i)};
    control.source = IpAddress::v4(bytes);
    flows.add(control, 3000, {AppProtocol::ftp_data, "RETR", "a"}, at(0));
  }
  flows.add(kControl, 3000, {AppProtocol::ftp_data, "RETR", "a"}, at(1));
  EXPECT_EQ(flows.refused(), 1U);
  flows.add(kControl, 3000, {AppProtocol::ftp_data, "RETR", "a"}, at(60));
  EXPECT_EQ(flows.size(), 1U);
}

}  // namespace
}  // namespace bulkhead::app
