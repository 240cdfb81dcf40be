#include "config/daemon/control_commands.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "config/daemon/baseline_policy.h"
#include "config/daemon/block_json.h"
#include "config/daemon/block_target.h"
#include "config/daemon/counted.h"
#include "config/daemon/signature_use.h"
#include "config/load/patch_report.h"
#include "config/load/policy_yaml.h"
#include "config/sandbox/call_filter.h"
#include "config/sandbox/refused_calls.h"
#include "config/yaml/yaml_reader.h"
#include "datapath/output/protocol_names.h"
#include "rules/classify/classifier.h"
#include "rules/classify/flow_edges.h"
#include "rules/classify/request_verdict.h"
#include "rules/classify/whatif.h"
#include "rules/compile/explain.h"
#include "rules/compile/policy_compiler.h"
#include "rules/discovery/flow_request.h"
#include "signatures/compile/signature_db.h"

namespace bulkhead::config {

using Json = nlohmann::json;
using control::Role;

namespace {

constexpr std::size_t kMostFlows = 50000;  // of each worker, in one look
constexpr std::size_t kShownDiagnostics = 200;
constexpr std::size_t kShownChanges = 1000;
constexpr std::chrono::seconds kLongest{86400};

// An argument of the right type, or what stands in for it.
std::string text_argument(const Json& arguments, const char* name, std::string otherwise = {}) {
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_string() ? found->get<std::string>() : std::move(otherwise);
}
std::uint64_t number_argument(const Json& arguments, const char* name, std::uint64_t otherwise) {
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : otherwise;
}
bool flag_argument(const Json& arguments, const char* name) {
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_boolean() && found->get<bool>();
}

std::string time_text(std::chrono::system_clock::time_point time) {
  return to_iso8601({std::chrono::duration_cast<Nanoseconds>(time.time_since_epoch()).count()});
}

std::uint64_t counter(const std::map<std::string, std::uint64_t>& counters, const char* name) {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

// Everything that an operator should know is wrong, the gravest first.
Json problems_of(const DaemonFacts& facts, const std::map<std::string, std::uint64_t>& counters,
                 const control::ServerStats& server) {
  Json out = Json::array();
  const auto say = [&out](const char* code, std::string text, const char* hint) {
    out.push_back({{"code", code}, {"text", std::move(text)}, {"hint", hint}});
  };
  const auto lost = [&](const char* code, const char* name, const char* what, const char* hint) {
    if (const auto n = counter(counters, name); n != 0) say(code, std::to_string(n) + " " + what, hint);
  };
  if (!facts.lease_problem.empty())
    say("lease", "the lease is not renewed: " + facts.lease_problem, "segments may fail");
  if (!facts.reload_problem.empty()) {
    say("reload", "the last reload failed, the generation before it runs on: " + facts.reload_problem,
        "bulkhead check names every mistake");
  }
  if (!facts.engine_problem.empty()) {
    say("engine", "the container engine cannot be read: " + facts.engine_problem, "what was known stays in force");
  }
  for (const std::string& one : facts.unread_pods) {
    say("pods", "left out, the runtime's answer about it cannot be read: " + one,
        "what was known of it stays in force");
  }
  if (!facts.cluster_problem.empty()) {
    say("cluster", "policies of the cluster are not in force: " + facts.cluster_problem,
        "what was in force before stays; the log has every mistake");
  }
  if (!facts.audit_problem.empty())
    say("audit", "there is no audit log: " + facts.audit_problem, "log-dir is to be the daemon's alone");
  if (const auto n = counter(counters, "sandbox.refused_calls"); n != 0) {
    say("sandbox.refused",
        std::to_string(n) + " system calls of packet threads were refused, the last: " +
            sandbox::call_name(sandbox::last_refused_call()),
        "no worker needs it: a mistake of ours, or somebody else's code runs there");
  }
  for (const std::string& what : facts.sandbox.left_out)
    say("sandbox.left_out", "the sandbox is not whole: " + what, "the kernel lacks it or forbids it");
  lost("capture.drops", "capture.kernel_drops", "packets were lost before inspection",
       "more workers, larger capture.blocks, or flow bypass");
  lost("output.dropped", "output.dropped", "events were lost because the output was too slow",
       "larger output.ring-capacity, a faster disk");
  lost("response.queue", "response.queue_full", "block requests were lost", "the kernel answers slowly");
  lost("response.failed", "response.failed", "blocks were refused by the kernel", "the log has the reasons");
  lost("drift", "enforce.drift_repaired", "changes of our tables by others were repaired",
       "somebody else edits the table bulkhead");
  if (facts.summary.rules_refused != 0) {
    say("signatures", counted(facts.summary.rules_refused, "signature does not load", "signatures do not load"),
        "bulkhead check names each with its line");
  }
  if (server.slow_clients != 0) {
    say("control.slow", std::to_string(server.slow_clients) + " control clients were dropped, they did not read",
        "their watch has holes");
  }
  return out;
}

void refuse_no_policy(const control::Reply& reply) {
  reply.refuse("policy.none", "this daemon has no policies", "setting policy names their files");
}

}  // namespace

Json diagnostics_json(const Diagnostics& diagnostics, std::size_t at_most) {
  Json out = Json::array();
  for (const Diagnostic& d : diagnostics.all()) {
    if (out.size() >= at_most) break;
    const char* severity = d.severity == Severity::kError     ? "error"
                           : d.severity == Severity::kWarning ? "warning"
                                                              : "note";
    Json json{{"severity", severity}, {"code", d.code}, {"message", d.message}, {"text", Diagnostics::format(d)}};
    if (!d.hint.empty()) json["hint"] = d.hint;
    if (d.span.file != nullptr) json["file"] = d.span.file->name();
    if (d.span.line != 0) {
      json["line"] = d.span.line;
      json["column"] = d.span.column;
      json["length"] = d.span.length;
    }
    out.push_back(std::move(json));
  }
  return out;
}

std::span<const ControlCommands::Row> ControlCommands::rows() {
  using C = ControlCommands;
  static constexpr Row kRows[] = {
      {"commands", Role::kReader, "This list", &C::commands},
      {"status", Role::kReader, "What runs, since when, and what is wrong", &C::status},
      {"counters", Role::kReader, "Every counter by name", &C::counters},
      {"flows", Role::kReader, "Live flows, the most recent first", &C::flows},
      {"workloads", Role::kReader, "Workloads with labels, addresses and traffic", &C::workloads},
      {"edges", Role::kReader, "Who talks to whom, with traffic, denials and alerts", &C::edges},
      {"baseline", Role::kReader, "What was learned: phases of workloads, edges with their evidence, policies",
       &C::baseline},
      {"patches", Role::kReader, "Weaknesses of the images that run, and the rules that watch for them", &C::patches},
      {"events", Role::kReader, "The last alerts, denials, blocks and incidents", &C::events},
      {"event", Role::kReader, "One of them in full", &C::event},
      {"watch", Role::kReader, "Alerts, denials, blocks and incidents as they happen", &C::watch},
      {"rules", Role::kReader, "Policy rules with the kernel's counters, signatures with their matches and cost",
       &C::rule_list},
      {"explain", Role::kReader, "Why the policies in force allow or deny a flow", &C::explain},
      {"whatif", Role::kReader, "What other policies would do to the flows that were seen lately", &C::whatif},
      {"blocks.list", Role::kReader, "Blocks in force", &C::blocks_list},
      {"blocks.add", Role::kOperator, "Block a source, a pair or a flow", &C::blocks_add},
      {"blocks.del", Role::kOperator, "Remove a block", &C::blocks_del},
      {"undo", Role::kOperator, "Remove the last blocks", &C::undo},
      {"panic", Role::kOperator, "Remove all blocks and quarantines, and make none for a while", &C::panic},
      {"quarantine", Role::kOperator, "Cut a workload off", &C::quarantine},
      {"release", Role::kOperator, "End the quarantine of a workload", &C::release},
      {"reload", Role::kOperator, "Read settings, policies and signatures again", &C::reload},
  };
  return kRows;
}

void ControlCommands::handle(const Request& request, const Peer& peer, const Reply& reply) {
  const auto table = rows();
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const Row& each) { return each.name == request.command; });
  if (row == table.end()) {
    std::vector<std::string> names;
    for (const Row& each : table) names.emplace_back(each.name);
    const std::string near = nearest_word(request.command, names);
    return reply.refuse("command.unknown", "there is no command \"" + request.command + "\"",
                        near.empty() ? "" : "did you mean " + near + "?");
  }
  if (row->role == Role::kOperator && peer.role != Role::kOperator) {
    return reply.refuse("role", request.command + " is for operators, and " + peer.user + " only reads",
                        "root, or a member of the group that control.operator-group names");
  }
  if (row->role == Role::kOperator && access_.note) access_.note(peer, request.command, request.arguments);
  (this->*row->run)(request, peer, reply);
}

