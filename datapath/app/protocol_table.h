// All protocols with a parser, the numbers of their buffers, and what else of them rules may test.
//
// A buffer's number belongs to its keyword: http.uri of HTTP/1 and of HTTP/2 is one number, and each protocol has
// its own way to give the bytes.
//
// Thread   built once, before the first worker; constant afterwards.
// Tests    tests/unit/datapath/app/protocol_table_test.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "datapath/app/protocol.h"

namespace bulkhead::app {

// The parsers built in, in the order of the word list in CMakeLists.txt.
[[nodiscard]] std::span<const Protocol* const> all_protocols();
[[nodiscard]] const Protocol* find_protocol(AppProtocol id);  // null: none

// Numbers of buffers, from 1; 0 is the payload.
using BufferNumber = std::uint16_t;
struct BufferEntry {
  BufferNumber number = 0;
  const BufferDef* def = nullptr;  // of the first protocol that has it: keyword, help, spelling
  AppProtocolSet protocols;        // all that have it
  std::array<bool, 2> directions{};
};
[[nodiscard]] std::span<const BufferEntry> all_buffers();  // [i].number == i + 1
// By sticky keyword or its alias.
[[nodiscard]] const BufferEntry* find_buffer(std::string_view keyword);
[[nodiscard]] const BufferEntry* find_buffer_by_modifier(std::string_view keyword);
[[nodiscard]] const BufferEntry* find_buffer_by_pcre_flag(char flag);
[[nodiscard]] const BufferEntry& buffer_entry(BufferNumber number);
// How this protocol gives the buffer; null: it does not.
[[nodiscard]] const BufferDef* buffer_of(const Protocol& protocol, BufferNumber number);

// A number or test of one or several protocols.
template <typename Def>
struct TestEntry {
  const Def* def = nullptr;                                 // of the first protocol that has it
  AppProtocolSet protocols;                                 // all that have it
  std::array<std::uint8_t, 2> progress{255, 255};           // by Direction: the least of all
  std::array<const Def*, kAppProtocolCount> by_protocol{};  // null: does not have it
};
using NumberEntry = TestEntry<NumberDef>;
using OwnTestEntry = TestEntry<TestDef>;
[[nodiscard]] std::span<const NumberEntry> all_numbers();
[[nodiscard]] std::span<const OwnTestEntry> all_own_tests();
// By keyword or alias; null: none.
[[nodiscard]] const NumberEntry* find_number(std::string_view keyword);
[[nodiscard]] const OwnTestEntry* find_own_test(std::string_view keyword);

// "http.request_body_unexpected": the protocol and the event's place in its list.
struct EventEntry {
  const Protocol* protocol = nullptr;
  std::uint8_t event = 0;
};
[[nodiscard]] std::optional<EventEntry> find_event(std::string_view name);
// Is there a parser whose events begin with this word?
[[nodiscard]] bool has_event_prefix(std::string_view prefix);

}  // namespace bulkhead::app
