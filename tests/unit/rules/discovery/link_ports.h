// Tables of links for tests: bridges, ports, and the namespaces at their other ends.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "rules/discovery/link_table.h"

namespace bulkhead::rules {

// Links as rtnetlink would have them.
class Ports {
 public:
  void add(std::uint32_t index, const std::string& name, const std::string& kind, std::uint32_t master,
           std::optional<std::int32_t> space, const std::string& alias = {});
  LinkTable table;
};

inline void append(std::vector<Byte>& out, const void* data, std::size_t size) {
  const auto* p = static_cast<const Byte*>(data);
  out.insert(out.end(), p, p + size);
}
inline void append_attribute(std::vector<Byte>& out, std::uint16_t type, const void* data, std::size_t size) {
  const std::uint16_t head[2] = {static_cast<std::uint16_t>(size + 4), type};
  append(out, head, sizeof head);
  append(out, data, size);
  out.resize((out.size() + 3) & ~std::size_t{3});
}

inline void Ports::add(std::uint32_t index, const std::string& name, const std::string& kind, std::uint32_t master,
                       std::optional<std::int32_t> space, const std::string& alias) {
  std::vector<Byte> out(32);  // nlmsghdr, ifinfomsg
  const std::uint16_t new_link = 16;
  std::memcpy(out.data() + 4, &new_link, 2);
  std::memcpy(out.data() + 20, &index, 4);
  append_attribute(out, 3, name.c_str(), name.size() + 1);
  if (!alias.empty()) append_attribute(out, 20, alias.c_str(), alias.size() + 1);
  if (master != 0) append_attribute(out, 10, &master, 4);
  if (space) append_attribute(out, 37, &*space, 4);
  std::vector<Byte> info;
  append_attribute(info, 1, kind.c_str(), kind.size() + 1);
  append_attribute(out, 18, info.data(), info.size());
  const auto length = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data(), &length, 4);
  EXPECT_EQ(table.apply(out), LinkTable::End::kMore);
  ASSERT_NE(table.find(index), nullptr);
}

}  // namespace bulkhead::rules
