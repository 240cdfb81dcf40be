// flow: direction and state of the conversation, and which payload is looked at.
//
//   flow:WORD[,WORD ...]
//   to_server, from_client        packets of the client          to_client, from_server    packets of the server
//   established, not_established  both sides have been heard (TCP: the handshake is complete), or not
//   stateless                     whatever the state
//   only_stream, no_stream        payload from the reassembled stream alone, or from single packets alone
//   only_frag, no_frag            packets that were reassembled from fragments, or not
//   flow:established,to_server;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

// One word of the keyword: its flag and those it excludes.
struct Word {
  std::string_view name;
  bool FlowRequirement::*flag;
  bool FlowRequirement::*excluded[2];
};
constexpr Word kWords[] = {
    {"to_server", &FlowRequirement::to_server, {&FlowRequirement::to_client, nullptr}},
    {"from_client", &FlowRequirement::to_server, {&FlowRequirement::to_client, nullptr}},
    {"to_client", &FlowRequirement::to_client, {&FlowRequirement::to_server, nullptr}},
    {"from_server", &FlowRequirement::to_client, {&FlowRequirement::to_server, nullptr}},
    {"established", &FlowRequirement::established, {&FlowRequirement::not_established, &FlowRequirement::stateless}},
    {"not_established", &FlowRequirement::not_established, {&FlowRequirement::established, nullptr}},
    {"stateless", &FlowRequirement::stateless, {&FlowRequirement::established, nullptr}},
    {"only_stream", &FlowRequirement::only_stream, {&FlowRequirement::no_stream, nullptr}},
    {"no_stream", &FlowRequirement::no_stream, {&FlowRequirement::only_stream, nullptr}},
    {"only_frag", &FlowRequirement::only_fragment, {&FlowRequirement::no_fragment, nullptr}},
    {"no_frag", &FlowRequirement::no_fragment, {&FlowRequirement::only_fragment, nullptr}},
};

const Word* find_word(std::string_view text) {
  for (const Word& word : kWords) {
    if (equals_ignoring_case(word.name, text)) return &word;
  }
  return nullptr;
}

bool take(RuleBuilder& builder, std::string_view text) {
  const Word* word = find_word(text);
  if (word == nullptr) {
    std::vector<std::string> names;
    for (const Word& known : kWords) names.emplace_back(known.name);
    const std::string near = nearest_word(to_lower(text), names);
    return builder.error(text, "signature.flow.word", "\"" + printable(text) + "\" is no word of flow",
                         near.empty() ? "" : "did you mean " + near + "?");
  }
  FlowRequirement& flow = builder.signature().flow;
  if (flow.*word->flag) {
    return builder.error(text, "signature.flow.duplicate", std::string(word->name) + " is already said in this rule");
  }
  for (const auto excluded : word->excluded) {
    if (excluded == nullptr || !(flow.*excluded)) continue;
    return builder.error(text, "signature.flow.conflict",
                         std::string(word->name) + " contradicts an earlier word of flow");
  }
  flow.*word->flag = true;
  return true;
}

void apply(RuleBuilder& builder, const Option& option) {
  builder.mark_beyond_addresses(option);
  FlowRequirement& flow = builder.signature().flow;
  if (flow.established || flow.not_established || flow.stateless || flow.only_stream || flow.only_fragment ||
      flow.no_fragment) {
    builder.error(option.text, "signature.flow.twice", "a second flow in this rule",
                  "say everything in one: flow:established,to_server");
    return;
  }
  flow.present = true;
  for (const std::string_view text : split(option.value, ',')) {
    if (!take(builder, text.empty() ? option.value : text)) return;
  }
  if (flow.no_stream && builder.facts().packet_keyword.empty()) builder.facts().packet_keyword = option.text;
}

}  // namespace

const Keyword& keyword_flow() {
  static constexpr Keyword keyword{.name = "flow",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "flow:WORD[,WORD ...];",
                                   .help = "Direction and state of the conversation.",
                                   .example = "flow:established,to_server;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
