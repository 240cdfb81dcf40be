// The commands of `bulkhead`, one cmd_*.cpp each; main.cpp has their grammar.
//
// Thread   the main thread.
// Out      results to stdout, everything else to stderr; the exit status.
// Tests    tests/golden/errors/, tests/unit/config/cli/
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/load/config_loader.h"
#include "rules/learn/learner.h"

namespace bulkhead::config::cli {

// Exit status of the program.
enum Exit : int { kExitFine = 0, kExitFailed = 1, kExitBadInput = 2 };

// Errors of one kind that are shown before only their number is; 0 shows all.
inline constexpr std::size_t kShownPerReason = 5;

struct RunOptions {
  ConfigRequest request;
  std::string log_level;  // empty: log-level of the settings
};
[[nodiscard]] int cmd_run(RunOptions options);

struct ReplayOptions {
  ConfigRequest request;
  std::string log_level;
  bool quiet = false;
  std::uint64_t costs = 0;  // so many signatures with what they cost, at the end
};
[[nodiscard]] int cmd_replay(const ReplayOptions& options);

struct CheckOptions {
  ConfigRequest request;
  bool all = false;    // every error, no cap
  bool quiet = false;  // exit status only
};
[[nodiscard]] int cmd_check(const CheckOptions& options);
[[nodiscard]] int cmd_lint(const CheckOptions& options);

struct ExplainRuleOptions {
  ConfigRequest request;
  std::uint32_t sid = 0;
  std::uint32_t gid = 0;  // 0: any
};
[[nodiscard]] int cmd_explain_rule(const ExplainRuleOptions& options);

struct DumpOptions {
  ConfigRequest request;
  std::string what;  // config, signatures, policy
  bool defaults = false;
};
[[nodiscard]] int cmd_dump(const DumpOptions& options);

struct VerdictsOptions {
  std::string inventory;
  std::vector<std::string> policies;
  std::string flows;   // TSV: from, to, family, proto, port; "-": standard input
  bool why = false;    // the rule and its place behind the verdict
  bool twin = false;   // judge every flow a second time, by a plain reading of the policies
  bool quiet = false;  // no warnings
};
[[nodiscard]] int cmd_verdicts(const VerdictsOptions& options);

struct ExplainOptions {
  std::string inventory;
  std::vector<std::string> policies;
  std::string from, to;
  std::string port;  // "tcp/443", "icmp/8"
  std::string family = "4";
  // Instead of from, to and port: the flow of a packet in a capture, counted from 1 as events count (pcap_cnt).
  std::string pcap_file;
  std::uint64_t packet = 0;
  bool no_edit = false;
};
[[nodiscard]] int cmd_explain(const ExplainOptions& options);

struct ExplainPageOptions {
  std::string kind, name;  // "detector" "scan", or what to look for alone in `kind`
  std::string language;    // en, zh; empty: the environment's
  bool json = false;
};
// Whether these words of a command line ask for a page, not for a flow.
[[nodiscard]] bool names_a_page(const std::string& first, const std::string& second);
[[nodiscard]] int cmd_explain_page(const ExplainPageOptions& options);

struct WhatifOptions {
  std::string inventory;
  std::vector<std::string> before, now, pcap_files;
  bool denied_only = false;  // exit status: only newly denied flows count
};
[[nodiscard]] int cmd_whatif(const WhatifOptions& options);

struct LearnOptions {
  std::string inventory;
  std::vector<std::string> pcap_files, interfaces;  // one of them
  std::chrono::seconds duration{60};                // with interfaces
  rules::LearnSettings settings;
};
[[nodiscard]] int cmd_learn(const LearnOptions& options);

struct DetectOptions {
  std::vector<std::string> learn, pcap_files;
  std::vector<std::string> inside;   // address ranges; none: private ones
  std::vector<std::string> without;  // detectors
  std::string inventory;
  bool json = false, evidence = false;
  std::string intel;       // directory of feeds; empty: none
  std::string model;       // file of a trained one; empty: none
  std::uint64_t rank = 0;  // so many flows that are unlike the others, at the end
};
[[nodiscard]] int cmd_detect(const DetectOptions& options);

struct TrainOptions {
  std::vector<std::string> captures;  // SOURCE:CAPTURE[:LABELS]
  std::string out = "model.json", name = "model";
  bool evaluate = false, json = false;
};
[[nodiscard]] int cmd_train(const TrainOptions& options);

struct PatchesOptions {
  ConfigRequest request;
  std::string reports, exploited;  // over those of the settings
  std::uint64_t limit = 20;        // weaknesses of a workload
  bool cards = false;              // advice for each
  bool json = false;
};
[[nodiscard]] int cmd_patches(const PatchesOptions& options);

struct ImportOptions {
  std::string file;    // a suricata.yaml
  bool quiet = false;  // only the settings
};
[[nodiscard]] int cmd_import(const ImportOptions& options);

struct ListOptions {
  std::string what;      // keywords, settings, protocols, explanations
  std::string filter;    // part of a name
  std::string language;  // of explanations: en, zh; empty: the environment's
};
[[nodiscard]] int cmd_list(const ListOptions& options);

struct BlocksOptions {
  std::string action = "list";  // list, add, del
  std::string first;            // add, del: an address, or one end of a flow
  std::string second;           // add, del: destination or other end; empty: the source alone
  std::string protocol;         // flows: tcp, udp
  std::string ttl = "5m";
  std::string reason = "operator";
  bool json = false;
};
[[nodiscard]] int cmd_blocks(const BlocksOptions& options);

// Works on the kernel alone.
[[nodiscard]] int undo_in_kernel(std::size_t most, bool json);
// What undo and panic say of them, whoever did it.
void print_removed(const std::vector<std::string>& blocks);

[[nodiscard]] int cmd_recover();

struct WatchOptions {
  std::uint32_t group = 27;
  bool json = false;
  std::uint64_t count = 0;  // end after this many messages; 0: never
};
[[nodiscard]] int cmd_watch(const WatchOptions& options);

}  // namespace bulkhead::config::cli
