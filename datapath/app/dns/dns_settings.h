// What records of DNS contain [eve.types.dns.*].
#pragma once

#include <string>
#include <vector>

namespace bulkhead::app::dns {

struct DnsEveOptions {
  bool requests = true, responses = true;
  bool detailed = true, grouped = true;  // [formats] the answers one by one; their data by type
  std::vector<std::string> types;        // [types] upper case names of record types; empty: all
};

}  // namespace bulkhead::app::dns