void ControlCommands::commands(const Request&, const Peer& peer, const Reply& reply) {
  Json list = Json::array();
  for (const Row& row : rows()) {
    list.push_back({{"name", row.name}, {"role", control::name_of(row.role)}, {"help", row.help}});
  }
  reply.result({{"commands", std::move(list)}, {"role", control::name_of(peer.role)}, {"user", peer.user}});
}

void ControlCommands::status(const Request&, const Peer& peer, const Reply& reply) {
  const DaemonFacts facts = access_.facts.read();
  std::map<std::string, std::uint64_t> all;
  for (auto& [name, value] : access_.counters()) all[name] = value;
  const control::ServerStats server = access_.server();
  const LiveView::Sums sums = access_.view.sums();
  const auto now = std::chrono::system_clock::now();
  Json out{{"version", BULKHEAD_VERSION},
           {"pid", ::getpid()},
           {"started", time_text(facts.started)},
           {"uptime_seconds", std::chrono::duration_cast<std::chrono::seconds>(now - facts.started).count()},
           {"role", control::name_of(peer.role)},
           {"generation",
            {{"number", facts.generation},
             {"loaded", time_text(facts.loaded)},
             {"seconds_to_load", facts.summary.time.count()},
             {"signatures", facts.summary.rules_loaded},
             {"signatures_refused", facts.summary.rules_refused},
             {"policies", facts.summary.policies},
             {"workloads", facts.inventory == nullptr ? 0 : facts.inventory->workloads().size()}}},
           {"capture",
            {{"interfaces", facts.interfaces},
             {"inline", facts.inline_flows},
             {"workers", facts.workers},
             {"packets", counter(all, "decoder.pkts")},
             {"bytes", counter(all, "decoder.bytes")},
             {"received", counter(all, "capture.kernel_packets")},
             {"lost", counter(all, "capture.kernel_drops")}}},
           {"sandbox",
            {{"mode", sandbox::to_string(facts.sandbox.mode)},
             {"off_because", facts.sandbox.off_because},
             {"capabilities", facts.sandbox.capabilities},
             {"calls_filtered", facts.sandbox.calls_filtered},
             {"landlock", facts.sandbox.landlock},
             {"refused_calls", counter(all, "sandbox.refused_calls")}}},
           {"enforcement",
            {{"bridged_traffic", facts.bridged_in},
             {"fast_path_ports", counter(all, "enforce.fast_path.ports")},
             {"fast_path_packets", counter(all, "enforce.fast_path.packets")},
             {"response", facts.response_mode}}},
           {"flows", {{"active", counter(all, "flow.active")}, {"total", counter(all, "flow.total")}}},
           {"events",
            {{"alerts", sums.alerts},
             {"denied", sums.denied},
             {"blocks", sums.blocks},
             {"incidents", sums.incidents},
             {"written", counter(all, "output.written")},
             {"lost", counter(all, "output.dropped")}}},
           {"control",
            {{"clients", server.clients},
             {"requests", server.requests},
             {"refused", server.refused_requests},
             {"malformed", server.malformed},
             {"slow_clients", server.slow_clients},
             {"events_lost", server.events_lost}}},
           {"problems", problems_of(facts, all, server)}};
  reply.result(out);
}

