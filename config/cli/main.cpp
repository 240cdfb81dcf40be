// The command line: grammar and help. What the commands do is in cmd_*.cpp.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "config/cli/cmd_page.h"
#include "config/cli/cmd_verify_log.h"
#include "config/cli/commands.h"
#include "config/cli/completion.h"
#include "config/cli/explanation_text.h"
#include "config/cli/live_commands.h"
#include "config/cli/manual.h"
#include "datapath/base/diagnostic.h"

namespace bulkhead::config::cli {
namespace {

constexpr const char* kExitText =
    "Exit status: 0 fine, 1 failed while running, 2 bad input.\n"
    "`bulkhead COMMAND --help` explains a command; `bulkhead list settings` every --set key.";

void add_config_options(CLI::App& command, ConfigRequest& request) {
  command.add_option("-c,--config", request.file, "Settings (YAML)")->type_name("FILE")->group("Input");
  command.add_option("--set", request.sets, "One setting, over the file's; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->group("Input");
}

void add_rule_options(CLI::App& command, ConfigRequest& request) {
  command.add_option("-s,--signatures", request.signatures, "Signature files, globs allowed")
      ->type_name("FILE...")
      ->group("Input");
  command.add_option("-p,--policy", request.policies, "Segmentation policies (YAML), globs allowed")
      ->type_name("FILE...")
      ->group("Input");
  command.add_option("-i,--inventory", request.inventory, "Workloads that the policies speak of (YAML)")
      ->type_name("FILE")
      ->group("Input");
}

void add_log_level(CLI::App& command, std::string& level) {
  command.add_option("--log-level", level, "trace, debug, info, warn, error or off (default: setting log-level)")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
}

void add_language(CLI::App& command, std::string& language) {
  command.add_option("--lang", language, "Language of explanations: en or zh (default: LC_ALL, LC_MESSAGES or LANG)")
      ->type_name("LANG")
      ->check(CLI::IsMember({"en", "zh"}));
}

const std::vector<std::string> kLists = {"keywords", "settings", "protocols", "explanations"};

// Words of commands that are no options, for completion.
ArgumentWords argument_words() {
  ArgumentWords out{
      {"list", kLists}, {"dump", {"config", "signatures", "policy"}}, {"completion", {"bash", "zsh", "fish"}}};
  std::vector<std::string>& explained = out["explain"];
  for (const char* kind : {"pack", "detector", "finding", "diagnostic"}) explained.emplace_back(kind);
  for (std::string& name : page_names()) explained.push_back(std::move(name));
  return out;
}

// CLI11's help, with less in the way: names of values only, usage with the program's name.
class PlainFormatter : public CLI::Formatter {
 public:
  PlainFormatter() { column_width(30); }
  [[nodiscard]] std::string make_option_opts(const CLI::Option* option) const override {
    std::string out;
    if (!option->get_option_text().empty()) return " " + option->get_option_text();
    if (option->get_type_size() != 0) {
      const std::string type = option->get_type_name();
      out = type.empty() ? "" : " " + type.substr(0, type.find(':'));
    }
    return out + (option->get_required() ? " (required)" : "");
  }
  [[nodiscard]] std::string make_usage(const CLI::App* app, std::string) const override {
    std::string out = "Usage: bulkhead";
    for (const CLI::App* at = app; at->get_parent() != nullptr; at = at->get_parent()) {
      out.insert(std::string("Usage: bulkhead").size(), " " + at->get_name());
    }
    for (const CLI::Option* option : app->get_options()) {
      if (!option->get_positional()) {
        if (option->get_required()) out += " " + option->get_name() + " " + option->get_type_name();
      } else {
        out += option->get_required() ? " " + option->get_name(true) : " [" + option->get_name(true) + "]";
      }
    }
    if (!app->get_subcommands({}).empty()) out += app->get_require_subcommand_min() > 0 ? " COMMAND" : " [COMMAND]";
    return out + " [OPTION...]\n";
  }
};

class CommandLine {
 public:
  CommandLine() : app_("Isolates containers from each other and finds attacks between them.", "bulkhead") {
    app_.require_subcommand(1);
    app_.formatter(std::make_shared<PlainFormatter>());
    app_.set_version_flag("--version", "bulkhead " BULKHEAD_VERSION, "Version");
    app_.set_help_flag("-h,--help", "This text");
    app_.footer(kExitText);
    app_.fallthrough(false);
    add_run();
    add_replay();
    add_check();
    add_verdicts();
    add_lint();
    add_explain_rule();
    add_explain();
    add_whatif();
    add_learn();
    add_detect();
    add_train();
    add_patches();
    add_status();
    add_top();
    add_flows();
    add_workloads();
    add_edges();
    add_baseline();
    add_rules();
    add_counters();
    add_watch();
    add_blocks();
    add_undo();
    add_quarantine();
    add_reload();
    add_page();
    add_recover();
    add_dump();
    add_import();
    add_list();
    add_verify_log();
    add_completion();
    add_manual();
    add_help();
  }

  int parse_and_run(int argc, char** argv) {
    if (argc <= 1) {
      std::fputs(app_.help().c_str(), stdout);
      return kExitBadInput;
    }
    if (!is_command_or_option(argv[1])) return kExitBadInput;
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      std::fputs(help_of_chosen().c_str(), stdout);
      return kExitFine;
    } catch (const CLI::CallForVersion& e) {
      std::printf("%s\n", e.what());
      return kExitFine;
    } catch (const CLI::ParseError& e) {
      std::fprintf(stderr, "error: %s\n", e.what());
      const auto chosen = app_.get_subcommands();
      std::fprintf(stderr, "  hint: bulkhead %s--help\n",
                   chosen.empty() ? "" : (chosen.front()->get_name() + " ").c_str());
      return kExitBadInput;
    }
    return status_;
  }

 private:
  bool is_command_or_option(const std::string& word) const {
    std::vector<std::string> names;
    for (const CLI::App* one : app_.get_subcommands({})) names.push_back(one->get_name());
    if (word.starts_with('-') || std::find(names.begin(), names.end(), word) != names.end()) return true;
    std::fprintf(stderr, "error: there is no command \"%s\"\n", word.c_str());
    const std::string near = nearest_word(word, names);
    std::fprintf(stderr, "  hint: %s\n", near.empty() ? "bulkhead --help" : ("did you mean " + near + "?").c_str());
    return false;
  }

  std::string help_of_chosen() {
    const auto chosen = app_.get_subcommands();
    if (chosen.empty()) return app_.help();
    const auto deeper = chosen.front()->get_subcommands();
    return deeper.empty() ? chosen.front()->help() : deeper.front()->help();
  }

  CLI::App& command(const char* name, const char* text, const char* group) {
    CLI::App& out = *app_.add_subcommand(name, text);
    out.set_help_flag("-h,--help", "This text");
    out.group(group);
    return out;
  }

  void add_run() {
    CLI::App& c = command("run", "Guard this node: enforce, inspect, alert, block", "On a node");
    add_config_options(c, run_.request);
    add_rule_options(c, run_.request);
    c.add_option("-l,--log-dir", run_.request.log_dir, "Directory of eve.json")->type_name("DIR");
    c.add_option("-w,--workers", run_.request.workers, "Packet threads (default: one for each CPU)")->type_name("N");
    add_log_level(c, run_.log_level);
    c.footer(
        "Without -c: /etc/bulkhead/bulkhead.yaml if there is one. SIGHUP reloads rules and reopens the log.\n"
        "Example: bulkhead run -c bulkhead.yaml --set capture.interfaces=docker0");
    c.callback([this] { status_ = cmd_run(run_); });
  }

  void add_replay() {
    CLI::App& c = command("replay", "Run capture files through the engine, EVE JSON out", "Without a node");
    ConfigRequest& request = replay_.request;
    request.kind = RunKind::kReplay;
    c.add_option("-r,--pcap", request.pcap_files, "Captures (pcap, pcapng), in this order")
        ->type_name("FILE...")
        ->required()
        ->group("Input");
    add_rule_options(c, request);
    add_config_options(c, request);
    c.add_option("-l,--log-dir", request.log_dir, "Directory of eve.json")->type_name("DIR")->required();
    c.add_option("-w,--workers", request.workers, "Packet threads (default 1); the output is the same for any number")
        ->type_name("N")
        ->check(CLI::Range(1, 256));
    c.add_option("--seed", request.seed, "Seed of the flow hash")->type_name("N");
    c.add_flag("-q,--quiet", replay_.quiet, "Errors only: no progress, no summary");
    c.add_option("--costs", replay_.costs, "At the end the N dearest signatures: matches, checks, ns for each packet")
        ->type_name("N");
    add_log_level(c, replay_.log_level);
    c.footer(
        "Rules that do not load are reported and left out; --set engine.init-failure-fatal=yes makes them fatal.\n"
        "Example: bulkhead replay --pcap trace.pcap --signatures 'rules/*.rules' --log-dir out");
    c.callback([this] { status_ = cmd_replay(replay_); });
  }

  void add_check() {
    CLI::App& c =
        command("check", "Every mistake in settings, signatures and policies, with its place", "Without a node");
    check_.request.kind = RunKind::kCheck;
    add_rule_options(c, check_.request);
    add_config_options(c, check_.request);
    c.add_flag("-a,--all", check_.all, "Show every error, not only the first few of a kind");
    c.add_flag("-q,--quiet", check_.quiet, "Exit status only");
    c.footer("Example: bulkhead check -c bulkhead.yaml --signatures 'rules/*.rules'");
    c.callback([this] { status_ = cmd_check(check_); });
  }

  void add_explain() {
    CLI::App& c = command("explain",
                          "Why the policies allow or deny a flow and what would change it; or, of one NAME, what a "
                          "finding or a message is about",
                          "Without a node");
    CLI::Option* from = c.add_option("FROM", explain_.from,
                                     "NAMESPACE/NAME, node:NAME, ext:NAME or an address; alone: a pack, a detector, a "
                                     "finding, a sid or the code of a message");
    CLI::Option* to = c.add_option("TO", explain_.to, "As FROM, or svc:NAMESPACE/NAME");
    CLI::Option* port = c.add_option("PORT", explain_.port, "tcp/443, udp/53, icmp/8");
    CLI::Option* pcap =
        c.add_option("-r,--pcap", explain_.pcap_file, "Instead of FROM TO PORT: a packet of this capture")
            ->type_name("FILE");
    CLI::Option* packet = c.add_option("--packet", explain_.packet, "Its number, from 1 (pcap_cnt of events)")
                              ->type_name("N")
                              ->check(CLI::Range(std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()));
    pcap->needs(packet)->excludes(from);
    packet->needs(pcap);
    c.add_option("-i,--inventory", explain_.inventory, "Workloads that the policies speak of (YAML)")
        ->type_name("FILE");
    c.add_option("-p,--policy", explain_.policies, "Policies and Kubernetes manifests (YAML), globs allowed")
        ->type_name("FILE...");
    CLI::Option* live = c.add_flag("--live", explain_live_, "Ask the running daemon, by the policies in force");
    c.add_option("--socket", live_.socket, "Control socket of the daemon")->type_name("PATH")->needs(live);
    CLI::Option* json = c.add_flag("--json", live_.json, "As JSON: the daemon's answer, or a page");
    c.add_option("--family", explain_.family, "IP family: 4 or 6 (default 4)")->check(CLI::IsMember({"4", "6"}));
    c.add_flag("--no-edit", explain_.no_edit, "Do not look for an edit");
    add_language(c, explain_page_.language);
    c.footer([] {
      return page_name_lines() +
             "Examples: bulkhead explain shop/web shop/db tcp/6379 -i cluster.yaml -p 'policies/*.yaml'\n"
             "          bulkhead explain --pcap day.pcap --packet 1042 -i cluster.yaml -p 'policies/*.yaml'\n"
             "          bulkhead explain detector scan; bulkhead explain lint.shadowed; bulkhead explain 6100001";
    });
    c.callback([this, from, to, port, pcap, json] {
      // --policy takes every word that follows, as `*.yaml` of a shell needs it; those of a flow behind it are given
      // back.
      std::vector<std::string>& words = explain_.policies;
      if (pcap->empty() && from->empty() && words.size() > 3) {
        explain_.port = std::move(words.back()), words.pop_back();
        explain_.to = std::move(words.back()), words.pop_back();
        explain_.from = std::move(words.back()), words.pop_back();
      } else if (pcap->empty()) {
        if (!from->empty() && port->empty() && names_a_page(explain_.from, explain_.to)) {
          explain_page_.kind = explain_.from;
          explain_page_.name = explain_.to;
          explain_page_.json = live_.json;
          status_ = cmd_explain_page(explain_page_);
          return;
        }
        for (const CLI::Option* option : {from, to, port}) {
          if (option->empty())
            throw CLI::RequiredError(option->get_name() + " (or --pcap and --packet, or a NAME alone)");
        }
      }
      if (!json->empty() && !explain_live_) throw CLI::RequiresError("--json", "--live");
      if (explain_live_) {
        live_.from = explain_.from;
        live_.to = explain_.to;
        live_.port = explain_.port;
        status_ = cmd_live_explain(live_);
        return;
      }
      status_ = cmd_explain(explain_);
    });
  }

  void add_whatif() {
    CLI::App& c = command("whatif", "Flows of a capture that a change of policies denies or allows", "Without a node");
    c.add_option("--old", whatif_.before, "Policies now; none: everything is open")->type_name("FILE...");
    c.add_option("--new", whatif_.now, "Policies to come")->type_name("FILE...");
    c.add_option("-r,--pcap", whatif_.pcap_files, "Captures (pcap, pcapng)")->type_name("FILE...")->required();
    c.add_option("-i,--inventory", whatif_.inventory, "Workloads that the policies speak of (YAML)")->type_name("FILE");
    c.add_flag("--denied-only", whatif_.denied_only, "Newly allowed flows do not count for the exit status");
    c.footer(
        "Exit status: 0 no flow changes, 1 flows change, 2 bad input.\n"
        "Example: bulkhead whatif --old old.yaml --new new.yaml -i cluster.yaml --pcap day.pcap");
    c.callback([this] { status_ = cmd_whatif(whatif_); });
  }

  void add_learn() {
    CLI::App& c = command("learn", "Policies proposed from captures, with support and confidence", "Without a node");
    rules::LearnSettings& settings = learn_.settings;
    CLI::Option* pcap = c.add_option("-r,--pcap", learn_.pcap_files, "Captures (pcap, pcapng)")->type_name("FILE...");
    CLI::Option* live = c.add_option("--live", learn_.interfaces, "Listen on these interfaces instead (a bridge); root")
                            ->type_name("INTERFACE...")
                            ->excludes(pcap);
    c.add_option("--seconds", learn_.duration, "How long to listen (default 60); Ctrl-C ends it earlier")
        ->type_name("N")
        ->needs(live)
        ->check(CLI::Range(1, 604800));
    c.add_option("-i,--inventory", learn_.inventory, "Workloads (YAML)")->type_name("FILE")->required();
    c.add_option("--min-flows", settings.min_flows, "Answered flows that a rule needs (default 5)")->type_name("N");
    c.add_option("--min-windows", settings.min_windows, "Windows of 10 s that a rule needs (default 3)")
        ->type_name("N");
    c.add_option("--min-confidence", settings.min_confidence, "Confidence that a rule needs (default 0.5)")
        ->type_name("X")
        ->check(CLI::Range(0.0, 1.0));
    c.add_flag("--enforce", settings.enforce, "Propose mode enforce instead of audit");
    c.footer(
        "The proposal goes to stdout as policy documents; what is thin or looks like an attack stands there as "
        "comments.\n"
        "Exit status: 0 proposed, 1 nothing to propose, 2 bad input.\n"
        "Example: bulkhead learn --pcap day.pcap -i cluster.yaml > proposed.yaml");
    c.callback([this, pcap, live] {
      if (pcap->empty() && live->empty()) throw CLI::RequiredError("--pcap or --live");
      status_ = cmd_learn(learn_);
    });
  }

  void add_detect() {
    CLI::App& c =
        command("detect", "What is unusual in captures, against captures of normal traffic", "Without a node");
    c.add_option("--learn", detect_.learn, "Captures of normal traffic (pcap, pcapng)")
        ->type_name("FILE...")
        ->required();
    c.add_option("-r,--pcap", detect_.pcap_files, "Captures to look at")->type_name("FILE...")->required();
    c.add_option("-i,--inventory", detect_.inventory, "Workloads (YAML): replicas of one owner are one party")
        ->type_name("FILE");
    c.add_option("--inside", detect_.inside, "Address ranges that are ours (default: private ones)")
        ->type_name("CIDR...");
    c.add_option("--without", detect_.without, "Leave detectors out: edge, verb, scan, outcome, ...")
        ->type_name("NAME...");
    c.add_flag("--json", detect_.json, "One JSON object a line");
    c.add_option("--intel", detect_.intel, "Directory of feeds of indicators")->type_name("DIRECTORY");
    c.add_option("--model", detect_.model, "A trained model beside the detectors (bulkhead train)")->type_name("FILE");
    c.add_option("--rank", detect_.rank, "So many flows that are least like the others, at the end")->type_name("N");
    c.add_flag("--evidence", detect_.evidence, "Each piece of evidence as well, as JSON");
    c.footer(
        "Exit status: 0 nothing unusual, 1 incidents, 2 bad input.\n"
        "Example: bulkhead detect --learn monday.pcap --pcap tuesday.pcap");
    c.callback([this] { status_ = cmd_detect(detect_); });
  }

  void add_train() {
    CLI::App& c = command("train", "A model from captures with labelled flows, and what it is worth", "Without a node");
    c.add_option("CAPTURES", train_.captures, "SOURCE:CAPTURE:LABELS, or SOURCE:CAPTURE where all is normal")
        ->required();
    c.add_option("-o,--out", train_.out, "File of the model (default model.json)")->type_name("FILE");
    c.add_option("--name", train_.name, "Its name in evidence (default model)")->type_name("NAME");
    c.add_flag("--evaluate", train_.evaluate,
               "No model: what is found on a random split, of a kind of attack left out, and of another source");
    c.add_flag("--json", train_.json, "With --evaluate: as JSON");
    c.footer(
        "LABELS are lines of t0, proto, src, sport, dst, dport, label between tabs behind a header; label benign is "
        "normal.\n"
        "A new model runs in shadow until behaviour.models-trusted names it.\n"
        "Example: bulkhead train lab:monday.pcap lab:attacks.pcap:attacks.tsv --name lab -o lab.model.json");
    c.callback([this] { status_ = cmd_train(train_); });
  }

  void add_patches() {
    CLI::App& c =
        command("patches", "Weaknesses of the images that run, and the rules that watch for them", "Without a node");
    patches_.request.kind = RunKind::kCheck;
    c.add_option("--reports", patches_.reports, "Directory of Trivy's reports (JSON)")->type_name("DIRECTORY");
    c.add_option("--exploited", patches_.exploited, "CISA's catalogue of known exploited vulnerabilities (JSON)")
        ->type_name("FILE");
    add_rule_options(c, patches_.request);
    add_config_options(c, patches_.request);
    c.add_flag("--cards", patches_.cards, "What to do about each");
    c.add_option("--limit", patches_.limit, "At most so many weaknesses of a workload (default 20)")->type_name("N");
    CLI::Option* live = c.add_flag("--live", patches_live_, "Ask the running daemon, for the workloads that run");
    c.add_option("--socket", live_.socket, "Control socket of the daemon")->type_name("PATH")->needs(live);
    c.add_flag("--json", patches_.json, "As JSON");
    c.footer(
        "Without an inventory the scanned images are listed. Rules marked * are commented out in their file.\n"
        "Example: bulkhead patches --reports reports/ --exploited kev.json -s 'rules/*.rules' -i inventory.yaml");
    c.callback([this] {
      if (!patches_live_) {
        status_ = cmd_patches(patches_);
        return;
      }
      live_.json = patches_.json;
      live_.limit = patches_.limit;
      status_ = cmd_live_patches(live_, patches_.cards);
    });
  }

  void add_verdicts() {
    CLI::App& c = command("verdicts", "What the policies say about each flow of a list", "Without a node");
    c.add_option("-i,--inventory", verdicts_.inventory, "Workloads that the policies speak of (YAML)")
        ->type_name("FILE")
        ->required();
    c.add_option("-p,--policy", verdicts_.policies, "Policies and Kubernetes manifests (YAML), globs allowed")
        ->type_name("FILE...");
    c.add_option("-f,--flows", verdicts_.flows, "Lines of from, to, family, proto, port between tabs; - is stdin")
        ->type_name("TSV")
        ->required();
    c.add_flag("--why", verdicts_.why, "Add the rule that decided and its place");
    c.add_flag("--twin", verdicts_.twin, "Judge twice, the second time by a plain reading; exit 1 if they differ");
    c.add_flag("-q,--quiet", verdicts_.quiet, "No warnings");
    c.footer(
        "Ends: NAMESPACE/NAME, node:NAME, ext:NAME, svc:NAMESPACE/NAME or an address. Verdicts: allow, deny, mixed (a\n"
        "service whose workloads differ), - (no address of that family).\n"
        "Example: bulkhead verdicts -i cluster.yaml -p 'policies/*.yaml' -f flows.tsv");
    c.callback([this] { status_ = cmd_verdicts(verdicts_); });
  }

  void add_lint() {
    CLI::App& c = command("lint", "What rules may say and still look like a mistake", "Without a node");
    lint_.request.kind = RunKind::kCheck;
    add_rule_options(c, lint_.request);
    add_config_options(c, lint_.request);
    c.add_flag("-a,--all", lint_.all, "Show every finding, not only the first few of a kind");
    c.add_flag("-q,--quiet", lint_.quiet, "Exit status only: 0 when there is nothing to say");
    c.callback([this] { status_ = cmd_lint(lint_); });
  }

  void add_explain_rule() {
    CLI::App& c = command("explain-rule", "A signature in plain words", "Without a node");
    explain_rule_.request.kind = RunKind::kCheck;
    c.add_option("SID", explain_rule_.sid, "Number of the rule")->required();
    c.add_option("--gid", explain_rule_.gid, "Group of the rule, when several have the number")->type_name("N");
    add_rule_options(c, explain_rule_.request);
    add_config_options(c, explain_rule_.request);
    c.footer("Example: bulkhead explain-rule 2010935 --signatures 'rules/*.rules'");
    c.callback([this] { status_ = cmd_explain_rule(explain_rule_); });
  }

  // --socket and --json of a command that asks the daemon.
  void add_live_options(CLI::App& c) {
    c.add_option("--socket", live_.socket, "Control socket of the daemon (default: $BULKHEAD_SOCKET, or the setting's)")
        ->type_name("PATH");
    c.add_flag("--json", live_.json, "The daemon's answer as JSON");
  }

  CLI::App& live_command(const char* name, const char* text, int (*run)(const LiveOptions&)) {
    CLI::App& c = command(name, text, "A running daemon");
    add_live_options(c);
    c.callback([this, run] { status_ = run(live_); });
    return c;
  }

  void add_status() { live_command("status", "What runs, since when, and what is wrong", cmd_status); }

  void add_top() {
    CLI::App& c = live_command("top", "Workloads by rate, with losses and the last events, as a screen", cmd_top);
    c.add_option("--interval", live_.interval, "Seconds between two looks (default 2)")
        ->type_name("N")
        ->check(CLI::Range(1, 3600));
    c.add_option("-n,--count", live_.count, "End after this many looks")->type_name("N");
    c.footer("q or Ctrl-C ends it.");
  }

  void add_flows() {
    CLI::App& c = live_command("flows", "Live flows, the most recent first", cmd_flows);
    c.add_option("WORKLOAD", live_.end, "Only flows of this workload or address");
    c.add_option("--app", live_.app, "Only flows of this protocol")->type_name("NAME");
    c.add_flag("--alerted", live_.alerted, "Only flows with an alert");
    c.add_option("--limit", live_.limit, "At most so many (default 50)")->type_name("N");
    c.footer("Example: bulkhead flows shop/web --app http");
  }

  void add_workloads() { live_command("workloads", "Workloads with addresses, labels and traffic", cmd_workloads); }

  void add_baseline() {
    CLI::App& c = live_command("baseline", "What is normal here, as learned, with evidence; as policies", cmd_baseline);
    c.add_option("--format", live_.format, "Policies instead: native or networkpolicy")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"native", "networkpolicy"}));
    c.footer("Example: bulkhead baseline --format networkpolicy > proposed.yaml");
  }
  void add_edges() { live_command("edges", "Who talks to whom, with denials and alerts", cmd_edges); }

  void add_rules() {
    CLI::App& c = live_command("rules", "Rules with what they matched", cmd_rules);
    c.add_flag("--never-hit", live_.never_hit, "Only rules that nothing has matched");
    c.add_option("--limit", live_.limit, "At most so many signatures (default 50)")->type_name("N");
    c.add_option("--by", live_.by, "Order of signatures: cost (default), matches, checks or sid")
        ->check(CLI::IsMember({"cost", "matches", "checks", "sid"}));
    c.footer(
        "ns/packet: what the checks of a signature cost behind Hyperscan, spread over all packets; measured in one "
        "packet\n"
        "of 64. Counts live on over a reload.");
  }

  void add_counters() {
    CLI::App& c = live_command("counters", "Every counter by name", cmd_counters);
    c.add_option("FILTER", live_.filter, "Part of a name");
  }

  void add_quarantine() {
    CLI::App& cut = live_command("quarantine", "Cut a workload off: nothing that it sends passes", cmd_quarantine);
    cut.add_option("WORKLOAD", live_.workload, "NAMESPACE/NAME")->required();
    cut.add_option("--ttl", live_.ttl, "Seconds until it ends by itself (default 3600)")
        ->type_name("N")
        ->check(CLI::Range(1, 86400));
    cut.add_option("--reason", live_.reason, "Kept with it")->type_name("TEXT");
    cut.footer("Example: bulkhead quarantine shop/web --reason 'miner seen'");
    CLI::App& free = live_command("release", "End the quarantine of a workload", cmd_release);
    free.add_option("WORKLOAD", live_.workload, "NAMESPACE/NAME")->required();
  }

  void add_page() {
    CLI::App& c =
        command("page", "The map, the timeline and the rest in a browser of this machine", "A running daemon");
    c.add_option("--listen", page_.listen, "Address and port (default 127.0.0.1:9478; port 0: a free one)")
        ->type_name("ADDRESS:PORT");
    c.add_option("--socket", page_.socket, "Control socket of the daemon (default: $BULKHEAD_SOCKET, or the setting's)")
        ->type_name("PATH");
    c.footer(
        "Prints the address with its token, and runs until Ctrl-C. It may do what you may do on the control socket.\n"
        "From elsewhere: ssh -L 9478:127.0.0.1:9478 NODE bulkhead page");
    c.callback([this] { status_ = cmd_page(page_); });
  }

  void add_verify_log() {
    CLI::App& c = command("verify-log", "Whether the audit log is what the daemon wrote", "Without a node");
    c.add_option("FILE", verify_log_.file, "The audit log; files put aside beside it belong to it");
    c.add_option("--key", verify_log_.key,
                 "File of the public key (default: FILE.pub; a copy kept elsewhere is better)")
        ->type_name("FILE");
    c.add_flag("--json", verify_log_.json, "The report as JSON");
    c.footer("Exit status: 0 whole, 1 a record is bad (the first one is named), 2 bad input.");
    c.callback([this] { status_ = cmd_verify_log(verify_log_); });
  }

  void add_reload() {
    live_command("reload", "Read settings, policies and signatures again; what is wrong is shown here", cmd_reload)
        .footer("With mistakes the generation that runs keeps running. Exit status: 0 reloaded, 2 not.");
  }

  void add_completion() {
    CLI::App& c = command("completion", "Completion for a shell, to be sourced", "Without a node");
    c.add_option("SHELL", shell_, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    c.footer("Example: source <(bulkhead completion bash)");
    c.callback([this] { std::fputs(completion_text(shell_, app_, argument_words()).c_str(), stdout); });
  }

  void add_manual() {
    CLI::App& c = command("manual", "The manual page, or that of a command, in roff", "Without a node");
    c.add_option("COMMAND", topic_, "A command; none: bulkhead itself");
    c.footer("Example: bulkhead manual status | man -l -");
    c.callback([this] {
      if (!topic_.empty() && !is_command_or_option(topic_)) {
        status_ = kExitBadInput;
        return;
      }
      std::fputs(manual_text(topic_.empty() ? app_ : *app_.get_subcommand(topic_)).c_str(), stdout);
    });
  }

  void add_undo() {
    CLI::App& undo = command("undo", "Remove the last blocks; works without the daemon", "On a node");
    undo.add_option("--last", undo_.last, "So many, the newest first (default 1)")
        ->type_name("N")
        ->check(CLI::Range(1, 1000000));
    CLI::App& panic = command("panic", "Remove all blocks and quarantines; works without the daemon", "On a node");
    for (CLI::App* c : {&undo, &panic}) {
      c->add_flag("--json", live_.json, "JSON");
      c->add_flag("--kernel", undo_.kernel, "Do not ask the daemon");
      c->add_option("--socket", live_.socket, "Control socket of the daemon")->type_name("PATH");
    }
    panic.footer(
        "Policies stay. A running daemon makes no blocks for response.breaker-pause; it tells what it would do.\n"
        "Example: bulkhead panic");
    undo.footer("Example: bulkhead undo --last 3");
    undo.callback([this] { status_ = cmd_undo(live_, undo_); });
    panic.callback([this] {
      undo_.panic = true;
      status_ = cmd_undo(live_, undo_);
    });
  }

  void add_recover() {
    CLI::App& c = command("recover", "Remove everything bulkhead put into the kernel", "On a node");
    c.callback([this] { status_ = cmd_recover(); });
  }

  void add_daemon_options(CLI::App& c) {
    CLI::Option* live = c.add_flag("--live", blocks_live_, "Let the running daemon do it");
    c.add_option("--socket", live_.socket, "Control socket of the daemon")->type_name("PATH")->needs(live);
  }

  void add_blocks() {
    CLI::App& c = command("blocks", "List, add and remove blocks in the kernel; works without the daemon", "On a node");
    c.require_subcommand(0, 1);
    c.add_flag("--json", blocks_.json, "One JSON object a line");
    CLI::App& list = *c.add_subcommand("list", "Blocks in force (the default)");
    list.add_flag("--json", blocks_.json, "One JSON object a line");
    add_daemon_options(list);
    CLI::App& add = *c.add_subcommand("add", "Block a source, a pair of addresses, or a flow");
    add.add_option("FROM", blocks_.first, "Address, or ADDRESS:PORT of a flow")->required();
    add.add_option("TO", blocks_.second, "Destination address, or ADDRESS:PORT of a flow; none: the source alone");
    add.add_option("--protocol", blocks_.protocol, "Of a flow: tcp or udp")->type_name("NAME");
    add.add_option("--ttl", blocks_.ttl, "Ends by itself after this time (default 5m)")->type_name("TIME");
    add.add_option("--reason", blocks_.reason, "Kept with the block")->type_name("TEXT");
    CLI::App& del = *c.add_subcommand("del", "Remove a block");
    del.add_option("FROM", blocks_.first, "As given to add")->required();
    del.add_option("TO", blocks_.second, "As given to add");
    del.add_option("--protocol", blocks_.protocol, "Of a flow: tcp or udp")->type_name("NAME");
    add_daemon_options(add);
    add_daemon_options(del);
    c.footer(
        "With --live the daemon does it, with its guards, its event and its log; without, this program does it in the\n"
        "kernel, as root, with and without a daemon.\n"
        "Example: bulkhead blocks add 10.0.0.7 --ttl 10m --reason 'scan seen by hand'");
    c.callback([this, &add, &del] {
      if (add.parsed()) blocks_.action = "add";
      if (del.parsed()) blocks_.action = "del";
      status_ = blocks_live_ ? cmd_live_blocks(live_, blocks_) : cmd_blocks(blocks_);
    });
  }

  void add_watch() {
    CLI::App& c = command("watch", "Follow alerts, denials and blocks as they happen", "A running daemon");
    CLI::Option* group = c.add_option("--group", watch_.group,
                                      "Alerts and blocks over netlink multicast instead, from this NETLINK_USERSOCK "
                                      "group (27 is the default setting); works across daemons, needs CAP_NET_ADMIN")
                             ->type_name("N")
                             ->check(CLI::Range(1, 32));
    add_live_options(c);
    c.add_option("-n,--count", live_.count, "End after this many messages")->type_name("N");
    c.callback([this, group] {
      watch_.json = live_.json;
      watch_.count = live_.count;
      // Without a daemon's socket there may still be senders in the group.
      const bool netlink = !group->empty() || (live_.socket.empty() && !has_daemon(live_));
      status_ = netlink ? cmd_watch(watch_) : cmd_live_watch(live_);
    });
  }

  void add_dump() {
    CLI::App& c = command("dump", "The compiled form of settings, signatures or policies", "Without a node");
    dump_.request.kind = RunKind::kCheck;
    c.add_option("WHAT", dump_.what, "config, signatures or policy")
        ->required()
        ->check(CLI::IsMember({"config", "signatures", "policy"}));
    add_rule_options(c, dump_.request);
    add_config_options(c, dump_.request);
    c.add_flag("--defaults", dump_.defaults, "config: the sample file, every setting with its default");
    c.callback([this] { status_ = cmd_dump(dump_); });
  }

  void add_import() {
    CLI::App& c =
        command("import", "Turn a suricata.yaml into settings, and tell what was taken over", "Without a node");
    c.add_option("FILE", import_.file, "suricata.yaml")->required();
    c.add_flag("-q,--quiet", import_.quiet, "Only the settings");
    c.footer("Example: bulkhead import /etc/suricata/suricata.yaml > bulkhead.yaml");
    c.callback([this] { status_ = cmd_import(import_); });
  }

  void add_list() {
    CLI::App& c = command("list", "Keywords of rules, settings, protocols, pages of explain", "Without a node");
    c.add_option("WHAT", list_.what, "keywords, settings, protocols or explanations")
        ->required()
        ->check(CLI::IsMember(kLists));
    c.add_option("FILTER", list_.filter, "Part of a name");
    add_language(c, list_.language);
    c.callback([this] { status_ = cmd_list(list_); });
  }

  void add_help() {
    CLI::App& c = command("help", "This text, or that of a command", "Without a node");
    c.add_option("COMMAND", topic_, "A command");
    c.callback([this] {
      if (!topic_.empty() && !is_command_or_option(topic_)) {
        status_ = kExitBadInput;
        return;
      }
      // Not App::help(): it goes on to the command that was chosen, which is this one.
      const CLI::App* about = topic_.empty() ? &app_ : app_.get_subcommand(topic_);
      std::fputs(about->get_formatter()->make_help(about, about->get_name(), CLI::AppFormatMode::Normal).c_str(),
                 stdout);
    });
  }

  CLI::App app_;
  RunOptions run_;
  ReplayOptions replay_;
  CheckOptions check_;
  CheckOptions lint_;
  ExplainRuleOptions explain_rule_;
  DumpOptions dump_;
  ImportOptions import_;
  ListOptions list_;
  VerdictsOptions verdicts_;
  PatchesOptions patches_;
  TrainOptions train_;
  bool patches_live_ = false;
  ExplainOptions explain_;
  ExplainPageOptions explain_page_;
  WhatifOptions whatif_;
  LearnOptions learn_;
  DetectOptions detect_;
  BlocksOptions blocks_;
  UndoOptions undo_;
  LiveOptions live_;
  PageOptions page_;
  VerifyLogOptions verify_log_;
  std::string shell_;
  bool explain_live_ = false, blocks_live_ = false;
  WatchOptions watch_;
  std::string topic_;
  int status_ = kExitFine;
};

}  // namespace
}  // namespace bulkhead::config::cli

int main(int argc, char** argv) {
  try {
    return bulkhead::config::cli::CommandLine().parse_and_run(argc, argv);
  } catch (const std::exception& e) {  // out of memory, a library that throws where it should not
    std::fprintf(stderr, "error: %s\n", e.what());
    return bulkhead::config::cli::kExitFailed;
  }
}
