#include "rules/discovery/docker_source.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace bulkhead::rules {

namespace {

// {"type":["container","network"]}
constexpr const char* kFilters = "%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%7D";
constexpr std::array<std::string_view, 5> kContainerActions = {"start", "die", "destroy", "rename", "update"};
constexpr std::array<std::string_view, 4> kNetworkActions = {"create", "connect", "disconnect", "destroy"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string namespace_name(const Labels& labels) {
  for (const char* key : {"bulkhead.namespace", "com.docker.compose.project"}) {
    const auto found = labels.find(key);
    if (found != labels.end() && !found->second.empty()) return found->second;
  }
  return "default";
}

// The bridge that carries a network; null: none on this node, or it is not there.
const Link* bridge_of(const DockerNetwork* network, const LinkTable& links) {
  return network == nullptr || network->bridge.empty() ? nullptr : links.find(std::string_view(network->bridge));
}

}  // namespace

DockerSource::DockerSource(std::unique_ptr<DockerClient> client, DockerSettings settings)
    : client_(std::move(client)), settings_(settings), event_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

DockerSource::~DockerSource() {
  stop();
  if (event_fd_ >= 0) ::close(event_fd_);
}

void DockerSource::start() {
  thread_ = std::thread([this] { run(); });
}

void DockerSource::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  client_->stop();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

DockerSnapshot DockerSource::snapshot() const {
  const std::lock_guard lock(mutex_);
  DockerSnapshot out;
  out.connected = connected_;
  out.networks = networks_;
  for (const auto& [id, container] : containers_) out.containers.push_back(container);
  return out;
}

std::optional<Error> DockerSource::last_error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void DockerSource::acknowledge() {
  eventfd_t value = 0;
  static_cast<void>(::eventfd_read(event_fd_, &value));
}

void DockerSource::changed() {
  static_cast<void>(::eventfd_write(event_fd_, 1));
}

void DockerSource::set_error(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  connected_ = !error;
  error_ = std::move(error);
}

void DockerSource::run() {
  auto wait = settings_.retry_first;
  for (;;) {
    // The engine repeats what happened since then: nothing falls between list and stream.
    const auto since = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    Status status = list();
    if (status) {
      wait = settings_.retry_first;
      status = follow(since);
    }
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    connected_ = false;
    error_ = status ? Error{"GET", "/events", 0, "a container could not be read"} : status.error();
    changed();
    wake_.wait_for(lock, wait, [this] { return stopping_; });
    if (stopping_) return;
    wait = std::min(wait * 2, settings_.retry_most);
  }
}

Status DockerSource::list() {
  auto body = client_->get("/containers/json");
  if (!body) return body.error();
  auto ids = parse_container_ids(*body);
  if (!ids) return ids.error();
  if (auto status = read_networks(); !status) return status;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(containers_,
                  [&](const auto& entry) { return std::find(ids->begin(), ids->end(), entry.first) == ids->end(); });
  }
  for (const std::string& id : *ids) {
    if (auto status = inspect(id); !status) return status;
  }
  set_error(std::nullopt);
  ++lists_;
  changed();
  return ok();
}

Status DockerSource::read_networks() {
  auto body = client_->get("/networks");
  if (!body) return body.error();
  auto networks = parse_networks(*body);
  if (!networks) return networks.error();
  const std::lock_guard lock(mutex_);
  networks_ = std::move(*networks);
  return ok();
}

Status DockerSource::inspect(const std::string& id) {
  auto body = client_->get("/containers/" + id + "/json");
  std::optional<DockerContainer> container;
  if (body) {
    auto parsed = parse_container(*body);
    if (!parsed) return parsed.error();
    if (parsed->running) container = std::move(*parsed);
  } else if (!body.error().text.starts_with("HTTP 404")) {
    return body.error();
  }
  const std::lock_guard lock(mutex_);
  if (container) {
    containers_[id] = std::move(*container);
  } else {
    containers_.erase(id);
  }
  return ok();
}

Status DockerSource::take(const DockerEvent& event) {
  std::string container;
  if (event.type == "container" && is_one_of(kContainerActions, event.action)) container = event.id;
  if (event.type == "network" && is_one_of(kNetworkActions, event.action)) {
    container = event.container;
    if (auto status = read_networks(); !status) return status;
  } else if (container.empty()) {
    return ok();
  }
  if (is_docker_id(container)) {
    if (auto status = inspect(container); !status) return status;
  }
  changed();
  return ok();
}

Status DockerSource::follow(std::int64_t since) {
  Status problem = ok();
  const std::string path = "/events?since=" + std::to_string(since) + "&filters=" + kFilters;
  Status ended = client_->follow(path, [&](std::string_view line) {
    const auto event = parse_docker_event(line);
    problem = event ? take(*event) : Status(event.error());
    return problem.has_value();
  });
  return problem ? ended : problem;
}

std::vector<Workload> docker_workloads(const DockerSnapshot& snapshot, const LinkTable& links,
                                       const NamespaceLookup& namespace_of, std::size_t& unresolved) {
  unresolved = 0;
  std::map<std::string_view, const DockerNetwork*> networks;
  for (const DockerNetwork& network : snapshot.networks) networks.emplace(network.id, &network);
  std::vector<Workload> out;
  for (const DockerContainer& container : snapshot.containers) {
    Workload workload;
    workload.name = container.name;
    workload.name_space = namespace_name(container.labels);
    workload.labels = container.labels;
    workload.namespace_labels["kubernetes.io/metadata.name"] = workload.name_space;
    workload.host_network = container.host_network;
    workload.image = container.image;
    workload.image_digest = container.image_digest;
    workload.posture = container.posture;
    const bool plugged = !container.endpoints.empty() && container.pid != 0;
    const std::optional<std::int32_t> space = plugged ? namespace_of(container.pid) : std::nullopt;
    for (const DockerEndpoint& endpoint : container.endpoints) {
      const auto network = networks.find(endpoint.network_id);
      const DockerNetwork* known = network == networks.end() ? nullptr : network->second;
      Attachment port{"", 0, endpoint.network, endpoint.mac, endpoint.addresses};
      if (known == nullptr || known->driver == "bridge") {
        const Link* bridge = bridge_of(known, links);
        const Link* link = bridge == nullptr || !space ? nullptr : links.port_of(bridge->index, *space);
        if (link == nullptr) {
          ++unresolved;
          continue;
        }
        port.interface = link->name;
        port.index = link->index;
      }
      // The kernel gives every interface a link-local address; unnamed, it would be a way around the policies.
      if (port.mac) port.addresses.push_back(IpAddress::link_local(*port.mac));
      workload.addresses.insert(workload.addresses.end(), port.addresses.begin(), port.addresses.end());
      if (!port.interface.empty()) workload.attachments.push_back(std::move(port));
    }
    if (!workload.attachments.empty()) {
      workload.interface = workload.attachments.front().interface;
      workload.mac = workload.attachments.front().mac;
    }
    out.push_back(std::move(workload));
  }
  return out;
}

}  // namespace bulkhead::rules