void ControlCommands::counters(const Request& request, const Peer&, const Reply& reply) {
  const std::string part = text_argument(request.arguments, "filter");
  Json out = Json::object();
  for (const auto& [name, value] : access_.counters()) {
    if (name.find(part) != std::string::npos) out[name] = value;
  }
  reply.result({{"counters", std::move(out)}});
}

void ControlCommands::flows(const Request& request, const Peer&, const Reply& reply) {
  FlowFilter filter;
  filter.limit = number_argument(request.arguments, "limit", filter.limit);
  filter.end = text_argument(request.arguments, "end");
  filter.app_protocol = text_argument(request.arguments, "app");
  filter.alerted = flag_argument(request.arguments, "alerted");
  reply.result(access_.view.flows(access_.flows(kMostFlows), filter));
}

void ControlCommands::workloads(const Request&, const Peer&, const Reply& reply) {
  reply.result(access_.view.workloads(access_.flows(kMostFlows)));
}

void ControlCommands::edges(const Request&, const Peer&, const Reply& reply) {
  reply.result(access_.view.edges(access_.flows(kMostFlows)));
}

void ControlCommands::events(const Request& request, const Peer&, const Reply& reply) {
  EventFilter filter;
  filter.after = number_argument(request.arguments, "after", 0);
  filter.limit = std::min<std::uint64_t>(number_argument(request.arguments, "limit", 100), LiveView::kMostEvents);
  filter.type = text_argument(request.arguments, "type");
  filter.end = text_argument(request.arguments, "end");
  filter.flow_id = number_argument(request.arguments, "flow_id", 0);
  reply.result(access_.view.events(filter));
}

