#include "rules/model/posture.h"

#include <gtest/gtest.h>

namespace bulkhead::rules {
namespace {

std::vector<std::string> codes(const Posture& posture) {
  std::vector<std::string> out;
  for (const PostureFinding& finding : findings_of(posture)) {
    out.push_back(std::string(to_string(finding.danger)) + " " + std::string(finding.code));
    EXPECT_FALSE(finding.text.empty());
    EXPECT_FALSE(finding.advice.empty());
  }
  return out;
}

Posture modest() {
  Posture out;
  out.memory_limit = out.cpu_limit = out.process_limit = true;
  return out;
}

TEST(Posture, NothingIsSaidOfAModestContainer) {
  EXPECT_TRUE(findings_of(modest()).empty());
}

TEST(Posture, TheGravestComesFirst) {
  Posture p;
  p.raw_packets = p.host_network = p.unconfined = true;
  p.sockets = {"/var/run/docker.sock"};
  p.capabilities = {"NET_ADMIN", "SYS_ADMIN", "SYS_NICE"};
  EXPECT_EQ(codes(p),
            (std::vector<std::string>{"high runtime-socket", "medium host-network", "medium unconfined",
                                      "medium capability", "medium net-admin", "low net-raw", "low no-limits"}));
}

TEST(Posture, PrivilegedIncludesRawPackets) {
  Posture p = modest();
  p.privileged = p.raw_packets = true;
  EXPECT_EQ(codes(p), std::vector<std::string>{"high privileged"});
}

TEST(Posture, MissingLimitsAreOneFinding) {
  Posture p = modest();
  p.cpu_limit = p.process_limit = false;
  ASSERT_EQ(findings_of(p).size(), 1U);
  EXPECT_EQ(findings_of(p)[0].text, "it has no limit of CPU, processes: a miner or a flood takes the node along");
}

TEST(Posture, SocketsAndDirectories) {
  EXPECT_TRUE(is_runtime_socket("/run/containerd/containerd.sock"));
  EXPECT_TRUE(is_runtime_socket("/var/run/docker.sock"));
  EXPECT_FALSE(is_runtime_socket("/run/mydocker.sock"));
  EXPECT_TRUE(is_grave_host_path("/"));
  EXPECT_TRUE(is_grave_host_path("/etc/"));
  EXPECT_FALSE(is_grave_host_path("/etc/localtime"));
  EXPECT_FALSE(is_grave_host_path("/srv/data"));
}

}  // namespace
}  // namespace bulkhead::rules
