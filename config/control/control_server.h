// The control socket: takes requests of local programs, by file permission and by who they are.
//
//   client --frames--> server thread --handle()--> [any thread] --Reply--> server thread --frames--> client
//
// Thread   start(), stop() by one thread; handle() is called on the server's thread; a Reply may be used by any.
// Roles    root, the daemon's own user and members of operator_group are operators; every other user that the
//          file's permission lets in reads. The kernel tells who they are (SO_PEERCRED, SO_PEERGROUPS).
// Limits   max_clients at once; one request at a time is in work for each, kMaxRequest bytes; a reply that is not
//          read within `patience`, or events that pile up beyond max_events_bytes, end the client, counted.
// Errors   open(): the environment lane. Whatever a client sends is answered with a reason or ends it, counted.
// Tests    tests/unit/config/control/control_server_test.cpp, tests/netns/control_netns_test.cpp
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "config/control/control_protocol.h"
#include "datapath/base/result.h"

namespace bulkhead::config::control {

enum class Role : std::uint8_t { kReader, kOperator };
[[nodiscard]] std::string_view name_of(Role role);  // "reader", "operator"

struct Peer {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  Role role = Role::kReader;
  std::string user;  // name, or the number
};

struct ServerSettings {
  std::string path;
  mode_t mode = 0660;
  std::string group;           // of the file; empty: as it comes
  std::string operator_group;  // empty: root and the daemon's own user alone
  std::size_t max_clients = 64;
  std::chrono::milliseconds patience{10000};
  std::size_t max_events_bytes = 1U << 20;
};

struct ServerStats {
  std::uint64_t clients = 0;  // at the moment
  std::uint64_t accepted = 0, refused_clients = 0;
  std::uint64_t requests = 0, refused_requests = 0, malformed = 0;
  std::uint64_t slow_clients = 0;  // dropped because they did not read
  std::uint64_t events_sent = 0, events_lost = 0;
};

class ControlServer;

// Answers one request, once; or with events until the client goes. A copy may outlive client and server's stop().
class Reply {
 public:
  void result(const nlohmann::json& value) const;
  void refuse(std::string_view code, std::string_view message, std::string_view hint = {},
              const nlohmann::json& details = {}) const;
  // False: the client is gone.
  bool event(std::string_view json) const;

 private:
  friend class ControlServer;
  struct Line;
  Reply(std::shared_ptr<Line> line, std::uint64_t client, std::uint64_t request)
      : line_(std::move(line)), client_(client), request_(request) {}
  std::shared_ptr<Line> line_;
  std::uint64_t client_;
  std::uint64_t request_;
};

class ControlServer {
 public:
  using Handler = std::function<void(const Request&, const Peer&, const Reply&)>;

  ControlServer(ServerSettings settings, Handler handler);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  [[nodiscard]] Status start();
  void stop();
  [[nodiscard]] ServerStats stats() const;
  [[nodiscard]] const ServerSettings& settings() const { return settings_; }

 private:
  struct Client;
  [[nodiscard]] Status bind_socket();
  [[nodiscard]] Result<Peer> peer_of(int fd) const;
  void run();
  void accept_clients();
  void take_outgoing();
  [[nodiscard]] bool read_from(Client& client);
  [[nodiscard]] bool write_to(Client& client);
  [[nodiscard]] bool take_frames(Client& client);
  [[nodiscard]] bool is_late(const Client& client) const;

  const ServerSettings settings_;
  const Handler handler_;
  std::shared_ptr<Reply::Line> line_;
  int listen_fd_ = -1;
  std::int64_t inode_ = 0;  // of the file, so that only our own is removed
  std::unordered_map<std::uint64_t, std::unique_ptr<Client>> clients_;
  std::uint64_t next_client_ = 1;
  std::atomic<bool> stop_{false};
  std::thread thread_;
  std::atomic<std::uint64_t> now_clients_{0}, accepted_{0}, refused_clients_{0}, requests_{0}, malformed_{0},
      slow_clients_{0};
};

}  // namespace bulkhead::config::control
