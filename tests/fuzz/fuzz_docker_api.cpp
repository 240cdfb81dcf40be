// Whatever sits behind the engine's socket: the first byte chooses the answer. Nothing is thrown, ids that come out
// are fit for a path, and what a container is said to have is bounded.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "datapath/base/check.h"
#include "rules/discovery/container_limits.h"
#include "rules/discovery/docker_api.h"
#include "rules/discovery/http_docker_client.h"

using namespace bulkhead;
using namespace bulkhead::rules;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: {
      const auto container = parse_container(text);
      if (!container) break;
      BULKHEAD_CHECK(is_docker_id(container->id) && !container->name.empty() && container->name.size() <= 255);
      BULKHEAD_CHECK(container->pid >= 0 && (!container->host_network || container->endpoints.empty()));
      for (const DockerEndpoint& endpoint : container->endpoints) BULKHEAD_CHECK(endpoint.addresses.size() <= 2);
      break;
    }
    case 1: {
      const auto ids = parse_container_ids(text);
      if (!ids) break;
      for (const std::string& id : *ids) BULKHEAD_CHECK(is_docker_id(id));
      break;
    }
    case 2: {
      const auto networks = parse_networks(text);
      if (!networks) break;
      for (const DockerNetwork& network : *networks)
        BULKHEAD_CHECK((network.driver == "bridge") == !network.bridge.empty());
      break;
    }
    case 3: static_cast<void>(parse_docker_event(text)); break;
    case 4: {
      LineSplitter lines;
      std::size_t bytes = 0;
      static_cast<void>(lines.feed(text.substr(0, text.size() / 2), [&](std::string_view line) {
        bytes += line.size();
        return parse_docker_event(line).has_value();
      }));
      BULKHEAD_CHECK(bytes <= text.size());
      break;
    }
    case 5: {
      const auto usage = parse_container_usage(text.substr(text.size() / 2));
      const auto limited = parse_container_limits(text.substr(0, text.size() / 2));
      if (!usage || !limited) break;
      BULKHEAD_CHECK(is_docker_id(limited->id));
      const ContainerLimits now = limited->now;
      const ContainerLimits given = limits_to_give(now, {std::int64_t{1} << 29, 512, 100'000}, *usage);
      // What is there is not touched, and what is given is enough for what runs.
      BULKHEAD_CHECK((now.memory == 0 || given.memory == 0) && (given.memory == 0 || given.memory >= usage->memory));
      BULKHEAD_CHECK(now.processes == 0 || given.processes == 0);
      BULKHEAD_CHECK(limits_to_take_back(given, given) == given && given.memory * 2 >= 0);
      break;
    }
    default: break;
  }
  return 0;
}