void ControlCommands::event(const Request& request, const Peer&, const Reply& reply) {
  Json found = access_.view.event(number_argument(request.arguments, "sequence", 0));
  if (found.is_null()) return reply.refuse("event.gone", "there is no such event any more", "eve.json has all");
  reply.result(found);
}

void ControlCommands::watch(const Request&, const Peer&, const Reply& reply) {
  access_.view.subscribe([reply](const std::string& json) { return reply.event(json); });
}

// Policy rules with what the kernel counted; what it counts beside them (guards, midstream) by name; signatures.
void ControlCommands::rule_list(const Request& request, const Peer&, const Reply& reply) {
  const bool never = flag_argument(request.arguments, "never_hit");
  const bool posted = access_.main.post([this, reply, never, arguments = request.arguments] {
    const auto counted = access_.kernel_counters();
    if (!counted) return reply.refuse("kernel", counted.error().to_string());
    const DaemonFacts facts = access_.facts.read();
    std::map<std::string, rules::RuleCounter> by_rule;
    for (const auto& each : *counted) {
      auto& sum = by_rule[each.rule];
      sum.packets += each.packets;
      sum.bytes += each.bytes;
    }
    Json list = Json::array();
    if (facts.policy != nullptr) {
      for (const rules::TableRule& rule : facts.policy->rules()) {
        const auto& hits = by_rule[rule.key];
        if (never && hits.packets != 0) continue;
        list.push_back({{"rule", rule.key},
                        {"tier", rule.tier},
                        {"policy", rule.policy},
                        {"end", rules::to_string(rule.end)},
                        {"action", rules::to_string(rule.action)},
                        {"audit", rule.audit},
                        {"text", rule.text},
                        {"place", rule.place()},
                        {"packets", hits.packets},
                        {"bytes", hits.bytes}});
        by_rule.erase(rule.key);
      }
    }
    for (const auto& [name, hits] : by_rule) {
      if (never && hits.packets != 0) continue;
      list.push_back({{"rule", name}, {"packets", hits.packets}, {"bytes", hits.bytes}});
    }
    Json out{{"rules", std::move(list)}, {"generation", facts.generation}};
    if (facts.signatures != nullptr && access_.rule_use) {
      const SignatureUseQuery query{.by = text_argument(arguments, "by"),
                                    .limit = number_argument(arguments, "limit", SignatureUseQuery{}.limit),
                                    .never_hit = never};
      out.update(signature_use(*facts.signatures, access_.rule_use(*facts.signatures), query));
    }
    reply.result(out);
  });
  if (!posted) reply.refuse("busy", "the daemon is busy", "try again in a moment");
}

