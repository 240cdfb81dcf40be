#include "config/daemon/auto_limit.h"

#include <gtest/gtest.h>

namespace bulkhead::config {
namespace {

class AutoLimitTest : public testing::Test {
 protected:
  AutoLimitTest() {
    settings.severity = behaviour::Severity::kHigh;
    settings.findings = {"privileged", "net-raw"};
    add("api-1", "10.0.0.4", [](rules::Posture& p) { p.privileged = true; });
    add("db", "10.0.0.5", [](rules::Posture& p) { p.raw_packets = true; });
    about.actor = "shop/api";
    about.findings = {"privileged", "no-limits"};
    about.incident.id = 12;
    about.incident.severity = behaviour::Severity::kHigh;
    behaviour::Evidence evidence;
    evidence.tuple = {*IpAddress::parse("10.0.0.4"), *IpAddress::parse("10.0.0.5"), 40000, 6379, ip_proto::kTcp};
    evidence.verified = true;
    evidence.text = "api scanned db";
    about.incident.evidence.push_back(evidence);
  }
  template <typename Change>
  void add(const std::string& name, const char* address, Change&& change) {
    rules::Workload workload;
    workload.name = name;
    workload.name_space = "shop";
    workload.addresses = {*IpAddress::parse(address)};
    workload.labels["com.docker.compose.service"] = name.substr(0, name.find('-'));
    rules::Posture posture;
    posture.memory_limit = posture.cpu_limit = posture.process_limit = true;
    change(posture);
    workload.posture = posture;
    ASSERT_FALSE(inventory.add_workload(std::move(workload)));
  }
  AutoLimitSettings settings;
  rules::Inventory inventory;
  PostureCase about;
};

TEST_F(AutoLimitTest, AnActorWhosePostureCountsIsLimited) {
  const auto evidence = limit_evidence(settings, about, inventory);
  ASSERT_TRUE(evidence);
  EXPECT_EQ(evidence->packet.source.to_string(), "10.0.0.4");
  EXPECT_TRUE(evidence->established);
  EXPECT_EQ(evidence->reason, "posture privileged; incident 12: api scanned db");
}

TEST_F(AutoLimitTest, TheActorMayBeTheServer) {
  std::swap(about.incident.evidence[0].tuple.source, about.incident.evidence[0].tuple.destination);
  const auto evidence = limit_evidence(settings, about, inventory);
  ASSERT_TRUE(evidence);
  EXPECT_EQ(evidence->packet.source.to_string(), "10.0.0.4");
  EXPECT_EQ(evidence->client.source.to_string(), "10.0.0.5");
}

TEST_F(AutoLimitTest, NobodyElseIs) {
  const auto nothing = [&](const char* why) { EXPECT_FALSE(limit_evidence(settings, about, inventory)) << why; };
  about.findings = {"no-limits"};
  nothing("that finding does not count");
  about.findings = {"privileged"};
  about.incident.severity = behaviour::Severity::kMedium;
  nothing("not grave enough");
  settings.severity = behaviour::Severity::kMedium;
  EXPECT_TRUE(limit_evidence(settings, about, inventory));
  settings.severity.reset();
  nothing("off");
  settings.severity = behaviour::Severity::kLow;
  about.actor = "shop/other";
  nothing("the actor stands at no end of the evidence");
  about.actor = "shop/api";
  about.incident.evidence[0].tuple = {};
  nothing("an ARP message has no flow");
}

TEST_F(AutoLimitTest, AFindingOfAlwaysNeedsNoIncident) {
  EXPECT_TRUE(standing_limits(settings, inventory).empty());
  settings.always = {"net-raw"};
  const auto standing = standing_limits(settings, inventory);
  ASSERT_EQ(standing.size(), 1U);
  EXPECT_EQ(standing[0].workload, "shop/db");
  EXPECT_EQ(standing[0].evidence.packet.source.to_string(), "10.0.0.5");
  EXPECT_TRUE(standing[0].evidence.established);
  EXPECT_EQ(standing[0].evidence.reason, "posture net-raw");
}

}  // namespace
}  // namespace bulkhead::config
