// Commands that ask the running daemon over its control socket.
//
// Thread   the main thread. Out  text, or with --json the daemon's answer as it is; the exit status.
// Errors   no daemon, no right to connect: said with what to do about it; exit 1. A refusal: exit 2.
// Tests    tests/unit/config/cli/live_text_test.cpp, tests/netns/control_netns_test.cpp
#pragma once

#include <cstdint>
#include <string>

namespace bulkhead::config::cli {

struct LiveOptions {
  std::string socket;  // empty: control.socket of the usual settings
  bool json = false;

  std::string end;       // flows, events: a workload or an address
  std::string app;       // flows: a protocol
  std::string format;    // baseline: of policies
  bool alerted = false;  // flows
  std::uint64_t limit = 50;
  bool never_hit = false;    // rules
  std::string by = "cost";   // rules: order of signatures
  std::string filter;        // counters
  std::string workload;      // quarantine, release
  std::uint64_t ttl = 3600;  // quarantine
  std::string reason;
  std::uint64_t interval = 2;  // top
  std::uint64_t count = 0;     // top, watch: end after so many; 0: never
  std::string from, to, port;  // explain --live
};

// The socket of --socket, of the environment variable BULKHEAD_SOCKET, or the default of the setting.
[[nodiscard]] std::string control_path(const LiveOptions& options);
// Whether a daemon's socket is there.
[[nodiscard]] bool has_daemon(const LiveOptions& options);

[[nodiscard]] int cmd_status(const LiveOptions& options);
[[nodiscard]] int cmd_flows(const LiveOptions& options);
[[nodiscard]] int cmd_workloads(const LiveOptions& options);
[[nodiscard]] int cmd_edges(const LiveOptions& options);
[[nodiscard]] int cmd_baseline(const LiveOptions& options);
[[nodiscard]] int cmd_live_patches(const LiveOptions& options, bool cards);
[[nodiscard]] int cmd_rules(const LiveOptions& options);
[[nodiscard]] int cmd_counters(const LiveOptions& options);
[[nodiscard]] int cmd_reload(const LiveOptions& options);
[[nodiscard]] int cmd_quarantine(const LiveOptions& options);
[[nodiscard]] int cmd_release(const LiveOptions& options);
struct BlocksOptions;
struct UndoOptions {
  std::size_t last = 1;
  bool panic = false;   // all of them, and the daemon makes none for a while
  bool kernel = false;  // without asking the daemon
};
// By the daemon where one answers, so that its books are right; else in the kernel.
[[nodiscard]] int cmd_undo(const LiveOptions& options, const UndoOptions& undo);
[[nodiscard]] int cmd_live_blocks(const LiveOptions& options, const BlocksOptions& blocks);
[[nodiscard]] int cmd_live_explain(const LiveOptions& options);
[[nodiscard]] int cmd_live_watch(const LiveOptions& options);
[[nodiscard]] int cmd_top(const LiveOptions& options);

}  // namespace bulkhead::config::cli