void ControlCommands::blocks_list(const Request&, const Peer&, const Reply& reply) {
  access_.blocks.list([reply, &view = access_.view](const Result<std::vector<rules::ActiveBlock>>& active) {
    if (!active) return reply.refuse("kernel", active.error().to_string());
    Json list = Json::array();
    for (const auto& each : *active) {
      Json json = block_json(each);
      json["source"] = view.name_of(each.block.tuple.source);
      if (each.block.tuple.destination.is_set()) json["destination"] = view.name_of(each.block.tuple.destination);
      list.push_back(std::move(json));
    }
    reply.result({{"blocks", std::move(list)}});
  });
}

void ControlCommands::baseline(const Request& request, const Peer&, const Reply& reply) {
  if (access_.behaviour == nullptr) {
    return reply.refuse("behaviour.off", "nothing is learned here", "setting behaviour.enabled, and something to read");
  }
  Json baseline = access_.behaviour->baseline();
  const std::string format = text_argument(request.arguments, "format");
  if (format.empty()) return reply.result(baseline);
  if (format != "native" && format != "networkpolicy") {
    return reply.refuse("baseline.format", "there are the formats native and networkpolicy");
  }
  const DaemonFacts facts = access_.facts.read();
  if (facts.inventory == nullptr) {
    return reply.refuse("inventory.none", "no workload is known",
                        "an inventory, or a container engine, tells who is who");
  }
  std::vector<BaselineEdge> edges;
  for (const Json& json : baseline.at("edges")) {
    BaselineEdge edge;
    edge.client = json.at("client");
    edge.server = json.at("server");
    edge.protocol = json.at("protocol");
    edge.port = json.at("port");
    edge.flows = json.at("flows");
    edge.windows = json.at("windows");
    edge.first = json.at("first");
    edge.last = json.at("last");
    edges.push_back(std::move(edge));
  }
  reply.result(
      {{"policies", baseline_policies(edges, *facts.inventory,
                                      format == "native" ? BaselineFormat::kNative : BaselineFormat::kNetworkPolicy)},
       {"edges", edges.size()}});
}

void ControlCommands::patches(const Request& request, const Peer&, const Reply& reply) {
  const DaemonFacts facts = access_.facts.read();
  if (facts.patch_book == nullptr || facts.inventory == nullptr) {
    return reply.refuse("patches.none", "no reports of images are read here",
                        "setting patches.reports names the directory of Trivy's reports");
  }
  const std::uint64_t limit = number_argument(request.arguments, "limit", 50);
  reply.result(patch_json(bulkhead::patches::coverage_of(facts.patch_book, facts.signatures.get(), facts.enabled,
                                                         patched(*facts.inventory), facts.patch_settings),
                          static_cast<std::size_t>(limit)));
}

