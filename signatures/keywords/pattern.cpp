#include "signatures/keywords/pattern.h"

namespace bulkhead::signatures {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class PatternDecoder {
 public:
  PatternDecoder(RuleBuilder& builder, std::string_view text) : builder_(builder), text_(text) {}

  std::optional<std::string> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool fine = c == '|' ? hex_run() : c == '\\' ? escape() : c == '"' ? quote() : plain(c);
      if (!fine) return std::nullopt;
    }
    if (!bytes_.empty()) return bytes_;
    builder_.error(text_, "signature.content.empty", "the pattern has no bytes");
    return std::nullopt;
  }

 private:
  bool plain(char c) {
    bytes_ += c;
    ++at_;
    return true;
  }

  bool quote() {
    return builder_.error(text_.substr(at_, 1), "signature.content.quote", "a '\"' inside a pattern is written \\\"");
  }

  bool escape() {
    ++at_;
    if (at_ == text_.size()) return true;  // a lone backslash at the end is dropped, as in Suricata
    const char c = text_[at_];
    if (c == ':' || c == ';' || c == '\\' || c == '"') return plain(c);
    return builder_.error(text_.substr(at_ - 1, 2), "signature.content.escape",
                          "'\\' escapes only ':', ';', '\"' and itself", "a backslash is written \\\\ or |5c|");
  }

  // "|0d 0a|": whole bytes between the bars.
  bool hex_run() {
    const std::size_t open = at_;
    const std::size_t close = text_.find('|', open + 1);
    if (close == std::string_view::npos) {
      return builder_.error(text_.substr(open), "signature.content.unclosed_hex",
                            "no '|' closes the hexadecimal bytes");
    }
    int high = -1;
    for (at_ = open + 1; at_ < close; ++at_) {
      const char c = text_[at_];
      if (c == ' ' || c == ',') continue;  // they part nothing: "4 1" is one byte, as in Suricata
      const int digit = hex_digit(c);
      if (digit < 0) return builder_.error(text_.substr(at_, 1), "signature.content.hex", "not a hexadecimal digit");
      if (high >= 0) bytes_ += static_cast<char>(high * 16 + digit);
      high = high >= 0 ? -1 : digit;
    }
    if (high >= 0) {
      return builder_.error(text_.substr(open, close - open + 1), "signature.content.half_byte",
                            "the number of hexadecimal digits is odd", "a byte has two digits");
    }
    at_ = close + 1;
    return true;
  }

  RuleBuilder& builder_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::string bytes_;
};

}  // namespace

std::optional<std::string> decode_pattern(RuleBuilder& builder, std::string_view text) {
  return PatternDecoder(builder, text).run();
}

}  // namespace bulkhead::signatures
