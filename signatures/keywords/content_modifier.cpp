#include "signatures/keywords/content_modifier.h"

namespace bulkhead::signatures {

namespace {

bool is_absolute(const ContentOp& content) {
  return content.has_depth || content.has_offset || content.starts_with;
}

std::string code(const Option& option, const char* suffix) {
  return "signature." + to_lower(option.name) + suffix;
}

bool check_common(RuleBuilder& builder, const ContentOp& content, const Option& option, bool given) {
  if (given) {
    return builder.error(option.text, code(option, ".duplicate"),
                         std::string(option.name) + " stands twice for this content");
  }
  if (content.fast_pattern_only) {
    return builder.error(option.text, code(option, ".fast_pattern_only"),
                         "a content with fast_pattern:only has no position", "write fast_pattern without :only");
  }
  return true;
}

bool mixed(RuleBuilder& builder, const Option& option) {
  return builder.error(option.text, code(option, ".mixed"),
                       "depth, offset and startswith count from the start of the payload, distance and within from the "
                       "match before: a content has one kind");
}

}  // namespace

bool may_be_absolute(RuleBuilder& builder, const ContentOp& content, const Option& option, bool given) {
  if (content.starts_with) {
    return builder.error(option.text, code(option, ".startswith"), "startswith already says where the content stands");
  }
  if (!check_common(builder, content, option, given)) return false;
  return content.relative ? mixed(builder, option) : true;
}

bool may_be_relative(RuleBuilder& builder, const ContentOp& content, const Option& option, bool given) {
  if (!check_common(builder, content, option, given)) return false;
  if (is_absolute(content)) return mixed(builder, option);
  const ContentOp* before = builder.content_before_last();
  if (before == nullptr || !before->fast_pattern_only) return true;
  return builder.error(option.text, code(option, ".after_fast_pattern_only"),
                       "the content before has fast_pattern:only, so it has no position to count from",
                       "write fast_pattern without :only");
}

}  // namespace bulkhead::signatures
