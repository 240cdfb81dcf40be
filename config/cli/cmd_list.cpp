// bulkhead list: keywords, settings, protocols, explanations.
#include <unistd.h>

#include <cstdio>

#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/explanations/explanation.h"
#include "config/schema/sample_yaml.h"
#include "signatures/keywords/keyword.h"

namespace bulkhead::config::cli {

namespace {

using Align = Table::Align;

std::string keyword_list(const std::string& filter, const Terminal& terminal) {
  Table table({Align::kLeft, Align::kLeft});
  const signatures::Keyword* only = nullptr;
  std::size_t found = 0;
  for (const signatures::Keyword* keyword : signatures::all_keywords()) {
    if (keyword->name == filter || (!filter.empty() && keyword->alias == filter)) {
      only = keyword;
      found = 1;
      break;
    }
    if (keyword->name.find(filter) == std::string_view::npos) continue;
    only = keyword;
    ++found;
    table.add({std::string(keyword->name), std::string(keyword->help)});
  }
  if (found != 1) return table.text(0);
  std::string out = terminal.bold(only->name);
  if (!only->alias.empty()) out += " (also " + std::string(only->alias) + ")";
  return out + "\n  " + std::string(only->help) + "\n  syntax   " + std::string(only->syntax) + "\n  example  " +
         std::string(only->example) + "\n";
}

struct ProtocolRow {
  const char* name;
  const char* meaning;
};

std::string protocol_list(const std::string& filter) {
  static constexpr ProtocolRow kRows[] = {
      {"ip", "every IPv4 and IPv6 packet"},
      {"ipv4", "IPv4 only"},
      {"ipv6", "IPv6 only"},
      {"tcp", "TCP; payload keywords look at the reassembled stream, with packet conditions at packets too"},
      {"tcp-pkt", "TCP, packet by packet"},
      {"tcp-stream", "TCP, reassembled data only"},
      {"udp", "UDP datagrams"},
      {"icmp", "ICMP and ICMPv6"},
      {"icmpv4", "ICMP"},
      {"icmpv6", "ICMPv6"},
      {"sctp", "SCTP"},
      {"pkthdr", "every packet, also those that cannot be decoded (decode-event)"},
  };
  Table table({Align::kLeft, Align::kLeft});
  for (const auto& row : kRows) {
    if (std::string_view(row.name).find(filter) != std::string_view::npos) table.add({row.name, row.meaning});
  }
  return table.text(0);
}

std::string explanation_list(const std::string& filter, const std::string& language) {
  const auto chosen = explanations::find_language(language).value_or(explanations::language_of_environment());
  Table table({Align::kLeft, Align::kLeft, Align::kLeft});
  for (const explanations::Page& page : explanations::pages()) {
    if (page.name.find(filter) == std::string_view::npos && to_string(page.kind) != filter) continue;
    const std::string_view title = explanations::in_language(page, chosen).title;
    table.add({std::string(to_string(page.kind)), std::string(page.name), std::string(title)});
  }
  return table.text(0);
}

}  // namespace

int cmd_list(const ListOptions& options) {
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  const std::string text = options.what == "keywords"       ? keyword_list(options.filter, terminal)
                           : options.what == "settings"     ? setting_list(options.filter)
                           : options.what == "explanations" ? explanation_list(options.filter, options.language)
                                                            : protocol_list(options.filter);
  if (text.empty()) {
    std::fprintf(stderr, "there is nothing like \"%s\" among the %s\n", options.filter.c_str(), options.what.c_str());
    return kExitBadInput;
  }
  std::fputs(text.c_str(), stdout);
  return kExitFine;
}

}  // namespace bulkhead::config::cli
