#include "rules/discovery/discovery.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "rules/discovery/http_docker_client.h"

namespace bulkhead::rules {

namespace {

using namespace std::chrono_literals;
constexpr int kTries = 50;
constexpr auto kTryEvery = 20ms;

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "node";
  return name.data();
}

bool is_loopback(const IpAddress& address) {
  return address.is_v4() ? address.bytes()[0] == 127 : address == IpAddress::parse("::1");
}

bool readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

auto substance(const Workload& w) {
  return std::tie(w.name_space, w.name, w.labels, w.addresses, w.attachments, w.host_network, w.image, w.image_digest,
                  w.posture);
}

}  // namespace

bool Discovered::same_as(const Discovered& other) const {
  const auto same = [](const Workload& a, const Workload& b) { return substance(a) == substance(b); };
  return node.name == other.node.name && manifests == other.manifests && node.addresses == other.node.addresses &&
         std::equal(workloads.begin(), workloads.end(), other.workloads.begin(), other.workloads.end(), same);
}

std::shared_ptr<Inventory> with_discovered(const Inventory& base, const Discovered& discovered,
                                           std::vector<std::string>& contradictions) {
  auto out = std::make_shared<Inventory>(base);
  const auto note = [&](const std::optional<std::string>& contradiction) {
    if (contradiction) contradictions.push_back(*contradiction);
  };
  // Of this node's addresses those that the file does not give to somebody.
  Node node = discovered.node;
  const auto named = [&](const Node& known) { return known.name == node.name; };
  const bool listed = std::any_of(base.nodes().begin(), base.nodes().end(), named);
  std::erase_if(node.addresses, [&](const IpAddress& a) { return out->name_of(a) != a.to_string(); });
  if (!listed && !node.addresses.empty()) note(out->add_node(std::move(node)));
  for (Workload workload : discovered.workloads) {
    // On two networks the same MAC, and with it the same link-local address, is possible: then it names nobody.
    std::erase_if(workload.addresses, [&](const IpAddress& a) {
      return IpPrefix{*IpAddress::parse("fe80::"), 10}.contains(a) && out->workload_at(a) != nullptr;
    });
    note(out->add_workload(std::move(workload)));
  }
  return out;
}

Discovery::Discovery(std::unique_ptr<LinkMonitor> monitor, const DiscoverySettings& settings)
    : monitor_(std::move(monitor)), node_name_(settings.node_name.empty() ? host_name() : settings.node_name) {
  if (!settings.docker_socket.empty()) {
    docker_ = std::make_unique<DockerSource>(make_http_docker_client(settings.docker_socket), settings.docker);
    docker_->start();
  }
  if (settings.kubernetes) {
    const KubernetesAccess access = *settings.kubernetes;
    kubernetes_ = std::make_unique<KubernetesSource>([access] { return make_https_kubernetes_client(access); });
    kubernetes_->start();
  }
  if (!settings.cri_socket.empty()) {
    cri_ = std::make_unique<CriSource>(make_grpc_cri_client(settings.cri_socket), settings.cri);
    cri_->start();
  }
}

Result<std::unique_ptr<Discovery>> Discovery::open(const DiscoverySettings& settings) {
  auto monitor = LinkMonitor::open();
  if (!monitor) return monitor.error();
  std::unique_ptr<Discovery> out(new Discovery(std::move(*monitor), settings));
  out->discovered_ = out->build();
  return out;
}

std::vector<int> Discovery::fds() const {
  std::vector<int> out = {monitor_->fd()};
  if (docker_ != nullptr) out.push_back(docker_->event_fd());
  if (kubernetes_ != nullptr) out.push_back(kubernetes_->event_fd());
  if (cri_ != nullptr) out.push_back(cri_->event_fd());
  return out;
}

std::optional<Error> Discovery::problem() const {
  auto out = docker_ == nullptr ? std::nullopt : docker_->last_error();
  if (!out && kubernetes_ != nullptr) out = kubernetes_->last_error();
  if (!out && cri_ != nullptr) out = cri_->last_error();
  return out;
}

std::optional<CriCounts> Discovery::cri_counts() const {
  return cri_ == nullptr ? std::nullopt : std::optional(cri_->counts());
}

