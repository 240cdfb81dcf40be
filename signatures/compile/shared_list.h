// A list that its copies share: most rules of a file name the same few addresses and ports.
//
// Thread   immutable but for assignment; copies may be made by any thread.
// Tests    tests/unit/signatures/compile/rare_test.cpp
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace bulkhead::signatures {

template <typename T>
class SharedList {
 public:
  SharedList() = default;
  SharedList(std::initializer_list<T> items) : SharedList(std::vector<T>(items)) {}
  SharedList(std::vector<T> items) {
    if (items.empty()) return;
    items.shrink_to_fit();
    items_ = std::make_shared<const std::vector<T>>(std::move(items));
  }

  [[nodiscard]] bool empty() const { return items_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return items_ ? items_->size() : 0; }
  [[nodiscard]] const T* begin() const { return items_ ? items_->data() : nullptr; }
  [[nodiscard]] const T* end() const { return begin() + size(); }
  [[nodiscard]] const T& operator[](std::size_t i) const { return (*items_)[i]; }
  [[nodiscard]] const T& front() const { return items_->front(); }
  [[nodiscard]] const T& back() const { return items_->back(); }
  // The same list, not only an equal one.
  [[nodiscard]] bool is(const SharedList& other) const { return items_ == other.items_; }
  friend bool operator==(const SharedList& a, const SharedList& b) {
    return a.is(b) || (a.size() == b.size() && (a.empty() || *a.items_ == *b.items_));
  }

 private:
  std::shared_ptr<const std::vector<T>> items_;  // null: empty
};

}  // namespace bulkhead::signatures
