// bulkhead run: the daemon.
#include <net/if.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "config/cli/capabilities.h"
#include "config/cli/commands.h"
#include "config/cli/logging.h"
#include "config/cli/terminal.h"
#include "config/daemon/daemon.h"

namespace bulkhead::config::cli {

namespace {

constexpr const char* kUsualFile = "/etc/bulkhead/bulkhead.yaml";

void require_interfaces(const LoadedConfig& config, Diagnostics& diagnostics) {
  const bool has_source = !config.settings.capture.interfaces.empty() || config.settings.inline_queue.enabled() ||
                          config.settings.wire.enabled() || config.settings.dpdk.enabled();
  if (diagnostics.has_errors() || has_source) return;
  diagnostics.error(config.values.get("capture.interfaces").span, "settings.empty",
                    "capture.interfaces: there is no interface to read",
                    "name the bridge of the containers: --set capture.interfaces=docker0; or inspect inline: "
                    "--set inline.flows=all");
}

// Before the rules are loaded: that takes seconds, a misspelt name none.
bool have_interfaces(const std::vector<std::string>& names) {
  bool all = true;
  for (const std::string& name : names) {
    if (if_nametoindex(name.c_str()) != 0) continue;
    spdlog::error("capture.interfaces: there is no interface {}: {}", name, std::generic_category().message(errno));
    all = false;
  }
  return all;
}

}  // namespace

int cmd_run(RunOptions options) {
  // Whatever the caller has: what the daemon makes is for its user to write, for its group to read, and for no others.
  ::umask(::umask(0) | S_IWGRP | S_IRWXO);
  if (options.request.file.empty() && std::filesystem::exists(kUsualFile)) options.request.file = kUsualFile;
  options.request.kind = RunKind::kLive;
  Diagnostics diagnostics;
  const LoadedConfig config = load_config(options.request, diagnostics);
  require_interfaces(config, diagnostics);
  std::fputs(format_diagnostics(diagnostics, 0, Terminal::of(STDERR_FILENO)).c_str(), stderr);
  if (diagnostics.has_errors()) return kExitBadInput;

  start_logging(options.log_level.empty() ? config.settings.log_level : options.log_level);
  for (const auto& word : config.ignored) spdlog::warn("there is no setting of this name, ignored: --set {}", word);
  if (!have_capabilities({kNeedNetRaw, kNeedNetAdmin})) return kExitFailed;
  if (!have_interfaces(config.settings.capture.interfaces)) return kExitFailed;
  std::error_code error;
  std::filesystem::create_directories(config.settings.log_dir, error);
  if (error) {
    spdlog::error("cannot create log-dir {}: {}", config.settings.log_dir, error.message());
    return kExitFailed;
  }
  // A reload reads the same file and words again.
  const BooksSettings books = books_settings(config.values, config.settings.log_dir);
  return run_daemon(config.settings, books, [&options](Diagnostics& found) -> std::optional<EngineSettings> {
    LoadedConfig again = load_config(options.request, found);
    require_interfaces(again, found);
    if (found.has_errors()) return std::nullopt;
    return std::move(again.settings);
  });
}

}  // namespace bulkhead::config::cli
