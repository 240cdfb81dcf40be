#include "rules/compile/peer_resolver.h"

#include <algorithm>

namespace bulkhead::rules {

namespace {

AddressSet without_holes(const AddressSet& from, const std::vector<IpPrefix>& except) {
  if (except.empty()) return from;
  std::vector<IpRange> holes;
  holes.reserve(except.size());
  for (const IpPrefix& hole : except) holes.push_back({hole.first(), hole.last()});
  return from.without(AddressSet::of(holes));
}

}  // namespace

AddressSet PeerResolver::addresses_of(const std::vector<IpAddress>& addresses) {
  std::vector<IpRange> ranges;
  ranges.reserve(addresses.size());
  for (const IpAddress& address : addresses) ranges.push_back({address, address});
  return AddressSet::of(ranges);
}

PeerResolver::Needs PeerResolver::needs(const std::vector<Peer>& peers) {
  Needs out;
  for (const Peer& peer : peers) {
    out.name_space |= peer.kind == Peer::Kind::kSelfNamespace;
    out.node |= peer.kind == Peer::Kind::kOwnNode;
  }
  return out;
}

PeerResolver::PeerResolver(const PolicyModel& model, const Inventory& inventory, const WorkloadIndex& index)
    : model_(model), inventory_(inventory), index_(index) {
  std::vector<IpAddress> known;
  for (const Workload& workload : inventory.workloads()) {
    known.insert(known.end(), workload.addresses.begin(), workload.addresses.end());
  }
  for (const Node& node : inventory.nodes()) known.insert(known.end(), node.addresses.begin(), node.addresses.end());
  world_ = AddressSet::any().without(addresses_of(known));
}

AddressSet PeerResolver::resolve(const std::vector<Peer>& peers, const Workload* subject) {
  if (peers.empty()) return AddressSet::any();
  if (peers.size() == 1) return resolve(peers[0], subject);
  std::vector<IpRange> all;
  for (const Peer& peer : peers) {
    const std::vector<IpRange> more = resolve(peer, subject).ranges();
    all.insert(all.end(), more.begin(), more.end());
  }
  return AddressSet::of(all);
}

AddressSet PeerResolver::resolve(const Peer& peer, const Workload* subject) {
  switch (peer.kind) {
    case Peer::Kind::kAny: return without_holes(AddressSet::any(), peer.except);
    case Peer::Kind::kWorld: return without_holes(world_, peer.except);
    case Peer::Kind::kNodes: return nodes(peer.selector);
    case Peer::Kind::kOwnNode: return subject == nullptr ? AddressSet() : own_node(*subject);
    case Peer::Kind::kSelector: return selected(peer.selector);
    case Peer::Kind::kDnsName: return answers_for(peer.name);
    case Peer::Kind::kSet: return set(peer.name);
    case Peer::Kind::kNothing: return {};
    case Peer::Kind::kSelfNamespace: {
      if (subject == nullptr) return {};
      Requirement same;
      same.subject = Requirement::Subject::kNamespace;
      same.values = {subject->name_space};
      return selected({{same}});
    }
    case Peer::Kind::kCidr: break;
  }
  return without_holes(AddressSet::of({{peer.cidr.first(), peer.cidr.last()}}), peer.except);
}

const AddressSet& PeerResolver::selected(const Selector& selector) {
  const auto [entry, fresh] = selectors_.try_emplace(selector.to_string());
  if (fresh) {
    std::vector<IpAddress> addresses;
    for (const std::uint32_t id : index_.members(selector)) {
      const auto& own = inventory_.workloads()[id].addresses;
      addresses.insert(addresses.end(), own.begin(), own.end());
    }
    entry->second = addresses_of(addresses);
  }
  return entry->second;
}

// A host-network workload whose address no listed node has is a node without labels.
AddressSet PeerResolver::nodes(const Selector& selector) const {
  std::vector<IpAddress> addresses;
  for (const Node& node : inventory_.nodes()) {
    if (!selector.matches(node)) continue;
    addresses.insert(addresses.end(), node.addresses.begin(), node.addresses.end());
  }
  for (const Workload& workload : inventory_.workloads()) {
    if (!workload.host_network || !selector.all.empty()) continue;
    addresses.insert(addresses.end(), workload.addresses.begin(), workload.addresses.end());
  }
  return addresses_of(addresses);
}

AddressSet PeerResolver::own_node(const Workload& subject) const {
  for (const Node& node : inventory_.nodes()) {
    if (node.name == subject.node) return addresses_of(node.addresses);
  }
  return {};
}

AddressSet PeerResolver::answers_for(const std::string& pattern) const {
  std::vector<IpAddress> addresses;
  for (const ExternalHost& host : inventory_.external()) {
    const bool named = std::any_of(host.dns.begin(), host.dns.end(),
                                   [&](const std::string& name) { return dns_name_matches(pattern, name); });
    if (named) addresses.insert(addresses.end(), host.addresses.begin(), host.addresses.end());
  }
  return addresses_of(addresses);
}

const AddressSet& PeerResolver::set(const std::string& name) {
  const auto [entry, fresh] = sets_.try_emplace(name);
  if (fresh) {
    const NamedSet* found = model_.set_named(name);
    // Members name no set, so this does not come back here.
    if (found != nullptr && !found->members.empty()) entry->second = resolve(found->members, nullptr);
  }
  return entry->second;
}

}  // namespace bulkhead::rules