void ControlCommands::blocks_add(const Request& request, const Peer& peer, const Reply& reply) {
  auto block = block_target(text_argument(request.arguments, "from"), text_argument(request.arguments, "to"),
                            text_argument(request.arguments, "protocol"));
  if (!block) return reply.refuse("block.target", block.error().to_string());
  block->ttl = std::chrono::seconds(number_argument(request.arguments, "ttl", 300));
  if (block->ttl.count() < 1 || block->ttl > kLongest) {
    return reply.refuse("block.ttl", "a block lasts from 1 second to 1 day", "ttl is a number of seconds");
  }
  block->reason = text_argument(request.arguments, "reason", "operator " + peer.user);
  const std::string text = block->to_string();
  access_.blocks.add(std::move(*block), [reply, text](const BlockThread::Outcome& outcome) {
    if (!outcome) return reply.refuse("kernel", outcome.error().to_string());
    if (!rules::is_in_force(*outcome)) {
      return reply.refuse("block.refused", text + " is not blocked: " + rules::to_string(*outcome));
    }
    reply.result({{"block", text}, {"outcome", rules::to_string(*outcome)}});
  });
}

void ControlCommands::blocks_del(const Request& request, const Peer&, const Reply& reply) {
  auto block = block_target(text_argument(request.arguments, "from"), text_argument(request.arguments, "to"),
                            text_argument(request.arguments, "protocol"));
  if (!block) return reply.refuse("block.target", block.error().to_string());
  const std::string text = block->to_string();
  access_.blocks.remove(std::move(*block), [reply, text](const Result<bool>& removed) {
    if (!removed) return reply.refuse("kernel", removed.error().to_string());
    if (!*removed) return reply.refuse("block.none", text + " is not blocked");
    reply.result({{"block", text}, {"outcome", "removed"}});
  });
}

// What undo and panic took out.
static BlockThread::Undone undone_reply(const control::Reply& reply) {
  return [reply](const Result<std::vector<rules::Block>>& undone) {
    if (!undone) return reply.refuse("kernel", undone.error().to_string());
    Json removed = Json::array();
    for (const rules::Block& block : *undone) removed.push_back(block.to_string());
    reply.result({{"removed", std::move(removed)}});
  };
}

void ControlCommands::undo(const Request& request, const Peer&, const Reply& reply) {
  const auto most = number_argument(request.arguments, "last", 1);
  if (most < 1) return reply.refuse("undo.last", "last is a number from 1 on");
  access_.blocks.undo(static_cast<std::size_t>(most), undone_reply(reply));
}

void ControlCommands::panic(const Request&, const Peer&, const Reply& reply) {
  access_.blocks.panic(undone_reply(reply));
}

// The addresses of a workload, by its name; refuses with the nearest one otherwise.
static const rules::Workload* find_workload(const DaemonFacts& facts, const std::string& name,
                                            const control::Reply& reply) {
  const rules::Workload* found = facts.inventory == nullptr ? nullptr : facts.inventory->workload_named(name);
  if (found != nullptr && !found->addresses.empty() && !found->host_network) return found;
  std::vector<std::string> names;
  if (facts.inventory != nullptr) {
    for (const auto& each : facts.inventory->workloads()) names.push_back(each.full_name());
  }
  const std::string near = nearest_word(name, names);
  reply.refuse("workload.unknown",
               found == nullptr ? "there is no workload \"" + name + "\"" : name + " has no address of its own",
               near.empty() ? "bulkhead workloads lists them" : "did you mean " + near + "?");
  return nullptr;
}

namespace {

// Joins the outcomes of several blocks into one reply.
struct Joined {
  std::atomic<std::size_t> left;
  std::mutex mutex;
  Json done = Json::array();
  std::string problem;
  explicit Joined(std::size_t count) : left(count) {}
};

rules::Block source_block(const IpAddress& address) {
  rules::Block block;
  block.kind = rules::BlockKind::kSource;
  block.tuple.source = address;
  return block;
}

}  // namespace

