#include "rules/nft/inline_queue.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <utility>

#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

namespace {

NftChain base_chain(const std::string& name, std::uint32_t hook, std::int32_t priority, std::vector<NftRule> rules) {
  NftChain chain;
  chain.name = name;
  chain.hook = NftHook{"filter", hook, priority, NF_ACCEPT};
  chain.rules = std::move(rules);
  return chain;
}

NftTable render(NftFamily family, const std::string& name, const InlineQueueSettings& settings) {
  const auto rule = [family] { return RuleBuilder(family); };
  NftTable table;
  table.family = family;
  table.name = name;

  NftChain queue;
  queue.name = "queue";
  queue.rules.push_back(rule()
                            .load_ct_mark()
                            .bits(settings.mark_mask(), 0)
                            .equals(host_bytes(settings.decided_mark()))
                            .counter()
                            .verdict(NFT_RETURN)
                            .done("inline/decided"));
  if (settings.flows == InlineFlows::kPolicy) {
    queue.rules.push_back(rule()
                              .load_ct_mark()
                              .bits(settings.mark_mask(), 0)
                              .differs(host_bytes(settings.inspect_mark()))
                              .verdict(NFT_RETURN)
                              .done());
  }
  queue.rules.push_back(
      rule().counter().queue(settings.first_queue, settings.queues, settings.fail_open).done("inline/queued"));

  NftChain save;
  save.name = "save";
  save.rules.push_back(rule()
                           .load_mark()
                           .bits(settings.mark_mask(), 0)
                           .equals(host_bytes(settings.decided_mark()))
                           .load_ct_mark()
                           .bits(~settings.mark_mask(), settings.decided_mark())
                           .set_ct_mark()
                           .load_mark()
                           .bits(~settings.mark_mask(), 0)
                           .set_mark()
                           .done());
  table.chains.push_back(std::move(queue));
  table.chains.push_back(std::move(save));

  // What the node says to itself is nobody's traffic.
  const NftRule own_in = rule().load_interface(false).equals(interface_bytes("lo")).verdict(NF_ACCEPT).done();
  const NftRule own_out = rule().load_interface(true).equals(interface_bytes("lo")).verdict(NF_ACCEPT).done();
  const auto jump = [&](const std::string& chain) { return rule().verdict(NFT_JUMP, chain).done(); };
  const std::int32_t first = settings.priority, then = settings.priority + 1;
  table.chains.push_back(base_chain("queue-forward", NF_INET_FORWARD, first, {jump("queue")}));
  table.chains.push_back(base_chain("queue-in", NF_INET_LOCAL_IN, first, {own_in, jump("queue")}));
  table.chains.push_back(base_chain("queue-out", NF_INET_LOCAL_OUT, first, {own_out, jump("queue")}));
  table.chains.push_back(base_chain("save-forward", NF_INET_FORWARD, then, {jump("save")}));
  table.chains.push_back(base_chain("save-in", NF_INET_LOCAL_IN, then, {jump("save")}));
  table.chains.push_back(base_chain("save-out", NF_INET_LOCAL_OUT, then, {jump("save")}));
  return table;
}

}  // namespace

std::vector<NftTable> render_inline_queue(const std::string& table, const InlineQueueSettings& settings) {
  if (settings.flows == InlineFlows::kNothing) return {};
  return {render(NftFamily::kIp, table, settings), render(NftFamily::kIp6, table, settings)};
}

}  // namespace bulkhead::rules
