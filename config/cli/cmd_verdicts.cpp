// bulkhead verdicts: a list of flows in, the same list with the verdict behind each line out.
#include <cstdio>
#include <fstream>
#include <iostream>

#include "config/cli/commands.h"
#include "config/cli/policy_input.h"
#include "rules/classify/request_verdict.h"

namespace bulkhead::config::cli {

namespace {

using rules::RequestVerdict;

std::vector<std::string> columns(const std::string& line) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t tab = line.find('\t', at);
    out.push_back(line.substr(at, tab - at));
    if (tab == std::string::npos) return out;
    at = tab + 1;
  }
}

// The rule that decided, at the first query whose verdict is that of the whole.
std::string reason(const RequestVerdict& verdict, const rules::PolicyTable& table) {
  for (const rules::Decision& decision : verdict.decisions) {
    if (decision.allowed() == (verdict.word == RequestVerdict::Word::kDeny)) continue;
    if (decision.rule == rules::kNone) return "open";
    const rules::TableRule& rule = table.rules()[decision.rule];
    return rule.place().empty() ? rule.key : rule.key + "\t" + rule.place();
  }
  return "-";
}

class FlowList {
 public:
  FlowList(const VerdictsOptions& options, const rules::PolicyTablePtr& table)
      : options_(options), classifier_(table) {}

  int judge(std::istream& in) {
    std::string line;
    while (std::getline(in, line)) {
      ++number_;
      if (line.ends_with('\r')) line.pop_back();
      if (line.empty() || line[0] == '#') {
        std::printf("%s\n", line.c_str());
      } else if (number_ == 1 && line.starts_with("from\tto\t")) {
        std::printf("%s\tverdict%s\n", line.c_str(), options_.why ? "\trule\tplace" : "");
      } else if (!judge_line(line)) {
        return status_;
      }
    }
    return status_;
  }

 private:
  bool fail(const rules::TextProblem& problem) {
    std::fprintf(stderr, "%s:%zu: error[%s]: %s\n", options_.flows.c_str(), number_, problem.code.c_str(),
                 problem.message.c_str());
    if (!problem.hint.empty()) std::fprintf(stderr, "  hint: %s\n", problem.hint.c_str());
    status_ = kExitBadInput;
    return false;
  }

  bool judge_line(const std::string& line) {
    const std::vector<std::string> words = columns(line);
    if (words.size() < 5) {
      return fail({0, 1, "flow.columns", "a line has the columns from, to, family, proto and port, between tabs", ""});
    }
    rules::FlowRequest request;
    request.from = words[0];
    request.to = words[1];
    if (const auto wrong = rules::read_flow_words(words[2], words[3], words[4], request)) return fail(*wrong);
    const auto judged = rules::judge_request(classifier_, request);
    if (const auto* wrong = std::get_if<rules::TextProblem>(&judged)) return fail(*wrong);
    const RequestVerdict& verdict = std::get<RequestVerdict>(judged);
    std::printf("%s\t%s", line.c_str(), to_string(verdict.word));
    if (options_.why) std::printf("\t%s", reason(verdict, classifier_.table()).c_str());
    std::printf("\n");
    if (!options_.twin) return true;
    const std::string difference = rules::disagreement(classifier_, verdict);
    if (difference.empty()) return true;
    std::fprintf(stderr, "%s:%zu: %s\n", options_.flows.c_str(), number_, difference.c_str());
    status_ = kExitFailed;
    return true;
  }

  const VerdictsOptions& options_;
  rules::Classifier classifier_;
  std::size_t number_ = 0;
  int status_ = kExitFine;
};

}  // namespace

int cmd_verdicts(const VerdictsOptions& options) {
  const auto files = policy_files(options.policies);
  if (!files) return kExitBadInput;
  const rules::InventoryPtr inventory = load_inventory_or_print(options.inventory, options.quiet);
  if (inventory == nullptr) return kExitBadInput;
  const rules::PolicyTablePtr table = compile_or_print(*files, inventory, options.quiet);
  if (table == nullptr) return kExitBadInput;
  FlowList list(options, table);
  if (options.flows == "-") return list.judge(std::cin);
  std::ifstream file(options.flows);
  if (!file) {
    std::fprintf(stderr, "error: cannot read %s\n", options.flows.c_str());
    return kExitBadInput;
  }
  return list.judge(file);
}

}  // namespace bulkhead::config::cli
