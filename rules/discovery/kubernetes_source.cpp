#include "rules/discovery/kubernetes_source.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

namespace bulkhead::rules {

namespace {

constexpr int kUnauthorized = 401, kNotFound = 404, kGone = 410;
constexpr const char* kPage = "?limit=500";
constexpr const char* kWatch = "?watch=1&allowWatchBookmarks=true&timeoutSeconds=300";

// Versions and places in a list are the server's words: nothing of them is taken for granted.
std::string in_query(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

// A fleet that lost its server does not come back in one moment.
std::chrono::milliseconds spread(std::chrono::milliseconds wait) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  return wait * std::uniform_int_distribution<int>(75, 125)(random) / 100;
}

}  // namespace

KubernetesSource::KubernetesSource(const MakeClient& make_client, KubernetesSettings settings)
    : settings_(settings), event_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  const auto add = [&](std::string path, KubernetesKind kind) {
    auto one = std::make_unique<Kind>();
    one->path = std::move(path);
    one->kind = kind;
    one->client = make_client();
    kinds_.push_back(std::move(one));
  };
  add("/api/v1/namespaces", KubernetesKind::kNamespace);
  add("/api/v1/pods", KubernetesKind::kPod);
  add("/apis/networking.k8s.io/v1/networkpolicies", KubernetesKind::kPolicy);
  const std::string cluster = "/apis/policy.networking.k8s.io/";
  add(cluster + "v1alpha1/adminnetworkpolicies", KubernetesKind::kPolicy);
  add(cluster + "v1alpha1/baselineadminnetworkpolicies", KubernetesKind::kPolicy);
  add(cluster + "v1alpha2/clusternetworkpolicies", KubernetesKind::kPolicy);
}

KubernetesSource::~KubernetesSource() {
  stop();
  if (event_fd_ >= 0) ::close(event_fd_);
}

void KubernetesSource::start() {
  for (const auto& kind : kinds_) kind->thread = std::thread([this, each = kind.get()] { run(*each); });
}

void KubernetesSource::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  for (const auto& kind : kinds_) kind->client->stop();
  wake_.notify_all();
  for (const auto& kind : kinds_) {
    if (kind->thread.joinable()) kind->thread.join();
  }
}

KubernetesSnapshot KubernetesSource::snapshot() const {
  const std::lock_guard lock(mutex_);
  KubernetesSnapshot out;
  for (const auto& kind : kinds_) {
    for (const auto& [key, object] : kind->objects) {
      switch (kind->kind) {
        case KubernetesKind::kNamespace: out.namespaces.push_back(object); break;
        case KubernetesKind::kPod: out.pods.push_back(object); break;
        case KubernetesKind::kPolicy:
          out.manifests.push_back({kind->path.substr(kind->path.rfind('/') + 1) + " " + key, object.manifest});
          break;
      }
    }
  }
  return out;
}

bool KubernetesSource::complete() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(kinds_.begin(), kinds_.end(), [](const auto& kind) { return kind->known; });
}

std::optional<Error> KubernetesSource::last_error() const {
  const std::lock_guard lock(mutex_);
  for (const auto& kind : kinds_) {
    if (kind->error) return kind->error;
  }
  return std::nullopt;
}

void KubernetesSource::acknowledge() {
  eventfd_t value = 0;
  static_cast<void>(::eventfd_read(event_fd_, &value));
}

void KubernetesSource::changed() {
  static_cast<void>(::eventfd_write(event_fd_, 1));
}

void KubernetesSource::run(Kind& kind) {
  auto wait = settings_.retry_first;
  for (;;) {
    const bool old = std::chrono::steady_clock::now() - kind.listed > settings_.resync;
    Status status = kind.version.empty() || old ? list(kind) : ok();
    const bool listed = status.has_value();
    bool absent = false;
    if (listed && !kind.version.empty()) {
      const auto begin = std::chrono::steady_clock::now();
      status = watch(kind);
      // A server that answers and ends at once is not asked in a circle.
      if (status && std::chrono::steady_clock::now() - begin > settings_.retry_first) wait = settings_.retry_first;
    } else if (listed) {
      absent = true;
    }
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    const bool told = kind.error.has_value() != !status;
    kind.error = status ? std::nullopt : std::optional(status.error());
    if (told) changed();
    const auto pause = absent ? settings_.ask_again : spread(wait);
    wake_.wait_for(lock, pause, [this] { return stopping_; });
    if (stopping_) return;
    wait = status ? settings_.retry_first : std::min(wait * 2, settings_.retry_most);
  }
}

