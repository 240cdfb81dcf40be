// The rule under construction, as keywords see it: what to add to, where errors go, and what the
// options so far have said.
//
// Thread   control thread only; one per rule.
// Use      resolve.cpp makes one, applies each option's keyword in order, then checks the whole.
// Errors   diagnostics with the span of the part given; failed() afterwards. Nothing throws.
// Tests    tests/unit/signatures/keywords/
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signatures/compile/signature.h"
#include "signatures/data/dataset_registry.h"
#include "signatures/data/geo_database.h"
#include "signatures/data/reputation.h"
#include "signatures/keywords/keyword.h"
#include "signatures/keywords/number_test.h"
#include "signatures/keywords/variable_names.h"
#include "signatures/language/ast.h"
#include "signatures/language/classification.h"
#include "signatures/language/reference_config.h"

namespace bulkhead::signatures {

// What all rules of a load share. The tables may be null: every class and reference is then unknown, without warning.
struct RuleContext {
  const ClassificationTable* classifications = nullptr;
  const ReferenceTable* references = nullptr;
  VariableNames* names = nullptr;       // never null
  DatasetRegistry* datasets = nullptr;  // null: rules that use sets are refused
  ReputationTablePtr reputation;        // null: no lists
  GeoDatabasePtr geo;                   // null: no database
};

// What the options have said that the Signature itself does not hold. Views are parts of the rule;
// empty: not said.
struct RuleFacts {
  std::string_view sid, rev, msg, priority, classtype, dsize, threshold, detection_filter, target, prefilter,
      fast_pattern;
  std::string_view packet_keyword;    // first condition on single packets: ttl, flags, dsize ...
  std::string_view beyond_addresses;  // first option that makes a rule more than "IP only"
  std::string_view ip_proto;          // first exact ip_proto
  std::optional<NumberTest> dsize_test;
  std::vector<std::pair<std::string_view, BufferId>> sticky_buffers;  // in rule order
  bool uses_stream_size = false;
  bool decode_event = false;
  bool base64_decode = false;
  std::size_t application_conditions = 0;  // app-layer-protocol options
  std::shared_ptr<bool> application_once =
      std::make_shared<bool>(true);   // they hold once a direction; set by rule_checks
  bool positive_application = false;  // app-layer-protocol without '!'
  bool negative_application = false;  // app-layer-protocol with '!'
  std::uint8_t class_priority = 3;
  const Keyword* last_condition = nullptr;
};

class RuleBuilder {
 public:
  RuleBuilder(const RuleFile& file, const Rule& rule, const RuleContext& context, Diagnostics& out)
      : file_(file), rule_(rule), context_(context), out_(out) {}

  [[nodiscard]] Signature& signature() { return signature_; }
  [[nodiscard]] event::SignatureInfo& info() { return info_; }
  [[nodiscard]] RuleFacts& facts() { return facts_; }
  [[nodiscard]] const Rule& rule() const { return rule_; }
  [[nodiscard]] const RuleContext& context() const { return context_; }
  [[nodiscard]] VariableNames& names() { return *context_.names; }
  [[nodiscard]] SourceSpan span(std::string_view part) const { return file_.span(part); }

  // Both answer false, so that a parser can end with them.
  bool error(std::string_view part, std::string code, std::string message, std::string hint = {});
  bool error_at(const SourcePlace& place, std::string code, std::string message, std::string hint = {});
  bool warning(std::string_view part, std::string code, std::string message, std::string hint = {});
  [[nodiscard]] bool failed() const { return failed_; }
  // The rule is sound and could still never match here: it is left out, with a warning.
  void leave_out(std::string_view part, std::string code, std::string message, std::string hint = {}) {
    left_out_ = true;
    warning(part, std::move(code), std::move(message), std::move(hint));
  }
  [[nodiscard]] bool left_out() const { return left_out_; }

  // What does not stand in the rule files, and may be another thing at the next load: sets, lists, databases.
  [[nodiscard]] const ReputationTablePtr& reputation() {
    looks_outside_ = true;
    return context_.reputation;
  }
  [[nodiscard]] const GeoDatabasePtr& geo() {
    looks_outside_ = true;
    return context_.geo;
  }
  [[nodiscard]] bool looks_outside() const { return looks_outside_; }

  // Marks an option that may stand once; on the second one an error with `code`, and false.
  bool claim(std::string_view& fact, const Option& option, const char* code);

