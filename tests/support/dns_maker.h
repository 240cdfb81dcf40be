// DNS messages for tests, byte by byte.
//
//     const std::string m = test::dns_message({.flags = 0x8180, .questions = {dns_question("a.b")}, ...});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::test {

inline std::string be16(unsigned value) {
  return {static_cast<char>(value >> 8 & 255), static_cast<char>(value & 255)};
}
inline std::string be32(std::uint32_t value) {
  return be16(value >> 16) + be16(value & 0xffff);
}

// "a.b" as labels; "" is the root.
inline std::string dns_name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    out += static_cast<char>(dot);
    out += text.substr(0, dot);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return out + '\0';
}

// The first question's name begins here.
inline const std::string kFirstName = {'\xc0', '\x0c'};

inline std::string dns_question(std::string_view name, unsigned type = 1) {
  return dns_name(name) + be16(type) + be16(1);
}

inline std::string dns_record(const std::string& name, unsigned type, const std::string& data,
                              std::optional<std::size_t> length = {}, std::uint32_t ttl = 60) {
  return name + be16(type) + be16(1) + be32(ttl) + be16(static_cast<unsigned>(length.value_or(data.size()))) + data;
}

struct DnsParts {
  unsigned flags = 0x0100;
  std::vector<std::string> questions = {}, answers = {}, authorities = {}, additional = {};
  unsigned id = 1;
  int more_answers = 0;  // announced and not there
};

inline std::string dns_message(const DnsParts& parts) {
  std::string out = be16(parts.id) + be16(parts.flags);
  std::string sections;
  for (const auto* section : {&parts.questions, &parts.answers, &parts.authorities, &parts.additional}) {
    const int more = section == &parts.answers ? parts.more_answers : 0;
    out += be16(static_cast<unsigned>(static_cast<int>(section->size()) + more));
    for (const std::string& each : *section) sections += each;
  }
  return out + sections;
}

}  // namespace bulkhead::test
