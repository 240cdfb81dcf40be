#include "signatures/language/parser.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "signatures/language/lexer.h"
#include "signatures/language/list_parser.h"

namespace bulkhead::signatures {

namespace {

bool is_action(std::string_view word) {
  return std::any_of(std::begin(kActionNames), std::end(kActionNames),
                     [&](std::string_view name) { return equals_ignoring_case(word, name); });
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool is_name(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), is_name_byte);
}

std::string_view trim_right_blanks_and_cr(std::string_view text) {
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Reads one rule. Fields are read in order; the first error of the header skips to the options.
class RuleParser {
 public:
  RuleParser(std::string_view line, const LineReporter& report) : line_(line), lexer_(line), report_(report) {}

  std::optional<Rule> run() {
    rule_.text = trim_right_blanks_and_cr(line_);
    const bool header_fine = parse_header();
    const bool options_fine = parse_options(header_fine);
    if (!header_fine || !options_fine) return std::nullopt;
    return std::move(rule_);
  }

 private:
  bool parse_header() {
    if (!parse_action() || !parse_protocol()) return false;
    if (!parse_addresses_field("source address", rule_.source)) return false;
    if (!parse_ports_field("source port", rule_.source_ports)) return false;
    if (!parse_direction()) return false;
    if (!parse_addresses_field("destination address", rule_.destination)) return false;
    if (!parse_ports_field("destination port", rule_.destination_ports)) return false;
    if (lexer_.peek().kind == TokenKind::kParenthesis) return true;
    if (lexer_.peek().kind == TokenKind::kEnd) return fail_end();
    return fail(lexer_.peek().text, "signature.header.extra_field", "expected '(' after the destination port",
                "the header is: action protocol source port -> destination port");
  }

  bool parse_action() {
    const Token token = lexer_.take();
    if (token.kind != TokenKind::kWord)
      return fail(token.text, "signature.header.action", "a rule starts with an action");
    rule_.action = token.text;
    if (is_action(token.text)) return true;
    const std::vector<std::string> names(std::begin(kActionNames), std::end(kActionNames));
    const std::string near = nearest_word(to_lower(token.text), names);
    return fail(token.text, "signature.header.action", "\"" + printable(token.text) + "\" is not an action",
                near.empty() ? "actions are alert, pass, drop, reject, rejectsrc, rejectdst, rejectboth and config"
                             : "did you mean " + near + "?");
  }

  bool parse_protocol() {
    if (!at_field("protocol")) return false;
    const Token token = lexer_.take();
    rule_.protocol = token.text;
    if (token.kind == TokenKind::kWord && is_name(token.text)) return true;
    return fail(token.text, "signature.header.protocol", "expected a protocol such as tcp, udp, icmp, ip or http");
  }

  bool parse_addresses_field(const char* name, AddressNode& node) {
    if (!at_field(name)) return false;
    auto parsed = parse_address_list(lexer_, report_);
    if (parsed) node = std::move(*parsed);
    return parsed.has_value();
  }

  bool parse_ports_field(const char* name, PortNode& node) {
    if (!at_field(name)) return false;
    auto parsed = parse_port_list(lexer_, report_);
    if (parsed) node = std::move(*parsed);
    return parsed.has_value();
  }

  bool parse_direction() {
    if (!at_field("direction")) return false;
    const Token token = lexer_.take();
    rule_.direction_text = token.text;
    if (token.text == "->") return true;
    if (token.text == "<>") {
      rule_.direction = RuleDirection::kBoth;
      return true;
    }
    return fail(token.text, "signature.header.direction", "\"" + printable(token.text) + "\" is not a direction",
                token.text == "<-" ? "swap the two sides and write ->" : "a direction is -> or <>");
  }

  // Another field follows, parted from the one before by a blank.
  bool at_field(const char* name) {
    const Token& token = lexer_.peek();
    if (token.kind == TokenKind::kParenthesis) {
      return fail(token.text, "signature.header.missing_field", "the " + std::string(name) + " is missing before '('",
                  "the header is: action protocol source port -> destination port");
    }
    if (token.kind == TokenKind::kEnd) return fail_end();
    if (token.after_blank) return true;
    return fail(token.text, "signature.header.blank", "a blank is missing before the " + std::string(name));
  }

  bool fail_end() {
    const std::string_view end = line_.substr(trim_right_blanks_and_cr(line_).size());
    no_options_ = true;
    return fail(end, "signature.syntax.no_options", "the rule ends before its options", "options stand in ( )");
  }

  bool parse_options(bool header_fine) {
    if (no_options_) return false;
    // After an error in the header its end is guessed: the first parenthesis.
    const std::size_t open =
        header_fine ? static_cast<std::size_t>(lexer_.peek().text.data() - line_.data()) : line_.find('(');
    if (open == std::string_view::npos) return false;
    std::string_view body = trim_right_blanks_and_cr(line_.substr(open + 1));
    const bool closed = body.ends_with(')');
    if (closed) body.remove_suffix(1);
    OptionLexer lexer(body);
    bool fine = true;
    std::string_view piece;
    while (lexer.take(piece)) fine = parse_option(piece) && fine;
    return check_rest(lexer.rest(), closed) && fine;
  }

  // What stands behind the last ';'.
  bool check_rest(std::string_view rest, bool closed) {
    rest = trim_blanks(rest);
    if (rest.empty()) {
      if (!closed) {
        report_.warning(line_.substr(trim_right_blanks_and_cr(line_).size()), "signature.syntax.no_parenthesis",
                        "no ')' ends the options");
      }
      return true;
    }
    if (rest.front() == ')') {
      return fail(rest.substr(1), "signature.syntax.trailing_text", "text behind the end of the rule");
    }
    return fail(rest, "signature.option.unterminated", "no ';' ends this option");
  }

  bool parse_option(std::string_view piece) {
    Option option;
    option.text = trim_blanks(piece);
    const std::size_t colon = option.text.find(':');
    option.name = trim_blanks(option.text.substr(0, colon));
    if (option.name.empty())
      return fail(option.text.empty() ? piece : option.text, "signature.option.no_name",
                  option.text.empty() ? "an empty option" : "an option without a name");
    if (!is_name(option.name)) {
      return fail(option.name, "signature.option.name", "\"" + printable(option.name) + "\" is not an option name",
                  option.name.front() == '"' || option.name.back() == '"' ? "a ';' inside quotes is written \\;" : "");
    }
    if (colon != std::string_view::npos) {
      option.has_value = true;
      option.value = trim_blanks(option.text.substr(colon + 1));
      if (!parse_value(option)) return false;
    }
    rule_.options.push_back(option);
    return true;
  }

  bool parse_value(Option& option) {
    option.argument = option.value;
    if (option.argument.starts_with('!')) {
      option.negated = true;
      option.argument = trim_blanks(option.argument.substr(1));
    }
    if (!option.argument.starts_with('"')) return true;
    if (option.argument.size() < 2 || !option.argument.ends_with('"')) {
      return fail(option.argument, "signature.option.unterminated_quote", "the quoted value does not end with '\"'",
                  "a ';' inside quotes is written \\;");
    }
    option.quoted = true;
    option.argument = option.argument.substr(1, option.argument.size() - 2);
    return true;
  }

  bool fail(std::string_view part, const char* code, std::string message, std::string hint = {}) {
    report_.error(part, code, std::move(message), std::move(hint));
    return false;
  }

  std::string_view line_;
  HeaderLexer lexer_;
  const LineReporter& report_;
  Rule rule_;
  bool no_options_ = false;
};

// "#alert tcp ... (...)" is a rule that was switched off; any other comment is a comment.
std::optional<Rule> parse_commented_rule(const SourceLines& lines, std::string_view text) {
  while (!text.empty() && (text.front() == '#' || is_blank(text.front()))) text.remove_prefix(1);
  if (!is_action(text.substr(0, text.find_first_of(" \t"))) || text.find(';') == std::string_view::npos) return {};
  Diagnostics unheard;
  const LineReporter report(lines, unheard);
  auto rule = RuleParser(text, report).run();
  if (rule) rule->enabled = false;
  return rule;
}

template <typename Node, typename Parse>
std::optional<Node> parse_whole(const SourceLines& lines, std::string_view text, Diagnostics& out, Parse parse) {
  const LineReporter report(lines, out);
  text = trim_blanks(text);
  HeaderLexer lexer(text);
  auto node = parse(lexer, report);
  if (node && lexer.peek().kind != TokenKind::kEnd) {
    report.error(lexer.peek().text, "signature.variable.trailing_text", "text behind the end of the list",
                 "a list with blanks stands in [ ]");
    return std::nullopt;
  }
  return node;
}

}  // namespace

RuleReader::RuleReader(SourceFilePtr file, Diagnostics& out) : out_(out) {
  const std::size_t errors_before = out.error_count();
  lines_ = std::make_shared<const SourceLines>(std::move(file), "signature", out);
  rejected_ = out.error_count() - errors_before;
}

std::optional<Rule> RuleReader::read(std::size_t i) {
  const LogicalLine& line = lines_->lines()[i];
  if (line.comment) return parse_commented_rule(*lines_, line.text);
  const LineReporter report(*lines_, out_);
  if (line.text.front() == ' ') {
    report.warning(line.text.substr(0, line.text.find_first_not_of(' ')), "signature.syntax.leading_blank",
                   "a line that starts with a blank is not read", "remove the blank, or comment the line out");
    return std::nullopt;
  }
  auto rule = RuleParser(trim_blanks(line.text), report).run();
  if (!rule) ++rejected_;
  return rule;
}

RuleFile parse_rules(SourceFilePtr file, Diagnostics& out) {
  RuleReader reader(std::move(file), out);
  RuleFile result;
  result.lines = reader.lines();
  result.rules.reserve(result.lines->lines().size());
  for (std::size_t i = 0; i < result.lines->lines().size(); ++i) {
    auto rule = reader.read(i);
    if (!rule) continue;
    rule->options.shrink_to_fit();
    result.rules.push_back(std::move(*rule));
  }
  result.rejected = reader.rejected();
  return result;
}

RuleFile parse_rules(std::string name, std::string text, Diagnostics& out) {
  return parse_rules(std::make_shared<const SourceFile>(std::move(name), std::move(text)), out);
}

std::optional<AddressNode> parse_addresses(const SourceLines& lines, std::string_view text, Diagnostics& out) {
  return parse_whole<AddressNode>(lines, text, out, parse_address_list);
}

std::optional<PortNode> parse_ports(const SourceLines& lines, std::string_view text, Diagnostics& out) {
  return parse_whole<PortNode>(lines, text, out, parse_port_list);
}

}  // namespace bulkhead::signatures
