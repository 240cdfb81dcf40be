// Answers of a container runtime (CRI, runtime.v1) as values: what of them matters for who may talk to whom.
//
//   Version              -> CriVersion
//   ListPodSandbox       -> ids of the sandboxes that are ready
//   PodSandboxStatus     -> CriSandbox     names, labels, addresses; of `info`: namespace, pid, what CNI answered
//   ListContainers       -> ids of the containers that run, with those of their sandboxes
//   ContainerStatus      -> CriContainer   image, mounts; of `info`: what it may do (oci_posture.h)
//   GetContainerEvents   -> one CriEvent a message, for ever
//
// Thread   pure functions.
// Limits   kMaxGrpcMessage bytes an answer (grpc_session.h), kMaxCriInfo of one JSON text within; kMostCriObjects in a
//          list, kMostCriLabels of kMaxCriText bytes at a sandbox, kMostCriAddresses. Beyond: the answer is refused
//          whole, for half a list would take workloads away.
// Errors   Error{"parse", which answer, 0, what is missing or wrong}: an answer that is no protocol buffer, a text that
// is
//          no UTF-8, a sandbox without id or name. `info` that cannot be read leaves what it tells unknown.
// Source   kubernetes/cri-api pkg/apis/runtime/v1/api.proto; `info` of containerd 1.6 to 2.1 and CRI-O 1.24 to 1.31
// Tests    tests/unit/rules/discovery/cri_api_test.cpp, tests/fuzz/fuzz_cri_api.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/ip_address.h"
#include "datapath/base/result.h"
#include "rules/model/workload.h"

namespace bulkhead::rules {

inline constexpr std::size_t kMostCriObjects = 8192;
inline constexpr std::size_t kMostCriLabels = 1024;
inline constexpr std::size_t kMaxCriText = 4096;
inline constexpr std::size_t kMostCriAddresses = 64;
inline constexpr std::size_t kMaxCriInfo = std::size_t{4} << 20;

struct CriVersion {
  std::string runtime, version;  // "containerd", "1.6.20"
};

struct CriEntry {
  std::string id;
  std::string sandbox;  // of containers
};

struct CriSandbox {
  std::string id;
  std::string name, name_space, uid;
  Labels labels;  // without those by which kubelet finds a pod again
  bool ready = false;
  std::int64_t created = 0;  // ns since 1970
  std::vector<IpAddress> addresses;
  bool host_network = false, host_pid = false, host_ipc = false;
  // Of `info`:
  std::string network_namespace;             // "/var/run/netns/cni-..."; empty: not told
  std::int32_t pid = 0;                      // of the process that holds the namespaces; 0: none
  std::vector<std::string> host_interfaces;  // that CNI made on this side
  std::optional<MacAddress> mac;             // within the namespace, of the interface that has the first address
  auto operator<=>(const CriSandbox&) const = default;
};

struct CriContainer {
  std::string id, sandbox;
  std::string name;
  bool running = false;
  std::int64_t created = 0;
  std::string image, image_digest;
  std::int32_t pid = 0;
  std::optional<Posture> posture;  // none: the runtime does not tell
  auto operator<=>(const CriContainer&) const = default;
};

struct CriEvent {
  std::string container;
  std::uint64_t type = 0;  // 0 created, 1 started, 2 stopped, 3 deleted
};

[[nodiscard]] std::string version_request();
[[nodiscard]] std::string ready_sandboxes_request();
[[nodiscard]] std::string running_containers_request();
[[nodiscard]] std::string status_request(std::string_view id);  // of a sandbox or a container, with `info`

[[nodiscard]] Result<CriVersion> parse_cri_version(std::string_view answer);
[[nodiscard]] Result<std::vector<CriEntry>> parse_cri_sandboxes(std::string_view answer);
[[nodiscard]] Result<std::vector<CriEntry>> parse_cri_containers(std::string_view answer);
[[nodiscard]] Result<CriSandbox> parse_cri_sandbox(std::string_view answer);
// The container without its sandbox's id, which the answer does not have.
[[nodiscard]] Result<CriContainer> parse_cri_container(std::string_view answer);
[[nodiscard]] Result<CriEvent> parse_cri_event(std::string_view message);

}  // namespace bulkhead::rules
