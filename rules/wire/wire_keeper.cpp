#include "rules/wire/wire_keeper.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "rules/discovery/link_table.h"

namespace bulkhead::rules {

namespace {

const WireLink* find(const std::vector<WireLink>& links, std::uint32_t index) {
  const auto found = std::find_if(links.begin(), links.end(), [&](const WireLink& l) { return l.index == index; });
  return found == links.end() ? nullptr : &*found;
}
const WireLink* find(const std::vector<WireLink>& links, const std::string& name) {
  const auto found = std::find_if(links.begin(), links.end(), [&](const WireLink& l) { return l.name == name; });
  return found == links.end() ? nullptr : &*found;
}
const WireLink* stand_in(const std::vector<WireLink>& links, std::uint32_t container) {
  const std::string alias = stand_in_alias(container);
  const auto found = std::find_if(links.begin(), links.end(), [&](const WireLink& l) { return l.alias == alias; });
  return found == links.end() ? nullptr : &*found;
}

// Chains go by themselves with their interface on some kernels: what is missing already is as it should be.
Status apply_each(NftTransport& transport, const NftBatch& batch) {
  if (transport.apply(batch)) return ok();
  Status worst = ok();
  for (const NftCommand& one : batch) {
    const Status done = transport.apply({one});
    if (!done && done.error().code != ENOENT) worst = done;
  }
  return worst;
}

// The port into its bridge.
Status put_back(WireLinks& kernel, const std::vector<WireLink>& links, const WireAlias& alias) {
  const WireLink* port = find(links, alias.index);
  const WireLink* bridge = find(links, alias.bridge);
  if (port == nullptr || bridge == nullptr || port->name != alias.port || port->master != 0) return ok();
  const WireLink* in_place = stand_in(links, alias.index);
  return kernel.move(port->index, bridge->index, in_place == nullptr ? std::vector<Byte>{} : in_place->port);
}

}  // namespace

bool interface_matches(const std::string& name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    if (!pattern.ends_with('*')) return name == pattern;
    return name.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
  });
}

WireKeeper::WireKeeper(NftTransport& transport, WireLinks links, WireKeeperSettings settings, UsePairs use, Drain drain)
    : transport_(transport),
      links_(std::move(links)),
      settings_(std::move(settings)),
      use_(std::move(use)),
      drain_(std::move(drain)) {}

Status WireKeeper::open() {
  return transport_.apply(wire_tables());
}

std::vector<io::WirePair> WireKeeper::pairs() const {
  std::vector<io::WirePair> out;
  for (const auto& [index, wire] : wires_) out.push_back(wire.pair);
  return out;
}

bool WireKeeper::is_closed(const std::string& name) const {
  return settings_.all_closed || interface_matches(name, settings_.closed);
}

WireRule WireKeeper::rule_of(const WireLink& port, const WireLink& inner) const {
  return {{port.index, inner.index}, port.name, inner.name, is_closed(port.name)};
}

Result<WireReport> WireKeeper::follow() {
  WireReport report;
  auto links = links_.list();
  if (!links) return links.error();
  // Whose port is gone, or was put elsewhere by somebody.
  std::vector<WireRule> gone;
  for (const auto& [index, wire] : wires_) {
    const WireLink* port = find(*links, index);
    if (port == nullptr || port->master != 0 || find(*links, wire.pair.bridge) == nullptr) gone.push_back(wire);
  }
  for (const WireRule& wire : gone) {
    if (const Status removed = remove(wire, *links); !removed) report.problems.push_back(removed.error());
    ++report.removed;
  }
  if (!gone.empty()) links = links_.list();
  if (!links) return links.error();
  std::erase_if(refused_, [&](std::uint32_t index) { return find(*links, index) == nullptr; });
  for (const WireLink& link : *links) {
    const auto alias = WireAlias::parse(link.alias);
    if (!alias || wires_.contains(alias->index)) continue;
    const WireLink* port = find(*links, alias->index);
    if (port == nullptr || port->name != alias->port) {  // of a container that is gone
      if (const Status removed = links_.remove(link.index); !removed) report.problems.push_back(removed.error());
      ++report.removed;
      continue;
    }
    if (const Status adopted = adopt(link, *alias); !adopted) {
      report.problems.push_back(adopted.error());
    } else {
      ++report.adopted;
    }
  }
  for (const WireLink& link : *links) {
    if (wires_.contains(link.index) || link.master == 0 || !link.up || refused_.contains(link.index)) continue;
    if (!interface_matches(link.name, settings_.ports) || link.alias.starts_with("bulkhead wire ")) continue;
    const WireLink* bridge = find(*links, link.master);
    if (bridge == nullptr || bridge->kind != "bridge") continue;
    if (const Status inserted = insert(link, *bridge); !inserted) {
      report.problems.push_back(inserted.error());
      refused_.insert(link.index);
    } else {
      ++report.inserted;
    }
  }
  return report;
}

