#include "datapath/app/json_fields.h"

#include <algorithm>

namespace bulkhead::app {
namespace {

constexpr unsigned kMaxDepth = 16, kMaxValues = 256;
constexpr std::size_t kMaxText = 1024;

class Walk {
 public:
  Walk(std::string_view text, JsonVisitor& visitor) : text_(text), visitor_(visitor) {}

  bool run() {
    blanks();
    if (!value({}, {}, 0, 0)) return false;
    blanks();
    return at_ == text_.size();
  }

 private:
  void blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
      ++at_;
    }
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  // A string; `out` is cut, the place is behind it.
  bool string(std::string& out) {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\') {
        if (at_ >= text_.size()) return false;
        c = text_[at_++];
        if (c == 'u') {
          if (text_.size() - at_ < 4) return false;
          unsigned code = 0;
          for (int i = 0; i < 4; ++i) {
            const char digit = text_[at_++];
            const std::size_t found = std::string_view("0123456789abcdef").find(static_cast<char>(digit | 0x20));
            if (found == std::string_view::npos && (digit < '0' || digit > '9')) return false;
            code =
                code * 16 + static_cast<unsigned>(digit >= '0' && digit <= '9' ? digit - '0' : static_cast<int>(found));
          }
          c = code < 128 ? static_cast<char>(code) : '?';
        } else if (c == 'n' || c == 'r' || c == 't') {
          c = c == 'n' ? '\n' : c == 'r' ? '\r' : '\t';
        }
      }
      if (out.size() < kMaxText) out += c;
    }
    return false;
  }

  bool value(std::string_view key, std::string_view parent, unsigned depth, unsigned index) {
    if (++values_ > kMaxValues || depth > kMaxDepth) return false;
    JsonValue out{.depth = depth, .index = index, .key = key, .parent = parent, .text = {}};
    switch (peek()) {
      case '{': return object(key, depth);
      case '[': return array(key, depth);
      case '"':
        out.kind = JsonValue::Kind::kText;
        if (!string(out.text)) return false;
        break;
      case 't':
        out.kind = JsonValue::Kind::kTrue;
        if (!word("true")) return false;
        break;
      case 'f':
        out.kind = JsonValue::Kind::kFalse;
        if (!word("false")) return false;
        break;
      case 'n':
        if (!word("null")) return false;
        break;
      default: {
        out.kind = JsonValue::Kind::kNumber;
        const std::size_t begin = at_;
        while (at_ < text_.size() && std::string_view("+-.0123456789eE").find(text_[at_]) != std::string_view::npos)
          ++at_;
        if (at_ == begin) return false;
        out.text = text_.substr(begin, std::min<std::size_t>(at_ - begin, 32));
      }
    }
    visitor_.visit(out);
    return true;
  }

  bool object(std::string_view name, unsigned depth) {
    take('{');
    blanks();
    if (take('}')) return true;
    while (true) {
      std::string key;
      blanks();
      if (!string(key)) return false;
      blanks();
      if (!take(':')) return false;
      blanks();
      if (!value(key, name, depth + 1, 0)) return false;
      blanks();
      if (take('}')) return true;
      if (!take(',')) return false;
    }
  }

  bool array(std::string_view name, unsigned depth) {
    take('[');
    blanks();
    if (take(']')) return true;
    for (unsigned index = 0;; ++index) {
      blanks();
      if (!value(name, name, depth + 1, index)) return false;
      blanks();
      if (take(']')) return true;
      if (!take(',')) return false;
    }
  }

  std::string_view text_;
  JsonVisitor& visitor_;
  std::size_t at_ = 0;
  unsigned values_ = 0;
};

}  // namespace

bool walk_json(std::string_view text, JsonVisitor& visitor) {
  return Walk(text, visitor).run();
}

}  // namespace bulkhead::app
