// A cursor over one line of policy text: words, punctuation and their offsets.
//
// Thread   value type. Limits  none. Errors  none: the callers make TextProblems from offsets.
// Tests    tests/unit/rules/model/selector_test.cpp
#pragma once

#include <cstddef>
#include <string_view>

namespace bulkhead::rules {

class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : text_(text) { skip_blanks(); }

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] std::size_t offset() const { return at_; }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] bool starts_with(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  // Takes `what` when it comes next; blanks after it are skipped.
  bool take(std::string_view what) {
    if (!starts_with(what)) return false;
    at_ += what.size();
    skip_blanks();
    return true;
  }
  // As take(), but what follows must touch it: in "k= x" the value of k is empty.
  bool take_tight(std::string_view what) {
    if (!starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  // Takes the keyword when it comes next as a whole word.
  bool take_word(std::string_view what) {
    if (peek_word() != what) return false;
    return take(what);
  }
  // The next run of word characters, not taken.
  [[nodiscard]] std::string_view peek_word() const {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  std::string_view word() {
    const std::string_view out = peek_word();
    at_ += out.size();
    skip_blanks();
    return out;
  }
  // The next run without blank, comma or parenthesis, not taken: CIDRs and ports.
  [[nodiscard]] std::string_view peek_token() const {
    std::size_t end = at_;
    while (end < text_.size() && !is_stop(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  std::string_view token() {
    const std::string_view out = peek_token();
    at_ += out.size();
    skip_blanks();
    return out;
  }
  // Length of what stands at the cursor, for the caret run.
  [[nodiscard]] std::size_t token_length() const { return peek_token().empty() ? 1 : peek_token().size(); }
  void move_to(std::size_t offset) { at_ = offset; }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  static bool is_stop(char c) { return is_blank(c) || c == ',' || c == '(' || c == ')'; }
  static bool is_word(char c) { return !is_stop(c) && c != '=' && c != '!'; }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace bulkhead::rules
