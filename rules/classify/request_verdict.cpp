#include "rules/classify/request_verdict.h"

#include <algorithm>

#include "rules/classify/plain_verdict.h"
#include "rules/compile/explain.h"

namespace bulkhead::rules {

const char* to_string(RequestVerdict::Word word) {
  switch (word) {
    case RequestVerdict::Word::kAllow: return "allow";
    case RequestVerdict::Word::kDeny: return "deny";
    case RequestVerdict::Word::kMixed: return "mixed";
    case RequestVerdict::Word::kNoAddress: return "-";
  }
  return "-";
}

std::variant<RequestVerdict, TextProblem> judge_request(const Classifier& classifier, const FlowRequest& request) {
  const auto flows = requested_flows(classifier.table().inventory(), request);
  if (const auto* wrong = std::get_if<TextProblem>(&flows)) return *wrong;
  RequestVerdict out;
  for (const RequestedFlow& flow : std::get<std::vector<RequestedFlow>>(flows)) {
    out.queries.push_back({flow.tuple, request.icmp_type, request.icmp_code, flow.through_service});
    out.decisions.push_back(classifier.classify(out.queries.back()));
  }
  const auto allowed = std::count_if(out.decisions.begin(), out.decisions.end(),
                                     [](const Decision& decision) { return decision.allowed(); });
  if (out.decisions.empty()) return out;
  out.word = allowed == 0                                                   ? RequestVerdict::Word::kDeny
             : allowed == static_cast<std::ptrdiff_t>(out.decisions.size()) ? RequestVerdict::Word::kAllow
                                                                            : RequestVerdict::Word::kMixed;
  return out;
}

std::string disagreement(const Classifier& classifier, const RequestVerdict& verdict) {
  const PolicyTable& table = classifier.table();
  for (std::size_t i = 0; i < verdict.queries.size(); ++i) {
    const PlainVerdict plain = plain_verdict(table.model(), table.inventory(), verdict.queries[i]);
    const Decision& fast = verdict.decisions[i];
    const std::string rule = fast.rule == kNone ? "" : table.rules()[fast.rule].key;
    if (fast.action == plain.action && rule == plain.rule) continue;
    return describe(verdict.queries[i]) + ": classifier " + to_string(fast.action) + " (" + rule + "), plain reading " +
           to_string(plain.action) + " (" + plain.rule + ")";
  }
  return {};
}

}  // namespace bulkhead::rules
