#include "datapath/app/protocol_table.h"

#include <algorithm>
#include <map>

#include "datapath/app/protocol_entries.h"
#include "datapath/base/check.h"

namespace bulkhead::app {
namespace {

// Entries of equal keywords become one.
template <typename Def>
std::vector<TestEntry<Def>> merge_tests(std::span<const Protocol* const> protocols,
                                        std::span<const Def> Protocol::*defs) {
  std::vector<TestEntry<Def>> all;
  for (const Protocol* protocol : protocols) {
    for (const Def& def : protocol->*defs) {
      auto at = std::find_if(all.begin(), all.end(),
                             [&](const TestEntry<Def>& known) { return known.def->keyword == def.keyword; });
      if (at == all.end()) {
        all.emplace_back().def = &def;
        at = all.end() - 1;
      }
      at->protocols.set(index_of(protocol->id));
      at->by_protocol[index_of(protocol->id)] = &def;
      for (std::size_t d = 0; d < 2; ++d) at->progress[d] = std::min(at->progress[d], def.progress[d]);
    }
  }
  return all;
}

template <typename Def>
const TestEntry<Def>* find_test(const std::vector<TestEntry<Def>>& all, std::string_view keyword) {
  for (const TestEntry<Def>& entry : all) {
    if (entry.def->keyword == keyword || (!keyword.empty() && entry.def->alias == keyword)) return &entry;
  }
  return nullptr;
}

struct Tables {
  std::vector<const Protocol*> protocols = protocol_entries();
  std::vector<BufferEntry> buffers;
  std::array<std::vector<const BufferDef*>, kAppProtocolCount> by_protocol;  // [protocol][number]
  std::vector<NumberEntry> numbers = merge_tests(std::span<const Protocol* const>(protocols), &Protocol::numbers);
  std::vector<OwnTestEntry> own_tests = merge_tests(std::span<const Protocol* const>(protocols), &Protocol::tests);

  Tables() {
    std::map<std::string_view, BufferNumber> known;
    for (const Protocol* protocol : protocols) {
      for (const BufferDef& def : protocol->buffers) {
        const auto [at, fresh] = known.try_emplace(def.keyword, static_cast<BufferNumber>(buffers.size() + 1));
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
      for (const BufferDef& def : protocol->buffers) row[known.at(def.keyword)] = &def;
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

bool get_file_content(Transaction& tx, Direction d, std::uint32_t index, BufferView& out) {
  const FileList& files = tx.files[bulkhead::index_of(d)];
  if (index >= files.size()) return false;
  const BodyWindow& content = files[index]->content();
  out = {.bytes = content.bytes(),
         .begin = content.begin(),
         .first = content.begin() == 0,
         .ready = files[index]->content_ready(false)};
  return true;
}

bool get_file_name(Transaction& tx, Direction d, std::uint32_t index, BufferView& out) {
  const FileList& files = tx.files[bulkhead::index_of(d)];
  if (index >= files.size()) return false;
  const std::string& name = files[index]->name;
  out = {.bytes = {reinterpret_cast<const Byte*>(name.data()), name.size()}};
  return true;
}

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

std::span<const NumberEntry> all_numbers() {
  return tables().numbers;
}

std::span<const OwnTestEntry> all_own_tests() {
  return tables().own_tests;
}

const NumberEntry* find_number(std::string_view keyword) {
  return find_test(tables().numbers, keyword);
}

const OwnTestEntry* find_own_test(std::string_view keyword) {
  return find_test(tables().own_tests, keyword);
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

}  // namespace bulkhead::app
