#include "config/control/control_server.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "datapath/base/private_file.h"

namespace bulkhead::config::control {

namespace {

constexpr int kBacklog = 16;
constexpr std::size_t kReadChunk = 65536;
constexpr std::chrono::milliseconds kLook{1000};  // how often patience is looked at

// The number of a group; none: there is no such group.
std::optional<gid_t> group_id(const std::string& name) {
  std::array<char, 16384> buffer{};
  group entry{};
  group* found = nullptr;
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->gr_gid;
}

std::string user_name(uid_t uid) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::to_string(uid);
  }
  return found->pw_name;
}

std::vector<gid_t> groups_of(int fd) {
  std::vector<gid_t> out(256);
  socklen_t bytes = static_cast<socklen_t>(out.size() * sizeof(gid_t));
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, out.data(), &bytes) != 0) return {};
  out.resize(bytes / sizeof(gid_t));
  return out;
}

bool fill_address(const std::string& path, sockaddr_un& out) {
  out.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof out.sun_path) return false;
  std::memcpy(out.sun_path, path.c_str(), path.size() + 1);
  return true;
}

}  // namespace

std::string_view name_of(Role role) {
  return role == Role::kOperator ? "operator" : "reader";
}

// What waits to be sent, from any thread to the server's.
struct Reply::Line {
  struct Item {
    std::uint64_t client = 0;
    std::string frame;
    bool is_event = false;
  };
  std::mutex mutex;
  std::vector<Item> items;
  // Bytes of events that wait or are being sent, for each client that is there.
  std::unordered_map<std::uint64_t, std::size_t> event_bytes;
  std::size_t max_events_bytes = 0;
  int wake_fd = -1;
  std::atomic<std::uint64_t> events_sent{0}, events_lost{0}, refused{0};

  Line() : wake_fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Line() { ::close(wake_fd); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_fd, &one, sizeof one));
  }
  void send(std::uint64_t client, const std::string& text) {
    {
      const std::lock_guard lock(mutex);
      if (!event_bytes.contains(client)) return;
      items.push_back({client, frame(text), false});
    }
    wake();
  }
  bool send_event(std::uint64_t client, const std::string& text) {
    {
      const std::lock_guard lock(mutex);
      const auto waiting = event_bytes.find(client);
      if (waiting == event_bytes.end()) return false;
      std::string bytes = frame(text);
      if (waiting->second > max_events_bytes) {
        events_lost.fetch_add(1, std::memory_order_relaxed);
        return true;  // the server ends it
      }
      waiting->second += bytes.size();
      events_sent.fetch_add(1, std::memory_order_relaxed);
      items.push_back({client, std::move(bytes), true});
    }
    wake();
    return true;
  }
};

void Reply::result(const nlohmann::json& value) const {
  std::string text = reply_text(request_, value);
  if (text.size() > kMaxReply) return refuse("reply.too_long", "the answer is longer than 64 MB", "ask for less");
  line_->send(client_, text);
}

void Reply::refuse(std::string_view code, std::string_view message, std::string_view hint,
                   const nlohmann::json& details) const {
  line_->refused.fetch_add(1, std::memory_order_relaxed);
  line_->send(client_, refusal_text(request_, code, message, hint, details));
}

bool Reply::event(std::string_view json) const {
  return line_->send_event(client_, event_text(request_, json));
}

struct ControlServer::Client {
  std::uint64_t id = 0;
  int fd = -1;
  Peer peer;
  std::string input;
  std::string output;
  std::size_t written = 0;      // of output
  std::size_t event_bytes = 0;  // of output, that events are
  bool answering = false;       // a request is in work
  bool closing = false;         // ends when everything is sent
  std::chrono::steady_clock::time_point progress = std::chrono::steady_clock::now();

  ~Client() { ::close(fd); }
};

ControlServer::ControlServer(ServerSettings settings, Handler handler)
    : settings_(std::move(settings)), handler_(std::move(handler)), line_(std::make_shared<Reply::Line>()) {
  line_->max_events_bytes = settings_.max_events_bytes;
}

ControlServer::~ControlServer() {
  stop();
}

