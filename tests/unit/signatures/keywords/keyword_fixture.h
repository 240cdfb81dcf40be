// Applies options to a rule under construction, as resolve does, and keeps what came of it.
#pragma once

#include <memory>
#include <string>

#include "signatures/keywords/apply_option.h"
#include "signatures/keywords/rule_builder.h"
#include "signatures/language/parser.h"

namespace bulkhead::signatures::test {

class Built {
 public:
  // `options` without parentheses: "content:\"a\"; nocase;"
  explicit Built(const std::string& options, const std::string& header = "alert ip any any -> any any")
      : file_(parse_rules("t.rules", header + " (" + options + ")", out_)),
        classes_(parse_classifications(
            std::make_shared<const SourceFile>(
                "c", "config classification: bad,Bad Thing,2\nconfig classification: worse,Worse Thing,1\n"),
            out_)),
        references_(
            parse_references(std::make_shared<const SourceFile>("r", "config reference: cve http://cve/"), out_)),
        context_{&classes_, &references_, &names_, &datasets_} {
    if (file_.rules.empty()) return;
    builder_ = std::make_unique<RuleBuilder>(file_, file_.rules[0], context_, out_);
    for (const Option& option : file_.rules[0].options) apply_option(*builder_, option);
  }
  Built(const Built&) = delete;
  Built& operator=(const Built&) = delete;

  [[nodiscard]] Signature& signature() { return builder_->signature(); }
  [[nodiscard]] event::SignatureInfo& info() { return builder_->info(); }
  [[nodiscard]] RuleFacts& facts() { return builder_->facts(); }
  [[nodiscard]] VariableNames& names() { return names_; }
  [[nodiscard]] const Diagnostics& diagnostics() const { return out_; }
  [[nodiscard]] bool fine() const { return builder_ && !out_.has_errors(); }
  // "code@column+length" of the first diagnostic, "" when there is none. Columns count from the "(" of the default
  // header.
  [[nodiscard]] std::string place() const {
    if (out_.all().empty()) return "";
    const Diagnostic& d = out_.all().front();
    return d.code + "@" + std::to_string(d.span.column - 28) + "+" + std::to_string(d.span.length);
  }
  template <typename Op>
  [[nodiscard]] const Op& op(std::size_t index) {
    return std::get<Op>(signature().buffers.at(0).ops.at(index));
  }
  // Whether every condition of the rule holds for the input.
  [[nodiscard]] bool holds(const MatchInput& input) {
    for (const auto& condition : signature().conditions) {
      if (!condition->holds(input)) return false;
    }
    return true;
  }
  [[nodiscard]] bool holds(const decode::PacketView& packet) {
    MatchInput input;
    input.packet = &packet;
    return holds(input);
  }

 private:
  Diagnostics out_;
  RuleFile file_;
  ClassificationTable classes_;
  ReferenceTable references_;
  VariableNames names_;
  DatasetRegistry datasets_;
  RuleContext context_;
  std::unique_ptr<RuleBuilder> builder_;
};

}  // namespace bulkhead::signatures::test
