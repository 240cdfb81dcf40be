#include "signatures/keywords/rule_builder.h"

#include <algorithm>

#include "signatures/keywords/buffer_keywords.h"
#include "signatures/keywords/parse_number.h"

namespace bulkhead::signatures {

namespace {

bool one_of_many(BufferId buffer) {
  return is_application_buffer(buffer) &&
         app::buffer_entry(buffer_number(buffer)).def->kind == app::BufferDef::Kind::kMulti;
}

}  // namespace

bool RuleBuilder::error(std::string_view part, std::string code, std::string message, std::string hint) {
  failed_ = true;
  out_.error(span(part), std::move(code), std::move(message), std::move(hint));
  return false;
}

bool RuleBuilder::error_at(const SourcePlace& place, std::string code, std::string message, std::string hint) {
  failed_ = true;
  out_.error(place.in(file_.lines->file()), std::move(code), std::move(message), std::move(hint));
  return false;
}

bool RuleBuilder::warning(std::string_view part, std::string code, std::string message, std::string hint) {
  out_.warning(span(part), std::move(code), std::move(message), std::move(hint));
  return false;
}

bool RuleBuilder::claim(std::string_view& fact, const Option& option, const char* code) {
  if (!fact.empty()) return error(option.text, code, std::string(option.name) + " stands twice in this rule");
  fact = option.text;
  return true;
}

void RuleBuilder::select_buffer(BufferId buffer) {
  focused_ = false;
  transforms_.clear();
  sticky_ = false;
  use_program(buffer, {});
}

void RuleBuilder::use_program(BufferId buffer, const RareList<Transform>& transforms) {
  auto& buffers = signature_.buffers;
  for (current_ = 0; current_ < buffers.size(); ++current_) {
    if (buffers[current_].buffer == buffer && buffers[current_].transforms == transforms) return;
  }
  buffers.push_back({buffer, {}, transforms});
}

void RuleBuilder::select_sticky_buffer(const Option& option, BufferId buffer) {
  select_buffer(buffer);
  if (one_of_many(buffer) && !signature_.buffers[current_].ops.empty()) {  // named again: another one of them
    signature_.buffers.push_back({buffer, {}, {}});
    current_ = signature_.buffers.size() - 1;
  }
  sticky_ = true;
  facts_.sticky_buffers.emplace_back(option.text, buffer);
  mark_beyond_addresses(option);
}

bool RuleBuilder::add_transform(const Option& option, Transform transform) {
  if (sticky_ && (buffer() == BufferId::kSourceAddress || buffer() == BufferId::kDestinationAddress)) {
    return error(option.text, "signature.transform.address", "addresses cannot be transformed");
  }
  if (!sticky_ && buffer() != kUnbuilt) {  // a missing parser has been reported
    return error(option.text, "signature.transform.no_buffer",
                 std::string(option.name) + " needs a sticky buffer before it",
                 "the payload itself cannot be transformed");
  }
  transforms_.push_back(std::move(transform));
  return true;
}

const RareList<Transform>& RuleBuilder::transforms() const {
  if (!transforms_.empty() || signature_.buffers.empty()) return transforms_;
  return signature_.buffers[current_].transforms;
}

std::vector<PayloadOp>& RuleBuilder::payload(bool relative) {
  return relative && focused_ && !sticky_ ? signature_.buffers[focus_].ops : payload();
}

void RuleBuilder::add_to_buffer(BufferId buffer, PayloadOp op) {
  if (signature_.buffers.empty()) use_program(BufferId::kPayload, {});
  const std::size_t before = current_;
  use_program(buffer, {});
  focus_ = current_;
  focused_ = true;
  signature_.buffers[current_].ops.push_back(std::move(op));
  current_ = before;
}

const std::vector<PayloadOp>* RuleBuilder::ops_of(BufferId buffer) const {
  for (const BufferProgram& program : signature_.buffers) {
    if (program.buffer == buffer) return &program.ops;
  }
  return nullptr;
}

std::vector<PayloadOp>& RuleBuilder::payload() {
  focused_ = false;
  if (signature_.buffers.empty()) use_program(BufferId::kPayload, {});
  if (!transforms_.empty()) {
    use_program(buffer(), transforms_);
    transforms_.clear();
  }
  return signature_.buffers[current_].ops;
}

void RuleBuilder::move_last_content(BufferId buffer) {
  auto& ops = payload();
  for (std::size_t i = ops.size(); i-- > 0;) {
    if (!std::holds_alternative<ContentOp>(ops[i])) continue;
    PayloadOp op = std::move(ops[i]);
    ops.erase(ops.begin() + static_cast<std::ptrdiff_t>(i));
    add_to_buffer(buffer, std::move(op));
    return;
  }
}

DatasetPtr RuleBuilder::open_dataset(const DatasetRequest& request, const Option& option) {
  looks_outside_ = true;
  if (context_.datasets == nullptr) {
    error(option.text, "signature.dataset.unavailable", "there are no sets here");
    return nullptr;
  }
  const std::size_t errors = out_.error_count();
  DatasetPtr set = context_.datasets->open(request, file_.lines->file()->name(), span(option.text), out_);
  if (out_.error_count() == errors) return set;
  failed_ = true;
  return nullptr;
}

ContentOp* RuleBuilder::content_before(const Option& option) {
  if (!signature_.buffers.empty()) {
    auto& ops = signature_.buffers[focused_ ? focus_ : current_].ops;
    for (auto op = ops.rbegin(); op != ops.rend(); ++op) {
      if (auto* content = std::get_if<ContentOp>(&*op)) return content;
    }
  }
  error(option.text, "signature." + to_lower(option.name) + ".no_content",
        std::string(option.name) + " needs a content before it");
  return nullptr;
}

bool RuleBuilder::names_protocol() const {
  const auto is_of_protocol = [](const BufferProgram& p) {
    return p.buffer >= BufferId::kFirstApplication && p.buffer != kUnbuilt;
  };
  return signature_.protocol == RuleProtocol::kApplication || !signature_.transaction_conditions.empty() ||
         std::any_of(signature_.buffers.begin(), signature_.buffers.end(), is_of_protocol);
}

ContentOp* RuleBuilder::content_to_move(const Option& option) {
  auto& ops = payload();
  for (auto op = ops.rbegin(); op != ops.rend(); ++op) {
    if (auto* content = std::get_if<ContentOp>(&*op)) return content;
  }
  error(option.text, "signature." + to_lower(option.name) + ".no_content",
        std::string(option.name) + " needs a content before it that is not in a buffer yet");
  return nullptr;
}

ContentOp* RuleBuilder::content_before_last() {
  bool skipped = false;
  auto& ops = signature_.buffers[focused_ ? focus_ : current_].ops;
  for (auto op = ops.rbegin(); op != ops.rend(); ++op) {
    auto* content = std::get_if<ContentOp>(&*op);
    if (content == nullptr) continue;
    if (skipped) return content;
    skipped = true;
  }
  return nullptr;
}

std::int16_t RuleBuilder::define_variable(std::string_view name) {
  const auto [entry, is_new] = variables_.emplace(name, signature_.variable_slots);
  if (is_new) ++signature_.variable_slots;
  return entry->second;
}

std::optional<Value> RuleBuilder::value(std::string_view text, std::int64_t low, std::int64_t high,
                                        const std::string& code) {
  Value value;
  if (const auto number = parse_number<std::int64_t>(text)) {
    value.number = *number;
    if (*number >= low && *number <= high) return value;
    error(text, code + ".range",
          std::string(text) + " is not between " + std::to_string(low) + " and " + std::to_string(high));
    return std::nullopt;
  }
  const auto variable = variables_.find(text);
  if (variable == variables_.end()) {
    error(text, code + ".variable",
          "\"" + printable(text) + "\" is neither a number nor a variable that byte_extract or byte_math set before");
    return std::nullopt;
  }
  value.slot = variable->second;
  return value;
}

std::string RuleBuilder::describe(const Option& option) {
  std::string text(option.name);
  if (option.has_value && !option.value.empty()) text.append(":").append(option.value);
  return text;
}

}  // namespace bulkhead::signatures
