// Keeps the kernel's netdev table equal to the known ports: desired against actual, one transaction.
//
// Thread   control thread; owns no socket, the transport is borrowed.
// Order    load a port here before its policy and before it is opened; take its policy away first.
// Errors   the environment lane; a refused load changes nothing. A port whose interface goes during the load
//          is left out and named in the report.
// Tests    tests/unit/rules/nft/l2_guard_renderer_test.cpp (fake), tests/netns/l2_guard_netns_test.cpp (kernel)
#pragma once

#include <string>
#include <vector>

#include "rules/nft/l2_guard_renderer.h"
#include "rules/nft/nft_transport.h"

namespace bulkhead::rules {

struct GuardReport {
  std::size_t ports = 0;
  std::size_t changes = 0;           // commands of the transaction; 0: the kernel was right already
  std::vector<std::string> skipped;  // interfaces that were gone
};

class L2Guard {
 public:
  explicit L2Guard(NftTransport& transport, GuardSettings settings = {})
      : transport_(transport), settings_(std::move(settings)) {}

  // Guards exactly these ports, then verifies.
  [[nodiscard]] Result<GuardReport> load(std::vector<GuardPort> ports);
  // Differences between the kernel and what was loaded last; empty: proved equal.
  [[nodiscard]] Result<std::vector<std::string>> verify();
  [[nodiscard]] const std::vector<GuardPort>& ports() const { return ports_; }
  // For the next load.
  void use(GuardSettings settings) { settings_ = std::move(settings); }
  [[nodiscard]] const GuardSettings& settings() const { return settings_; }

 private:
  [[nodiscard]] Result<std::size_t> load_once(const std::vector<GuardPort>& ports);
  [[nodiscard]] Result<NftRuleset> actual();

  NftTransport& transport_;
  GuardSettings settings_;
  std::vector<GuardPort> ports_;
  NftRuleset desired_;
};

}  // namespace bulkhead::rules
