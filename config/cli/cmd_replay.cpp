// bulkhead replay: the engine on capture files.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "config/cli/commands.h"
#include "config/cli/live_text.h"
#include "config/cli/logging.h"
#include "config/cli/progress_bar.h"
#include "config/cli/replay_summary.h"
#include "config/cli/terminal.h"
#include "config/daemon/generation.h"
#include "config/daemon/replay_run.h"
#include "config/daemon/signature_use.h"
#include "signatures/match/match_settings.h"

namespace bulkhead::config::cli {

namespace {

std::atomic<bool> g_stop{false};

// The first Ctrl-C ends the run with all events written, the second one ends the program.
void on_signal(int number) {
  if (g_stop.exchange(true)) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
}

void print_errors(const Diagnostics& diagnostics, std::size_t cap) {
  std::fputs(format_diagnostics(diagnostics, cap, Terminal::of(STDERR_FILENO)).c_str(), stderr);
}

bool make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return true;
  std::fprintf(stderr, "error: cannot create the directory %s: %s\n", path.c_str(), error.message().c_str());
  return false;
}

// Rules that do not load do not stop a replay; they are never passed over in silence.
void report_load(const Diagnostics& diagnostics, const LoadSummary& load, bool quiet) {
  if (!quiet) print_errors(diagnostics, kShownPerReason);
  if (load.rules_refused == 0) return;
  std::fprintf(stderr, "%s of %s rules did not load; `bulkhead check` lists all of them\n",
               with_commas(load.rules_refused).c_str(), with_commas(load.rules_read).c_str());
}

// A capture that breaks off was read up to there, as far as anyone can: a warning. One that cannot be opened
// was not read at all: an error.
void report_captures(const ReplaySummary& summary) {
  std::size_t index = 0;
  for (const auto& error : summary.replay.errors) {
    const bool broken = index++ >= summary.captures_not_opened;
    std::fprintf(stderr, "%s: %s%s\n", broken ? "warning" : "error", error.to_string().c_str(),
                 broken ? "; what comes before is reported" : "");
  }
}

}  // namespace

int cmd_replay(const ReplayOptions& options) {
  Diagnostics config_errors;
  const LoadedConfig config = load_config(options.request, config_errors);
  if (config_errors.has_errors() || !options.quiet) print_errors(config_errors, 0);
  if (config_errors.has_errors()) return kExitBadInput;
  const EngineSettings& settings = config.settings;
  start_logging(!options.log_level.empty() ? options.log_level : options.quiet ? "error" : settings.log_level);
  for (const auto& word : config.ignored) spdlog::warn("there is no setting of this name, ignored: --set {}", word);

  Diagnostics diagnostics;
  const auto state = make_shared_state();
  const auto generation = load_generation(settings, 1, diagnostics, state);
  if (!generation) {
    print_errors(diagnostics, kShownPerReason);
    std::fprintf(stderr, "nothing was read: the input above does not load\n");
    return kExitBadInput;
  }
  report_load(diagnostics, generation->summary, options.quiet);
  if (!make_directory(settings.log_dir)) return kExitFailed;

  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  ProgressBar bar(!options.quiet);
  const auto summary = run_replay(
      settings, *generation,
      [&bar](std::uint64_t done, std::uint64_t total, std::uint64_t packets) { bar.show(done, total, packets); },
      g_stop);
  bar.clear();
  save_datasets(*generation);
  if (!summary) {
    std::fprintf(stderr, "error: %s\n", summary.error().to_string().c_str());
    return kExitFailed;
  }
  report_captures(*summary);
  if (!options.quiet) {
    std::fputs(replay_summary(*summary, generation->summary, settings.pipeline.inline_mode, settings.eve_file,
                              Terminal::of(STDOUT_FILENO))
                   .c_str(),
               stdout);
  }
  if (options.costs != 0 && generation->signatures != nullptr) {
    const auto use =
        signature_use(*generation->signatures, state->rule_use.read(*generation->signatures), {.limit = options.costs});
    std::fputs(("\n" + signature_use_text(use, Terminal::of(STDOUT_FILENO))).c_str(), stdout);
  }
  if (g_stop.load()) std::fprintf(stderr, "stopped by a signal; what was read before is reported\n");
  return summary->captures_not_opened == 0 ? kExitFine : kExitFailed;
}

}  // namespace bulkhead::config::cli
