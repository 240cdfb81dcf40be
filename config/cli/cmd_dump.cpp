// bulkhead dump: what the engine would work with, in words.
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/load/inventory_yaml.h"
#include "config/load/policy_yaml.h"
#include "config/load/signature_loader.h"
#include "config/schema/sample_yaml.h"
#include "rules/compile/policy_compiler.h"

namespace bulkhead::config::cli {

namespace {

bool print_errors(const Diagnostics& diagnostics) {
  std::fputs(format_diagnostics(diagnostics, kShownPerReason, Terminal::of(STDERR_FILENO)).c_str(), stderr);
  return diagnostics.has_errors();
}

int dump_policy(const PolicySettings& settings) {
  Diagnostics diagnostics;
  rules::InventoryPtr inventory = std::make_shared<rules::Inventory>();
  if (!settings.inventory.empty()) inventory = load_inventory_file(settings.inventory, diagnostics);
  const rules::PolicyModel model = load_policy_files(settings.files, diagnostics);
  rules::PolicyTablePtr table;
  if (!diagnostics.has_errors()) table = rules::compile_policies(model, inventory, diagnostics);
  print_errors(diagnostics);
  if (!table) return kExitBadInput;
  std::fputs(table->to_string().c_str(), stdout);
  return kExitFine;
}

const char* action_name(pipeline::RuleAction action) {
  switch (action) {
    case pipeline::RuleAction::kAlert: return "alert";
    case pipeline::RuleAction::kPass: return "pass";
    case pipeline::RuleAction::kDrop: return "drop";
    case pipeline::RuleAction::kReject: return "reject";
  }
  return "";
}

// Bytes of a pattern as the rule language writes them.
std::string pattern_text(const std::string& bytes) {
  std::string out;
  bool hex = false;
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    const bool plain = b >= 0x20 && b < 0x7f && c != '"' && c != ';' && c != '\\' && c != '|';
    if (plain == hex) out += '|';
    if (!plain) {
      char text[4];
      std::snprintf(text, sizeof text, "%s%02x", hex ? " " : "", b);
      out += text;
    } else {
      out += c;
    }
    hex = !plain;
  }
  return out + (hex ? "|" : "");
}

std::string inspects(const signatures::Signature& s) {
  if (s.ip_only) return "addresses";
  if (s.decode_events_only) return "decoder";
  if (s.inspects_stream && s.inspects_packet_payload) return "packets, stream";
  return s.inspects_stream ? "stream" : s.inspects_packet_payload ? "packets" : "headers";
}

// Rules in the order of inspection.
int dump_signatures(const SignatureSettings& settings) {
  Diagnostics diagnostics;
  const auto loaded = load_signatures(settings, diagnostics);
  print_errors(diagnostics);
  if (!loaded) return kExitBadInput;
  using Align = Table::Align;
  Table table({Align::kLeft, Align::kLeft, Align::kRight, Align::kLeft, Align::kLeft, Align::kLeft});
  table.add({"sid", "action", "priority", "looks at", "fast pattern", "message"});
  for (const auto& s : loaded->db->signatures) {
    table.add({std::to_string(s.info->gid) + ":" + std::to_string(s.info->sid) + ":" + std::to_string(s.info->rev),
               action_name(s.action), std::to_string(s.priority), inspects(s),
               s.fast_buffer < 0 ? "-" : "\"" + pattern_text(s.fast_bytes) + "\"", s.info->message});
  }
  std::fputs(table.text(0).c_str(), stdout);
  return loaded->counts.refused == 0 ? kExitFine : kExitBadInput;
}

}  // namespace

int cmd_dump(const DumpOptions& options) {
  if (options.what == "config" && options.defaults) {
    std::fputs(sample_yaml().c_str(), stdout);
    return kExitFine;
  }
  Diagnostics diagnostics;
  const LoadedConfig config = load_config(options.request, diagnostics);
  if (print_errors(diagnostics)) return kExitBadInput;
  if (options.what == "signatures") return dump_signatures(config.settings.signatures);
  if (options.what == "policy") return dump_policy(config.settings.policy);
  std::fputs(dump_yaml(config.values, true).c_str(), stdout);
  return kExitFine;
}

}  // namespace bulkhead::config::cli
