#include "rules/discovery/kubernetes_api.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "datapath/base/json_child.h"
#include "rules/model/protocol_names.h"

namespace bulkhead::rules {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostAddresses = 16, kMostPorts = 256, kMostLabels = 256, kMostName = 253;

std::string text(const Json* json) {
  return json != nullptr && json->is_string() ? json->get<std::string>() : std::string();
}
bool flag(const Json* json) {
  return json != nullptr && json->is_boolean() && json->get<bool>();
}
const Json& list(const Json* json) {
  static const Json none = Json::array();
  return json != nullptr && json->is_array() ? *json : none;
}

// Names of objects: what the server lets through, and no more.
bool is_name(std::string_view name) {
  return name.size() <= kMostName && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
         });
}

void read_labels(const Json* labels, Labels& out) {
  if (labels == nullptr || !labels->is_object()) return;
  for (const auto& [key, value] : labels->items()) {
    if (value.is_string() && out.size() < kMostLabels) out[key] = value.get<std::string>();
  }
}

void add_address(const Json* json, KubernetesObject& out) {
  const auto address = IpAddress::parse(text(json));
  if (!address || out.addresses.size() >= kMostAddresses) return;
  if (std::find(out.addresses.begin(), out.addresses.end(), *address) == out.addresses.end())
    out.addresses.push_back(*address);
}

void add_host_path(const std::string& path, Posture& out) {
  const auto add = [&](std::vector<std::string>& to) {
    if (to.size() < Posture::kMostListed && std::find(to.begin(), to.end(), path) == to.end()) to.push_back(path);
  };
  if (is_runtime_socket(path)) add(out.sockets);
  if (is_grave_host_path(path)) add(out.host_paths);
}

// "NET_RAW", "CAP_NET_RAW", "ALL".
bool names_capability(const Json& names, std::string_view wanted) {
  return std::any_of(names.begin(), names.end(), [&](const Json& each) {
    std::string name = text(&each);
    if (name.starts_with("CAP_")) name.erase(0, 4);
    return name == wanted || name == "ALL";
  });
}

void add_capabilities(const Json& added, Posture& out) {
  for (const Json& each : added) {
    std::string name = text(&each);
    if (name.starts_with("CAP_")) name.erase(0, 4);
    const bool known = std::find(out.capabilities.begin(), out.capabilities.end(), name) != out.capabilities.end();
    if (!known && !name.empty() && out.capabilities.size() < Posture::kMostListed) out.capabilities.push_back(name);
  }
}

// Of one container, also of those that prepare the pod.
void read_rights(const Json& container, bool raw_by_default, Posture& out) {
  const Json* security = child(container, "securityContext");
  static const Json nothing = Json::object();
  const Json& context = security != nullptr ? *security : nothing;
  out.privileged = out.privileged || flag(child(context, "privileged"));
  out.unconfined = out.unconfined || text(child(context, "seccompProfile", "type")) == "Unconfined" ||
                   text(child(context, "appArmorProfile", "type")) == "Unconfined";
  const Json& added = list(child(context, "capabilities", "add"));
  add_capabilities(added, out);
  const bool dropped = names_capability(list(child(context, "capabilities", "drop")), "NET_RAW");
  out.raw_packets = out.raw_packets || names_capability(added, "NET_RAW") || (raw_by_default && !dropped);
}

Posture posture_of(const Json& pod) {
  Posture out;
  out.pod = true;
  out.host_network = flag(child(pod, "spec", "hostNetwork"));
  out.host_pid = flag(child(pod, "spec", "hostPID"));
  out.host_ipc = flag(child(pod, "spec", "hostIPC"));
  out.unconfined = text(child(pod, "spec", "securityContext", "seccompProfile", "type")) == "Unconfined";
  bool raw_by_default = true;
  for (const Json& status : list(child(pod, "status", "containerStatuses"))) {
    if (text(child(status, "containerID")).starts_with("cri-o://")) raw_by_default = false;
  }
  const Json& containers = list(child(pod, "spec", "containers"));
  out.memory_limit = out.cpu_limit = !containers.empty();
  out.process_limit = true;
  for (const Json& container : containers) {
    read_rights(container, raw_by_default, out);
    out.memory_limit = out.memory_limit && child(container, "resources", "limits", "memory") != nullptr;
    out.cpu_limit = out.cpu_limit && child(container, "resources", "limits", "cpu") != nullptr;
  }
  for (const Json& container : list(child(pod, "spec", "initContainers"))) read_rights(container, raw_by_default, out);
  for (const Json& volume : list(child(pod, "spec", "volumes"))) {
    if (const std::string path = text(child(volume, "hostPath", "path")); !path.empty()) add_host_path(path, out);
  }
  std::sort(out.capabilities.begin(), out.capabilities.end());
  return out;
}

