// A parser's pointer to a transaction that is not its own: null once the transaction has been given up.
//
//     Held<RedisTransaction> reply_;          the worker may give any transaction up between two calls of a parser
//     if (reply_ != nullptr) reply_->note(...);
//
// The transaction knows who holds it (a list through the holders) and tells them when it goes.
//
// Thread   the worker owning the flow.
// Limits   none of its own; three pointers each, no allocation.
// Tests    tests/unit/datapath/app/held_test.cpp, tests/unit/datapath/app/given_up_test.cpp
#pragma once

#include <concepts>
#include <utility>

namespace bulkhead::app {

class Transaction;

class HolderLink {
 public:
  HolderLink() = default;
  HolderLink(const HolderLink&) = delete;
  HolderLink& operator=(const HolderLink&) = delete;

 protected:
  ~HolderLink() { leave(); }
  // `first`: where the transaction's list of holders begins.
  void join(HolderLink*& first) {
    next_ = first;
    here_ = &first;
    if (next_ != nullptr) next_->here_ = &next_;
    first = this;
  }
  void leave() {
    if (here_ == nullptr) return;
    *here_ = next_;
    if (next_ != nullptr) next_->here_ = here_;
    here_ = nullptr;
    next_ = nullptr;
  }
  [[nodiscard]] bool holds() const { return here_ != nullptr; }

 private:
  friend class Transaction;
  HolderLink* next_ = nullptr;
  HolderLink** here_ = nullptr;  // what points here; null: nothing is held
};

template <typename T>
class Held final : public HolderLink {
 public:
  Held() = default;
  Held(T* tx) { set(tx); }                                // NOLINT(google-explicit-constructor): a pointer to users
  Held(const Held& other) : HolderLink() { set(other); }  // another holder of the same
  Held(Held&& other) noexcept : HolderLink() { set(other); }
  ~Held() = default;
  Held& operator=(const Held& other) {
    if (this != &other) set(other);
    return *this;
  }
  Held& operator=(Held&& other) noexcept {
    if (this != &other) set(other);
    return *this;
  }
  Held& operator=(T* tx) {
    set(tx);
    return *this;
  }

  [[nodiscard]] T* get() const { return holds() ? tx_ : nullptr; }
  operator T*() const { return get(); }  // NOLINT(google-explicit-constructor): a pointer to users
  T* operator->() const { return get(); }

 private:
  void set(T* tx) {
    leave();
    tx_ = tx;
    if (tx != nullptr) join(tx->holders());
  }

  T* tx_ = nullptr;
};

}  // namespace bulkhead::app
