#include "rules/discovery/cri_source.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "rules/discovery/oci_posture.h"

namespace bulkhead::rules {

namespace {

using namespace std::chrono_literals;
constexpr auto kQuickFor = 3s;          // CNI, then the sandbox's process, then the list has it
constexpr auto kBetweenLists = 50ms;    // a burst of events is one reading
constexpr auto kAddressesWithin = 30s;  // of the making of a sandbox

bool is_alive(const CriSandbox& sandbox) {
  return sandbox.ready;
}
bool is_alive(const CriContainer& container) {
  return container.running;
}

// A young one without addresses is asked again.
bool waits_for_addresses(const CriSandbox& sandbox) {
  const std::chrono::nanoseconds age =
      std::chrono::system_clock::now().time_since_epoch() - std::chrono::nanoseconds(sandbox.created);
  return !sandbox.host_network && sandbox.addresses.empty() && age < kAddressesWithin;
}

Error refused(const char* method, const CriAnswer& answer) {
  return {"CRI", method, 0, "status " + std::to_string(answer.status) + " " + answer.text};
}

}  // namespace

CriSource::CriSource(std::unique_ptr<CriClient> client, CriSettings settings)
    : client_(std::move(client)), settings_(settings), event_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

CriSource::~CriSource() {
  stop();
  if (event_fd_ >= 0) ::close(event_fd_);
}

void CriSource::start() {
  thread_ = std::thread([this] { run(); });
  events_thread_ = std::thread([this] { run_events(); });
}

void CriSource::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  client_->stop();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (events_thread_.joinable()) events_thread_.join();
}

void CriSource::nudge() {
  const std::lock_guard lock(mutex_);
  quick_until_ = Clock::now() + kQuickFor;
  dirty_ = true;
  wake_.notify_all();
}

CriSnapshot CriSource::snapshot() const {
  const std::lock_guard lock(mutex_);
  CriSnapshot out;
  out.connected = connected_;
  out.version = version_;
  for (const auto& [id, sandbox] : sandboxes_) out.sandboxes.push_back(sandbox);
  for (const auto& [id, container] : containers_) out.containers.push_back(container);
  return out;
}

std::vector<std::string> CriSource::cannot_read() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [id, reason] : left_out_) {
    if (out.size() < kMostNamed) out.push_back(id.substr(0, 12) + ": " + reason);
  }
  return out;
}

CriCounts CriSource::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool CriSource::complete() const {
  const std::lock_guard lock(mutex_);
  return absent_ || counts_.lists != 0;
}

std::optional<Error> CriSource::last_error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void CriSource::acknowledge() {
  eventfd_t value = 0;
  static_cast<void>(::eventfd_read(event_fd_, &value));
}

void CriSource::changed() {
  static_cast<void>(::eventfd_write(event_fd_, 1));
}

std::chrono::milliseconds CriSource::pause(Clock::time_point now) const {
  if (now < quick_until_) return settings_.quick;
  return events_proven_ ? settings_.poll * kWithEvents : settings_.poll;
}

void CriSource::run() {
  auto wait = settings_.retry_first;
  for (;;) {
    const Status status = read_all();
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    const bool was_away = error_.has_value();
    connected_ = status.has_value() && !absent_;
    error_ = status ? std::nullopt : std::optional(status.error());
    if (status && !absent_) ++counts_.lists;
    if (!status) ++counts_.failures;
    if (std::exchange(changed_, false) || was_away != error_.has_value()) changed();
    if (!status || absent_) {
      greeted_ = false;
      wake_.wait_for(lock, status ? settings_.ask_again : wait, [this] { return stopping_; });
      wait = status ? settings_.retry_first : std::min(wait * 2, settings_.retry_most);
    } else {
      wait = settings_.retry_first;
      wake_.wait_for(lock, kBetweenLists, [this] { return stopping_; });
      wake_.wait_for(lock, pause(Clock::now()), [this] { return stopping_ || dirty_; });
    }
    if (stopping_) return;
    dirty_ = false;
  }
}

void CriSource::run_events() {
  auto wait = settings_.retry_first;
  for (;;) {
    const auto ended = client_->follow("GetContainerEvents", {}, [&](std::string_view message) {
      const bool good = parse_cri_event(message).has_value();
      wait = settings_.retry_first;
      const std::lock_guard lock(mutex_);
      ++counts_.events;
      if (!good) ++counts_.bad_events;
      events_proven_ = true;
      dirty_ = true;
      wake_.notify_all();
      return !stopping_;
    });
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    // What happened while nobody listened is in the lists.
    events_proven_ = false;
    dirty_ = true;
    wake_.notify_all();
    const bool without = ended && ended->status == kGrpcUnimplemented;
    wake_.wait_for(lock, without ? settings_.ask_again : wait, [this] { return stopping_; });
    if (stopping_) return;
    wait = without ? settings_.retry_first : std::min(wait * 2, settings_.retry_most);
  }
}

