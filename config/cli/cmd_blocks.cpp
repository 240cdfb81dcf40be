// bulkhead blocks: works on the kernel's sets themselves, so with and without the daemon.
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "config/cli/block_ttl.h"
#include "config/cli/capabilities.h"
#include "config/cli/commands.h"
#include "config/cli/live_text.h"
#include "config/cli/terminal.h"
#include "config/control/control_protocol.h"
#include "config/daemon/block_json.h"
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
    if (json) std::printf("%s\n", control::text_of(config::block_json(active)).c_str());
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
  block->made_at = wall_clock().seconds();
  return *block;
}

}  // namespace

std::optional<std::chrono::seconds> block_ttl(const std::string& text, Diagnostics& diagnostics) {
  const SourceSpan span{std::make_shared<SourceFile>("--ttl", text), 1, 1, static_cast<std::uint32_t>(text.size())};
  const auto ttl = parse_setting(*find_setting("response.ttl"), raw_from_text(text, span, false), diagnostics);
  if (!ttl) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(ttl->number));
}

void print_removed(const std::vector<std::string>& blocks) {
  for (const std::string& block : blocks) std::printf("%s: no longer blocked\n", printable(block).c_str());
  if (blocks.empty()) std::printf("no blocks are in force\n");
}

// The last blocks out of the kernel; `everything`: all of them.
int undo_in_kernel(std::size_t most, bool json) {
  if (!have_capabilities({kNeedNetAdmin})) return kExitFailed;
  auto transport = rules::NlTransport::open();
  if (!transport) return failed(transport.error());
  rules::BlockManager manager(**transport, {});
  auto undone = manager.undo(most);
  if (!undone && undone.error().code == ENOENT) undone = std::vector<rules::Block>();  // no table: no blocks
  if (!undone) return failed(undone.error());
  std::vector<std::string> removed;
  for (const rules::Block& block : *undone) removed.push_back(block.to_string());
  if (json) {
    std::printf("%s\n", control::text_of(nlohmann::json{{"removed", removed}}, 2).c_str());
  } else {
    print_removed(removed);
  }
  return kExitFine;
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