void read_pod(const Json& json, KubernetesObject& out) {
  out.posture = posture_of(json);
  out.uid = text(child(json, "metadata", "uid"));
  out.node = text(child(json, "spec", "nodeName"));
  out.host_network = flag(child(json, "spec", "hostNetwork"));
  const std::string phase = text(child(json, "status", "phase"));
  out.ended = phase == "Succeeded" || phase == "Failed";
  if (!out.host_network) {
    add_address(child(json, "status", "podIP"), out);
    for (const Json& each : list(child(json, "status", "podIPs"))) add_address(child(each, "ip"), out);
  }
  for (const Json& container : list(child(json, "spec", "containers"))) {
    if (out.image.empty()) out.image = text(child(container, "image"));
    for (const Json& port : list(child(container, "ports"))) {
      const Json* number = child(port, "containerPort");
      const bool right = number != nullptr && number->is_number_unsigned() && number->get<std::uint64_t>() <= 65535;
      if (!right || out.ports.size() >= kMostPorts) continue;
      const std::string protocol = text(child(port, "protocol"));
      const auto word = protocol == "UDP" ? "udp" : protocol == "SCTP" ? "sctp" : "tcp";
      if (const auto known = protocol_number(word))
        out.ports.push_back({text(child(port, "name")), *known, number->get<std::uint16_t>()});
    }
  }
  for (const Json& status : list(child(json, "status", "containerStatuses"))) {
    const std::string id = text(child(status, "imageID"));
    const std::size_t at = id.find("sha256:");
    if (at == std::string::npos || !out.image_digest.empty()) continue;
    out.image_digest = id.substr(at);
  }
}

// What decides, and nothing that changes without a change of it: versions, who wrote it when, the status.
std::string manifest_of(const Json& json, const std::string& kind, const std::string& version) {
  Json out = {{"apiVersion", version}, {"kind", kind}};
  const auto keep = [&](const char* key) {
    if (const Json* value = child(json, "metadata", key); value != nullptr) out["metadata"][key] = *value;
  };
  keep("name");
  keep("namespace");
  if (const Json* spec = child(json, "spec"); spec != nullptr) out["spec"] = *spec;
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

// An item of a list does not say its kind and version: the list does.
std::optional<KubernetesObject> read_object(const Json& json, KubernetesKind kind, const std::string& kind_name,
                                            const std::string& version) {
  KubernetesObject out;
  out.name = text(child(json, "metadata", "name"));
  out.name_space = text(child(json, "metadata", "namespace"));
  if (out.name.empty() || !is_name(out.name) || !is_name(out.name_space)) return std::nullopt;
  switch (kind) {
    case KubernetesKind::kNamespace: read_labels(child(json, "metadata", "labels"), out.labels); break;
    case KubernetesKind::kPod:
      if (out.name_space.empty()) return std::nullopt;
      read_labels(child(json, "metadata", "labels"), out.labels);
      read_pod(json, out);
      break;
    case KubernetesKind::kPolicy: out.manifest = manifest_of(json, kind_name, version); break;
  }
  return out;
}

Json parse(std::string_view json) {
  if (json.size() > kMaxKubernetesAnswer) return Json(Json::value_t::discarded);
  return Json::parse(json.begin(), json.end(), nullptr, false);
}

}  // namespace

Result<KubernetesList> parse_kubernetes_list(std::string_view json, KubernetesKind kind) {
  const Json top = parse(json);
  const Json* items = child(top, "items");
  if (items == nullptr || !(items->is_array() || items->is_null()))
    return Error{"list", "API server", 0, "the answer is no list"};
  std::string kind_name = text(child(top, "kind"));
  if (kind_name.ends_with("List")) kind_name.resize(kind_name.size() - 4);
  const std::string version = text(child(top, "apiVersion"));
  KubernetesList out;
  out.version = text(child(top, "metadata", "resourceVersion"));
  out.next = text(child(top, "metadata", "continue"));
  for (const Json& item : list(items)) {
    if (auto object = read_object(item, kind, kind_name, version)) {
      out.objects.push_back(std::move(*object));
    } else {
      ++out.left_out;
    }
  }
  return out;
}

Result<KubernetesEvent> parse_kubernetes_event(std::string_view line, KubernetesKind kind) {
  const Json top = parse(line);
  const Json* json = child(top, "object");
  const std::string type = text(child(top, "type"));
  if (json == nullptr || type.empty()) return Error{"watch", "API server", 0, "a line that is no event"};
  using Type = KubernetesEvent::Type;
  KubernetesEvent out;
  if (type == "ERROR") {
    out.type = Type::kError;
    const Json* code = child(*json, "code");
    if (code != nullptr && code->is_number_integer()) out.code = static_cast<int>(code->get<std::int64_t>());
    out.text = text(child(*json, "message"));
    return out;
  }
  out.version = text(child(*json, "metadata", "resourceVersion"));
  if (type == "BOOKMARK") out.type = Type::kBookmark;
  if (type != "ADDED" && type != "MODIFIED" && type != "DELETED") return out;
  auto object = read_object(*json, kind, text(child(*json, "kind")), text(child(*json, "apiVersion")));
  if (!object) return Error{"watch", "API server", 0, "an object without a name"};
  out.object = std::move(*object);
  out.type = type == "DELETED" ? Type::kDeleted : Type::kPut;
  return out;
}

}  // namespace bulkhead::rules
