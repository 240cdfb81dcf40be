#include "datapath/app/protocol_table.h"

#include <algorithm>
#include <map>

#include "datapath/app/protocol_entries.h"
#include "datapath/base/check.h"

namespace bulkhead::app {
namespace {

struct Tables {
  std::vector<const Protocol*> protocols = protocol_entries();
  std::vector<BufferEntry> buffers;
  std::array<std::vector<const BufferDef*>, kAppProtocolCount> by_protocol;  // [protocol][number]

  Tables() {
    std::map<std::string_view, BufferNumber> numbers;
    for (const Protocol* protocol : protocols) {
      for (const BufferDef& def : protocol->buffers) {
        const auto [at, fresh] = numbers.try_emplace(def.keyword, static_cast<BufferNumber>(buffers.size() + 1));
        if (fresh) buffers.push_back({at->second, &def, {}, {}});
        BufferEntry& entry = buffers[at->second - 1U];
        entry.protocols.set(index_of(protocol->id));
        for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
          entry.directions[bulkhead::index_of(d)] |= def.has(d);
        }
      }
    }
    for (const Protocol* protocol : protocols) {
      auto& row = by_protocol[index_of(protocol->id)];
      row.resize(buffers.size() + 1);
      for (const BufferDef& def : protocol->buffers) row[numbers.at(def.keyword)] = &def;
    }
  }
};

const Tables& tables() {
  static const Tables all;
  return all;
}

template <typename Matches>
const BufferEntry* find_if(Matches matches) {
  for (const BufferEntry& entry : tables().buffers) {
    if (matches(*entry.def)) return &entry;
  }
  return nullptr;
}

}  // namespace

std::span<const Protocol* const> all_protocols() {
  return tables().protocols;
}

const Protocol* find_protocol(AppProtocol id) {
  for (const Protocol* protocol : tables().protocols) {
    if (protocol->id == id) return protocol;
  }
  return nullptr;
}

std::span<const BufferEntry> all_buffers() {
  return tables().buffers;
}

const BufferEntry* find_buffer(std::string_view keyword) {
  return find_if(
      [&](const BufferDef& def) { return def.keyword == keyword || (def.alias == keyword && !keyword.empty()); });
}

const BufferEntry* find_buffer_by_modifier(std::string_view keyword) {
  return find_if([&](const BufferDef& def) { return !def.modifier.empty() && def.modifier == keyword; });
}

const BufferEntry* find_buffer_by_pcre_flag(char flag) {
  return find_if([&](const BufferDef& def) { return def.pcre_flag != 0 && def.pcre_flag == flag; });
}

const BufferEntry& buffer_entry(BufferNumber number) {
  BULKHEAD_CHECK(number >= 1 && number <= tables().buffers.size());
  return tables().buffers[number - 1U];
}

const BufferDef* buffer_of(const Protocol& protocol, BufferNumber number) {
  const auto& row = tables().by_protocol[index_of(protocol.id)];
  return number < row.size() ? row[number] : nullptr;
}

std::optional<EventEntry> find_event(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  for (const Protocol* protocol : tables().protocols) {
    if (protocol->rule_prefix != name.substr(0, dot)) continue;
    for (std::size_t i = 0; i < protocol->events.size(); ++i) {
      const EventDef& event = protocol->events[i];
      const std::string_view wanted = name.substr(dot + 1);
      if (event.keyword == wanted || (!event.alias.empty() && event.alias == wanted))
        return EventEntry{protocol, static_cast<std::uint8_t>(i)};
    }
  }
  return std::nullopt;
}

bool has_event_prefix(std::string_view prefix) {
  return std::any_of(tables().protocols.begin(), tables().protocols.end(),
                     [&](const Protocol* protocol) { return protocol->rule_prefix == prefix; });
}

}  // namespace bulkhead::app
