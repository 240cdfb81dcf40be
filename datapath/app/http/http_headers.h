// The headers of one message, in order of first occurrence.
//
// Names and values are parts of the text as it came, not copies: a header costs no allocation. Only what was folded or
// repeated has a text of its own.
//
// Thread   the worker owning the flow.
// Lifetime a Header's texts are good until the next one is added.
// Limits   32 bits of text, which parsers keep to by their limits for lines and headers.
// Tests    tests/unit/datapath/app/http/http_headers_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::app::http {

struct Header {
  std::string_view name, value;
};

class Headers {
 public:
  // A piece of the text.
  struct Text {
    std::uint32_t at = 0, size = 0;
    std::uint32_t own = 0;  // 0: as it came; else it was joined of pieces, in the own text of that number
    [[nodiscard]] Text part(std::size_t from, std::size_t length) const {
      return {at + static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(length), own};
    }
  };

  // As received, with the empty line.
  [[nodiscard]] const std::string& raw() const { return raw_; }
  void reserve_raw(std::size_t bytes) { raw_.reserve(bytes); }
  // Received; the answer is good for view() and add() as long as the headers are.
  Text append(std::string_view received);
  // A line that goes on in the next.
  Text folded(Text line, std::string_view next);
  [[nodiscard]] std::string_view view(Text text) const {
    return {(text.own != 0 ? own_[text.own - 1] : raw_).data() + text.at, text.size};
  }

  // How often the name has occurred, with this time; from the second time on nothing is added (join() does).
  std::uint32_t add(Text name, Text value);
  // The value goes behind that of the header that has the name already (RFC 9110 5.3).
  void join(Text name, std::string_view separator, Text value);

  [[nodiscard]] bool empty() const { return list_.empty(); }
  [[nodiscard]] std::size_t size() const { return list_.size(); }
  [[nodiscard]] Header operator[](std::size_t index) const {
    return {view(list_[index].name), view(list_[index].value)};
  }
  // Whatever the case of the name; zero bytes within it do not count.
  [[nodiscard]] std::optional<Header> find(std::string_view name) const;
  [[nodiscard]] std::string_view value(std::string_view name) const;  // empty also when there is none

  class Iterator {
   public:
    Iterator(const Headers& headers, std::size_t at) : headers_(&headers), at_(at) {}
    Header operator*() const { return (*headers_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const Headers* headers_;
    std::size_t at_;
  };
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }

 private:
  struct Entry {
    Text name, value;
    std::uint32_t key = 0;  // equal for names that differ in case only
    std::uint32_t times = 1;
  };
  [[nodiscard]] Entry* known(std::string_view name, std::uint32_t key);

  std::vector<Entry> list_;
  std::string raw_;
  std::vector<std::string> own_;
  bool zero_bytes_ = false;  // in a name: its key says nothing
};

}  // namespace bulkhead::app::http