// An answer that is no refusal of the kind that passes.
Result<CriAnswer> CriSource::ask(const char* method, const std::string& request) {
  auto answer = client_->call(method, request);
  if (answer && (answer->status == kGrpcUnavailable || answer->status == kGrpcDeadlineExceeded ||
                 answer->status == kGrpcResourceExhausted)) {
    return refused(method, *answer);
  }
  return answer;
}

Status CriSource::greet() {
  auto answer = ask("Version", version_request());
  if (!answer) return answer.error();
  const bool none = answer->status == kGrpcUnimplemented && settings_.optional;
  if (answer->status != 0 && !none) return refused("Version", *answer);
  auto version = none ? CriVersion{} : parse_cri_version(answer->body);
  if (!version) return version.error();
  const std::lock_guard lock(mutex_);
  absent_ = none;
  version_ = std::move(*version);
  return ok();
}

Status CriSource::read_all() {
  if (!greeted_) {
    if (auto status = greet(); !status) return status;
    if (absent_) return ok();  // written by this thread alone
  }
  greeted_ = true;
  auto answer = ask("ListPodSandbox", ready_sandboxes_request());
  if (!answer) return answer.error();
  if (answer->status != 0) return refused("ListPodSandbox", *answer);
  const auto sandboxes = parse_cri_sandboxes(answer->body);
  if (!sandboxes) return sandboxes.error();
  answer = ask("ListContainers", running_containers_request());
  if (!answer) return answer.error();
  if (answer->status != 0) return refused("ListContainers", *answer);
  auto containers = parse_cri_containers(answer->body);
  if (!containers) return containers.error();
  return read_news(*sandboxes, *containers);
}

// Forgets whom the lists do not name, and asks about those that are new.
Status CriSource::read_news(const std::vector<CriEntry>& sandboxes, std::vector<CriEntry>& containers) {
  std::set<std::string_view> there;
  for (const CriEntry& entry : sandboxes) there.insert(entry.id);
  std::erase_if(containers, [&](const CriEntry& entry) { return !there.contains(entry.sandbox); });
  for (const CriEntry& entry : containers) there.insert(entry.id);
  const auto now = Clock::now();
  const bool anew = now - resynced_ >= settings_.resync;
  std::vector<CriEntry> new_sandboxes, new_containers;
  {
    const std::lock_guard lock(mutex_);
    const auto gone = [&](const auto& entry) { return !there.contains(entry.first); };
    const std::size_t erased = std::erase_if(sandboxes_, gone) + std::erase_if(containers_, gone);
    changed_ = changed_ || erased != 0 || std::erase_if(left_out_, gone) != 0;
    if (anew) left_out_.clear();
    for (const CriEntry& entry : sandboxes) {
      const auto known = sandboxes_.find(entry.id);
      const bool whole = known != sandboxes_.end() && !waits_for_addresses(known->second);
      if (anew || (!whole && !left_out_.contains(entry.id))) new_sandboxes.push_back(entry);
    }
    for (const CriEntry& entry : containers) {
      if (anew || !(containers_.contains(entry.id) || left_out_.contains(entry.id))) new_containers.push_back(entry);
    }
  }
  for (const CriEntry& entry : new_sandboxes) {
    auto answer = ask("PodSandboxStatus", status_request(entry.id));
    if (!answer) return answer.error();
    take(entry, "PodSandboxStatus", *answer, parse_cri_sandbox, sandboxes_);
  }
  for (const CriEntry& entry : new_containers) {
    auto answer = ask("ContainerStatus", status_request(entry.id));
    if (!answer) return answer.error();
    take(entry, "ContainerStatus", *answer, parse_cri_container, containers_);
  }
  if (anew) resynced_ = now;
  return ok();
}

// A status as it came: kept, forgotten when it has ended meanwhile, or left out, in which case what was known stays.
template <typename Known>
void CriSource::take(const CriEntry& entry, const char* method, const CriAnswer& answer,
                     Result<Known> (*parse)(std::string_view), std::map<std::string, Known>& known) {
  std::optional<Error> problem;
  std::optional<Known> now;
  if (answer.status == 0) {
    auto parsed = parse(answer.body);
    if (!parsed) {
      problem = parsed.error();
    } else if (parsed->id != entry.id) {
      problem = Error{"parse", method, 0, "it is of somebody else"};
    } else if (is_alive(*parsed)) {
      now = std::move(*parsed);
      if constexpr (std::is_same_v<Known, CriContainer>) now->sandbox = entry.sandbox;
    }
  } else if (answer.status != kGrpcNotFound) {
    problem = refused(method, answer);
  }
  const std::lock_guard lock(mutex_);
  if (problem) {
    ++counts_.left_out;
    left_out_[entry.id] = problem->to_string();
    changed_ = true;
  } else if (now) {
    Known& place = known[entry.id];
    changed_ = changed_ || place != *now;
    place = std::move(*now);
  } else {
    changed_ = known.erase(entry.id) != 0 || changed_;
  }
}

