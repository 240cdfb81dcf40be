// What the policies say about a flow that a person names; a service is all the workloads behind it.
//
// Thread   control thread. Tests  tests/unit/rules/classify/request_verdict_test.cpp, tests/policy/cases.py
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "rules/classify/classifier.h"
#include "rules/discovery/flow_request.h"

namespace bulkhead::rules {

struct RequestVerdict {
  enum class Word : std::uint8_t { kAllow, kDeny, kMixed, kNoAddress };  // kNoAddress: no address of that family
  Word word = Word::kNoAddress;
  std::vector<FlowQuery> queries;
  std::vector<Decision> decisions;  // of each query
};
[[nodiscard]] const char* to_string(RequestVerdict::Word word);  // allow, deny, mixed, -

[[nodiscard]] std::variant<RequestVerdict, TextProblem> judge_request(const Classifier& classifier,
                                                                      const FlowRequest& request);
// Where classifier and slow twin disagree, in words; empty: nowhere.
[[nodiscard]] std::string disagreement(const Classifier& classifier, const RequestVerdict& verdict);

}  // namespace bulkhead::rules