void ControlCommands::quarantine(const Request& request, const Peer& peer, const Reply& reply) {
  const std::string name = text_argument(request.arguments, "workload");
  const DaemonFacts facts = access_.facts.read();
  const rules::Workload* workload = find_workload(facts, name, reply);
  if (workload == nullptr) return;
  const std::chrono::seconds ttl(number_argument(request.arguments, "ttl", 3600));
  if (ttl.count() < 1 || ttl > kLongest) {
    return reply.refuse("block.ttl", "a quarantine lasts from 1 second to 1 day", "ttl is a number of seconds");
  }
  const std::string reason =
      "quarantine " + workload->full_name() + ": " + text_argument(request.arguments, "reason", "by " + peer.user);
  const auto joined = std::make_shared<Joined>(workload->addresses.size());
  for (const IpAddress& address : workload->addresses) {
    rules::Block block = source_block(address);
    block.ttl = ttl;
    block.reason = reason;
    access_.blocks.add(
        block, [reply, joined, address, full = workload->full_name(), ttl](const BlockThread::Outcome& outcome) {
          const std::lock_guard lock(joined->mutex);
          if (outcome && rules::is_in_force(*outcome)) {
            joined->done.push_back(address.to_string());
          } else {
            joined->problem = address.to_string() + ": " +
                              (outcome ? std::string(rules::to_string(*outcome)) : outcome.error().to_string());
          }
          if (--joined->left != 0) return;
          if (!joined->problem.empty()) {
            return reply.refuse("quarantine.failed", full + " is not wholly cut off: " + joined->problem, "",
                                {{"blocked", joined->done}});
          }
          reply.result({{"workload", full}, {"blocked", joined->done}, {"ttl", ttl.count()}});
        });
  }
}

void ControlCommands::release(const Request& request, const Peer&, const Reply& reply) {
  const DaemonFacts facts = access_.facts.read();
  const rules::Workload* workload = find_workload(facts, text_argument(request.arguments, "workload"), reply);
  if (workload == nullptr) return;
  const auto joined = std::make_shared<Joined>(workload->addresses.size());
  for (const IpAddress& address : workload->addresses) {
    access_.blocks.remove(source_block(address),
                          [reply, joined, address, full = workload->full_name()](const Result<bool>& removed) {
                            const std::lock_guard lock(joined->mutex);
                            if (!removed) joined->problem = address.to_string() + ": " + removed.error().to_string();
                            if (removed && *removed) joined->done.push_back(address.to_string());
                            if (--joined->left != 0) return;
                            if (!joined->problem.empty()) return reply.refuse("kernel", joined->problem);
                            if (joined->done.empty())
                              return reply.refuse("quarantine.none", full + " is not in quarantine");
                            reply.result({{"workload", full}, {"released", joined->done}});
                          });
  }
}

void ControlCommands::reload(const Request&, const Peer&, const Reply& reply) {
  const bool posted = access_.main.post([this, reply] {
    const ReloadReport report = access_.reload();
    Json found = diagnostics_json(report.diagnostics, kShownDiagnostics);
    Json details{{"generation", report.generation},
                 {"errors", report.diagnostics.error_count()},
                 {"warnings", report.diagnostics.warning_count()},
                 {"diagnostics", std::move(found)}};
    if (!report.done) {
      return reply.refuse("reload.failed",
                          "generation " + std::to_string(report.generation) + " keeps running: " + report.problem, "",
                          details);
    }
    const DaemonFacts facts = access_.facts.read();
    details["signatures"] = facts.summary.rules_loaded;
    details["signatures_refused"] = facts.summary.rules_refused;
    details["policies"] = facts.summary.policies;
    details["seconds"] = facts.summary.time.count();
    reply.result(details);
  });
  if (!posted) reply.refuse("busy", "the daemon is busy", "try again in a moment");
}

