// Objects that are costly to make, known by what they were made of as long as somebody has them.
//
// Thread   any; a short lock. Two threads may make the same object at once: both are good, the later one is known.
// Limits   names of objects that are gone are swept out whenever they are half of all.
// Tests    tests/unit/signatures/compile/shared_objects_test.cpp
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace bulkhead::signatures {

template <class T>
class SharedObjects {
 public:
  [[nodiscard]] std::shared_ptr<T> find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(name);
    return found == objects_.end() ? nullptr : found->second.lock();
  }
  void keep(const std::string& name, const std::shared_ptr<T>& object) {
    const std::lock_guard lock(mutex_);
    objects_.insert_or_assign(name, object);
    if (objects_.size() < sweep_at_) return;
    std::erase_if(objects_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max(kSmall, objects_.size() * 2);
  }
  [[nodiscard]] std::size_t names() const {
    const std::lock_guard lock(mutex_);
    return objects_.size();
  }

 private:
  static constexpr std::size_t kSmall = 64;
  mutable std::mutex mutex_;
  std::map<std::string, std::weak_ptr<T>> objects_;
  std::size_t sweep_at_ = kSmall;
};

}  // namespace bulkhead::signatures
