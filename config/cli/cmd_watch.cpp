// bulkhead watch: follows the daemon's netlink multicast; also the example of how another program does it.
#include <linux/netlink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <map>

#include "config/cli/capabilities.h"
#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/cli/watch_text.h"
#include "datapath/netlink/netlink_socket.h"

namespace bulkhead::config::cli {

namespace {

std::atomic<bool> g_stop{false};

class Watcher {
 public:
  explicit Watcher(const WatchOptions& options) : options_(options), terminal_(Terminal::of(STDOUT_FILENO)) {}

  // False: as many messages as wanted were shown.
  bool take(ByteSpan bytes) {
    while (!bytes.empty()) {
      output::NetlinkEvent event;
      const output::DecodeError error = output::decode(bytes, event);
      if (error != output::DecodeError::kNone) {
        std::fprintf(stderr, "a message cannot be read: %s\n", std::string(output::text_of(error)).c_str());
        continue;
      }
      note_missed(event);
      const std::string line = options_.json ? watch_json(event) : watch_line(event, terminal_);
      std::printf("%s\n", line.c_str());
      std::fflush(stdout);
      if (options_.count != 0 && ++shown_ >= options_.count) return false;
    }
    return true;
  }

 private:
  // Each sender counts its messages.
  void note_missed(const output::NetlinkEvent& event) {
    auto& last = last_sequence_[event.sender_port];
    if (last != 0 && event.sequence > last + 1) {
      std::fprintf(stderr, "%s messages were missed\n", with_commas(event.sequence - last - 1).c_str());
    }
    last = event.sequence;
  }

  const WatchOptions& options_;
  Terminal terminal_;
  std::map<std::uint32_t, std::uint32_t> last_sequence_;
  std::uint64_t shown_ = 0;
};

int failed(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.to_string().c_str());
  return kExitFailed;
}

}  // namespace

int cmd_watch(const WatchOptions& options) {
  constexpr std::chrono::milliseconds kWait{500};
  constexpr std::size_t kReceiveBuffer = 4 << 20;
  if (!have_capabilities({kNeedNetAdmin})) return kExitFailed;
  auto socket = netlink::NetlinkSocket::open(NETLINK_USERSOCK);
  if (!socket) return failed(socket.error());
  if (const Status set = socket->set_receive_buffer(kReceiveBuffer); !set) return failed(set.error());
  if (const Status joined = socket->join(options.group); !joined) return failed(joined.error());
  std::signal(SIGINT, [](int) { g_stop = true; });
  std::signal(SIGTERM, [](int) { g_stop = true; });
  if (Terminal::of(STDERR_FILENO).tty)
    std::fprintf(stderr, "waiting for alerts and blocks in group %u; Ctrl-C ends\n", options.group);

  Watcher watcher(options);
  netlink::Datagram datagram;
  while (!g_stop) {
    const auto received = socket->receive_into(datagram, kWait);
    if (!received) {
      if (received.error().code != ENOBUFS) return failed(received.error());
      std::fprintf(stderr, "too slow: the kernel dropped messages\n");
      continue;
    }
    if (*received && !watcher.take(datagram.bytes)) break;
  }
  return kExitFine;
}

}  // namespace bulkhead::config::cli
