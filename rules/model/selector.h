// Which workloads a word list names: "ns=pay app in (api, worker) tier!=batch has owner".
//
// Words    k=v  k!=v  k in (a, b)  k not in (a, b)  has k  !has k; blanks join with AND. The keys ns,
//          node and pod are the workload's own; ns.K is label K of its namespace; others are labels.
//          label.K is label K even if K is a word of the format (ns, pod, any, on, ...), or begins with a digit,
//          ns. or label.
// Rules    as Kubernetes: != and "not in" also match when the key is missing, = and "in" never do.
// Thread   pure functions on values.
// Errors   parse_selector() answers a TextProblem with the place in the text.
// Tests    tests/unit/rules/model/selector_test.cpp, tests/fuzz/fuzz_policy_rule.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/model/workload.h"

namespace bulkhead::rules {

// What is wrong in a piece of text, by byte offset in it; the loader turns it into a Diagnostic.
struct TextProblem {
  std::size_t offset = 0;
  std::size_t length = 1;
  std::string code;
  std::string message;
  std::string hint;
};

struct Requirement {
  enum class Op : std::uint8_t { kIn, kNotIn, kHas, kNotHas };
  enum class Subject : std::uint8_t { kLabel, kNamespace, kNamespaceLabel, kNode, kPod };
  Subject subject = Subject::kLabel;
  std::string key;  // label key; empty for namespace, node and pod
  Op op = Op::kIn;
  std::vector<std::string> values;

  [[nodiscard]] bool matches(const Workload& workload) const;
  // Of a node: labels are the node's, `node` its name; it has no namespace and no pod.
  [[nodiscard]] bool matches(const Node& node) const;
  bool operator==(const Requirement&) const = default;
};

struct Selector {
  std::vector<Requirement> all;  // none: every workload

  // Never a host-network workload: it is its node.
  [[nodiscard]] bool matches(const Workload& workload) const;
  [[nodiscard]] bool matches(const Node& node) const;
  // The words again, in one spelling.
  [[nodiscard]] std::string to_string() const;
  bool operator==(const Selector&) const = default;
};

// "any" and "pods" are the selector without requirements.
[[nodiscard]] std::variant<Selector, TextProblem> parse_selector(std::string_view text);

}  // namespace bulkhead::rules