Status ControlServer::bind_socket() {
  sockaddr_un address{};
  if (!fill_address(settings_.path, address)) {
    return Error{"bind", settings_.path, 0, "a socket's path has 1 to 107 bytes"};
  }
  const std::filesystem::path path(settings_.path);
  std::error_code error;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  // Whoever may open the socket has to reach it: its own permission says who.
  const bool made_it = std::filesystem::create_directories(folder, error);
  if (made_it && !error) {
    std::filesystem::permissions(folder, static_cast<std::filesystem::perms>(0755), error);
  }
  if (error) return Error{"create folder", folder.string(), error.value(), error.message()};
  // Who may replace the socket answers in the daemon's name.
  if (Status trusted = trust_directory(folder.string()); !trusted) return trusted;

  listen_fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listen_fd_ < 0) return errno_error("socket", settings_.path);
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  // One that nobody listens at is left over from a daemon that was killed.
  if (::connect(listen_fd_, name, sizeof address) == 0) {
    return Error{"bind", settings_.path, EADDRINUSE, "another daemon answers there"};
  }
  if (errno == ECONNREFUSED && std::filesystem::is_socket(path, error)) ::unlink(settings_.path.c_str());
  ::close(listen_fd_);
  listen_fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listen_fd_ < 0) return errno_error("socket", settings_.path);
  // Nobody connects before the permission stands: that needs listen(), which comes last.
  if (::bind(listen_fd_, name, sizeof address) != 0) return errno_error("bind", settings_.path);
  struct stat made {};
  if (::stat(settings_.path.c_str(), &made) == 0) inode_ = static_cast<std::int64_t>(made.st_ino);
  if (!settings_.group.empty()) {
    const auto gid = group_id(settings_.group);
    if (!gid) return Error{"chown", settings_.path, 0, "there is no group " + settings_.group};
    if (::chown(settings_.path.c_str(), static_cast<uid_t>(-1), *gid) != 0) return errno_error("chown", settings_.path);
  }
  if (::chmod(settings_.path.c_str(), settings_.mode) != 0) return errno_error("chmod", settings_.path);
  if (::listen(listen_fd_, kBacklog) != 0) return errno_error("listen", settings_.path);
  return ok();
}

Status ControlServer::start() {
  if (!settings_.operator_group.empty() && !group_id(settings_.operator_group)) {
    return Error{"control socket", settings_.path, 0, "there is no group " + settings_.operator_group};
  }
  if (Status bound = bind_socket(); !bound) {
    if (listen_fd_ >= 0) ::close(listen_fd_);
    listen_fd_ = -1;
    if (inode_ != 0) ::unlink(settings_.path.c_str());
    inode_ = 0;
    return bound;
  }
  thread_ = std::thread([this] { run(); });
  return ok();
}

void ControlServer::stop() {
  stop_.store(true, std::memory_order_relaxed);
  line_->wake();
  if (thread_.joinable()) thread_.join();
  clients_.clear();
  {
    const std::lock_guard lock(line_->mutex);
    line_->event_bytes.clear();
    line_->items.clear();
  }
  if (listen_fd_ < 0) return;
  ::close(listen_fd_);
  listen_fd_ = -1;
  struct stat now {};
  if (::stat(settings_.path.c_str(), &now) == 0 && static_cast<std::int64_t>(now.st_ino) == inode_) {
    ::unlink(settings_.path.c_str());
  }
}

Result<Peer> ControlServer::peer_of(int fd) const {
  ucred who{};
  socklen_t bytes = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &bytes) != 0) return errno_error("SO_PEERCRED", settings_.path);
  Peer out{who.uid, who.gid, who.pid, Role::kReader, user_name(who.uid)};
  bool is_operator = who.uid == 0 || who.uid == ::geteuid();
  if (!is_operator && !settings_.operator_group.empty()) {
    // Asked anew for each client: groups change.
    if (const auto gid = group_id(settings_.operator_group)) {
      const auto groups = groups_of(fd);
      is_operator = who.gid == *gid || std::find(groups.begin(), groups.end(), *gid) != groups.end();
    }
  }
  if (is_operator) out.role = Role::kOperator;
  return out;
}

void ControlServer::accept_clients() {
  while (true) {
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    auto peer = peer_of(fd);
    if (clients_.size() >= settings_.max_clients || !peer) {
      refused_clients_.fetch_add(1, std::memory_order_relaxed);
      ::close(fd);
      continue;
    }
    accepted_.fetch_add(1, std::memory_order_relaxed);
    auto client = std::make_unique<Client>();
    client->id = next_client_++;
    client->fd = fd;
    client->peer = std::move(*peer);
    {
      const std::lock_guard lock(line_->mutex);
      line_->event_bytes.emplace(client->id, 0);
    }
    clients_.emplace(client->id, std::move(client));
  }
}

void ControlServer::take_outgoing() {
  std::uint64_t count = 0;
  static_cast<void>(!::read(line_->wake_fd, &count, sizeof count));
  std::vector<Reply::Line::Item> items;
  {
    const std::lock_guard lock(line_->mutex);
    items.swap(line_->items);
  }
  for (auto& item : items) {
    const auto found = clients_.find(item.client);
    if (found == clients_.end()) continue;
    Client& client = *found->second;
    if (client.output.empty()) client.progress = std::chrono::steady_clock::now();
    client.output += item.frame;
    if (item.is_event) {
      client.event_bytes += item.frame.size();
    } else {
      client.answering = false;
    }
  }
}

