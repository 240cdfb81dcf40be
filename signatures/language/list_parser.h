// Address and port lists: one grammar, two kinds of item.
//
//   list := item { "," item }          without brackets a blank ends it
//   item := [ "!" ] ( word | "[" list "]" )
//
// Thread   control thread only.
// Errors   signature.address.* or signature.port.*, the first of a list; nullopt then.
// Tests    tests/unit/signatures/language/parser_test.cpp
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "signatures/language/ast.h"
#include "signatures/language/lexer.h"

namespace bulkhead::signatures {

// Where the errors of one line go.
class LineReporter {
 public:
  LineReporter(const SourceLines& lines, Diagnostics& out) : lines_(lines), out_(out) {}
  void error(std::string_view part, std::string code, std::string message, std::string hint = {}) const {
    out_.error(lines_.span(part), std::move(code), std::move(message), std::move(hint));
  }
  void warning(std::string_view part, std::string code, std::string message, std::string hint = {}) const {
    out_.warning(lines_.span(part), std::move(code), std::move(message), std::move(hint));
  }

 private:
  const SourceLines& lines_;
  Diagnostics& out_;
};

// Reads one list; stops before the first token that does not belong to it.
[[nodiscard]] std::optional<AddressNode> parse_address_list(HeaderLexer& lexer, const LineReporter& report);
[[nodiscard]] std::optional<PortNode> parse_port_list(HeaderLexer& lexer, const LineReporter& report);

// From the first byte of `first` to the last of `last`, both parts of one line.
[[nodiscard]] inline std::string_view view_between(std::string_view first, std::string_view last) {
  return {first.data(), static_cast<std::size_t>(last.data() + last.size() - first.data())};
}

}  // namespace bulkhead::signatures
