// bulkhead blocks: works on the kernel's sets themselves, so with and without the daemon.
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "config/cli/block_ttl.h"
#include "config/cli/capabilities.h"
#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/daemon/block_target.h"
#include "rules/block/block_manager.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"

namespace bulkhead::config::cli {

namespace {

int failed(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.to_string().c_str());
  return kExitFailed;
}

std::string block_json(const rules::ActiveBlock& active) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> json(buffer);
  const auto text = [&json](const char* key, const std::string& value) {
    json.Key(key);
    json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  const FlowTuple& t = active.block.tuple;
  json.StartObject();
  text("kind", rules::to_string(active.block.kind));
  text("src_ip", t.source.to_eve_string());
  if (t.destination.is_set()) text("dest_ip", t.destination.to_eve_string());
  if (active.block.kind == rules::BlockKind::kFlow) {
    json.Key("src_port");
    json.Uint(t.source_port);
    json.Key("dest_port");
    json.Uint(t.destination_port);
    json.Key("protocol");
    json.Uint(t.protocol);
  }
  json.Key("expires_ms");
  json.Int64(active.expires_in.count());
  json.Key("sid");
  json.Uint(active.block.sid);
  text("reason", active.block.reason);
  json.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

int list(rules::BlockManager& manager, bool json) {
  const auto blocks = manager.list();
  if (!blocks && blocks.error().code != ENOENT) return failed(blocks.error());
  if (!blocks || blocks->empty()) {
    if (!json) std::printf("no blocks are in force\n");
    return kExitFine;
  }
  using Align = Table::Align;
  Table table({Align::kLeft, Align::kRight, Align::kRight, Align::kLeft});
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  table.add({terminal.bold("block"), terminal.bold("ends in"), terminal.bold("sid"), terminal.bold("reason")});
  for (const auto& active : *blocks) {
    if (json) std::printf("%s\n", block_json(active).c_str());
    table.add({active.block.to_string(), human_seconds(static_cast<double>(active.expires_in.count()) / 1000),
               active.block.sid == 0 ? "-" : std::to_string(active.block.sid), active.block.reason});
  }
  if (!json) std::fputs(table.text(0).c_str(), stdout);
  return kExitFine;
}

// The first block on a node where the daemon never ran needs the table; policies are not touched.
Result<rules::BlockOutcome> add_with_table(rules::NftTransport& transport, rules::BlockManager& manager,
                                           const rules::Block& block) {
  auto outcome = manager.add(block);
  if (outcome || outcome.error().code != ENOENT) return outcome;
  const auto loaded = rules::Enforcer(transport).load(nullptr);
  if (!loaded) return loaded.error();
  return manager.add(block);
}

int add(rules::NftTransport& transport, rules::BlockManager& manager, const rules::Block& block) {
  const auto outcome = add_with_table(transport, manager, block);
  if (!outcome) return failed(outcome.error());
  if (!rules::is_in_force(*outcome)) {
    std::fprintf(stderr, "error: %s is not blocked: %s\n", block.to_string().c_str(), rules::to_string(*outcome));
    return kExitBadInput;
  }
  std::printf("%s: blocked for %s\n", block.to_string().c_str(),
              human_seconds(static_cast<double>(block.ttl.count())).c_str());
  return kExitFine;
}

int remove(rules::BlockManager& manager, const rules::Block& block) {
  const auto removed = manager.remove(block);
  if (!removed && removed.error().code != ENOENT) return failed(removed.error());
  if (!removed || !*removed) {
    std::fprintf(stderr, "error: %s is not blocked\n", block.to_string().c_str());
    return kExitFailed;
  }
  std::printf("%s: no longer blocked\n", block.to_string().c_str());
  return kExitFine;
}

std::optional<rules::Block> read_block(const BlocksOptions& options) {
  auto block = block_target(options.first, options.second, options.protocol);
  if (!block) {
    std::fprintf(stderr, "error: %s\n", block.error().to_string().c_str());
    return std::nullopt;
  }
  Diagnostics diagnostics;
  const auto ttl = block_ttl(options.ttl, diagnostics);
  if (!ttl) {
    std::fputs(format_diagnostics(diagnostics, 0, Terminal::of(STDERR_FILENO)).c_str(), stderr);
    return std::nullopt;
  }
  block->ttl = *ttl;
  block->reason = options.reason;
  return *block;
}

}  // namespace

std::optional<std::chrono::seconds> block_ttl(const std::string& text, Diagnostics& diagnostics) {
  const SourceSpan span{std::make_shared<SourceFile>("--ttl", text), 1, 1, static_cast<std::uint32_t>(text.size())};
  const auto ttl = parse_setting(*find_setting("response.ttl"), raw_from_text(text, span, false), diagnostics);
  if (!ttl) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(ttl->number));
}

int cmd_blocks(const BlocksOptions& options) {
  std::optional<rules::Block> block;
  if (options.action != "list") {
    block = read_block(options);
    if (!block) return kExitBadInput;
  }
  if (!have_capabilities({kNeedNetAdmin})) return kExitFailed;
  auto transport = rules::NlTransport::open();
  if (!transport) return failed(transport.error());
  rules::BlockManager manager(**transport, {});
  if (!block) return list(manager, options.json);
  return options.action == "add" ? add(**transport, manager, *block) : remove(manager, *block);
}

}  // namespace bulkhead::config::cli