Status WireKeeper::insert(const WireLink& port, const WireLink& bridge) {
  const std::string inner_name = wire_inner_name(port.name), port_name = wire_port_name(port.name);
  // The same address as the port: that of the bridge, which takes the least of its ports', stays.
  if (const Status made = links_.create(inner_name, port_name, port.mtu, port.mac); !made) return made;
  const auto all = links_.list();
  if (!all) return all.error();
  const WireLink* inner = find(*all, inner_name);
  const WireLink* in_place = find(*all, port_name);
  if (inner == nullptr || in_place == nullptr) return errno_error("interface", inner_name, ENODEV);
  const WireRule wire = rule_of(port, *inner);
  const auto undo = [&](const Status& why) {
    static_cast<void>(apply_each(transport_, wire_removal(port.index, true)));
    static_cast<void>(links_.remove(inner->index));
    forget(port.index);
    return why;
  };
  if (const Status ruled = transport_.apply(wire_rules_of_inner(wire, settings_.mark, settings_.mask)); !ruled) {
    return undo(ruled);
  }
  const WireAlias alias{port.name, port.index, bridge.name};
  if (const Status up = links_.bring_up(inner_name, alias.to_string()); !up) return undo(up);
  if (const Status up = links_.bring_up(port_name, stand_in_alias(port.index)); !up) return undo(up);
  if (const Status moved = links_.move(in_place->index, bridge.index, port.port); !moved) return undo(moved);
  wires_[port.index] = wire;
  if (const Status used = use_(pairs()); !used) return undo(used);
  if (const Status ruled = transport_.apply(wire_rules_of_port(wire)); !ruled) return undo(ruled);
  if (const Status moved = links_.move(port.index, 0); !moved) return undo(moved);
  return ok();
}

// A wire of an earlier run: its links stand, the tables are made anew.
Status WireKeeper::adopt(const WireLink& inner, const WireAlias& alias) {
  WireLink port;
  port.index = alias.index;
  port.name = alias.port;
  const WireRule wire = rule_of(port, inner);
  wires_[alias.index] = wire;
  if (const Status used = use_(pairs()); !used) return used;
  NftBatch batch = wire_rules_of_inner(wire, settings_.mark, settings_.mask);
  for (NftCommand& one : wire_rules_of_port(wire)) batch.push_back(std::move(one));
  return transport_.apply(batch);
}

void WireKeeper::forget(std::uint32_t container) {
  if (wires_.erase(container) != 0) static_cast<void>(use_(pairs()));
}

Status WireKeeper::remove(const WireRule& wire, const std::vector<WireLink>& links) {
  const WireLink* inner = find(links, wire.pair.bridge);
  Status out = ok();
  if (inner != nullptr) {
    if (const auto alias = WireAlias::parse(inner->alias); alias) out = put_back(links_, links, *alias);
    if (!out) return out;
  }
  const bool port_lives = find(links, wire.pair.container) != nullptr;
  if (inner != nullptr && port_lives) {
    if (const Status ruled = transport_.apply(wire_hand_back(wire)); !ruled) out = ruled;
  }
  forget(wire.pair.container);
  if (port_lives) drain_();
  if (const Status ruled = apply_each(transport_, wire_removal(wire.pair.container, true)); !ruled) out = ruled;
  if (inner != nullptr) {
    if (const Status gone = links_.remove(inner->index); !gone) out = gone;
  }
  return out;
}

Result<WireReport> WireKeeper::leave() {
  WireReport report;
  const auto links = links_.list();
  if (!links) return links.error();
  const auto wires = wires_;
  for (const auto& [index, wire] : wires) {
    if (wire.closed) continue;
    if (const Status removed = remove(wire, *links); !removed) report.problems.push_back(removed.error());
    ++report.removed;
  }
  if (wires_.empty()) {
    if (const Status gone = apply_each(transport_, wire_table_removal()); !gone)
      report.problems.push_back(gone.error());
  }
  return report;
}

Result<std::size_t> WireKeeper::recover(NftTransport& transport, WireLinks& kernel) {
  const auto links = kernel.list();
  if (!links) return links.error();
  std::size_t count = 0;
  for (const WireLink& link : *links) {
    const auto alias = WireAlias::parse(link.alias);
    if (!alias) continue;
    if (const Status back = put_back(kernel, *links, *alias); !back) return back.error();
    static_cast<void>(apply_each(transport, wire_removal(alias->index, false)));
    if (const Status gone = kernel.remove(link.index); !gone) return gone.error();
    ++count;
  }
  const auto left = transport.dump(kWireTable);
  if (!left) return left.error();
  if (!left->tables.empty()) {
    const NftBatch batch = {wire_table_removal().back()};
    if (const Status gone = transport.apply(batch); !gone) return gone.error();
  }
  return count;
}

}  // namespace bulkhead::rules
