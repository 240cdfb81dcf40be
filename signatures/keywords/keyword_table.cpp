#include <algorithm>
#include <string>
#include <unordered_map>

#include "signatures/keywords/buffer_keywords.h"
#include "signatures/keywords/keyword.h"
#include "signatures/keywords/keyword_entries.h"
#include "signatures/keywords/transaction_keywords.h"

namespace bulkhead::signatures {

std::span<const Keyword* const> all_keywords() {
  static const std::vector<const Keyword*> sorted = [] {
    std::vector<const Keyword*> all = keyword_entries();
    for (const Keyword& keyword : buffer_keywords()) all.push_back(&keyword);
    for (const Keyword& keyword : transaction_keywords()) all.push_back(&keyword);
    std::sort(all.begin(), all.end(), [](const Keyword* a, const Keyword* b) { return a->name < b->name; });
    return all;
  }();
  return sorted;
}

const Keyword* find_keyword(std::string_view name) {
  static const std::unordered_map<std::string, const Keyword*> by_name = [] {
    std::unordered_map<std::string, const Keyword*> map;
    for (const Keyword* keyword : all_keywords()) {
      map.emplace(keyword->name, keyword);
      if (!keyword->alias.empty()) map.emplace(keyword->alias, keyword);
    }
    return map;
  }();
  const auto found = by_name.find(to_lower(name));
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace bulkhead::signatures
