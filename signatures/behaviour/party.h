// Who takes part in traffic, as behaviour is kept by: a workload, an address inside, a name or address outside.
//
//   inside, known to the inventory    its owner: replicas of one owner share what is learned
//   inside, unknown                   the address
//   outside, as client                all one, "outside": whoever calls a published service is no news
//   outside, as server                the name that DNS gave it, else the address
//
// Thread   the behaviour thread. Limits  kMaxParties; beyond, what is new is the party "others".
// Tests    tests/unit/signatures/behaviour/party_test.cpp
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "datapath/base/ip_address.h"

namespace bulkhead::behaviour {

using PartyId = std::uint32_t;
inline constexpr PartyId kNobody = 0, kOutside = 1, kOthers = 2;
inline constexpr std::size_t kMaxParties = 65536;

struct Service {
  PartyId server = kNobody;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;  // or ICMP type * 256 + code
  auto operator<=>(const Service&) const = default;
};

// The owner of an address ("shop/api"); nullopt: the inventory does not know it.
using OwnerOf = std::function<std::optional<std::string>(const IpAddress&)>;

class PartyTable {
 public:
  PartyTable(std::vector<IpPrefix> inside, OwnerOf owner_of);

  [[nodiscard]] bool is_inside(const IpAddress& address) const;
  [[nodiscard]] PartyId client(const IpAddress& address);
  [[nodiscard]] PartyId server(const IpAddress& address);
  [[nodiscard]] PartyId by_name(const std::string& name);
  [[nodiscard]] const std::string& name(PartyId id) const { return names_[id]; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }

  // Addresses inside may have other owners from now on.
  void forget_inside() {
    inside_ids_.clear();
    recent_.fill({});
  }

  // DNS said so: from now on the address outside is called by this name.
  void call(const IpAddress& address, std::string_view name);

 private:
  // What is known of an address, so that most records cost no search in a tree.
  struct Recent {
    IpAddress address;
    PartyId id = kNobody;  // kNobody: not asked for yet
    bool inside = false, used = false;
  };
  Recent& recent(const IpAddress& address) const;
  [[nodiscard]] PartyId find(const IpAddress& address, bool inside);
  PartyId intern(std::string name);

  std::vector<IpPrefix> inside_;
  OwnerOf owner_of_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, PartyId> ids_;
  std::map<IpAddress, PartyId> inside_ids_, outside_ids_;
  mutable std::array<Recent, 1024> recent_;  // by hash
};

}  // namespace bulkhead::behaviour
