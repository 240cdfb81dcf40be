#include "signatures/behaviour/party.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bulkhead::behaviour {

PartyTable::PartyTable(std::vector<IpPrefix> inside, OwnerOf owner_of)
    : inside_(std::move(inside)), owner_of_(std::move(owner_of)), names_{"", "outside", "others"} {
  for (PartyId id = 0; id < names_.size(); ++id) ids_.emplace(names_[id], id);
}

PartyTable::Recent& PartyTable::recent(const IpAddress& address) const {
  std::array<std::uint64_t, 2> half;
  std::memcpy(half.data(), address.bytes().data(), sizeof half);
  const std::uint64_t mixed = (half[0] ^ half[1] * 0xc2b2ae3d27d4eb4fULL) * 0x9e3779b97f4a7c15ULL;
  Recent& entry = recent_[mixed >> 54];
  if (!entry.used || entry.address != address) {
    const bool inside =
        std::any_of(inside_.begin(), inside_.end(), [&](const IpPrefix& p) { return p.contains(address); });
    entry = {address, kNobody, inside, true};
  }
  return entry;
}

bool PartyTable::is_inside(const IpAddress& address) const {
  return recent(address).inside;
}

PartyId PartyTable::intern(std::string name) {
  const auto known = ids_.find(name);
  if (known != ids_.end()) return known->second;
  if (names_.size() >= kMaxParties) return kOthers;
  const auto id = static_cast<PartyId>(names_.size());
  ids_.emplace(name, id);
  names_.push_back(std::move(name));
  return id;
}

PartyId PartyTable::by_name(const std::string& name) {
  return intern(name);
}

PartyId PartyTable::client(const IpAddress& address) {
  return is_inside(address) ? server(address) : kOutside;
}

PartyId PartyTable::server(const IpAddress& address) {
  Recent& entry = recent(address);
  if (entry.id == kNobody) entry.id = find(address, entry.inside);
  return entry.id;
}

PartyId PartyTable::find(const IpAddress& address, bool inside) {
  auto& known = inside ? inside_ids_ : outside_ids_;
  const auto found = known.find(address);
  if (found != known.end()) return found->second;
  std::optional<std::string> owner;
  if (inside && owner_of_) owner = owner_of_(address);
  const PartyId id = intern(owner ? *owner : address.to_string());
  if (known.size() < kMaxParties) known.emplace(address, id);
  return id;
}

void PartyTable::call(const IpAddress& address, std::string_view name) {
  if (is_inside(address) || name.empty() || outside_ids_.size() >= kMaxParties) return;
  outside_ids_[address] = recent(address).id = intern(std::string(name));
}

}  // namespace bulkhead::behaviour
