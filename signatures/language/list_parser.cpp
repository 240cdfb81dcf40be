#include "signatures/language/list_parser.h"

#include <bit>
#include <charconv>

#include "signatures/language/parser.h"

namespace bulkhead::signatures {

namespace {

bool is_variable_name(std::string_view name) {
  if (name.empty()) return false;
  for (const char c : name) {
    const bool fine =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
    if (!fine) return false;
  }
  return true;
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 10.0.0.0/255.255.0.0: the prefix length of a dotted mask whose ones are all in front.
std::optional<unsigned> mask_length(std::string_view mask) {
  const auto address = IpAddress::parse(mask);
  if (!address || !address->is_v4()) return std::nullopt;
  const std::uint32_t bits = address->v4_host_order();
  const auto ones = static_cast<unsigned>(std::countl_one(bits));
  if (ones < 32 && (bits << ones) != 0) return std::nullopt;
  return ones;
}

std::optional<IpRange> parse_range(std::string_view word) {
  if (const std::size_t dash = word.find('-'); dash != std::string_view::npos) {
    const auto first = IpAddress::parse(word.substr(0, dash));
    const auto last = IpAddress::parse(word.substr(dash + 1));
    if (!first || !last || first->family() != last->family() || *last < *first) return std::nullopt;
    return IpRange{*first, *last};
  }
  if (const std::size_t slash = word.find('/'); slash != std::string_view::npos && word.find('.', slash) != word.npos) {
    const auto address = IpAddress::parse(word.substr(0, slash));
    const auto length = mask_length(word.substr(slash + 1));
    if (!address || !address->is_v4() || !length) return std::nullopt;
    return IpRange{address->network(*length), address->broadcast(*length)};
  }
  const auto prefix = IpPrefix::parse(word);
  if (!prefix) return std::nullopt;
  return IpRange{prefix->first(), prefix->last()};
}

struct AddressGrammar {
  using Node = AddressNode;
  static constexpr std::string_view kWhat = "address";
  static constexpr std::string_view kHint =
      "an address is any, $NAME, 10.0.0.1, 10.0.0.0/8, 10.0.0.1-10.0.0.9 or the same in IPv6";

  static bool parse_word(std::string_view word, Node& node) {
    const auto range = parse_range(word);
    if (!range) return false;
    node.kind = Node::Kind::kRange;
    node.range = *range;
    return true;
  }
};

struct PortGrammar {
  using Node = PortNode;
  static constexpr std::string_view kWhat = "port";
  static constexpr std::string_view kHint = "a port is any, $NAME, 80, 80:90, 80: or :80, each from 0 to 65535";

  static bool parse_word(std::string_view word, Node& node) {
    node.kind = Node::Kind::kRange;
    const std::size_t colon = word.find(':');
    const std::string_view low = word.substr(0, colon);
    const std::string_view high = colon == word.npos ? low : word.substr(colon + 1);
    const auto first = low.empty() ? std::optional<std::uint16_t>(0) : parse_number<std::uint16_t>(low);
    const auto last = high.empty() ? std::optional<std::uint16_t>(65535) : parse_number<std::uint16_t>(high);
    if (!first || !last || *last < *first) return false;
    node.first = *first;
    node.last = *last;
    return true;
  }
};

template <typename Grammar>
class ListParser {
 public:
  using Node = typename Grammar::Node;

  ListParser(HeaderLexer& lexer, const LineReporter& report) : lexer_(lexer), report_(report) {}

  std::optional<Node> run() {
    const std::string_view begin = lexer_.peek().text;
    Node list;
    list.kind = Node::Kind::kList;
    if (!parse_items(0, list.items)) return std::nullopt;
    if (list.items.size() == 1) return std::move(list.items.front());
    list.text = view_between(begin, last_);
    return list;
  }

 private:
  bool parse_items(unsigned depth, std::vector<Node>& items) {
    for (;;) {
      auto item = parse_item(depth);
      if (!item) return false;
      items.push_back(std::move(*item));
      if (!at_comma(depth)) return true;
      const Token comma = lexer_.take();
      if (ends_after_comma(depth)) {
        report_.warning(comma.text, code(".trailing_comma"), "the comma has no item behind it");
        return true;
      }
    }
  }

  bool at_comma(unsigned depth) const {
    const Token& token = lexer_.peek();
    return token.kind == TokenKind::kComma && (depth > 0 || !token.after_blank);
  }

  bool ends_after_comma(unsigned depth) const {
    return depth > 0 ? lexer_.peek().kind == TokenKind::kRightBracket : lexer_.peek().after_blank;
  }

  std::optional<Node> parse_item(unsigned depth) {
    const Token begin = lexer_.peek();
    bool negated = false;
    if (begin.kind == TokenKind::kBang) {
      negated = true;
      lexer_.take();
      if (depth == 0 && lexer_.peek().after_blank) {
        return fail(begin.text, ".syntax", "a blank after '!' ends the " + what() + " list here", "write !" + what());
      }
      if (lexer_.peek().kind == TokenKind::kBang) {
        return fail(lexer_.peek().text, ".double_negation", "'!' twice", "leave both out");
      }
    }
    auto node = lexer_.peek().kind == TokenKind::kLeftBracket ? parse_brackets(depth) : parse_word();
    if (node) node->negated = negated;
    return node;
  }

  std::optional<Node> parse_brackets(unsigned depth) {
    const Token open = lexer_.take();
    if (depth >= kMaxListDepth) {
      return fail(open.text, ".too_deep", "more than " + std::to_string(kMaxListDepth) + " lists inside each other");
    }
    if (lexer_.peek().kind == TokenKind::kRightBracket) {
      return fail(view_between(open.text, lexer_.peek().text), ".empty_list", "the " + what() + " list is empty");
    }
    Node list;
    list.kind = Node::Kind::kList;
    if (!parse_items(depth + 1, list.items)) return std::nullopt;
    const Token close = lexer_.peek();
    if (close.kind == TokenKind::kEnd || close.kind == TokenKind::kParenthesis) {
      return fail(open.text, ".unclosed_list", "no ']' closes this list");
    }
    if (close.kind != TokenKind::kRightBracket) {
      return fail(close.text, ".syntax", "expected ',' or ']' in the " + what() + " list", hint());
    }
    lexer_.take();
    last_ = close.text;
    list.text = view_between(open.text, close.text);
    return list;
  }

  std::optional<Node> parse_word() {
    const Token token = lexer_.peek();
    if (token.kind != TokenKind::kWord) {
      return fail(token.text, ".syntax", "expected " + article() + what(), hint());
    }
    lexer_.take();
    last_ = token.text;
    Node node;
    node.text = token.text;
    if (equals_ignoring_case(token.text, "any")) return node;
    if (token.text.front() == '$') {
      node.kind = Node::Kind::kVariable;
      if (is_variable_name(node.name())) return node;
      return fail(token.text, ".variable_name", "a variable name has letters, digits, '_' and '-'");
    }
    if (Grammar::parse_word(token.text, node)) return node;
    return fail(token.text, ".syntax", "\"" + printable(token.text) + "\" is not " + article() + what(), hint());
  }

  std::nullopt_t fail(std::string_view part, const char* suffix, std::string message, std::string hint_text = {}) {
    report_.error(part, code(suffix), std::move(message), std::move(hint_text));
    return std::nullopt;
  }

  static std::string code(const char* suffix) { return "signature." + std::string(Grammar::kWhat) + suffix; }
  static std::string what() { return std::string(Grammar::kWhat); }
  static std::string hint() { return std::string(Grammar::kHint); }
  static std::string article() { return Grammar::kWhat.front() == 'a' ? "an " : "a "; }

  HeaderLexer& lexer_;
  const LineReporter& report_;
  std::string_view last_;  // last token of the item read last
};

}  // namespace

std::optional<AddressNode> parse_address_list(HeaderLexer& lexer, const LineReporter& report) {
  return ListParser<AddressGrammar>(lexer, report).run();
}

std::optional<PortNode> parse_port_list(HeaderLexer& lexer, const LineReporter& report) {
  return ListParser<PortGrammar>(lexer, report).run();
}

}  // namespace bulkhead::signatures
