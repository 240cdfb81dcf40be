// Who is asked about the first bytes of a conversation: all probes and known patterns, sorted by the first byte and
// direction, so that sixty names do not cost sixty calls.
//
//   [transport][direction][first byte] -> entries: parsers of the ecosystem's names, then patterns of those names,
//                                         then own names, which never win over the former
//
// Thread   built once for each worker; constant afterwards.
// In       all bytes of a direction so far.
// Out      a name, or that more bytes may tell.
// Tests    tests/unit/datapath/app/known_patterns_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "datapath/app/app_settings.h"
#include "datapath/app/known_patterns.h"
#include "datapath/app/protocol.h"
#include "datapath/base/flow_key.h"

namespace bulkhead::app {

struct Recognised {
  AppProtocol id = AppProtocol::kUnknown;
  bool more = false;                   // some probe waits for more bytes
  const Protocol* protocol = nullptr;  // when it has a parser
};

class ProbeTable {
 public:
  explicit ProbeTable(const AppSettings& settings);

  // `own_names`: may the answer be a name that the ecosystem does not have?
  [[nodiscard]] Recognised find(const FlowTuple& client, Direction d, ByteSpan data, bool own_names) const;
  // How many entries a first byte leads to (tests, benchmarks).
  [[nodiscard]] std::size_t entries_of(bool tcp, Direction d, Byte first) const {
    return lists_[tcp ? 1 : 0][bulkhead::index_of(d)][first].size();
  }

 private:
  struct Entry {
    AppProtocol id = AppProtocol::kUnknown;
    bool own = false;
    const Protocol* protocol = nullptr;  // one of the two
    const KnownPattern* pattern = nullptr;
  };
  [[nodiscard]] static Probe ask(const Entry& entry, const FlowTuple& client, Direction d, ByteSpan data);

  std::array<std::array<std::array<std::vector<Entry>, 256>, 2>, 2> lists_;
};

}  // namespace bulkhead::app
