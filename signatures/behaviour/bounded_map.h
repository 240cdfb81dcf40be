// A map that forgets the key used longest ago when it is full.
//
// Thread   its owner's. Limits  `capacity` keys. Tests  tests/unit/signatures/behaviour/party_test.cpp
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <utility>

namespace bulkhead::behaviour {

template <typename Key, typename Value>
class BoundedMap {
 public:
  explicit BoundedMap(std::size_t capacity) : capacity_(capacity) {}

  // Made when it is not there.
  Value& at(const Key& key) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      order_.splice(order_.end(), order_, found->second.second);
      return found->second.first;
    }
    if (entries_.size() >= capacity_) {
      entries_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(key);
    return entries_.emplace(key, std::pair<Value, typename std::list<Key>::iterator>{Value{}, std::prev(order_.end())})
        .first->second.first;
  }
  [[nodiscard]] Value* find(const Key& key) {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second.first;
  }
  void erase(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    order_.erase(found->second.second);
    entries_.erase(found);
  }
  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& [key, entry] : entries_) visit(key, entry.first);
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  std::size_t capacity_;
  std::map<Key, std::pair<Value, typename std::list<Key>::iterator>> entries_;
  std::list<Key> order_;  // used longest ago first
};

}  // namespace bulkhead::behaviour
