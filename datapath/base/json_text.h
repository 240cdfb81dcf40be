// A piece of JSON, built into a string: objects, arrays and fields, with the commas in place.
//
// Thread   value type.
// Text     always valid UTF-8: a string that is not well formed is written with each byte outside of ASCII as \xNN.
// Limits   the caller's: what is written is as large as what is given.
// Tests    tests/unit/datapath/base/json_text_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace bulkhead {

class JsonText {
 public:
  // Objects and arrays; with a key inside of an object, without one in an array or at the top.
  void open_object() { begin('{'); }
  void open_object(std::string_view key) { begin(key, '{'); }
  void open_array() { begin('['); }
  void open_array(std::string_view key) { begin(key, '['); }
  void close_object() { end('}'); }
  void close_array() { end(']'); }

  void field(std::string_view key, std::string_view text);
  void field(std::string_view key, const char* text) { field(key, std::string_view(text)); }
  void field(std::string_view key, const std::string& text) { field(key, std::string_view(text)); }
  void field(std::string_view key, std::uint64_t number);
  void field(std::string_view key, std::uint32_t number) { field(key, std::uint64_t{number}); }
  void field(std::string_view key, std::uint16_t number) { field(key, std::uint64_t{number}); }
  void field(std::string_view key, std::uint8_t number) { field(key, std::uint64_t{number}); }
  void field(std::string_view key, std::int64_t number);
  void field(std::string_view key, int number) { field(key, std::int64_t{number}); }
  void field(std::string_view key, bool value);
  // Bytes that are mostly text: of a string that is not well formed only what is not ASCII is written as \xNN.
  void bytes_field(std::string_view key, std::string_view bytes);
  void base64_field(std::string_view key, std::string_view bytes);
  // A complete value written elsewhere.
  void raw_field(std::string_view key, std::string_view json);

  void element(std::string_view text);
  void bytes_element(std::string_view bytes);
  void element(std::uint64_t number);
  void base64_element(std::string_view bytes);
  void raw_element(std::string_view json);

  [[nodiscard]] std::string take() {
    separate_ = false;
    return std::exchange(out_, {});
  }
  [[nodiscard]] const std::string& text() const { return out_; }
  [[nodiscard]] bool empty() const { return out_.empty(); }

 private:
  void begin(char bracket);
  void begin(std::string_view key, char bracket);
  void end(char bracket);
  void comma();
  void key(std::string_view name);
  void quote(std::string_view text);

  std::string out_;
  bool separate_ = false;  // a value stands before: the next one needs a comma
};

}  // namespace bulkhead
