#include "rules/discovery/oci_posture.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bulkhead::rules {
namespace {

using Json = nlohmann::json;

Json usual() {
  return Json::parse(R"({"runtimeSpec":{
    "process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_NET_RAW","CAP_KILL"]},"apparmorProfile":"cri-containerd.apparmor.d"},
    "mounts":[{"type":"proc","source":"proc"},{"type":"bind","source":"/var/lib/kubelet/pods/u/etc-hosts"}],
    "linux":{"resources":{"memory":{"limit":1000000},"cpu":{"quota":5000,"period":10000},"pids":{"limit":100}}}}})");
}

std::vector<std::string> codes(const Json& info) {
  std::vector<std::string> out;
  for (const PostureFinding& finding : findings_of(*oci_posture(info))) out.emplace_back(finding.code);
  return out;
}

TEST(OciPosture, TheUsualContainerMaySendRawPackets) {
  EXPECT_EQ(codes(usual()), std::vector<std::string>{"net-raw"});
  Json without = usual();
  without["runtimeSpec"]["process"]["capabilities"]["bounding"] = {"CAP_CHOWN"};
  EXPECT_TRUE(codes(without).empty());
}

TEST(OciPosture, Privileged) {
  Json containerd = usual();
  containerd["config"]["linux"]["security_context"]["privileged"] = true;
  containerd["runtimeSpec"]["process"]["capabilities"]["bounding"].push_back("CAP_SYS_ADMIN");
  EXPECT_EQ(codes(containerd), std::vector<std::string>{"privileged"}) << "said once";
  Json crio = usual();
  crio["privileged"] = true;
  EXPECT_EQ(codes(crio), std::vector<std::string>{"privileged"});
  EXPECT_EQ(findings_of(*oci_posture(crio))[0].advice,
            "leave out securityContext.privileged, add the capabilities that it needs");
}

TEST(OciPosture, CapabilitiesThatRuntimesDoNotGive) {
  Json info = usual();
  info["runtimeSpec"]["process"]["capabilities"]["bounding"] = {"CAP_NET_ADMIN", "CAP_CHOWN", "CAP_SYS_PTRACE", 7};
  const auto posture = oci_posture(info);
  EXPECT_EQ(posture->capabilities, (std::vector<std::string>{"NET_ADMIN", "SYS_PTRACE"}));
  EXPECT_FALSE(posture->raw_packets);
}

TEST(OciPosture, ConfinedByAnyOfThree) {
  Json info = usual();
  info["runtimeSpec"]["process"].erase("apparmorProfile");
  EXPECT_TRUE(oci_posture(info)->unconfined);
  info["runtimeSpec"]["process"]["apparmorProfile"] = "unconfined";
  EXPECT_TRUE(oci_posture(info)->unconfined);
  info["runtimeSpec"]["process"]["selinuxLabel"] = "system_u:system_r:container_t:s0:c1,c2";
  EXPECT_FALSE(oci_posture(info)->unconfined);
  info["runtimeSpec"]["process"].erase("selinuxLabel");
  info["runtimeSpec"]["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ERRNO"}};
  EXPECT_FALSE(oci_posture(info)->unconfined);
}

TEST(OciPosture, MountsOfTheNodeAndLimits) {
  Json info = usual();
  info["runtimeSpec"]["mounts"].push_back({{"type", "bind"}, {"source", "/run/containerd/containerd.sock"}});
  info["runtimeSpec"]["mounts"].push_back({{"type", "bind"}, {"source", "/var/run/crio"}});
  info["runtimeSpec"]["mounts"].push_back({{"type", "tmpfs"}, {"source", "/"}});
  info["runtimeSpec"]["linux"]["resources"] = {{"memory", {{"limit", -1}}}, {"cpu", {{"shares", 2}}}};
  const auto posture = oci_posture(info);
  EXPECT_EQ(posture->sockets, std::vector<std::string>{"/run/containerd/containerd.sock"});
  EXPECT_EQ(posture->host_paths, std::vector<std::string>{"/var/run/crio"});
  EXPECT_FALSE(posture->memory_limit || posture->cpu_limit);
}

TEST(OciPosture, WhatIsNotThereIsNotTold) {
  EXPECT_FALSE(oci_posture(Json::parse("[]")).has_value());
  EXPECT_FALSE(oci_posture(Json::parse(R"({"runtimeSpec":7})")).has_value());
  EXPECT_TRUE(oci_posture(Json::parse(R"({"runtimeSpec":{"mounts":{},"process":[],"linux":null}})")).has_value());
}

TEST(OciPosture, APodIsWhatItsContainersAre) {
  Json other = usual();
  other["runtimeSpec"]["linux"]["resources"].erase("memory");
  other["runtimeSpec"]["process"]["capabilities"]["bounding"] = {"CAP_NET_ADMIN"};
  Posture pod = *oci_posture(usual());
  join_posture(pod, *oci_posture(other));
  EXPECT_TRUE(pod.raw_packets) << "one of them may";
  EXPECT_FALSE(pod.memory_limit) << "one of them has none";
  EXPECT_TRUE(pod.cpu_limit);
  EXPECT_EQ(pod.capabilities, std::vector<std::string>{"NET_ADMIN"});
}

}  // namespace
}  // namespace bulkhead::rules
