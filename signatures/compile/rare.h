// Members that few of many objects have: eight bytes while they are empty.
//
// RareList   a vector; Rare: an optional.
//
// Thread   plain values; copies are copies of what they hold.
// Tests    tests/unit/signatures/compile/rare_test.cpp
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace bulkhead::signatures {

template <typename T>
class RareList {
 public:
  RareList() = default;
  RareList(std::initializer_list<T> items) : RareList(std::vector<T>(items)) {}
  RareList(std::vector<T> items) {
    if (!items.empty()) items_ = std::make_unique<std::vector<T>>(std::move(items));
  }
  RareList(const RareList& other) : items_(other.items_ ? std::make_unique<std::vector<T>>(*other.items_) : nullptr) {}
  RareList& operator=(const RareList& other) {
    if (this != &other) *this = RareList(other);
    return *this;
  }
  RareList(RareList&&) noexcept = default;
  RareList& operator=(RareList&&) noexcept = default;
  ~RareList() = default;

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const { return items_ ? items_->size() : 0; }
  [[nodiscard]] T* begin() { return items_ ? items_->data() : nullptr; }
  [[nodiscard]] T* end() { return begin() + size(); }
  [[nodiscard]] const T* begin() const { return items_ ? items_->data() : nullptr; }
  [[nodiscard]] const T* end() const { return begin() + size(); }
  [[nodiscard]] T& operator[](std::size_t i) { return (*items_)[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return (*items_)[i]; }
  [[nodiscard]] T& back() { return items_->back(); }

  template <typename... Parts>
  T& emplace_back(Parts&&... parts) {
    if (!items_) items_ = std::make_unique<std::vector<T>>();
    return items_->emplace_back(std::forward<Parts>(parts)...);
  }
  void push_back(T item) { emplace_back(std::move(item)); }
  void clear() { items_.reset(); }
  template <typename Condition>
  void remove_if(Condition condition) {
    if (items_) std::erase_if(*items_, condition);
  }
  void shrink_to_fit() {
    if (items_) items_->shrink_to_fit();
  }
  friend bool operator==(const RareList& a, const RareList& b) {
    if (a.size() != b.size()) return false;
    return a.empty() || *a.items_ == *b.items_;
  }

 private:
  std::unique_ptr<std::vector<T>> items_;  // null: empty
};

template <typename T>
class Rare {
 public:
  Rare() = default;
  Rare(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Rare& operator=(const Rare& other) {
    if (this != &other) *this = Rare(other);
    return *this;
  }
  Rare(Rare&&) noexcept = default;
  Rare& operator=(Rare&&) noexcept = default;
  ~Rare() = default;

  [[nodiscard]] explicit operator bool() const { return value_ != nullptr; }
  [[nodiscard]] bool has_value() const { return value_ != nullptr; }
  [[nodiscard]] T& operator*() { return *value_; }
  [[nodiscard]] const T& operator*() const { return *value_; }
  [[nodiscard]] T* operator->() { return value_.get(); }
  [[nodiscard]] const T* operator->() const { return value_.get(); }
  void reset() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace bulkhead::signatures
