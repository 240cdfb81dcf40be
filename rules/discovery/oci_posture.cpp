#include "rules/discovery/oci_posture.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "datapath/base/json_child.h"

namespace bulkhead::rules {

namespace {

using Json = nlohmann::json;

// What containerd gives to every container, CRI-O less.
constexpr std::array<std::string_view, 14> kUsual = {
    "AUDIT_WRITE", "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",       "MKNOD",
    "NET_RAW",     "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT", "NET_BIND_SERVICE"};

bool flag(const Json* value) {
  return value != nullptr && value->is_boolean() && value->get<bool>();
}
bool is_positive(const Json* value) {
  return value != nullptr && value->is_number() && value->get<double>() > 0;
}
std::string_view text(const Json* value) {
  return value != nullptr && value->is_string() ? std::string_view(value->get_ref<const std::string&>())
                                                : std::string_view();
}

void add(std::vector<std::string>& to, std::string_view word) {
  if (to.size() < Posture::kMostListed && word.size() <= 255 && std::find(to.begin(), to.end(), word) == to.end()) {
    to.emplace_back(word);
  }
}

}  // namespace

void add_host_mount(Posture& posture, std::string_view source) {
  if (is_runtime_socket(source)) add(posture.sockets, source);
  if (is_grave_host_path(source)) add(posture.host_paths, source);
}

std::optional<Posture> oci_posture(const Json& info) {
  const Json* spec = child(&info, "runtimeSpec");
  if (spec == nullptr || !spec->is_object()) return std::nullopt;
  Posture out;
  out.pod = true;
  out.privileged =
      flag(child(&info, "privileged")) || flag(child(&info, "config", "linux", "security_context", "privileged"));
  if (const Json* list = child(spec, "process", "capabilities", "bounding"); list != nullptr && list->is_array()) {
    for (const Json& entry : *list) {
      std::string_view name = text(&entry);
      if (name.starts_with("CAP_")) name.remove_prefix(4);
      out.raw_packets = out.raw_packets || name == "NET_RAW";
      // A privileged container has them all: that is said once.
      const bool usual = std::find(kUsual.begin(), kUsual.end(), name) != kUsual.end();
      if (!usual && !name.empty() && !out.privileged) add(out.capabilities, name);
    }
    std::sort(out.capabilities.begin(), out.capabilities.end());
  }
  const std::string_view apparmor = text(child(spec, "process", "apparmorProfile"));
  const bool confined = child(spec, "linux", "seccomp") != nullptr || (!apparmor.empty() && apparmor != "unconfined") ||
                        !text(child(spec, "process", "selinuxLabel")).empty();
  out.unconfined = !confined && !out.privileged;
  const Json* resources = child(spec, "linux", "resources");
  out.memory_limit = is_positive(child(resources, "memory", "limit"));
  out.cpu_limit = is_positive(child(resources, "cpu", "quota"));
  out.process_limit = true;  // kubelet's is the pod's (podPidsLimit), which no container tells
  if (const Json* mounts = child(spec, "mounts"); mounts != nullptr && mounts->is_array()) {
    for (const Json& mount : *mounts) {
      // Everything else ("proc", "tmpfs") is the container's own.
      if (text(child(&mount, "type")) == "bind") add_host_mount(out, text(child(&mount, "source")));
    }
  }
  return out;
}

void join_posture(Posture& to, const Posture& other) {
  to.pod = to.pod || other.pod;
  to.privileged = to.privileged || other.privileged;
  to.host_network = to.host_network || other.host_network;
  to.host_pid = to.host_pid || other.host_pid;
  to.host_ipc = to.host_ipc || other.host_ipc;
  to.unconfined = to.unconfined || other.unconfined;
  to.raw_packets = to.raw_packets || other.raw_packets;
  to.memory_limit = to.memory_limit && other.memory_limit;
  to.cpu_limit = to.cpu_limit && other.cpu_limit;
  to.process_limit = to.process_limit && other.process_limit;
  for (const std::string& name : other.capabilities) add(to.capabilities, name);
  for (const std::string& path : other.sockets) add(to.sockets, path);
  for (const std::string& path : other.host_paths) add(to.host_paths, path);
  std::sort(to.capabilities.begin(), to.capabilities.end());
}

}  // namespace bulkhead::rules
