#include "rules/discovery/docker_api.h"

#include <algorithm>
#include <utility>

#include "datapath/base/json_child.h"
#include "rules/discovery/container_limits.h"

namespace bulkhead::rules {

namespace {

using Json = nlohmann::json;
constexpr std::size_t kMaxName = 255;

Error problem(const char* answer, std::string text) {
  return {"parse", answer, 0, std::move(text)};
}

std::string text(const Json* value) {
  if (value == nullptr || !value->is_string()) return {};
  std::string out = value->get<std::string>();
  if (out.size() > kMaxName) out.resize(kMaxName);
  return out;
}

Labels labels_of(const Json* object) {
  Labels out;
  if (object == nullptr || !object->is_object()) return out;
  for (const auto& [key, value] : object->items()) {
    if (value.is_string()) out.emplace(key, value.get<std::string>());
  }
  return out;
}

DockerEndpoint endpoint_of(const std::string& network, const Json& json) {
  DockerEndpoint out;
  out.network = network;
  out.network_id = text(child(json, "NetworkID"));
  out.mac = MacAddress::parse(text(child(json, "MacAddress")));
  for (const char* key : {"IPAddress", "GlobalIPv6Address"}) {
    if (const auto address = IpAddress::parse(text(child(json, key)))) out.addresses.push_back(*address);
  }
  return out;
}

bool flag(const Json* value) {
  return value != nullptr && value->is_boolean() && value->get<bool>();
}
// Numbers from ContainerLimits::kNone on limit nothing.
bool is_limit(const Json* value) {
  if (value == nullptr || !value->is_number()) return false;
  const double number = value->get<double>();
  return number > 0 && number < static_cast<double>(ContainerLimits::kNone);
}
std::vector<std::string> words(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& word : *list) {
    if (out.size() < Posture::kMostListed && word.is_string()) out.push_back(text(&word));
  }
  return out;
}

// "CAP_NET_RAW", "net_raw": one name.
std::vector<std::string> capabilities(const Json* list) {
  std::vector<std::string> out = words(list);
  for (std::string& name : out) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (name.starts_with("CAP_")) name.erase(0, 4);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void add_mount(Posture& posture, const std::string& source) {
  const auto add = [&](std::vector<std::string>& to) {
    if (to.size() < Posture::kMostListed && std::find(to.begin(), to.end(), source) == to.end()) to.push_back(source);
  };
  if (is_runtime_socket(source)) add(posture.sockets);
  if (is_grave_host_path(source)) add(posture.host_paths);
}

Posture posture_of(const Json& top) {
  Posture out;
  const auto host = [&](const char* key) { return child(top, "HostConfig", key); };
  out.privileged = flag(host("Privileged"));
  out.host_network = text(host("NetworkMode")) == "host";
  out.host_pid = text(host("PidMode")) == "host";
  out.host_ipc = text(host("IpcMode")) == "host";
  for (const std::string& option : words(host("SecurityOpt"))) {
    out.unconfined = out.unconfined || option.ends_with("=unconfined") || option.ends_with(":unconfined");
  }
  out.memory_limit = is_limit(host("Memory"));
  out.cpu_limit = is_limit(host("NanoCpus")) || is_limit(host("CpuQuota"));
  out.process_limit = is_limit(host("PidsLimit"));
  out.capabilities = capabilities(host("CapAdd"));
  // Docker's default set has it.
  const auto dropped = capabilities(host("CapDrop"));
  const auto has = [](const std::vector<std::string>& list, const char* name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  const bool added = has(out.capabilities, "NET_RAW") || has(out.capabilities, "ALL");
  out.raw_packets = added || !(has(dropped, "NET_RAW") || has(dropped, "ALL"));
  if (const Json* mounts = child(top, "Mounts"); mounts != nullptr && mounts->is_array()) {
    for (const Json& mount : *mounts) {
      if (text(child(mount, "Type")) != "volume") add_mount(out, text(child(mount, "Source")));
    }
  }
  for (const std::string& bind : words(host("Binds"))) add_mount(out, bind.substr(0, bind.find(':')));
  return out;
}

// Discarded for anything that is not JSON; nothing is thrown.
Json parse(std::string_view json) {
  if (json.size() > kMaxDockerAnswer) return Json(Json::value_t::discarded);
  return Json::parse(json.begin(), json.end(), nullptr, false);
}

}  // namespace

bool is_docker_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<std::vector<std::string>> parse_container_ids(std::string_view json) {
  constexpr const char* kAnswer = "docker /containers/json";
  const Json list = parse(json);
  if (!list.is_array()) return problem(kAnswer, "no JSON list");
  std::vector<std::string> out;
  for (const Json& entry : list) {
    std::string id = text(child(entry, "Id"));
    if (!is_docker_id(id)) return problem(kAnswer, "a container without id");
    out.push_back(std::move(id));
  }
  return out;
}

Result<DockerContainer> parse_container(std::string_view json) {
  constexpr const char* kAnswer = "docker /containers/ID/json";
  const Json top = parse(json);
  if (!top.is_object()) return problem(kAnswer, "no JSON object");
  DockerContainer out;
  out.id = text(child(top, "Id"));
  if (!is_docker_id(out.id)) return problem(kAnswer, "no key Id");
  out.name = text(child(top, "Name"));
  if (out.name.starts_with('/')) out.name.erase(0, 1);
  if (out.name.empty()) return problem(kAnswer, "no key Name");
  out.labels = labels_of(child(top, "Config", "Labels"));
  const Json* running = child(top, "State", "Running");
  if (running == nullptr || !running->is_boolean()) return problem(kAnswer, "no key State.Running");
  out.running = running->get<bool>();
  const Json* pid = child(top, "State", "Pid");
  if (pid != nullptr && pid->is_number_integer()) {
    const auto number = pid->get<std::int64_t>();
    if (number > 0 && number <= INT32_MAX) out.pid = static_cast<std::int32_t>(number);
  }
  out.posture = posture_of(top);
  out.host_network = out.posture.host_network;
  out.image = text(child(top, "Config", "Image"));
  out.image_digest = text(child(top, "Image"));
  const Json* networks = child(top, "NetworkSettings", "Networks");
  if (networks == nullptr || !(networks->is_object() || networks->is_null())) {
    return problem(kAnswer, "no key NetworkSettings.Networks");
  }
  if (out.host_network || networks->is_null()) return out;
  for (const auto& [name, endpoint] : networks->items()) {
    if (name != "none") out.endpoints.push_back(endpoint_of(name.substr(0, kMaxName), endpoint));
  }
  return out;
}

Result<std::vector<DockerNetwork>> parse_networks(std::string_view json) {
  constexpr const char* kAnswer = "docker /networks";
  const Json list = parse(json);
  if (!list.is_array()) return problem(kAnswer, "no JSON list");
  std::vector<DockerNetwork> out;
  for (const Json& entry : list) {
    DockerNetwork network;
    network.id = text(child(entry, "Id"));
    // Swarm's networks have ids of other letters; they have no bridge on this node that we would guard.
    if (network.id.empty()) return problem(kAnswer, "a network without id");
    network.name = text(child(entry, "Name"));
    network.driver = text(child(entry, "Driver"));
    if (network.driver == "bridge") {
      network.bridge = text(child(entry, "Options", "com.docker.network.bridge.name"));
      if (network.bridge.empty()) network.bridge = "br-" + network.id.substr(0, 12);
    }
    out.push_back(std::move(network));
  }
  return out;
}

Result<DockerEvent> parse_docker_event(std::string_view line) {
  constexpr const char* kAnswer = "docker /events";
  const Json top = parse(line);
  if (!top.is_object()) return problem(kAnswer, "no JSON object");
  DockerEvent out;
  out.type = text(child(top, "Type"));
  out.action = text(child(top, "Action"));
  out.id = text(child(top, "Actor", "ID"));
  if (out.type.empty() || out.action.empty()) return problem(kAnswer, "no key Type or Action");
  if (const Json* actor = child(top, "Actor")) out.container = text(child(*actor, "Attributes", "container"));
  return out;
}

}  // namespace bulkhead::rules
