#include "datapath/pipeline/forwarded_for.h"

#include <gtest/gtest.h>

namespace bulkhead::pipeline {
namespace {

std::string found(std::string_view value, bool forward) {
  const auto answer = forwarded_for(value, forward);
  return answer ? std::string(answer->text) : "none";
}

TEST(ForwardedFor, TheDeploymentSaysWhichAddressOfTheList) {
  EXPECT_EQ(found("10.2.2.2, 10.3.3.3", false), "10.3.3.3");
  EXPECT_EQ(found("10.2.2.2, 10.3.3.3", true), "10.2.2.2");
  EXPECT_EQ(found(" 10.2.2.2 ", false), "10.2.2.2");
}

TEST(ForwardedFor, PortsAreLeftOut) {
  EXPECT_EQ(found("10.2.2.2:4711", true), "10.2.2.2");
  EXPECT_EQ(found("[2001:db8::1]:4711", true), "2001:db8::1");
  EXPECT_EQ(found("2001:db8::1", true), "2001:db8::1");
}

TEST(ForwardedFor, WhatIsNoAddressIsNotBelieved) {
  for (const char* value : {"", ",", "unknown", "10.2.2", "[2001:db8::1", "1.2.3.4:5:6", "1.2.3.4 5.6.7.8"}) {
    EXPECT_EQ(found(value, true), "none") << value;
    EXPECT_EQ(found(value, false), "none") << value;
  }
  EXPECT_EQ(found(std::string(300, ' ') + "10.2.2.2", true), "none");
}

TEST(ForwardedFor, TheAddressIsReadToo) {
  const auto answer = forwarded_for("192.0.2.9", false);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->address.to_string(), "192.0.2.9");
}

}  // namespace
}  // namespace bulkhead::pipeline
