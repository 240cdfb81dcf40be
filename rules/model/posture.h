// How a container was started, as far as it decides what an attacker in it can reach.
//
//   high     privileged; the runtime's socket or the node's root directory within; the node's processes
//   medium   the node's network; capabilities that change networks or read others; no confinement
//   low      raw packets (ARP spoofing); no limits of memory, CPU or processes
//
// Thread   values. Limits  kMostListed names of each kind. Source  capabilities(7), Docker Engine API HostConfig,
// Kubernetes PodSpec. Tests    tests/unit/rules/model/posture_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::rules {

struct Posture {
  static constexpr std::size_t kMostListed = 32;
  bool pod = false;  // advice is in the words of a pod's manifest, not in those of `docker run`
  bool privileged = false, host_network = false, host_pid = false, host_ipc = false;
  bool unconfined = false;  // neither seccomp nor AppArmor
  bool raw_packets = false;
  bool memory_limit = false, cpu_limit = false, process_limit = false;
  std::vector<std::string> capabilities;  // added: "NET_ADMIN"
  std::vector<std::string> sockets;       // of a container runtime, mounted
  std::vector<std::string> host_paths;    // directories of the node that give the node away
  auto operator<=>(const Posture&) const = default;
};

enum class Danger : std::uint8_t { kLow, kMedium, kHigh };
[[nodiscard]] const char* to_string(Danger danger);

struct PostureFinding {
  std::string_view code;  // "privileged", "runtime-socket", ...
  Danger danger = Danger::kLow;
  std::string text;    // "may do on the node what root may"
  std::string advice;  // "leave out --privileged"
  bool operator==(const PostureFinding&) const = default;
};

// The gravest first.
[[nodiscard]] std::vector<PostureFinding> findings_of(const Posture& posture);

// Is it the socket of a container runtime: docker.sock, containerd.sock, crio.sock, ...
[[nodiscard]] bool is_runtime_socket(std::string_view path);
// Does the directory give the node away when it is mounted: /, /etc, /proc, /var/lib/docker, ...
[[nodiscard]] bool is_grave_host_path(std::string_view path);

}  // namespace bulkhead::rules
