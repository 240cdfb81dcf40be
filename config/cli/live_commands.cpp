#include "config/cli/live_commands.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>

#include "config/cli/block_ttl.h"
#include "config/cli/commands.h"
#include "config/cli/live_text.h"
#include "config/control/control_client.h"
#include "config/schema/setting.h"

namespace bulkhead::config::cli {

using Json = nlohmann::json;

namespace {

std::atomic<bool> g_stop{false};

using Printer = std::function<std::string(const Json&, const Terminal&)>;

int no_daemon(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.to_string().c_str());
  if (error.code == ENOENT || error.code == ECONNREFUSED) {
    std::fputs("  hint: no daemon answers there: bulkhead run starts one, --socket names another socket\n", stderr);
  } else if (error.code == EACCES || error.code == EPERM) {
    std::fputs("  hint: the socket's permission does not let you in: settings control.mode, control.group\n", stderr);
  }
  return kExitFailed;
}

void print_json(const Json& value) {
  std::printf("%s\n", control::text_of(value, 2).c_str());
}

// The result of a reply; none: the refusal has been said.
const Json* result_of(const Json& reply, bool as_json) {
  const auto ok = reply.find("ok");
  const auto result = reply.find("result");
  if (ok != reply.end() && ok->is_boolean() && ok->get<bool>() && result != reply.end()) return &*result;
  const auto error = reply.find("error");
  const Json& why = error != reply.end() ? *error : reply;
  if (as_json) {
    print_json(Json{{"error", why}});
  } else {
    std::fputs(refusal_text(why, Terminal::of(STDERR_FILENO)).c_str(), stderr);
  }
  return nullptr;
}

int ask(const LiveOptions& options, const char* command, const Json& arguments, const Printer& print) {
  auto client = control::ControlClient::connect(control_path(options));
  if (!client) return no_daemon(client.error());
  auto reply = client->ask(command, arguments);
  if (!reply) return no_daemon(reply.error());
  const Json* result = result_of(*reply, options.json);
  if (result == nullptr) return kExitBadInput;
  if (options.json) {
    print_json(*result);
  } else {
    std::fputs(print(*result, Terminal::of(STDOUT_FILENO)).c_str(), stdout);
  }
  return kExitFine;
}

Json with_text(Json arguments, const char* name, const std::string& value) {
  if (!value.empty()) arguments[name] = value;
  return arguments;
}

// A terminal that gives single keys, and its usual self again at the end.
class Keys {
 public:
  Keys() {
    if (::isatty(STDIN_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  ~Keys() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

  // Waits so long; true: q was pressed, or a signal came.
  [[nodiscard]] bool quits_within(std::chrono::milliseconds wait) const {
    const auto end = std::chrono::steady_clock::now() + wait;
    while (!g_stop) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      pollfd polled{changed_ ? STDIN_FILENO : -1, POLLIN, 0};
      char key = 0;
      if (::poll(&polled, 1, static_cast<int>(left.count())) > 0 && ::read(STDIN_FILENO, &key, 1) == 1 && key == 'q') {
        return true;
      }
    }
    return true;
  }

 private:
  termios before_{};
  bool changed_ = false;
};

unsigned screen_lines() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 5 ? size.ws_row - 1U : 40U;
}

void stop_on_signals() {
  std::signal(SIGINT, [](int) { g_stop = true; });
  std::signal(SIGTERM, [](int) { g_stop = true; });
}

}  // namespace

std::string control_path(const LiveOptions& options) {
  if (!options.socket.empty()) return options.socket;
  if (const char* from = std::getenv("BULKHEAD_SOCKET"); from != nullptr && *from != '\0') return from;
  return std::string(find_setting("control.socket")->default_text);
}

bool has_daemon(const LiveOptions& options) {
  struct stat there {};
  return ::stat(control_path(options).c_str(), &there) == 0;
}

int cmd_status(const LiveOptions& options) {
  return ask(options, "status", Json::object(), status_text);
}

int cmd_flows(const LiveOptions& options) {
  Json arguments{{"limit", options.limit}, {"alerted", options.alerted}};
  arguments = with_text(with_text(std::move(arguments), "end", options.end), "app", options.app);
  return ask(options, "flows", arguments, flows_text);
}

int cmd_workloads(const LiveOptions& options) {
  return ask(options, "workloads", Json::object(), workloads_text);
}

int cmd_edges(const LiveOptions& options) {
  return ask(options, "edges", Json::object(), edges_text);
}

int cmd_baseline(const LiveOptions& options) {
  return ask(options, "baseline", with_text(Json::object(), "format", options.format), baseline_text);
}

int cmd_live_patches(const LiveOptions& options, bool cards) {
  return ask(options, "patches", {{"limit", options.limit}},
             [cards](const Json& reply, const Terminal& terminal) { return patches_text(reply, cards, terminal); });
}

int cmd_rules(const LiveOptions& options) {
  return ask(options, "rules", {{"never_hit", options.never_hit}, {"limit", options.limit}, {"by", options.by}},
             rules_text);
}

int cmd_counters(const LiveOptions& options) {
  return ask(options, "counters", with_text(Json::object(), "filter", options.filter),
             [](const Json& reply, const Terminal&) {
               Table table({Table::Align::kLeft, Table::Align::kRight});
               for (const auto& [name, value] : reply.at("counters").items()) {
                 table.add({name, with_commas(value.get<std::uint64_t>())});
               }
               return table.text(0);
             });
}

int cmd_reload(const LiveOptions& options) {
  return ask(options, "reload", Json::object(), reload_text);
}

int cmd_quarantine(const LiveOptions& options) {
  Json arguments{{"workload", options.workload}, {"ttl", options.ttl}};
  return ask(options, "quarantine", with_text(std::move(arguments), "reason", options.reason),
             [&](const Json& reply, const Terminal& terminal) {
               return terminal.yellow(printable(reply.value("workload", ""))) + ": cut off for " +
                      human_seconds(static_cast<double>(options.ttl)) + "; bulkhead release ends it\n";
             });
}

int cmd_release(const LiveOptions& options) {
  return ask(options, "release", {{"workload", options.workload}}, [](const Json& reply, const Terminal&) {
    return printable(reply.value("workload", "")) + ": released\n";
  });
}

int cmd_live_explain(const LiveOptions& options) {
  return ask(options, "explain", {{"from", options.from}, {"to", options.to}, {"port", options.port}},
             [](const Json& reply, const Terminal&) {
               std::string out;
               for (const Json& each : reply.at("explanations")) out += each.value("text", "");
               return out;
             });
}

int cmd_live_blocks(const LiveOptions& options, const BlocksOptions& blocks) {
  LiveOptions with = options;
  with.json = blocks.json;
  if (blocks.action == "list") return ask(with, "blocks.list", Json::object(), blocks_text);
  Json arguments{{"from", blocks.first}};
  arguments = with_text(with_text(std::move(arguments), "to", blocks.second), "protocol", blocks.protocol);
  if (blocks.action == "add") {
    Diagnostics diagnostics;
    const auto ttl = block_ttl(blocks.ttl, diagnostics);
    if (!ttl) {
      std::fputs(format_diagnostics(diagnostics, 0, Terminal::of(STDERR_FILENO)).c_str(), stderr);
      return kExitBadInput;
    }
    arguments["ttl"] = ttl->count();
    arguments["reason"] = blocks.reason;
  }
  return ask(with, blocks.action == "add" ? "blocks.add" : "blocks.del", arguments,
             [](const Json& reply, const Terminal&) {
               return printable(reply.value("block", "")) + ": " + printable(reply.value("outcome", "")) + "\n";
             });
}

int cmd_undo(const LiveOptions& options, const UndoOptions& undo) {
  const std::size_t most = undo.panic ? SIZE_MAX : undo.last;
  if (undo.kernel) return undo_in_kernel(most, options.json);
  auto client = control::ControlClient::connect(control_path(options));
  if (!client) return undo_in_kernel(most, options.json);
  client->set_patience(std::chrono::seconds(5));  // a daemon that hangs is no reason to wait
  const auto reply =
      client->ask(undo.panic ? "panic" : "undo", undo.panic ? Json::object() : Json{{"last", undo.last}});
  if (!reply) {
    std::fprintf(stderr, "the daemon does not answer (%s): in the kernel\n", reply.error().to_string().c_str());
    return undo_in_kernel(most, options.json);
  }
  const Json* result = result_of(*reply, options.json);
  if (result == nullptr) return kExitBadInput;
  if (options.json) {
    print_json(*result);
    return kExitFine;
  }
  print_removed(result->value("removed", std::vector<std::string>()));
  if (undo.panic) std::printf("the daemon makes no blocks for a while (response.breaker-pause)\n");
  return kExitFine;
}

int cmd_live_watch(const LiveOptions& options) {
  auto client = control::ControlClient::connect(control_path(options));
  if (!client) return no_daemon(client.error());
  stop_on_signals();
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  if (Terminal::of(STDERR_FILENO).tty) std::fputs("waiting for alerts, denials and blocks; Ctrl-C ends\n", stderr);
  std::uint64_t shown = 0;
  const auto reply = client->follow(
      "watch", Json::object(),
      [&](const Json& event) {
        std::printf("%s\n", options.json ? control::text_of(event).c_str() : event_line(event, terminal).c_str());
        std::fflush(stdout);
        return !g_stop && (options.count == 0 || ++shown < options.count);
      },
      [] { return !g_stop.load(); });
  if (!reply) return no_daemon(reply.error());
  return reply->value("ok", false) || result_of(*reply, options.json) != nullptr ? kExitFine : kExitBadInput;
}

int cmd_top(const LiveOptions& options) {
  auto client = control::ControlClient::connect(control_path(options));
  if (!client) return no_daemon(client.error());
  stop_on_signals();
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  const Keys keys;
  TopLook before;
  std::optional<Error> failed;
  const auto part = [&](const char* command, const Json& arguments) -> Json {
    auto reply = client->ask(command, arguments);
    if (!reply) {
      failed = reply.error();
      return {};
    }
    return reply->value("result", Json::object());
  };
  const bool screen = terminal.tty && !options.json;
  if (screen) std::fputs("\x1b[?1049h\x1b[?25l", stdout);
  std::uint64_t shown = 0;
  while (!g_stop) {
    TopLook now{part("status", Json::object()), part("workloads", Json::object()), part("events", {{"limit", 8}})};
    if (failed) break;
    if (shown == 0) before = now;
    if (options.json) {
      std::printf(
          "%s\n",
          control::text_of(Json{{"status", now.status}, {"workloads", now.workloads}, {"events", now.events}}).c_str());
    } else {
      // Each line is cleared before it is written: no flicker.
      std::string text = (screen ? "\x1b[H" : "");
      for (const char c : top_text(before, now, screen ? screen_lines() : 60, terminal)) {
        text += c == '\n' && screen ? "\x1b[K\n" : std::string(1, c);
      }
      std::fputs((text + (screen ? "\x1b[J" : "")).c_str(), stdout);
    }
    std::fflush(stdout);
    before = std::move(now);
    if (++shown == options.count) break;
    // The second look comes soon, so that there are rates.
    if (keys.quits_within(shown == 1 ? std::chrono::milliseconds(500) : std::chrono::seconds(options.interval))) break;
  }
  if (screen) std::fputs("\x1b[?25h\x1b[?1049l", stdout);
  std::fflush(stdout);
  return failed ? no_daemon(*failed) : kExitFine;
}

}  // namespace bulkhead::config::cli
