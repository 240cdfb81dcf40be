#include "datapath/app/http/http_headers.h"

#include "datapath/app/http/http_text.h"

namespace bulkhead::app::http {
namespace {

constexpr std::size_t kUsual = 12;  // headers of a message

// Length, first and last letter: enough to tell most names apart.
std::uint32_t key_of(std::string_view name) {
  if (name.empty()) return 0;
  constexpr std::uint32_t kCase = 0x20;
  const auto first = static_cast<unsigned char>(name.front()), last = static_cast<unsigned char>(name.back());
  return static_cast<std::uint32_t>(name.size()) << 16 | (first | kCase) << 8 | last | kCase;
}

}  // namespace

Headers::Text Headers::append(std::string_view received) {
  const Text text{static_cast<std::uint32_t>(raw_.size()), static_cast<std::uint32_t>(received.size()), 0};
  raw_.append(received);
  return text;
}

Headers::Text Headers::folded(Text line, std::string_view next) {
  if (line.own == 0 || line.at + line.size != own_[line.own - 1].size()) {
    own_.emplace_back(view(line));
    line = {0, line.size, static_cast<std::uint32_t>(own_.size())};
  }
  own_[line.own - 1].append(next);
  line.size += static_cast<std::uint32_t>(next.size());
  return line;
}

Headers::Entry* Headers::known(std::string_view name, std::uint32_t key) {
  for (Entry& entry : list_) {
    if (entry.key == key && same_word(view(entry.name), name)) return &entry;
  }
  return nullptr;
}

std::uint32_t Headers::add(Text name, Text value) {
  const std::string_view word = view(name);
  const std::uint32_t key = key_of(word);
  if (Entry* const entry = known(word, key)) return ++entry->times;
  zero_bytes_ |= word.find('\0') != std::string_view::npos;
  if (list_.empty()) list_.reserve(kUsual);
  list_.push_back({name, value, key, 1});
  return 1;
}

void Headers::join(Text name, std::string_view separator, Text value) {
  const std::string_view word = view(name);
  Entry* const entry = known(word, key_of(word));
  if (entry == nullptr) return;
  const std::string added(view(value));  // adding may move what it lies in
  entry->value = folded(folded(entry->value, separator), added);
}

std::optional<Header> Headers::find(std::string_view name) const {
  const std::uint32_t key = key_of(name);
  for (const Entry& entry : list_) {
    if (entry.key != key && !zero_bytes_) continue;
    const std::string_view word = view(entry.name);
    if (zero_bytes_ ? same_word_but_nul(word, name) : same_word(word, name)) return Header{word, view(entry.value)};
  }
  return std::nullopt;
}

std::string_view Headers::value(std::string_view name) const {
  const std::optional<Header> header = find(name);
  return header ? header->value : std::string_view();
}

}  // namespace bulkhead::app::http
