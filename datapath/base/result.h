// A value or the reason why there is none, for the environment lane of errors (netlink refused,
// file not found). Operator input uses Diagnostics instead (diagnostic.h), wire data one-byte enums.
//
// Thread   a value type; no sharing.
// Errors   value() on an error stops the process: test has_value() first.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

#include "datapath/base/check.h"

namespace bulkhead {

// What was tried, on what, and what the kernel or library answered.
struct Error {
  std::string operation;  // "bind", "open", "NFT_MSG_NEWRULE"
  std::string object;     // "/var/log/eve.json", "table inet bulkhead"
  int code = 0;           // errno, or 0 where the library has none
  std::string text;       // kernel or library text

  [[nodiscard]] std::string to_string() const {
    std::string out = operation;
    if (!object.empty()) out += " " + object;
    if (!text.empty()) out += ": " + text;
    if (code != 0) out += " (errno " + std::to_string(code) + ")";
    return out;
  }
};

// The Error for the current errno.
[[nodiscard]] inline Error errno_error(std::string operation, std::string object, int code = errno) {
  return Error{std::move(operation), std::move(object), code, std::strerror(code)};
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& value() & {
    BULKHEAD_CHECK(has_value());
    return std::get<0>(state_);
  }
  [[nodiscard]] const T& value() const& {
    BULKHEAD_CHECK(has_value());
    return std::get<0>(state_);
  }
  [[nodiscard]] T&& value() && {
    BULKHEAD_CHECK(has_value());
    return std::get<0>(std::move(state_));
  }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }

  [[nodiscard]] const Error& error() const {
    BULKHEAD_CHECK(!has_value());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;
[[nodiscard]] inline Status ok() {
  return Done{};
}

}  // namespace bulkhead
