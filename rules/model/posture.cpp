#include "rules/model/posture.h"

#include <algorithm>
#include <array>

namespace bulkhead::rules {

namespace {

struct Capability {
  std::string_view name, gains;
};

constexpr std::array kGrave = {
    Capability{"ALL", "every capability: as good as privileged"},
    Capability{"SYS_ADMIN", "mounts and namespaces: the usual way out of a container"},
    Capability{"SYS_MODULE", "loads modules into the node's kernel"},
    Capability{"SYS_PTRACE", "reads and changes other processes"},
    Capability{"SYS_RAWIO", "reads and writes the node's memory"},
    Capability{"DAC_READ_SEARCH", "opens the node's files by handle"},
    Capability{"BPF", "loads programs into the node's kernel"},
    Capability{"NET_ADMIN", "changes its addresses, routes and filters"},
};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace

const char* to_string(Danger danger) {
  switch (danger) {
    case Danger::kLow: return "low";
    case Danger::kMedium: return "medium";
    case Danger::kHigh: return "high";
  }
  return "low";
}

bool is_runtime_socket(std::string_view path) {
  constexpr std::array<std::string_view, 6> kNames = {"docker.sock", "containerd.sock", "crio.sock",
                                                      "podman.sock", "dockershim.sock", "cri-dockerd.sock"};
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_grave_host_path(std::string_view path) {
  constexpr std::array<std::string_view, 16> kPaths = {"/",
                                                       "/etc",
                                                       "/root",
                                                       "/home",
                                                       "/proc",
                                                       "/sys",
                                                       "/dev",
                                                       "/run",
                                                       "/run/containerd",
                                                       "/run/crio",
                                                       "/run/docker",
                                                       "/boot",
                                                       "/var/lib",
                                                       "/var/lib/docker",
                                                       "/var/lib/containerd",
                                                       "/var/lib/kubelet"};
  if (path.starts_with("/var/run/") || path == "/var/run") path.remove_prefix(4);  // a link to /run
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::find(kPaths.begin(), kPaths.end(), path) != kPaths.end();
}

std::vector<PostureFinding> findings_of(const Posture& p) {
  std::vector<PostureFinding> out;
  const auto add = [&](std::string_view code, Danger danger, std::string text, std::string advice) {
    out.push_back({code, danger, std::move(text), std::move(advice)});
  };
  if (p.privileged) {
    add("privileged", Danger::kHigh, "it is privileged: whoever is in it has the node",
        p.pod ? "leave out securityContext.privileged, add the capabilities that it needs"
              : "leave out --privileged, add the capabilities that it needs");
  }
  if (!p.sockets.empty()) {
    add("runtime-socket", Danger::kHigh,
        "it has the runtime's socket " + joined(p.sockets) + ": it starts what it likes",
        "leave the socket out, or put a proxy in front that allows reading alone");
  }
  if (!p.host_paths.empty()) {
    add("host-path", Danger::kHigh, "directories of the node are in it: " + joined(p.host_paths),
        p.pod ? "use a volume of its own in place of hostPath, or mount only the files that it needs, readOnly"
              : "mount only the files that it needs, read-only");
  }
  if (p.host_pid) {
    add("host-processes", Danger::kHigh, "it sees the processes of the node",
        p.pod ? "leave out hostPID" : "leave out --pid=host");
  }
  if (p.host_network) {
    add("host-network", Danger::kMedium, "it uses the node's network: no policy of a port holds for it",
        p.pod ? "leave out hostNetwork, and reach it by a service" : "give it a network of its own and publish ports");
  }
  if (p.host_ipc) {
    add("host-ipc", Danger::kMedium, "it shares memory with the node",
        p.pod ? "leave out hostIPC" : "leave out --ipc=host");
  }
  if (p.unconfined) {
    add("unconfined", Danger::kMedium, "no profile of seccomp or AppArmor confines it",
        p.pod ? "securityContext.seccompProfile.type: RuntimeDefault" : "leave out --security-opt ...=unconfined");
  }
  for (const Capability& grave : kGrave) {
    if (std::find(p.capabilities.begin(), p.capabilities.end(), grave.name) == p.capabilities.end()) continue;
    add(grave.name == "NET_ADMIN" ? "net-admin" : "capability", Danger::kMedium,
        "capability " + std::string(grave.name) + ": " + std::string(grave.gains),
        (p.pod ? "leave it out of securityContext.capabilities.add: " : "leave out --cap-add ") +
            std::string(grave.name));
  }
  if (p.raw_packets && !p.privileged) {
    add("net-raw", Danger::kLow, "it may send packets of its own making: forged ARP and addresses",
        (p.pod ? "securityContext.capabilities.drop: [NET_RAW]" : "--cap-drop NET_RAW") +
            std::string("; the guard of ports stops what it forges (guard.enabled)"));
  }
  std::vector<std::string> missing;
  if (!p.memory_limit) missing.emplace_back("memory");
  if (!p.cpu_limit) missing.emplace_back("CPU");
  if (!p.process_limit) missing.emplace_back("processes");
  if (!missing.empty()) {
    add("no-limits", Danger::kLow,
        "it has no limit of " + joined(missing) + ": a miner or a flood takes the node along",
        p.pod ? "resources.limits of the container" : "--memory, --cpus, --pids-limit");
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.danger > b.danger; });
  return out;
}

}  // namespace bulkhead::rules
