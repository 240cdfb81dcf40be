// Keeps a wire in each port of a bridge that the operator names: inserts it while traffic flows, follows ports that
// come and go, takes it out again, and clears away what a daemon left that was killed.
//
//   insert   make P and Q, silent; P's rules; Q into the bridge; sockets read H and P; H's rules (one transaction: from
//            here on the sockets carry what comes from the container); H out of the bridge.
//   remove   H into the bridge; H's rules go, P's pass everything (one transaction); sockets read neither any more and
//            pass on what they have; P and Q go.
//
// Gap      none is planned: at each step one way is open. While the steps are made a frame may go both ways (a copy of
//          it), see tests/netns/wire_netns_test.cpp for what is measured.
// Thread   one thread at a time.
// Errors   a port that refuses is left as it was, and told of; it is tried again when interfaces change.
// Tests    tests/netns/wire_netns_test.cpp (root)
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "datapath/base/result.h"
#include "datapath/io/packet_wire_settings.h"
#include "rules/nft/nft_transport.h"
#include "rules/wire/wire_links.h"
#include "rules/wire/wire_rules.h"

namespace bulkhead::rules {

// What the operator sets about which ports are wired.
struct WireKeeperSettings {
  std::vector<std::string> ports;   // names, a final * for any ending
  std::vector<std::string> closed;  // without the daemon these stay shut
  bool all_closed = false;
  std::uint32_t mark = 0, mask = 0;
};

struct WireReport {
  std::size_t inserted = 0, adopted = 0, removed = 0;
  std::vector<Error> problems;
};

// The name is the pattern, or begins with what stands before its final *.
[[nodiscard]] bool interface_matches(const std::string& name, const std::vector<std::string>& patterns);

class WireKeeper {
 public:
  // Tells all readers which pairs to carry.
  using UsePairs = std::function<Status(const std::vector<io::WirePair>&)>;
  // Waits until the readers have passed on what they had read.
  using Drain = std::function<void()>;
  // `transport` must live as long as the wires are to be carried by this process: the kernel notices its end.
  WireKeeper(NftTransport& transport, WireLinks links, WireKeeperSettings settings, UsePairs use, Drain drain);

  // The tables; before anything else.
  [[nodiscard]] Status open();
  // Wires in every port that should have one, none where the port is gone.
  [[nodiscard]] Result<WireReport> follow();
  // The way without us: open wires are taken out, closed ones stay as they are, shut from the daemon's end on.
  [[nodiscard]] Result<WireReport> leave();

  [[nodiscard]] std::vector<io::WirePair> pairs() const;
  [[nodiscard]] std::size_t size() const { return wires_.size(); }

  // Everything of wires out of the kernel, ports back in their bridges; no daemon may run. How many wires there were.
  [[nodiscard]] static Result<std::size_t> recover(NftTransport& transport, WireLinks& links);

 private:
  [[nodiscard]] Status insert(const WireLink& port, const WireLink& bridge);
  [[nodiscard]] Status adopt(const WireLink& inner, const WireAlias& alias);
  [[nodiscard]] Status remove(const WireRule& wire, const std::vector<WireLink>& links);
  void forget(std::uint32_t container);
  [[nodiscard]] bool is_closed(const std::string& name) const;
  [[nodiscard]] WireRule rule_of(const WireLink& port, const WireLink& inner) const;

  NftTransport& transport_;
  WireLinks links_;
  const WireKeeperSettings settings_;
  UsePairs use_;
  Drain drain_;
  std::map<std::uint32_t, WireRule> wires_;  // by index of the container's port
  std::set<std::uint32_t> refused_;          // told of already
};

}  // namespace bulkhead::rules
