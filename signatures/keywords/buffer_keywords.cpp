#include "signatures/keywords/buffer_keywords.h"

#include <deque>
#include <string>

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply_sticky(RuleBuilder& builder, const Option& option) {
  const app::BufferEntry* entry = app::find_buffer(to_lower(option.name));
  if (entry != nullptr) builder.select_sticky_buffer(option, buffer_id(entry->number));
}

void apply_modifier(RuleBuilder& builder, const Option& option) {
  const app::BufferEntry* entry = app::find_buffer_by_modifier(to_lower(option.name));
  if (entry == nullptr) return;
  if (builder.buffer() != BufferId::kPayload && builder.buffer() != RuleBuilder::kUnbuilt) {
    builder.error(
        option.text, "signature.buffer.modifier", std::string(option.name) + " stands behind a sticky buffer",
        "write " + std::string(entry->def->keyword) + "; before the content, or pkt_data; to leave the buffer");
    return;
  }
  const ContentOp* content = builder.content_to_move(option);
  if (content == nullptr) return;
  if (content->raw_bytes) {
    builder.error(option.text, "signature.buffer.raw_bytes", "a buffer of a protocol has no raw bytes");
    return;
  }
  builder.mark_beyond_addresses(option);
  builder.move_last_content(buffer_id(entry->number));
}

}  // namespace

const std::vector<Keyword>& buffer_keywords() {
  static std::deque<std::string> texts;  // the views of the keywords
  static const std::vector<Keyword> keywords = [] {
    std::vector<Keyword> all;
    const auto keep = [](std::string text) { return std::string_view(texts.emplace_back(std::move(text))); };
    for (const app::BufferEntry& entry : app::all_buffers()) {
      const std::string name(entry.def->keyword);
      all.push_back({.name = entry.def->keyword,
                     .alias = entry.def->alias,
                     .value = Keyword::Value::kNone,
                     .prefilter = Keyword::Prefilter::kNoCondition,
                     .syntax = keep(name + ";"),
                     .help = entry.def->help,
                     .example = keep(name + "; content:\"x\";"),
                     .apply = apply_sticky});
      if (entry.def->modifier.empty()) continue;
      const std::string modifier(entry.def->modifier);
      all.push_back({.name = entry.def->modifier,
                     .value = Keyword::Value::kNone,
                     .prefilter = Keyword::Prefilter::kNoCondition,
                     .syntax = keep(modifier + ";"),
                     .help = keep("The content before it is looked for in " + name),
                     .example = keep("content:\"x\"; " + modifier + ";"),
                     .apply = apply_modifier});
    }
    return all;
  }();
  return keywords;
}

}  // namespace bulkhead::signatures
