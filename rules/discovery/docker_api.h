// Answers of the Docker Engine API as values: what of them matters for who may talk to whom.
//
//   GET /containers/json              -> ids of the running containers
//   GET /containers/ID/json           -> DockerContainer
//   GET /networks                     -> DockerNetwork, ...
//   GET /events?filters=...           -> one DockerEvent a line, for ever
//
// Thread   pure functions.
// Limits   kMaxDockerAnswer bytes an answer; names are cut at 255 bytes.
// Errors   Error{"parse", which answer, 0, what is missing or wrong}: a container without id, name or networks
//          is an error; a network whose addresses cannot be read is left without them.
// Source   Docker Engine API v1.24 to v1.47; unversioned paths answer in the engine's own version.
// Tests    tests/unit/rules/discovery/docker_api_test.cpp, tests/fuzz/fuzz_docker_api.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/ip_address.h"
#include "datapath/base/result.h"
#include "rules/model/workload.h"

namespace bulkhead::rules {

inline constexpr std::size_t kMaxDockerAnswer = std::size_t{32} << 20;

struct DockerEndpoint {
  std::string network;  // name
  std::string network_id;
  std::optional<MacAddress> mac;
  std::vector<IpAddress> addresses;
};

struct DockerContainer {
  std::string id;
  std::string name;  // without the slash
  Labels labels;
  bool running = false;
  std::int32_t pid = 0;
  bool host_network = false;
  std::string image, image_digest;
  Posture posture;
  std::vector<DockerEndpoint> endpoints;
};

struct DockerNetwork {
  std::string id;
  std::string name;
  std::string driver;
  std::string bridge;  // its interface on this node; empty: no bridge
};

struct DockerEvent {
  std::string type;       // "container", "network"
  std::string action;     // "start", "die", "connect", ...
  std::string id;         // of the object
  std::string container;  // of network events: who was connected
};

[[nodiscard]] Result<std::vector<std::string>> parse_container_ids(std::string_view json);
[[nodiscard]] Result<DockerContainer> parse_container(std::string_view json);
[[nodiscard]] Result<std::vector<DockerNetwork>> parse_networks(std::string_view json);
[[nodiscard]] Result<DockerEvent> parse_docker_event(std::string_view line);

// Whether an id may stand in a path: hex digits.
[[nodiscard]] bool is_docker_id(std::string_view id);

}  // namespace bulkhead::rules
