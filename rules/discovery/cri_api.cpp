#include "rules/discovery/cri_api.h"

#include <algorithm>
#include <map>
#include <utility>

#include "datapath/base/json_child.h"
#include "datapath/base/text_encoding.h"
#include "rules/discovery/grpc_session.h"
#include "rules/discovery/oci_posture.h"
#include "rules/discovery/protobuf.h"

namespace bulkhead::rules {

namespace {

using Json = nlohmann::json;
constexpr std::size_t kMostId = 128;
constexpr std::uint64_t kNodeNamespace = 2;  // NamespaceMode NODE
// What kubelet adds to the labels of a pod.
constexpr std::string_view kKubeletLabels = "io.kubernetes.pod.";

// One answer while it is read: its fields, and the first thing that is wrong with them.
class Answer {
 public:
  explicit Answer(const char* name) : name_(name) {}

  // Calls `field` for each field of a message.
  template <typename Visit>
  void each(std::string_view message, Visit field) {
    ProtobufReader reader(message);
    ProtobufField next;
    while (wrong_.empty() && reader.next(next)) field(next);
    if (reader.broken()) refuse("it is no protocol buffer");
  }
  // The text of a field that may be kept.
  std::string text(const ProtobufField& field) {
    if (field.bytes.size() > kMaxCriText) {
      refuse("a text is too long");
      return {};
    }
    if (!is_utf8(field.bytes) || field.bytes.find('\0') != std::string_view::npos) refuse("a text is no UTF-8");
    return std::string(field.bytes);
  }
  // An id may stand in texts and requests: letters, digits, "-", "_", ".".
  std::string id(const ProtobufField& field) {
    const auto fits = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
             c == '.';
    };
    if (field.bytes.empty() || field.bytes.size() > kMostId ||
        !std::all_of(field.bytes.begin(), field.bytes.end(), fits)) {
      refuse("an id is none");
    }
    return std::string(field.bytes.substr(0, kMostId));
  }
  // `info` of a verbose answer; other entries are passed over.
  void info(const ProtobufField& field, std::string_view& to) {
    std::string key;
    std::string_view value;
    each(field.bytes, [&](const ProtobufField& half) {
      if (half.is_bytes(1)) key = text(half);
      if (half.is_bytes(2)) value = half.bytes;
    });
    if (key == "info") to = value;
  }
  void label(const ProtobufField& field, Labels& to) {
    std::string key, value;
    each(field.bytes, [&](const ProtobufField& half) {
      if (half.is_bytes(1)) key = text(half);
      if (half.is_bytes(2)) value = text(half);
    });
    if (to.size() >= kMostCriLabels) return refuse("too many labels");
    if (!key.starts_with(kKubeletLabels)) to[key] = value;
  }
  void refuse(const char* text) {
    if (wrong_.empty()) wrong_ = text;
  }
  [[nodiscard]] bool fine() const { return wrong_.empty(); }
  [[nodiscard]] Error error() const { return {"parse", std::string("cri ") + name_, 0, wrong_}; }

