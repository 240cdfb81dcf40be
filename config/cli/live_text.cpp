#include "config/cli/live_text.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <vector>

#include "config/cli/explanation_text.h"

namespace bulkhead::config::cli {

using Json = nlohmann::json;
using Align = Table::Align;

namespace {

// What is missing or of another type is nothing: an older or newer daemon may answer.
std::string text(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? printable(found->get_ref<const std::string&>()) : std::string();
}
std::uint64_t number(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number() ? static_cast<std::uint64_t>(found->get<double>()) : 0;
}
double real(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number() ? found->get<double>() : 0;
}
bool flag(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}
const Json& part(const Json& json, const char* name) {
  static const Json kNothing = Json::object();
  const auto found = json.find(name);
  return found != json.end() ? *found : kNothing;
}

std::string list_text(const Json& list) {
  std::string out;
  for (const Json& item : list) {
    if (!item.is_string()) continue;
    out += (out.empty() ? "" : ", ") + printable(item.get_ref<const std::string&>());
  }
  return out;
}

std::string labels_text(const Json& labels) {
  std::string out;
  for (const auto& [key, value] : labels.items()) {
    if (!value.is_string()) continue;
    out += (out.empty() ? "" : " ") + printable(key) + "=" + printable(value.get_ref<const std::string&>());
  }
  return out;
}

// 15:04:05 of a timestamp.
std::string clock_text(const Json& json, const char* name) {
  const std::string all = text(json, name);
  return all.size() >= 19 ? all.substr(11, 8) : all;
}

std::string end_text(const Json& json, const char* name, const char* ip, const char* port) {
  std::string out = text(json, name);
  const std::string address = text(json, ip);
  if (out == "world" || out.empty()) out = address.empty() ? out : address;
  if (json.contains(port)) out += ":" + std::to_string(number(json, port));
  return out;
}

std::string cut(const std::string& s, std::size_t width) {
  return s.size() <= width ? s : s.substr(0, width > 1 ? width - 1 : 0) + "~";
}

std::string rate_text(double bytes_a_second) {
  return human_bytes(bytes_a_second) + "/s";
}

void row(Table& table, const Terminal& terminal, const char* name, const std::string& value) {
  table.add({terminal.bold(name), value});
}

// "on: CAP_NET_ADMIN, CAP_NET_RAW; calls filtered; files of the settings alone"
std::string sandbox_text(const Json& sandbox) {
  if (text(sandbox, "mode") == "off") return "off: " + text(sandbox, "off_because");
  const auto filtered = sandbox.find("calls_filtered");
  const bool calls = filtered != sandbox.end() && filtered->is_boolean() && filtered->get<bool>();
  return text(sandbox, "mode") + ": " + text(sandbox, "capabilities") + "; system calls " +
         (calls ? "filtered" : "unfiltered") + "; files " +
         (number(sandbox, "landlock") > 0 ? "of the settings alone" : "unrestricted");
}

}  // namespace

std::string printable(std::string_view s) {
  std::string out;
  for (const char c : s) {
    const auto b = static_cast<unsigned char>(c);
    out += b < 0x20 || b == 0x7f ? '?' : c;
  }
  return out;
}

std::string status_text(const Json& s, const Terminal& terminal) {
  const Json& generation = part(s, "generation");
  const Json& capture = part(s, "capture");
  const Json& events = part(s, "events");
  const Json& enforcement = part(s, "enforcement");
  const Json& flows = part(s, "flows");
  Table table({Align::kLeft, Align::kLeft});
  row(table, terminal, "bulkhead",
      text(s, "version") + ", process " + std::to_string(number(s, "pid")) + ", up " +
          human_seconds(real(s, "uptime_seconds")));
  row(table, terminal, "generation",
      std::to_string(number(generation, "number")) + ": " +
          counted(number(generation, "signatures"), "signature", "signatures") + ", " +
          counted(number(generation, "policies"), "policy", "policies") + ", " +
          counted(number(generation, "workloads"), "workload", "workloads") + "; loaded in " +
          human_seconds(real(generation, "seconds_to_load")));
  const std::string interfaces = list_text(part(capture, "interfaces"));
  row(table, terminal, "reads",
      (interfaces.empty() ? std::string("no copies") : interfaces) + ", inline " + text(capture, "inline") + ", " +
          counted(number(capture, "workers"), "worker", "workers"));
  const std::uint64_t fast_ports = number(enforcement, "fast_path_ports");
  row(table, terminal, "enforces",
      "bridged traffic in " + text(enforcement, "bridged_traffic") +
          (fast_ports == 0 ? std::string()
                           : ", fast path between " + counted(fast_ports, "port", "ports") + " (" +
                                 with_commas(number(enforcement, "fast_path_packets")) + " packets)") +
          ", response " + text(enforcement, "response"));
  row(table, terminal, "sandbox", sandbox_text(part(s, "sandbox")));
  const std::uint64_t lost = number(capture, "lost");
  row(table, terminal, "packets",
      with_commas(number(capture, "packets")) + ", " + human_bytes(real(capture, "bytes")) + "; " +
          (lost == 0 ? "none lost" : terminal.red(with_commas(lost) + " lost")));
  row(table, terminal, "flows",
      with_commas(number(flows, "active")) + " active, " + with_commas(number(flows, "total")) + " since the start");
  const std::uint64_t alerts = number(events, "alerts");
  const std::string alert_text = with_commas(alerts) + " alerts";
  row(table, terminal, "found",
      (alerts == 0 ? alert_text : terminal.red(alert_text)) + ", " + with_commas(number(events, "denied")) +
          " denials, " + with_commas(number(events, "blocks")) + " blocks");
  const Json& problems = part(s, "problems");
  std::string out = table.text(0);
  if (problems.empty()) return out + terminal.green("nothing is wrong") + "\n";
  out += terminal.yellow(std::to_string(problems.size()) + (problems.size() == 1 ? " problem" : " problems")) + "\n";
  for (const Json& problem : problems) {
    out += "  - " + text(problem, "text") + "\n";
    if (const std::string hint = text(problem, "hint"); !hint.empty()) out += terminal.dim("    " + hint) + "\n";
  }
  return out;
}

std::string flows_text(const Json& reply, const Terminal& terminal) {
  Table table({Align::kLeft, Align::kLeft, Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kLeft});
  const Json& flows = part(reply, "flows");
  table.add({terminal.bold("client"), terminal.bold("server"), terminal.bold("proto"), terminal.bold("state"),
             terminal.bold("to server"), terminal.bold("to client"), ""});
  for (const Json& f : flows) {
    const std::string app = text(f, "app_proto");
    std::string mark = flag(f, "alerted") ? terminal.red("alert") : "";
    if (text(f, "action") == "drop") mark += (mark.empty() ? "" : " ") + terminal.red("dropped");
    table.add({end_text(f, "source", "src_ip", "src_port"), end_text(f, "destination", "dest_ip", "dest_port"),
               text(f, "proto") + (app.empty() ? "" : "/" + app), text(f, "state"),
               human_bytes(real(f, "bytes_to_server")), human_bytes(real(f, "bytes_to_client")), mark});
  }
  const std::uint64_t matched = number(reply, "matched");
  std::string out = table.text(0);
  out += terminal.dim(with_commas(flows.size()) + " shown of " + with_commas(matched) + ", " +
                      with_commas(number(reply, "active")) + " flows active") +
         "\n";
  return out;
}

std::string workloads_text(const Json& reply, const Terminal& terminal) {
  Table table({Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kRight,
               Align::kLeft});
  table.add({terminal.bold("workload"), terminal.bold("addresses"), terminal.bold("in"), terminal.bold("out"),
             terminal.bold("flows"), terminal.bold("denied"), terminal.bold("alerts"), terminal.bold("labels")});
  for (const Json& w : part(reply, "workloads")) {
    const auto mark = [&](const char* name) {
      const std::uint64_t n = number(w, name);
      return n == 0 ? "-" : terminal.red(with_commas(n));
    };
    table.add({text(w, "name"), list_text(part(w, "addresses")), human_bytes(real(w, "bytes_in")),
               human_bytes(real(w, "bytes_out")), with_commas(number(w, "flows_active")), mark("denied"),
               mark("alerts"), labels_text(part(w, "labels"))});
  }
  return table.text(0);
}

std::string edges_text(const Json& reply, const Terminal& terminal) {
  Table table({Align::kLeft, Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight,
               Align::kRight});
  table.add({terminal.bold("from"), terminal.bold("to"), terminal.bold("service"), terminal.bold("flows"),
             terminal.bold("to server"), terminal.bold("to client"), terminal.bold("denied"), terminal.bold("alerts")});
  for (const Json& e : part(reply, "edges")) {
    std::string service = text(e, "proto");
    if (e.contains("port")) service += "/" + std::to_string(number(e, "port"));
    if (const std::string app = text(e, "app_proto"); !app.empty()) service += " " + app;
    const auto mark = [&](const char* name) {
      const std::uint64_t n = number(e, name);
      return n == 0 ? "-" : terminal.red(with_commas(n));
    };
    table.add({text(e, "source"), text(e, "destination"), service, with_commas(number(e, "flows")),
               human_bytes(real(e, "bytes_to_server")), human_bytes(real(e, "bytes_to_client")), mark("denied"),
               mark("alerts")});
  }
  return table.text(0);
}

std::string rules_text(const Json& reply, const Terminal& terminal) {
  std::string out;
  Table table({Align::kRight, Align::kRight, Align::kLeft, Align::kLeft, Align::kLeft, Align::kLeft});
  table.add({terminal.bold("packets"), terminal.bold("bytes"), terminal.bold("rule"), terminal.bold("action"),
             terminal.bold("place"), ""});
  for (const Json& r : part(reply, "rules")) {
    const std::uint64_t packets = number(r, "packets");
    table.add({packets == 0 ? terminal.dim("never") : with_commas(packets), human_bytes(real(r, "bytes")),
               text(r, "rule"), text(r, "action") + (flag(r, "audit") ? " (audit)" : ""), text(r, "place"),
               terminal.dim(text(r, "text"))});
  }
  out += table.text(0);
  const std::string signatures = signature_use_text(reply, terminal);
  return signatures.empty() ? out : out + "\n" + signatures;
}

std::string signature_use_text(const Json& reply, const Terminal& terminal) {
  const Json& signatures = part(reply, "signatures");
  if (signatures.empty()) return {};
  Table second({Align::kRight, Align::kRight, Align::kRight, Align::kLeft, Align::kLeft, Align::kLeft});
  second.add({terminal.bold("matches"), terminal.bold("checks"), terminal.bold("ns/packet"), terminal.bold("sid"),
              terminal.bold("place"), terminal.bold("signature")});
  for (const Json& s : signatures) {
    char cost[32];
    std::snprintf(cost, sizeof cost, "%.2f", real(s, "ns_per_packet"));
    const std::uint64_t matches = number(s, "matches");
    second.add({matches == 0 ? terminal.dim("never") : with_commas(matches), with_commas(number(s, "checks")), cost,
                std::to_string(number(s, "gid")) + ":" + std::to_string(number(s, "sid")), text(s, "place"),
                text(s, "message")});
  }
  std::string out = second.text(0);
  if (const std::uint64_t all = number(reply, "signatures_total"); all > signatures.size()) {
    out += terminal.dim(with_commas(signatures.size()) + " shown of " + counted(all, "signature", "signatures")) + "\n";
  }
  return out;
}

std::string blocks_text(const Json& reply, const Terminal& terminal) {
  const Json& blocks = part(reply, "blocks");
  if (blocks.empty()) return "nothing is blocked\n";
  Table table({Align::kLeft, Align::kLeft, Align::kLeft, Align::kRight, Align::kLeft});
  table.add({terminal.bold("kind"), terminal.bold("from"), terminal.bold("to"), terminal.bold("ends in"),
             terminal.bold("reason")});
  for (const Json& b : blocks) {
    const auto end = [&](const char* name, const char* ip, const char* port) {
      const std::string address = text(b, ip);
      const std::string who = text(b, name);
      std::string out = address.empty() ? "any" : address;
      if (b.contains(port)) out += ":" + std::to_string(number(b, port));
      return !who.empty() && who != address && who != "any" ? out + " (" + who + ")" : out;
    };
    table.add({text(b, "kind"), end("source", "src_ip", "src_port"), end("destination", "dest_ip", "dest_port"),
               human_seconds(real(b, "expires_in")), text(b, "reason")});
  }
  return table.text(0);
}

std::string baseline_text(const Json& reply, const Terminal& terminal) {
  if (const auto policies = reply.find("policies"); policies != reply.end() && policies->is_string()) {
    return policies->get<std::string>();
  }
  Table workloads({Table::Align::kLeft, Table::Align::kLeft, Table::Align::kRight, Table::Align::kRight});
  workloads.add({"workload", "phase", "flows", "candidates"});
  for (const Json& w : part(reply, "workloads")) {
    workloads.add(
        {text(w, "name"), text(w, "phase"), with_commas(number(w, "flows")), with_commas(number(w, "candidates"))});
  }
  Table edges({Table::Align::kLeft, Table::Align::kLeft, Table::Align::kLeft, Table::Align::kRight,
               Table::Align::kRight, Table::Align::kLeft});
  edges.add({"client", "server", "port", "flows", "windows", "since"});
  for (const Json& e : part(reply, "edges")) {
    edges.add({text(e, "client"), text(e, "server"),
               std::to_string(number(e, "protocol")) + "/" + std::to_string(number(e, "port")),
               with_commas(number(e, "flows")), with_commas(number(e, "windows")), text(e, "first").substr(0, 19)});
  }
  return workloads.text(0) + "\n" + edges.text(0) +
         terminal.dim(with_commas(number(reply, "edges_total")) + " edges, " + with_commas(number(reply, "incidents")) +
                      " incidents") +
         "\n";
}

namespace {

std::string rules_of_weakness(const Json& weakness) {
  constexpr std::size_t kShown = 3;
  std::string out;
  std::size_t n = 0;
  bool drops = false;
  for (const Json& rule : part(weakness, "rules")) {
    drops = drops || flag(rule, "drops");
    if (++n > kShown) continue;
    out += (out.empty() ? "" : ", ") + std::to_string(number(rule, "sid")) + (flag(rule, "enabled_here") ? "*" : "");
  }
  if (n > kShown) out += ", +" + std::to_string(n - kShown);
  if (n == 0) return "none";
  return out + (drops ? " drop" : "");
}

}  // namespace

std::string patches_text(const Json& reply, bool cards, const Terminal& terminal) {
  std::string out;
  bool any_enabled = false;
  for (const Json& w : part(reply, "workloads")) {
    out += (out.empty() ? "" : "\n") + terminal.bold(text(w, "name"));
    if (!flag(w, "scanned")) {
      out += "  " + terminal.dim(text(w, "digest").empty() ? "the digest of its image is not known"
                                                           : "no report about " + text(w, "digest"));
      out += "\n";
      continue;
    }
    const std::uint64_t total = number(w, "weaknesses_total");
    out += "  " + terminal.dim(text(w, "report")) + "  " + counted(total, "weakness", "weaknesses") + ", " +
           with_commas(number(w, "exploited")) + " exploited in the wild, " + with_commas(number(w, "covered")) +
           " watched for" + (flag(w, "protected") ? ", protected" : "") + "\n";
    Table table({Table::Align::kLeft, Table::Align::kLeft, Table::Align::kLeft, Table::Align::kLeft,
                 Table::Align::kLeft, Table::Align::kLeft});
    table.add({"weakness", "grade", "exploited", "package", "fixed in", "rules"});
    std::string advice;
    for (const Json& v : part(w, "weaknesses")) {
      const auto exploited = v.find("exploited");
      const auto packages = v.find("packages");
      std::string package = packages != v.end() && !packages->empty() ? packages->front().get<std::string>() : "";
      if (packages != v.end() && packages->size() > 1) package += ", +" + std::to_string(packages->size() - 1);
      const bool known = exploited != v.end();
      table.add({text(v, "id"), text(v, "grade"), known ? (flag(*exploited, "ransomware") ? "ransomware" : "yes") : "",
                 printable(package), text(v, "fixed_in"), rules_of_weakness(v)});
      for (const Json& rule : part(v, "rules")) any_enabled = any_enabled || flag(rule, "enabled_here");
      if (!cards) continue;
      advice += "\n  " + terminal.bold(text(v, "id")) + "  " + text(v, "title") + "\n";
      for (const Json& line : part(v, "advice")) advice += "    - " + printable(line.get<std::string>()) + "\n";
    }
    out += table.text(1);
    if (part(w, "weaknesses").size() < total) {
      out += terminal.dim("  and " + with_commas(total - part(w, "weaknesses").size()) + " more (--limit)") + "\n";
    }
    out += advice;
  }
  if (out.empty()) out = "no workload, and no report\n";
  if (any_enabled) out += terminal.dim("* commented out in its file, on for workloads with this weakness alone") + "\n";
  return out;
}

std::string event_line(const Json& e, const Terminal& terminal) {
  const std::string type = text(e, "event_type");
  std::string out = terminal.dim(clock_text(e, "timestamp")) + " ";
  const std::string where = end_text(e, "source", "src_ip", "src_port") + " -> " +
                            end_text(e, "destination", "dest_ip", "dest_port") +
                            (e.contains("proto") ? " " + text(e, "proto") : "");
  if (type == "alert") {
    out += terminal.red("ALERT ") + " " + where + "  " + text(e, "signature") + "  " +
           terminal.dim(std::to_string(number(e, "gid")) + ":" + std::to_string(number(e, "sid")) + " severity " +
                        std::to_string(number(e, "severity")));
    if (flag(e, "blocked")) out += "  " + terminal.red("dropped");
  } else if (type == "drop") {
    out += (flag(e, "audit") ? terminal.yellow("AUDIT ") : terminal.yellow("DENIED")) + " " + where;
    std::string why = text(e, "rule");
    if (why.empty()) why = text(e, "signature");
    if (why.empty()) why = text(e, "reason");
    out += "  " + why;
    if (const std::string file = text(e, "file"); !file.empty()) {
      out += "  " + terminal.dim(file + ":" + std::to_string(number(e, "line")));
    }
  } else if (type == "incident") {
    out += (text(e, "severity") == "high" ? terminal.red("INCIDENT") : terminal.yellow("INCIDENT")) + " " +
           text(e, "severity") + "  " + text(e, "text") + "  " +
           terminal.dim("#" + std::to_string(number(e, "id")) + " " + std::to_string(number(e, "confidence")) + " %");
  } else {
    out += terminal.cyan("BLOCK ") + " " + text(e, "action") + " " + text(e, "kind") + "  " + where + "  " +
           text(e, "reason");
    if (number(e, "ttl") != 0) out += "  for " + human_seconds(real(e, "ttl"));
    if (const std::string error = text(e, "error"); !error.empty()) out += "  " + terminal.red(error);
  }
  return out;
}

namespace {

// Mistakes as the daemon wrote them, and the command that tells more about them.
std::string mistakes_text(const Json& list, const Terminal& terminal) {
  std::string out;
  std::vector<std::string> codes;
  for (const Json& d : list) {
    if (const auto found = d.find("text"); found != d.end() && found->is_string()) {
      for (const char c : found->get_ref<const std::string&>()) out += c == '\n' ? c : printable({&c, 1})[0];
      if (!out.ends_with('\n')) out += '\n';
    }
    codes.push_back(text(d, "code"));
  }
  return out + explain_line(codes, terminal);
}

}  // namespace

std::string reload_text(const Json& r, const Terminal& terminal) {
  const std::string out = mistakes_text(part(r, "diagnostics"), terminal);
  return out + terminal.green("generation " + std::to_string(number(r, "generation"))) + ": " +
         counted(number(r, "signatures"), "signature", "signatures") + " (" +
         with_commas(number(r, "signatures_refused")) + " refused), " +
         counted(number(r, "policies"), "policy", "policies") + ", in " + human_seconds(real(r, "seconds")) + "\n";
}

std::string refusal_text(const Json& error, const Terminal& terminal) {
  std::string out = mistakes_text(part(part(error, "details"), "diagnostics"), terminal);
  out += terminal.red("error:") + " " + text(error, "message") + "\n";
  if (const std::string hint = text(error, "hint"); !hint.empty()) out += "  hint: " + hint + "\n";
  return out;
}

std::string top_text(const TopLook& before, const TopLook& now, unsigned lines, const Terminal& terminal) {
  const double seconds = (real(now.workloads, "time_ns") - real(before.workloads, "time_ns")) / 1e9;
  const auto rate = [seconds](double a, double b) { return seconds > 0 ? std::max(0.0, (b - a) / seconds) : 0.0; };
  const Json& capture = part(now.status, "capture");
  const Json& capture_before = part(before.status, "capture");
  const Json& events = part(now.status, "events");
  const std::uint64_t lost = number(capture, "lost");
  std::string out;
  out += terminal.bold("bulkhead") + "  up " + human_seconds(real(now.status, "uptime_seconds")) + "  generation " +
         std::to_string(number(part(now.status, "generation"), "number")) + "  " +
         with_commas(number(part(now.status, "flows"), "active")) + " flows\n";
  out += rate_text(rate(real(capture_before, "bytes"), real(capture, "bytes"))) + "  " +
         with_commas(static_cast<std::uint64_t>(rate(real(capture_before, "packets"), real(capture, "packets")))) +
         " packets/s  " + (lost == 0 ? "none lost" : terminal.red(with_commas(lost) + " lost")) + "  " +
         with_commas(number(events, "alerts")) + " alerts  " + with_commas(number(events, "denied")) + " denied  " +
         with_commas(number(events, "blocks")) + " blocks\n";
  const Json& problems = part(now.status, "problems");
  if (problems.empty()) {
    out += terminal.green("nothing is wrong") + "\n\n";
  } else {
    out += terminal.yellow(text(problems.front(), "text")) +
           (problems.size() > 1 ? " and " + std::to_string(problems.size() - 1) + " more: bulkhead status" : "") +
           "\n\n";
  }

  std::map<std::string, const Json*> old;
  for (const Json& w : part(before.workloads, "workloads")) old[text(w, "name")] = &w;
  struct Row {
    const Json* json;
    double in, out;
  };
  std::vector<Row> rows;
  for (const Json& w : part(now.workloads, "workloads")) {
    const auto found = old.find(text(w, "name"));
    if (found == old.end()) {
      rows.push_back({&w, 0, 0});
      continue;
    }
    rows.push_back({&w, rate(real(*found->second, "bytes_in"), real(w, "bytes_in")),
                    rate(real(*found->second, "bytes_out"), real(w, "bytes_out"))});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.in + a.out > b.in + b.out; });
  const Json& list = part(now.events, "events");
  const unsigned shown_events = std::min<unsigned>(static_cast<unsigned>(list.size()), lines > 20 ? 8 : 4);
  const unsigned head = 6 + shown_events + 2;
  const std::size_t room = lines > head ? lines - head : 1;
  Table table({Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kRight});
  table.add({terminal.bold("workload"), terminal.bold("in"), terminal.bold("out"), terminal.bold("flows"),
             terminal.bold("denied"), terminal.bold("alerts")});
  for (std::size_t i = 0; i < rows.size() && i < room; ++i) {
    const Json& w = *rows[i].json;
    const auto mark = [&](const char* name) {
      const std::uint64_t n = number(w, name);
      return n == 0 ? "-" : terminal.red(with_commas(n));
    };
    table.add({cut(text(w, "name"), 40), rate_text(rows[i].in), rate_text(rows[i].out),
               with_commas(number(w, "flows_active")), mark("denied"), mark("alerts")});
  }
  out += table.text(0) + "\n";
  for (std::size_t i = list.size() - shown_events; i < list.size(); ++i) out += event_line(list[i], terminal) + "\n";
  return out;
}

}  // namespace bulkhead::config::cli
