// pcre: a Perl compatible regular expression on the payload.
//
//   pcre:[!]"/EXPRESSION/FLAGS[, flow:NAME][, pkt:NAME]"
//   FLAGS    i caseless, s dot matches newline, m ^ and $ at every line, x blanks do not count, A at the start only,
//            E $ at the very end only, G least instead of most, R relative to the match before, B and O of no effect
//   pcre:"/user=([a-z]+)/i, flow:user";
//
// Names behind the flags take the captured groups in order; a group (?P<flow_NAME>...) or (?P<pkt_NAME>...) names
// itself. Flags U I P Q H D M C S Y V W look at an HTTP buffer.
#include <algorithm>
#include <optional>

#include "signatures/keywords/buffer_keywords.h"
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

struct Parts {
  std::string_view expression, flags, names;
};

// A slash that one backslash precedes; two of them are a backslash of their own.
bool is_escaped(std::string_view text, std::size_t at) {
  return at > 0 && text[at - 1] == '\\' && (at < 2 || text[at - 2] != '\\');
}

// "/expression/flags, names": the expression ends at the last slash that is not escaped.
std::optional<Parts> take_apart(std::string_view text) {
  const std::size_t open = text.find('/');
  std::size_t close = text.rfind('/');
  while (open != text.npos && close != text.npos && close > open && is_escaped(text, close)) {
    close = text.rfind('/', close - 1);
  }
  if (open == text.npos || close == text.npos || close <= open) return std::nullopt;
  const std::string_view rest = text.substr(close + 1);
  const std::size_t comma = rest.find(',');
  return Parts{text.substr(open + 1, close - open - 1), rest.substr(0, comma),
               comma == rest.npos ? std::string_view() : rest.substr(comma + 1)};
}

bool take_flags(RuleBuilder& builder, std::string_view flags, PcreOp& op, const app::BufferEntry*& buffer) {
  for (std::size_t i = 0; i < flags.size(); ++i) {
    switch (flags[i]) {
      case 'i': op.caseless = true; break;
      case 's': op.dotall = true; break;
      case 'm': op.multiline = true; break;
      case 'x': op.extended = true; break;
      case 'A': op.anchored = true; break;
      case 'E': op.dollar_end_only = true; break;
      case 'G': op.ungreedy = true; break;
      case 'R': op.relative = true; break;
      case 'B': op.raw_bytes = true; break;
      case 'O': break;  // lifts a match limit that is ours to choose
      default:
        if (const app::BufferEntry* named = app::find_buffer_by_pcre_flag(flags[i])) {
          if (buffer != nullptr) {
            return builder.error(flags.substr(i, 1), "signature.pcre.buffers", "two flags name a buffer");
          }
          buffer = named;
          break;
        }
        return builder.error(flags.substr(i, 1), "signature.pcre.flag", "not a flag of pcre");
    }
  }
  return true;
}

std::optional<PcreOp::Capture> parse_capture(RuleBuilder& builder, std::string_view text) {
  for (const std::string_view scope : {"flow", "pkt"}) {
    if (!text.starts_with(scope) || text.size() <= scope.size() + 1 || text[scope.size()] != ':') continue;
    const std::string_view name = text.substr(scope.size() + 1);
    return PcreOp::Capture{scope.front(), std::string(name), builder.names().captures.id(name)};
  }
  builder.error(text, "signature.pcre.capture", "expected flow:NAME or pkt:NAME");
  return std::nullopt;
}

// Calls with the name ("" when it has none) of each capturing group, in order.
template <typename Each>
void for_each_group(std::string_view e, Each each) {
  bool in_class = false;
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (e[i] == '\\') {
      ++i;
    } else if (in_class) {
      in_class = e[i] != ']';
    } else if (e[i] == '[') {
      in_class = true;
      if (i + 1 < e.size() && e[i + 1] == '^') ++i;
      if (i + 1 < e.size() && e[i + 1] == ']') ++i;  // a first ']' belongs to the class
    } else if (e[i] == '(') {
      std::string_view rest = e.substr(i + 1);
      if (!rest.starts_with('?') && !rest.starts_with('*')) {
        each(std::string_view());
        continue;
      }
      const std::size_t open = rest.starts_with("?P<") ? 3 : rest.starts_with("?<") || rest.starts_with("?'") ? 2 : 0;
      if (open == 0 || rest.size() <= open || rest[open] == '=' || rest[open] == '!') continue;
      rest.remove_prefix(open);
      each(rest.substr(0, rest.find_first_of(">'")));
    }
  }
}