 private:
  const char* name_;
  std::string wrong_;
};

// The JSON text of `info`; discarded where it is none.
Json info_json(std::string_view text) {
  if (text.size() > kMaxCriInfo) return Json(Json::value_t::discarded);
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

std::string text_of(const Json* value) {
  if (value == nullptr || !value->is_string()) return {};
  const auto& text = value->get_ref<const std::string&>();
  return text.size() <= kMaxCriText ? text : std::string();
}

std::int32_t pid_of(const Json& info) {
  const Json* pid = child(&info, "pid");
  if (pid == nullptr || !pid->is_number_integer()) return 0;
  const auto number = pid->get<std::int64_t>();
  return number > 0 && number <= INT32_MAX ? static_cast<std::int32_t>(number) : 0;
}

std::string network_namespace_of(const Json& info) {
  const Json* list = child(&info, "runtimeSpec", "linux", "namespaces");
  if (list == nullptr || !list->is_array()) return {};
  for (const Json& space : *list) {
    std::string path = text_of(child(&space, "path"));
    if (text_of(child(&space, "type")) == "network" && path.starts_with('/')) return path;
  }
  return {};
}

// "10.88.0.5/16" and "10.88.0.5".
std::optional<IpAddress> address_of(const std::string& text) {
  return IpAddress::parse(text.substr(0, text.find('/')));
}

void add_host_interface(CriSandbox& to, const std::string& name) {
  constexpr std::size_t kMostInterfaces = 16;
  if (!name.empty() && name.size() < 16 && to.host_interfaces.size() < kMostInterfaces)
    to.host_interfaces.push_back(name);
}

// "cniResult": { "Interfaces":
//   { "eth0": { "IPConfigs": [ { "IP" } ], "Mac", "Sandbox" }, "veth1": { "Sandbox": "" } } }
void read_containerd_network(const Json& info, CriSandbox& out) {
  const Json* interfaces = child(&info, "cniResult", "Interfaces");
  if (interfaces == nullptr || !interfaces->is_object()) return;
  for (const auto& [name, interface] : interfaces->items()) {
    if (text_of(child(&interface, "Sandbox")).empty()) add_host_interface(out, name);
    const Json* list = child(&interface, "IPConfigs");
    if (list == nullptr || !list->is_array()) continue;
    for (const Json& config : *list) {
      const auto address = address_of(text_of(child(&config, "IP")));
      if (address == out.addresses.front()) out.mac = MacAddress::parse(text_of(child(&interface, "Mac")));
    }
  }
}

// CRI-O keeps the answer of CNI as a text in an annotation:
// { "interfaces": [ { "name", "mac", "sandbox" } ], "ips": [ { "interface": 2, "address" } ] }
void read_crio_network(const Json& info, CriSandbox& out) {
  const Json* text = child(&info, "runtimeSpec", "annotations", "io.kubernetes.cri-o.CNIResult");
  if (text == nullptr || !text->is_string()) return;
  const Json result = info_json(text->get_ref<const std::string&>());
  const Json* ips = child(&result, "ips");
  const Json* interfaces = child(&result, "interfaces");
  if (ips == nullptr || !ips->is_array() || interfaces == nullptr || !interfaces->is_array()) return;
  for (const Json& interface : *interfaces) {
    if (text_of(child(&interface, "sandbox")).empty()) add_host_interface(out, text_of(child(&interface, "name")));
  }
  for (const Json& ip : *ips) {
    const Json* at = child(&ip, "interface");
    const auto address = address_of(text_of(child(&ip, "address")));
    if (at == nullptr || !at->is_number_unsigned() || address != out.addresses.front()) continue;
    const auto index = at->get<std::uint64_t>();
    if (index < interfaces->size()) out.mac = MacAddress::parse(text_of(child(&(*interfaces)[index], "mac")));
  }
}

void read_metadata(Answer& answer, std::string_view message, CriSandbox& out) {
  answer.each(message, [&](const ProtobufField& field) {
    if (field.is_bytes(1)) out.name = answer.text(field);
    if (field.is_bytes(2)) out.uid = answer.text(field);
    if (field.is_bytes(3)) out.name_space = answer.text(field);
  });
}

void read_addresses(Answer& answer, std::string_view message, CriSandbox& out) {
  const auto add = [&](const ProtobufField& field) {
    if (out.addresses.size() >= kMostCriAddresses) return answer.refuse("too many addresses");
    const auto address = IpAddress::parse(field.bytes);
    if (address && std::find(out.addresses.begin(), out.addresses.end(), *address) == out.addresses.end()) {
      out.addresses.push_back(*address);
    }
  };
  answer.each(message, [&](const ProtobufField& field) {
    if (field.is_bytes(1) && !field.bytes.empty()) add(field);
    if (!field.is_bytes(2)) return;
    answer.each(field.bytes, [&](const ProtobufField& ip) {
      if (ip.is_bytes(1)) add(ip);
    });
  });
}

// LinuxPodSandboxStatus { namespaces = 1 { options = 2 { network = 1, pid = 2, ipc = 3 } } }
void read_namespaces(Answer& answer, std::string_view message, CriSandbox& out) {
  answer.each(message, [&](const ProtobufField& linux_field) {
    if (!linux_field.is_bytes(1)) return;
    answer.each(linux_field.bytes, [&](const ProtobufField& space) {
      if (!space.is_bytes(2)) return;
      answer.each(space.bytes, [&](const ProtobufField& mode) {
        const bool of_node = mode.value == kNodeNamespace;
        if (mode.is_number(1)) out.host_network = of_node;
        if (mode.is_number(2)) out.host_pid = of_node;
        if (mode.is_number(3)) out.host_ipc = of_node;
      });
    });
  });
}

void read_sandbox(Answer& answer, std::string_view message, CriSandbox& out) {
  out.ready = true;  // the state that is not written
  answer.each(message, [&](const ProtobufField& field) {
    if (field.is_bytes(1)) out.id = answer.id(field);
    if (field.is_bytes(2)) read_metadata(answer, field.bytes, out);
    if (field.is_number(3)) out.ready = field.value == 0;
    if (field.is_number(4)) out.created = static_cast<std::int64_t>(field.value);
    if (field.is_bytes(5)) read_addresses(answer, field.bytes, out);
    if (field.is_bytes(6)) read_namespaces(answer, field.bytes, out);
    if (field.is_bytes(7)) answer.label(field, out.labels);
  });
}

void read_sandbox_info(std::string_view text, CriSandbox& out) {
  const Json info = info_json(text);
  out.pid = pid_of(info);
  out.network_namespace = network_namespace_of(info);
  if (out.addresses.empty()) return;
  read_containerd_network(info, out);
  if (!out.mac) read_crio_network(info, out);
}

// "docker.io/library/nginx@sha256:..." and "sha256:..."; empty: there is none.
std::string digest_of(std::string_view reference) {
  const std::size_t at = reference.find("sha256:");
  return at == std::string_view::npos ? std::string() : std::string(reference.substr(at));
}

void read_container(Answer& answer, std::string_view message, CriContainer& out, std::vector<std::string>& mounts) {
  answer.each(message, [&](const ProtobufField& field) {
    if (field.is_bytes(1)) out.id = answer.id(field);
    if (field.is_bytes(2)) {
      answer.each(field.bytes, [&](const ProtobufField& part) {
        if (part.is_bytes(1)) out.name = answer.text(part);
      });
    }
    if (field.is_number(3)) out.running = field.value == 1;
    if (field.is_number(4)) out.created = static_cast<std::int64_t>(field.value);
    if (field.is_bytes(8)) {
      answer.each(field.bytes, [&](const ProtobufField& part) {
        if (part.is_bytes(18) || (part.is_bytes(1) && out.image.empty())) out.image = answer.text(part);
      });
    }
    if (field.is_bytes(9)) out.image_digest = digest_of(answer.text(field));
    if (field.is_bytes(14)) {
      answer.each(field.bytes, [&](const ProtobufField& part) {
        if (part.is_bytes(2) && mounts.size() < kMostCriLabels) mounts.push_back(answer.text(part));
      });
    }
  });
}

// A list of objects in field 1: the id of each whose state is `wanted`, and the text of field 2 where `of_sandbox`.
Result<std::vector<CriEntry>> read_list(const char* name, std::string_view list, bool containers) {
  Answer answer(name);
  std::vector<CriEntry> out;
  answer.each(list, [&](const ProtobufField& item) {
    if (!item.is_bytes(1)) return;
    CriEntry entry;
    std::uint64_t state = 0;
    answer.each(item.bytes, [&](const ProtobufField& field) {
      if (field.is_bytes(1)) entry.id = answer.id(field);
      if (containers && field.is_bytes(2)) entry.sandbox = answer.id(field);
      if (field.is_number(containers ? 6 : 3)) state = field.value;
    });
    if (entry.id.empty()) return answer.refuse("an entry without id");
    if (containers && entry.sandbox.empty()) return answer.refuse("a container without sandbox");
    if (state != (containers ? 1U : 0U)) return;  // a runtime that does not heed the filter
    if (out.size() >= kMostCriObjects) return answer.refuse("the list is too long");
    out.push_back(std::move(entry));
  });
  if (!answer.fine()) return answer.error();
  return out;
}

}  // namespace

std::string version_request() {
  return ProtobufWriter().bytes(1, "v1").text();
}
// filter = 1 { state = 2 { state = 1 } }
std::string ready_sandboxes_request() {
  return ProtobufWriter().bytes(1, ProtobufWriter().bytes(2, ProtobufWriter().number(1, 0).text()).text()).text();
}
std::string running_containers_request() {
  return ProtobufWriter().bytes(1, ProtobufWriter().bytes(2, ProtobufWriter().number(1, 1).text()).text()).text();
}
std::string status_request(std::string_view id) {
  return ProtobufWriter().bytes(1, id).number(2, 1).text();
}

Result<CriVersion> parse_cri_version(std::string_view message) {
  Answer answer("Version");
  CriVersion out;
  answer.each(message, [&](const ProtobufField& field) {
    if (field.is_bytes(2)) out.runtime = answer.text(field);
    if (field.is_bytes(3)) out.version = answer.text(field);
  });
  if (answer.fine() && out.runtime.empty()) answer.refuse("no name of the runtime");
  if (!answer.fine()) return answer.error();
  return out;
}

Result<std::vector<CriEntry>> parse_cri_sandboxes(std::string_view answer) {
  return read_list("ListPodSandbox", answer, false);
}
Result<std::vector<CriEntry>> parse_cri_containers(std::string_view answer) {
  return read_list("ListContainers", answer, true);
}

Result<CriSandbox> parse_cri_sandbox(std::string_view message) {
  Answer answer("PodSandboxStatus");
  CriSandbox out;
  std::string_view info;
  answer.each(message, [&](const ProtobufField& field) {
    if (field.is_bytes(1)) read_sandbox(answer, field.bytes, out);
    if (field.is_bytes(2)) answer.info(field, info);
  });
  if (answer.fine() && out.id.empty()) answer.refuse("a sandbox without id");
  if (answer.fine() && out.name.empty()) answer.refuse("a sandbox without name");
  if (!answer.fine()) return answer.error();
  if (out.name_space.empty()) out.name_space = "default";
  read_sandbox_info(info, out);
  return out;
}

Result<CriContainer> parse_cri_container(std::string_view message) {
  Answer answer("ContainerStatus");
  CriContainer out;
  std::string_view info;
  std::vector<std::string> mounts;
  answer.each(message, [&](const ProtobufField& field) {
    if (field.is_bytes(1)) read_container(answer, field.bytes, out, mounts);
    if (field.is_bytes(2)) answer.info(field, info);
  });
  if (answer.fine() && out.id.empty()) answer.refuse("a container without id");
  if (!answer.fine()) return answer.error();
  const Json json = info_json(info);
  out.pid = pid_of(json);
  out.posture = oci_posture(json);
  for (const std::string& path : mounts) {
    if (out.posture) add_host_mount(*out.posture, path);
  }
  return out;
}

Result<CriEvent> parse_cri_event(std::string_view message) {
  Answer answer("GetContainerEvents");
  CriEvent out;
  answer.each(message, [&](const ProtobufField& field) {
    if (field.is_bytes(1)) out.container = answer.id(field);
    if (field.is_number(2)) out.type = field.value;
  });
  if (answer.fine() && out.container.empty()) answer.refuse("an event without container");
  if (!answer.fine()) return answer.error();
  return out;
}

}  // namespace bulkhead::rules
