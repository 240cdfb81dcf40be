// The fast path of the bridge: a flow that the rules have just admitted goes from port to port without asking them
// again, by two BPF programs at each port (flow_programs.h).
//
//   first packet   port -> guard -> bridge -> rules: admitted, marked -> port, which remembers the flow
//   the others     port: known -> other port                   no guard, no bridge, no rules: they have the same answer
//   after 10 s     as the first
//
// Meaning  a known flow is one port, both MACs, addresses, ports and protocol: what comes by another port, or with
//          another address of either layer, is judged. What is admitted, and for how long, is the rules' to say
//          (nft/admitted_flows.h); packets of a limited source, and all while a rule counts packets, are not.
// Conntrack (`kAll`, where bridged traffic passes by inet hooks) sees the beginning and the end of a connection and one
//          packet in 10 s. So it must not hold sequence numbers against windows:
//          net.netfilter.nf_conntrack_tcp_be_liberal is set to 1 and stays so: what it has not seen it does not catch
//          up with, and would cut a connection for it. Its counters of bytes and packets say less than there was.
// Forget   whoever takes something away forgets all flows at once, from any process: forget_fast_path().
// Ports    of workloads whose MAC is known. Not those with filters of `tc` at their ingress (bandwidth limits): these
//          would not see the packets.
// Sees     taps at ports see all packets. What others put between two ports of a bridge (its VLAN filter, other tables
//          of nftables, its own counters) sees each flow every 10 s.
// Stays    when this process ends, as the rules do; open() and recover() take away what an earlier one left.
// Thread   control thread; counts(), ports() and forget_fast_path() any.
// Limits   kPathFlows directions of IPv4 and as many of IPv6, the least used go first; 8 MB of the kernel's memory.
// Errors   open(): the kernel has no tcx (before 6.6), or no CAP_BPF.
// Tests    tests/netns/fast_path_netns_test.cpp
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "datapath/base/ip_address.h"
#include "datapath/base/result.h"
#include "datapath/bpf/bpf_calls.h"

namespace bulkhead::rules {

inline constexpr std::uint32_t kPathFlows = 32768;
inline constexpr std::chrono::milliseconds kPathLifetime{10'000};

struct PathPort {
  std::uint32_t index = 0;  // of its interface
  MacAddress mac;           // of the workload behind it
  auto operator<=>(const PathPort&) const = default;
};

// Where it may be taken, in this order: only where no conntrack sees bridged traffic, or also where it does.
enum class PathScope : std::uint8_t { kBridge, kAll };

struct PathSettings {
  PathScope scope = PathScope::kBridge;
  std::chrono::milliseconds lifetime = kPathLifetime;
};

struct PathCounts {
  std::uint64_t passed = 0;   // packets that went from port to port
  std::uint64_t learned = 0;  // flows, and directions, that were remembered
};

class PathEpoch;

class FastPath {
 public:
  // Loads the programs; none is at a port yet. What an earlier process left in this network namespace goes.
  [[nodiscard]] static Result<std::unique_ptr<FastPath>> open(const PathSettings& settings = {});
  FastPath(const FastPath&) = delete;
  FastPath& operator=(const FastPath&) = delete;
  ~FastPath() = default;

  // At exactly these ports. Where one went, no flow is remembered. A port that goes meanwhile, or is filtered, is left
  // out; answers how many are in.
  [[nodiscard]] Result<std::size_t> use(const std::vector<PathPort>& ports);
  void forget();
  [[nodiscard]] Result<PathCounts> counts() const;
  [[nodiscard]] std::size_t ports() const { return at_.load(std::memory_order_relaxed); }
  [[nodiscard]] PathScope scope() const { return scope_; }

  // Away from all interfaces of this network namespace; answers of how many.
  static Result<std::size_t> recover();
  // Does conntrack leave windows alone, by our setting or another's?
  [[nodiscard]] static bool conntrack_is_liberal();

 private:
  FastPath() = default;
  [[nodiscard]] bool add(const PathPort& port);
  void remove(const PathPort& port);

  PathScope scope_ = PathScope::kBridge;
  bpf::BpfObject flows4_, flows6_, macs_, counts_;
  std::shared_ptr<PathEpoch> epoch_;
  bpf::BpfObject ingress_, egress_;
  std::map<std::uint32_t, PathPort> ports_;
  std::atomic<std::size_t> at_{0};  // how many they are
};

// No flow is known any more on this machine, whoever remembered it; without a fast path there is nothing to do.
void forget_fast_path();

}  // namespace bulkhead::rules