bool ControlServer::read_from(Client& client) {
  std::array<char, kReadChunk> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by recv
  while (client.input.size() <= kFrameHeader + kMaxRequest) {
    const ssize_t got = ::recv(client.fd, chunk.data(), chunk.size(), 0);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    client.input.append(chunk.data(), static_cast<std::size_t>(got));
    if (static_cast<std::size_t>(got) < chunk.size()) break;
  }
  return true;
}

// Hands on the next request, one at a time. False: the client must go.
bool ControlServer::take_frames(Client& client) {
  while (!client.answering && !client.closing && client.input.size() >= kFrameHeader) {
    const std::uint32_t length = frame_length(client.input);
    Request request;
    RequestError error = RequestError::kTooLong;
    if (length <= kMaxRequest) {
      if (client.input.size() < kFrameHeader + length) return true;
      error = parse_request(std::string_view(client.input).substr(kFrameHeader, length), request);
      client.input.erase(0, kFrameHeader + length);
    }
    requests_.fetch_add(1, std::memory_order_relaxed);
    client.answering = true;
    const Reply reply(line_, client.id, request.id);
    if (error == RequestError::kNone) {
      handler_(request, client.peer, reply);
      continue;
    }
    malformed_.fetch_add(1, std::memory_order_relaxed);
    // What is out of step stays so: the reason goes out, then the client.
    client.closing = true;
    reply.refuse(code_of(error), text_of(error));
  }
  return true;
}

bool ControlServer::write_to(Client& client) {
  while (client.written < client.output.size()) {
    const ssize_t sent =
        ::send(client.fd, client.output.data() + client.written, client.output.size() - client.written, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    client.written += static_cast<std::size_t>(sent);
    client.progress = std::chrono::steady_clock::now();
  }
  client.output.clear();
  client.written = 0;
  if (client.event_bytes != 0) {
    const std::lock_guard lock(line_->mutex);
    const auto waiting = line_->event_bytes.find(client.id);
    if (waiting != line_->event_bytes.end()) waiting->second -= client.event_bytes;
    client.event_bytes = 0;
  }
  return !(client.closing && !client.answering);
}

bool ControlServer::is_late(const Client& client) const {
  if (client.output.empty()) return false;
  if (client.event_bytes > settings_.max_events_bytes) return true;
  return std::chrono::steady_clock::now() - client.progress > settings_.patience;
}

void ControlServer::run() {
  std::vector<pollfd> polled;
  std::vector<std::uint64_t> ids;
  while (!stop_.load(std::memory_order_relaxed)) {
    polled = {{listen_fd_, POLLIN, 0}, {line_->wake_fd, POLLIN, 0}};
    ids.clear();
    for (const auto& [id, client] : clients_) {
      short events = client->output.empty() ? 0 : POLLOUT;
      if (!client->closing && client->input.size() <= kFrameHeader + kMaxRequest) events |= POLLIN;
      polled.push_back({client->fd, events, 0});
      ids.push_back(id);
    }
    ::poll(polled.data(), polled.size(), static_cast<int>(kLook.count()));
    if ((polled[1].revents & POLLIN) != 0) take_outgoing();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      Client& client = *clients_.at(ids[i]);
      const short happened = polled[i + 2].revents;
      bool stays = (happened & (POLLERR | POLLNVAL)) == 0;
      if (stays && (happened & (POLLIN | POLLHUP)) != 0) stays = read_from(client);
      if (stays) stays = take_frames(client);
      if (stays) take_outgoing();  // most requests are answered in place
      if (stays && !client.output.empty()) stays = write_to(client);
      if (stays && is_late(client)) {
        slow_clients_.fetch_add(1, std::memory_order_relaxed);
        stays = false;
      }
      if (stays) continue;
      const std::lock_guard lock(line_->mutex);
      line_->event_bytes.erase(ids[i]);
      clients_.erase(ids[i]);
    }
    if ((polled[0].revents & POLLIN) != 0) accept_clients();
    now_clients_.store(clients_.size(), std::memory_order_relaxed);
  }
}

ServerStats ControlServer::stats() const {
  const auto read = [](const std::atomic<std::uint64_t>& value) { return value.load(std::memory_order_relaxed); };
  return {read(now_clients_),  read(accepted_),          read(refused_clients_),
          read(requests_),     read(line_->refused),     read(malformed_),
          read(slow_clients_), read(line_->events_sent), read(line_->events_lost)};
}

}  // namespace bulkhead::config::control