// What a refusal means; ok: the cluster does not have the kind.
Status KubernetesSource::refused(Kind& kind, const KubernetesAnswer& answer) {
  if (answer.status == kGone) kind.version.clear();
  if (answer.status == kNotFound && kind.kind == KubernetesKind::kPolicy) {
    kind.version.clear();
    const std::lock_guard lock(mutex_);
    const bool news = !kind.known || !kind.objects.empty();
    kind.objects.clear();
    kind.known = true;
    if (news) changed();
    return ok();
  }
  std::string text = "HTTP " + std::to_string(answer.status);
  if (answer.status == kUnauthorized) text += ": the token is not (or no longer) good";
  return Error{"GET", kind.path, 0, text + (answer.body.empty() ? "" : " " + answer.body.substr(0, 200))};
}

Status KubernetesSource::list(Kind& kind) {
  std::map<std::string, KubernetesObject> objects;
  std::string next, version;
  do {
    auto answer = kind.client->get(kind.path + kPage + (next.empty() ? "" : "&continue=" + in_query(next)));
    if (!answer) return answer.error();
    if (answer->status != 200) return refused(kind, *answer);
    auto page = parse_kubernetes_list(answer->body, kind.kind);
    if (!page) return page.error();
    for (KubernetesObject& object : page->objects) {
      std::string key = object.key();
      objects.insert_or_assign(std::move(key), std::move(object));
    }
    if (objects.size() > kMostObjects) return Error{"GET", kind.path, EMSGSIZE, "too many objects"};
    version = page->version;
    next = page->next;
  } while (!next.empty());
  if (version.empty()) return Error{"GET", kind.path, 0, "a list without resourceVersion"};
  kind.version = version;
  kind.listed = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    kind.objects = std::move(objects);
    kind.known = true;
    kind.error.reset();
  }
  ++lists_;
  changed();
  return ok();
}

bool KubernetesSource::take(Kind& kind, std::string_view line, Status& problem) {
  auto event = parse_kubernetes_event(line, kind.kind);
  if (!event) {
    kind.version.clear();  // what it was is not known: all of it anew
    problem = event.error();
    return false;
  }
  using Type = KubernetesEvent::Type;
  if (event->type == Type::kError) {
    if (event->code == kGone) {
      kind.version.clear();
    } else {
      problem = Error{"watch", kind.path, 0, std::to_string(event->code) + " " + event->text};
    }
    return false;
  }
  if (!event->version.empty()) kind.version = event->version;
  if (event->type != Type::kPut && event->type != Type::kDeleted) return true;
  const std::lock_guard lock(mutex_);
  const std::string key = event->object.key();
  if (event->type == Type::kDeleted) {
    kind.objects.erase(key);
  } else if (kind.objects.size() < kMostObjects || kind.objects.contains(key)) {
    kind.objects.insert_or_assign(key, std::move(event->object));
  } else {
    problem = Error{"watch", kind.path, EMSGSIZE, "too many objects"};
    return false;
  }
  changed();
  return true;
}

Status KubernetesSource::watch(Kind& kind) {
  Status problem = ok();
  const auto opened = [&] {
    const std::lock_guard lock(mutex_);
    if (kind.error) changed();
    kind.error.reset();
  };
  const auto answer = kind.client->follow(kind.path + kWatch + "&resourceVersion=" + in_query(kind.version), opened,
                                          [&](std::string_view line) { return take(kind, line, problem); });
  if (!problem) return problem;
  if (!answer) return answer.error();
  // 410 by status: the next round lists.
  if (answer->status == kGone) {
    kind.version.clear();
    return ok();
  }
  return answer->status == 200 ? ok() : refused(kind, *answer);
}

std::vector<Workload> kubernetes_workloads(const KubernetesSnapshot& snapshot) {
  std::map<std::string_view, const Labels*> spaces;
  for (const KubernetesObject& space : snapshot.namespaces) spaces.emplace(space.name, &space.labels);
  std::vector<Workload> out;
  for (const KubernetesObject& pod : snapshot.pods) {
    if (pod.ended || (pod.addresses.empty() && !pod.host_network)) continue;
    Workload workload;
    workload.name = pod.name;
    workload.name_space = pod.name_space;
    workload.labels = pod.labels;
    if (const auto space = spaces.find(pod.name_space); space != spaces.end())
      workload.namespace_labels = *space->second;
    workload.namespace_labels["kubernetes.io/metadata.name"] = pod.name_space;
    workload.node = pod.node;
    workload.host_network = pod.host_network;
    workload.addresses = pod.addresses;
    workload.ports = pod.ports;
    workload.image = pod.image;
    workload.image_digest = pod.image_digest;
    workload.posture = pod.posture;
    out.push_back(std::move(workload));
  }
  return out;
}

}  // namespace bulkhead::rules