std::vector<std::string> Discovery::cri_cannot_read() const {
  return cri_ == nullptr ? std::vector<std::string>() : cri_->cannot_read();
}

Result<bool> Discovery::poll() {
  auto links_changed = monitor_->poll();
  if (!links_changed) return links_changed.error();
  if (*links_changed && cri_ != nullptr) cri_->nudge();
  bool containers_changed = false;
  if (docker_ != nullptr && readable(docker_->event_fd())) {
    docker_->acknowledge();
    containers_changed = true;
  }
  if (cri_ != nullptr && readable(cri_->event_fd())) {
    cri_->acknowledge();
    containers_changed = true;
  }
  if (containers_changed) tries_left_ = kTries;
  const bool cluster_changed = kubernetes_ != nullptr && readable(kubernetes_->event_fd());
  if (cluster_changed) kubernetes_->acknowledge();
  const auto now = std::chrono::steady_clock::now();
  const bool try_again = unresolved_ != 0 && tries_left_ > 0 && now >= next_try_;
  if (!*links_changed && !containers_changed && !cluster_changed && !try_again) return false;
  Discovered next = build();
  // The kernel does not tell when the other end of a veth pair moves: ask it.
  if (unresolved_ != 0 && tries_left_ > 0) {
    --tries_left_;
    next_try_ = now + kTryEvery;
    if (auto status = monitor_->refresh(); !status) return status.error();
    next = build();
  }
  if (next.same_as(discovered_)) return false;
  discovered_ = std::move(next);
  return true;
}

Discovered Discovery::build() {
  Discovered out;
  out.node.name = node_name_;
  for (const IpAddress& address : monitor_->links().addresses()) {
    if (!is_loopback(address)) out.node.addresses.push_back(address);
  }
  unresolved_ = 0;
  std::map<std::string, Labels> spaces;
  if (kubernetes_ != nullptr) {
    KubernetesSnapshot cluster = kubernetes_->snapshot();
    out.workloads = kubernetes_workloads(cluster);
    // Each node tells of its own.
    for (Workload& pod : out.workloads) {
      if (pod.node != node_name_) pod.posture.reset();
    }
    out.manifests = std::move(cluster.manifests);
    for (KubernetesObject& space : cluster.namespaces) spaces.emplace(space.name, std::move(space.labels));
  }
  if (cri_ != nullptr) add_runtime(out, spaces);
  if (docker_ != nullptr) add_containers(out);
  std::sort(out.workloads.begin(), out.workloads.end(),
            [](const Workload& a, const Workload& b) { return a.full_name() < b.full_name(); });
  return out;
}

NamespaceAnswer Discovery::namespace_of(const CriSandbox& sandbox) {
  // By its file where there is one: that works without the node's processes in sight, and for a pod without any.
  if (!sandbox.network_namespace.empty()) {
    const auto id = monitor_->namespace_at(sandbox.network_namespace);
    if (id) return {true, *id};
  }
  if (sandbox.pid == 0) return {};
  const auto id = monitor_->namespace_of(sandbox.pid);
  return id && *id ? NamespaceAnswer{true, *id} : NamespaceAnswer{};
}

void Discovery::add_runtime(Discovered& to, const std::map<std::string, Labels>& spaces) {
  std::size_t unresolved = 0;
  auto pods = cri_workloads(
      cri_->snapshot(), monitor_->links(), [this](const CriSandbox& sandbox) { return namespace_of(sandbox); },
      unresolved);
  unresolved_ += unresolved;
  for (Workload& pod : pods) {
    pod.node = node_name_;
    const auto space = spaces.find(pod.name_space);
    if (space == spaces.end()) continue;
    for (const auto& [key, value] : space->second) pod.namespace_labels.emplace(key, value);
  }
  add_pods(to.workloads, std::move(pods));
}

void Discovery::add_containers(Discovered& to) {
  std::size_t unresolved = 0;
  auto containers = docker_workloads(
      docker_->snapshot(), monitor_->links(),
      [this](std::int32_t pid) {
        auto id = monitor_->namespace_of(pid);
        return id ? *id : std::nullopt;
      },
      unresolved);
  unresolved_ += unresolved;
  for (Workload& workload : containers) {
    workload.node = node_name_;
    to.workloads.push_back(std::move(workload));
  }
}

}  // namespace bulkhead::rules