void ControlCommands::whatif(const Request& request, const Peer&, const Reply& reply) {
  const DaemonFacts facts = access_.facts.read();
  if (facts.inventory == nullptr) {
    return reply.refuse("inventory.none", "no workload is known",
                        "an inventory, or a container engine, tells who is who");
  }
  Diagnostics diagnostics;
  const auto documents =
      read_yaml(std::make_shared<SourceFile>("proposed", text_argument(request.arguments, "policies")), diagnostics);
  const rules::PolicyModel model = load_policies(documents, diagnostics);
  rules::PolicyTablePtr now;
  if (!diagnostics.has_errors()) now = rules::compile_policies(model, facts.inventory, diagnostics);
  if (now == nullptr || diagnostics.has_errors()) {
    return reply.refuse("policy.bad", counted(diagnostics.error_count(), "mistake", "mistakes") + " in the policies",
                        "", {{"diagnostics", diagnostics_json(diagnostics, kShownDiagnostics)}});
  }
  rules::PolicyTablePtr before = facts.policy;
  if (before == nullptr) {
    rules::PolicyModel open;
    open.tiers = rules::PolicyModel::default_tiers();
    Diagnostics none;
    before = rules::compile_policies(open, facts.inventory, none);
  }
  rules::FlowEdgeTable edges;
  const flow::Flow seen;
  for (const FlowTuple& tuple : access_.view.recent_tuples(access_.flows(kMostFlows))) {
    if (!has_ports(tuple.protocol)) continue;  // types of ICMP are not kept
    rules::FlowQuery query;
    query.tuple = tuple;
    edges.add(query, seen);
  }
  const rules::WhatIf result = rules::compare(rules::Classifier(before), rules::Classifier(now), edges);
  Json changes = Json::array();
  for (const rules::VerdictChange& change : result.changes) {
    if (changes.size() == kShownChanges) break;
    Json json{{"from", change.from},
              {"to", change.to},
              {"port", change.port},
              {"flows", change.flows},
              {"now_allowed", change.now_allowed}};
    if (change.rule != rules::kNone) {
      json["rule"] = now->rules()[change.rule].key;
      json["place"] = now->rules()[change.rule].place();
    }
    changes.push_back(std::move(json));
  }
  reply.result({{"flows", result.flows},
                {"newly_denied", result.newly_denied},
                {"newly_allowed", result.newly_allowed},
                {"changes", std::move(changes)},
                {"changes_total", result.changes.size()}});
}

void ControlCommands::explain(const Request& request, const Peer&, const Reply& reply) {
  const DaemonFacts facts = access_.facts.read();
  if (facts.policy == nullptr) return refuse_no_policy(reply);
  rules::FlowRequest flow;
  flow.from = text_argument(request.arguments, "from");
  flow.to = text_argument(request.arguments, "to");
  const std::string port = text_argument(request.arguments, "port");
  const std::size_t slash = port.find('/');
  const std::string number = slash == std::string::npos ? "" : port.substr(slash + 1);
  const std::string family = text_argument(
      request.arguments, "family", flow.from.find(':') != std::string::npos && IpAddress::parse(flow.from) ? "6" : "4");
  if (const auto wrong = rules::read_flow_words(family, port.substr(0, slash), number, flow)) {
    return reply.refuse(wrong->code, wrong->message, wrong->hint);
  }
  const auto judged = rules::judge_request(rules::Classifier(facts.policy), flow);
  if (const auto* wrong = std::get_if<rules::TextProblem>(&judged)) {
    return reply.refuse(wrong->code, wrong->message, wrong->hint);
  }
  Json list = Json::array();
  for (const rules::FlowQuery& query : std::get<rules::RequestVerdict>(judged).queries) {
    const rules::Explanation why = rules::explain(*facts.policy, query);
    Json json{{"flow", rules::describe(query)},
              {"action", rules::to_string(why.action)},
              {"text", why.to_string(*facts.policy)}};
    if (why.rule != rules::kNone) {
      const rules::TableRule& rule = facts.policy->rules()[why.rule];
      json["rule"] = rule.key;
      json["place"] = rule.place();
      json["rule_text"] = rule.text;
    }
    list.push_back(std::move(json));
  }
  if (list.empty()) return reply.refuse("flow.no_address", "one of the ends has no address of this family", "family");
  reply.result({{"explanations", std::move(list)}, {"generation", facts.generation}});
}

}  // namespace bulkhead::config
