#include "rules/wire/wire_rules.h"

#include <linux/netfilter.h>

#include <utility>

#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

namespace {

constexpr std::int32_t kLivePriority = 0;
constexpr std::int32_t kStayPriority = 10;
enum class Side : std::uint8_t { kPort, kInner };

NftCommand command(NftOp op, const char* table, std::string name = {}) {
  NftCommand out;
  out.op = op;
  out.family = NftFamily::kNetdev;
  out.table = table;
  out.name = std::move(name);
  return out;
}

std::string chain_name(Side side, std::uint32_t container) {
  return (side == Side::kPort ? "from_" : "to_") + std::to_string(container);
}

// The chain with this one rule, whatever was in it; nothing gets past it.
void add_chain(NftBatch& out, const char* table, std::string name, const std::string& device, std::int32_t priority,
               NftRule rule) {
  NftHook hook;
  hook.number = NF_NETDEV_INGRESS;
  hook.priority = priority;
  hook.policy = NF_DROP;
  hook.device = device;
  NftCommand chain = command(NftOp::kAddChain, table, name);
  chain.hook = hook;
  out.push_back(std::move(chain));
  out.push_back(command(NftOp::kFlushChain, table, name));
  NftCommand add = command(NftOp::kAddRule, table, std::move(name));
  add.rule = std::move(rule);
  out.push_back(std::move(add));
}

RuleBuilder rule() {
  return RuleBuilder(NftFamily::kNetdev);
}

NftRule without_daemon(bool closed, std::uint32_t to) {
  if (closed) return rule().counter().verdict(NF_DROP).done("closed without the daemon");
  return rule().counter().forward(to).done("past the daemon that is gone");
}

}  // namespace

NftBatch wire_tables() {
  NftBatch out;
  out.push_back(command(NftOp::kAddTable, kWireTable));
  out.push_back(command(NftOp::kAddTable, kWireLiveTable));
  out.back().owned = true;
  return out;
}

NftBatch wire_table_removal() {
  return {command(NftOp::kDeleteTable, kWireLiveTable), command(NftOp::kDeleteTable, kWireTable)};
}

NftBatch wire_rules_of_inner(const WireRule& wire, std::uint32_t mark, std::uint32_t mask) {
  NftBatch out;
  const std::string name = chain_name(Side::kInner, wire.pair.container);
  add_chain(out, kWireTable, name, wire.bridge, kStayPriority, without_daemon(wire.closed, wire.pair.container));
  add_chain(out, kWireLiveTable, name, wire.bridge, kLivePriority,
            rule()
                .load_mark()
                .bits(mask, 0)
                .equals(host_bytes(mark))
                .counter()
                .forward(wire.pair.container)
                .done("judged by the wire that sent it"));
  return out;
}

NftBatch wire_rules_of_port(const WireRule& wire) {
  NftBatch out;
  const std::string name = chain_name(Side::kPort, wire.pair.container);
  add_chain(out, kWireTable, name, wire.container, kStayPriority, without_daemon(wire.closed, wire.pair.bridge));
  add_chain(out, kWireLiveTable, name, wire.container, kLivePriority,
            rule().counter().verdict(NF_DROP).done("the daemon has it"));
  return out;
}

NftBatch wire_hand_back(const WireRule& wire) {
  const std::string from = chain_name(Side::kPort, wire.pair.container);
  NftBatch out = {command(NftOp::kDeleteChain, kWireLiveTable, from), command(NftOp::kDeleteChain, kWireTable, from)};
  add_chain(out, kWireLiveTable, chain_name(Side::kInner, wire.pair.container), wire.bridge, kLivePriority,
            rule().counter().forward(wire.pair.container).done("on the way out"));
  return out;
}

NftBatch wire_removal(std::uint32_t container, bool live) {
  NftBatch out;
  for (const char* table : {kWireLiveTable, kWireTable}) {
    if (!live && table == kWireLiveTable) continue;
    for (const Side side : {Side::kPort, Side::kInner}) {
      out.push_back(command(NftOp::kDeleteChain, table, chain_name(side, container)));
    }
  }
  return out;
}

}  // namespace bulkhead::rules
