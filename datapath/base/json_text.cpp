#include "datapath/base/json_text.h"

#include <charconv>

#include "datapath/base/text_encoding.h"

namespace bulkhead {
namespace {

std::string ascii_of(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (static_cast<unsigned char>(bytes[i]) < 0x80) {
      out += bytes[i];
    } else {
      append_escaped(out, bytes.substr(i, 1));
    }
  }
  return out;
}

}  // namespace

void JsonText::comma() {
  if (separate_) out_ += ',';
  separate_ = true;
}

void JsonText::begin(char bracket) {
  comma();
  out_ += bracket;
  separate_ = false;
}

void JsonText::begin(std::string_view name, char bracket) {
  key(name);
  out_ += bracket;
  separate_ = false;
}

void JsonText::end(char bracket) {
  out_ += bracket;
  separate_ = true;
}

void JsonText::key(std::string_view name) {
  comma();
  quote(name);
  out_ += ':';
}

// RFC 8259 section 7: '"', '\' and control characters.
void JsonText::quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF", kLowerHex[] = "0123456789abcdef";
  std::string escaped;
  if (!is_utf8(text)) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80) {
        escaped += c;
      } else {
        escaped += "\\x";
        escaped += kLowerHex[byte >> 4];
        escaped += kLowerHex[byte & 15];
      }
    }
    text = escaped;
  }
  out_ += '"';
  std::size_t plain = 0;  // begin of what stands for itself
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out_.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"': out_ += "\\\""; break;
      case '\\': out_ += "\\\\"; break;
      case '\b': out_ += "\\b"; break;
      case '\f': out_ += "\\f"; break;
      case '\n': out_ += "\\n"; break;
      case '\r': out_ += "\\r"; break;
      case '\t': out_ += "\\t"; break;
      default:
        out_ += "\\u00";
        out_ += kHex[static_cast<unsigned char>(c) >> 4];
        out_ += kHex[c & 15];
    }
  }
  out_.append(text, plain, text.size() - plain);
  out_ += '"';
}

void JsonText::field(std::string_view name, std::string_view text) {
  key(name);
  quote(text);
}

void JsonText::field(std::string_view name, std::uint64_t number) {
  char digits[24];
  key(name);
  out_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void JsonText::field(std::string_view name, std::int64_t number) {
  char digits[24];
  key(name);
  out_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void JsonText::field(std::string_view name, bool value) {
  key(name);
  out_ += value ? "true" : "false";
}

void JsonText::bytes_field(std::string_view name, std::string_view bytes) {
  key(name);
  is_utf8(bytes) ? quote(bytes) : quote(ascii_of(bytes));
}

void JsonText::base64_field(std::string_view name, std::string_view bytes) {
  key(name);
  out_ += '"';
  append_base64(out_, bytes);
  out_ += '"';
}

void JsonText::base64_element(std::string_view bytes) {
  comma();
  out_ += '"';
  append_base64(out_, bytes);
  out_ += '"';
}

void JsonText::raw_field(std::string_view name, std::string_view json) {
  key(name);
  out_ += json;
}

void JsonText::element(std::string_view text) {
  comma();
  quote(text);
}

void JsonText::bytes_element(std::string_view bytes) {
  comma();
  is_utf8(bytes) ? quote(bytes) : quote(ascii_of(bytes));
}

void JsonText::element(std::uint64_t number) {
  char digits[24];
  comma();
  out_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void JsonText::raw_element(std::string_view json) {
  comma();
  out_ += json;
}

}  // namespace bulkhead