  // --- payload ---
  // Options that follow speak of this buffer. kUnbuilt stands in for those whose parser is missing, so that
  // one missing parser is one error.
  static constexpr BufferId kUnbuilt = BufferId{0xffff};
  void select_buffer(BufferId buffer);
  // The same, of a buffer that was named: it must then be looked at, and transforms may follow.
  void select_sticky_buffer(const Option& option, BufferId buffer);
  // A sticky buffer that makes the rule one for single packets: ipv4.hdr, tcp.hdr ...
  void select_header_buffer(const Option& option, BufferId buffer) {
    if (facts_.packet_keyword.empty()) facts_.packet_keyword = option.text;
    select_sticky_buffer(option, buffer);
  }
  // Transforms were given and nothing has looked at what they make.
  [[nodiscard]] bool has_open_transforms() const { return !transforms_.empty(); }
  // What follows looks at the sticky buffer changed by `transform`, behind those that are given already.
  bool add_transform(const Option& option, Transform transform);
  // The transforms that act on the content to come.
  [[nodiscard]] const RareList<Transform>& transforms() const;
  // The ops of the buffer that options now speak of.
  [[nodiscard]] std::vector<PayloadOp>& payload();
  // The same; a relative option without a sticky buffer follows the match before, wherever a modifier has put it.
  [[nodiscard]] std::vector<PayloadOp>& payload(bool relative);
  // Adds to a buffer without selecting it for what follows.
  void add_to_buffer(BufferId buffer, PayloadOp op);
  // What the buffer holds so far; null: it has not been named.
  [[nodiscard]] const std::vector<PayloadOp>* ops_of(BufferId buffer) const;
  void add_transaction_condition(TransactionCondition condition) {
    signature_.transaction_conditions.push_back(std::move(condition));
  }
  [[nodiscard]] BufferId buffer() const {
    return signature_.buffers.empty() ? BufferId::kPayload : signature_.buffers[current_].buffer;
  }
  // The header, or an option so far, is of a protocol.
  [[nodiscard]] bool names_protocol() const;
  // Takes the last content of the current buffer, if any, into another one.
  void move_last_content(BufferId buffer);
  // The content that a modifier changes: the last one of the buffer. Null with an error when there is none.
  [[nodiscard]] ContentOp* content_before(const Option& option);
  // The content that a modifier takes into another buffer: it is still in the payload.
  [[nodiscard]] ContentOp* content_to_move(const Option& option);
  // The content before that, or null.
  [[nodiscard]] ContentOp* content_before_last();

  // Null after an error.
  [[nodiscard]] DatasetPtr open_dataset(const DatasetRequest& request, const Option& option);

  // --- byte_extract and byte_math variables ---
  std::int16_t define_variable(std::string_view name);
  // A number in [low, high], or the name of a variable defined before; an error otherwise.
  [[nodiscard]] std::optional<Value> value(std::string_view text, std::int64_t low, std::int64_t high,
                                           const std::string& code);

  // --- conditions ---
  // `holds` looks at the packet alone: the rule is then inspected packet by packet, not on streams.
  template <typename Holds>
  void add_packet_condition(const Option& option, Holds holds) {
    if (facts_.packet_keyword.empty()) facts_.packet_keyword = option.text;
    add_condition(option, std::move(holds));
  }
  // ip_proto: on single packets too, but a rule with it alone is still decided by addresses.
  template <typename Holds>
  void add_protocol_condition(const Option& option, Holds holds) {
    if (facts_.packet_keyword.empty()) facts_.packet_keyword = option.text;
    push_condition(option, std::move(holds), PacketCondition::Gate::kNone);
  }
  // `holds` looks at the addresses alone: the rule may still be decided once per flow and direction.
  template <typename Holds>
  void add_address_condition(const Option& option, Holds holds) {
    push_condition(option, std::move(holds), PacketCondition::Gate::kNone);
  }
  // `holds` is of no consequence for how payload is inspected.
  template <typename Holds>
  void add_condition(const Option& option, Holds holds, PacketCondition::Gate gate = PacketCondition::Gate::kNone) {
    mark_beyond_addresses(option);
    push_condition(option, std::move(holds), gate);
  }
  void mark_beyond_addresses(const Option& option) {
    if (facts_.beyond_addresses.empty()) facts_.beyond_addresses = option.text;
  }

 private:
  template <typename Holds>
  class Condition final : public PacketCondition {
   public:
    Condition(std::string text, Holds holds, Gate gate)
        : text_(std::move(text)), holds_(std::move(holds)), gate_(gate) {}
    [[nodiscard]] bool holds(const MatchInput& input) const override { return holds_(input); }
    [[nodiscard]] std::string describe() const override { return text_; }
    [[nodiscard]] Gate gate() const override { return gate_; }

   private:
    std::string text_;
    Holds holds_;
    Gate gate_;
  };

  template <typename Holds>
  void push_condition(const Option& option, Holds holds, PacketCondition::Gate gate) {
    signature_.conditions.push_back(std::make_shared<const Condition<Holds>>(describe(option), std::move(holds), gate));
  }
  static std::string describe(const Option& option);
  void use_program(BufferId buffer, const RareList<Transform>& transforms);

  const RuleFile& file_;
  const Rule& rule_;
  const RuleContext& context_;
  Diagnostics& out_;
  Signature signature_;
  event::SignatureInfo info_;
  RuleFacts facts_;
  std::map<std::string, std::int16_t, std::less<>> variables_;
  std::size_t focus_ = 0;           // index of the buffer that holds the last content or match
  bool focused_ = false;            // focus_ is not current_
  std::size_t current_ = 0;         // index into signature_.buffers
  RareList<Transform> transforms_;  // given since the last option that looked at the buffer
  bool sticky_ = false;             // a buffer was named, and neither pkt_data nor base64_data since
  bool failed_ = false;
  bool left_out_ = false;
  bool looks_outside_ = false;
};

}  // namespace bulkhead::signatures