bool take_captures(RuleBuilder& builder, const Option& option, std::string_view names, PcreOp& op) {
  std::size_t groups = 0;
  std::vector<PcreOp::Capture> named;
  for_each_group(op.pattern, [&](std::string_view name) {
    ++groups;
    const bool flow = name.starts_with("flow_");
    if (!flow && !name.starts_with("pkt_")) return;
    const std::string_view bare = name.substr(flow ? 5 : 4);
    named.resize(groups);
    named.back() = {flow ? 'f' : 'p', std::string(bare), builder.names().captures.id(bare)};
  });
  op.captures = std::move(named);
  if (names.empty()) return true;
  op.captures.clear();
  for (const std::string_view text : split(names, ',')) {
    auto capture = parse_capture(builder, text.empty() ? names : text);
    if (!capture) return false;
    op.captures.push_back(std::move(*capture));
  }
  if (op.captures.size() <= std::max<std::size_t>(groups, 1)) return true;
  return builder.error(option.argument, "signature.pcre.captures",
                       "there are more names than groups in parentheses (" + std::to_string(groups) + ")");
}

bool has_match_before(RuleBuilder& builder, const app::BufferEntry* buffer) {
  const std::vector<PayloadOp>* const ops =
      buffer != nullptr ? builder.ops_of(buffer_id(buffer->number)) : &builder.payload(true);
  if (ops == nullptr) return false;
  for (const PayloadOp& op : *ops) {
    if (std::holds_alternative<ContentOp>(op) || std::holds_alternative<PcreOp>(op)) return true;
  }
  return false;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = take_apart(option.argument);
  if (!parts) {
    builder.error(option.argument, "signature.pcre.syntax", "expected /expression/flags");
    return;
  }
  PcreOp op;
  op.span = builder.span(option.text);
  op.negated = option.negated;
  op.pattern = parts->expression;
  const app::BufferEntry* buffer = nullptr;
  if (!take_flags(builder, parts->flags, op, buffer) || !take_captures(builder, option, parts->names, op)) return;
  // Behind a sticky buffer the start of the buffer stands in for a match, as in Suricata.
  const bool sticky = buffer == nullptr && builder.buffer() != BufferId::kPayload;
  if (op.relative && !sticky && !has_match_before(builder, buffer)) {
    builder.error(option.text, "signature.pcre.relative", "flag R needs a content or pcre before it in this buffer");
    return;
  }
  if (buffer != nullptr && builder.buffer() != BufferId::kPayload && builder.buffer() != RuleBuilder::kUnbuilt &&
      builder.buffer() != buffer_id(buffer->number)) {
    builder.error(option.text, "signature.pcre.sticky", "the flags name another buffer than the sticky one before it",
                  "leave the flag out, or put " + std::string(buffer->def->keyword) + "; before the expression");
    return;
  }
  if (buffer != nullptr && op.raw_bytes) {
    const std::size_t at = parts->flags.find('B');
    builder.error(parts->flags.substr(at, 1), "signature.pcre.raw_bytes", "a buffer of a protocol has no raw bytes");
    return;
  }
  if (buffer != nullptr) {
    builder.mark_beyond_addresses(option);
    builder.add_to_buffer(buffer_id(buffer->number), std::move(op));
    return;
  }
  builder.payload(op.relative).emplace_back(std::move(op));
}

}  // namespace

const Keyword& keyword_pcre() {
  static constexpr Keyword keyword{.name = "pcre",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .may_negate = true,
                                   .syntax = "pcre:[!]\"/EXPRESSION/FLAGS[, flow:NAME][, pkt:NAME]\";",
                                   .help = "A Perl compatible regular expression on the payload.",
                                   .example = "pcre:\"/user=([a-z]+)/i, flow:user\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