namespace {

// What the containers of a sandbox add to it: the first one's image, everybody's posture.
void add_containers(Workload& to, const CriSandbox& sandbox, const std::vector<const CriContainer*>& containers) {
  const CriContainer* first = nullptr;
  for (const CriContainer* container : containers) {
    if (first == nullptr || std::tie(container->created, container->name) < std::tie(first->created, first->name)) {
      first = container;
    }
    if (!container->posture) continue;
    if (to.posture) {
      join_posture(*to.posture, *container->posture);
    } else {
      to.posture = container->posture;
    }
  }
  if (first != nullptr) {
    to.image = first->image;
    to.image_digest = first->image_digest;
  }
  if (!to.posture) return;
  to.posture->host_network = sandbox.host_network;
  to.posture->host_pid = sandbox.host_pid;
  to.posture->host_ipc = sandbox.host_ipc;
}

// The port and the addresses of a sandbox; false: it should have some and has not.
bool plug_in(Workload& to, const CriSandbox& sandbox, const LinkTable& links, const NamespaceAnswer& space) {
  if (!space.there) return false;
  Attachment port{"", 0, {}, sandbox.mac, sandbox.addresses};
  if (space.id) {
    const std::vector<const Link*> ports = links.ports_to(*space.id);
    // Of several (Multus) CNI says which has the addresses; with a wire in its place, nobody does.
    const auto named = [&](const Link* link) {
      const auto& names = sandbox.host_interfaces;
      return std::find(names.begin(), names.end(), link->name) != names.end();
    };
    const auto first = ports.size() == 1 ? ports.begin() : std::find_if(ports.begin(), ports.end(), named);
    if (first == ports.end()) return false;
    port.interface = (*first)->name;
    port.index = (*first)->index;
  }
  // The kernel gives every interface a link-local address; unnamed, it would be a way around the policies.
  if (port.mac) port.addresses.push_back(IpAddress::link_local(*port.mac));
  to.addresses = port.addresses;
  if (port.interface.empty()) return true;
  to.interface = port.interface;
  to.mac = port.mac;
  to.attachments.push_back(std::move(port));
  return true;
}

}  // namespace

std::vector<Workload> cri_workloads(const CriSnapshot& snapshot, const LinkTable& links,
                                    const SandboxLookup& namespace_of, std::size_t& unresolved) {
  std::map<std::string_view, std::vector<const CriContainer*>> containers;
  for (const CriContainer& container : snapshot.containers) containers[container.sandbox].push_back(&container);
  // Of two sandboxes of one pod the newer: the other is on its way out.
  std::map<std::string, const CriSandbox*> pods;
  for (const CriSandbox& sandbox : snapshot.sandboxes) {
    const CriSandbox*& known = pods[sandbox.name_space + "/" + sandbox.name];
    if (known == nullptr || known->created < sandbox.created) known = &sandbox;
  }
  std::vector<Workload> out;
  for (const auto& [name, sandbox] : pods) {
    Workload workload;
    workload.name = sandbox->name;
    workload.name_space = sandbox->name_space;
    workload.labels = sandbox->labels;
    workload.namespace_labels["kubernetes.io/metadata.name"] = workload.name_space;
    workload.host_network = sandbox->host_network;
    add_containers(workload, *sandbox, containers[sandbox->id]);
    const bool plugged = !sandbox->host_network && !sandbox->addresses.empty();
    if (plugged && !plug_in(workload, *sandbox, links, namespace_of(*sandbox))) ++unresolved;
    out.push_back(std::move(workload));
  }
  return out;
}

void add_pods(std::vector<Workload>& to, std::vector<Workload> pods) {
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < to.size(); ++i) known.emplace(to[i].full_name(), i);
  for (Workload& pod : pods) {
    const auto found = known.find(pod.full_name());
    if (found == known.end()) {
      to.push_back(std::move(pod));
      continue;
    }
    Workload& cluster = to[found->second];
    cluster.attachments = std::move(pod.attachments);
    cluster.interface = std::move(pod.interface);
    cluster.mac = pod.mac;
    if (cluster.posture && pod.posture) {
      join_posture(*cluster.posture, *pod.posture);  // containers that prepared the pod are in the cluster's alone
    } else if (pod.posture) {
      cluster.posture = std::move(pod.posture);
    }
    if (cluster.image.empty()) cluster.image = std::move(pod.image);
    if (cluster.image_digest.empty()) cluster.image_digest = std::move(pod.image_digest);
    for (const IpAddress& address : pod.addresses) {
      const bool there =
          std::find(cluster.addresses.begin(), cluster.addresses.end(), address) != cluster.addresses.end();
      if (!there && !cluster.host_network) cluster.addresses.push_back(address);
    }
  }
}

}  // namespace bulkhead::rules
