// bulkhead explain: why a flow is allowed or denied, and the smallest edit that changes it.
#include <cstdio>

#include "config/cli/commands.h"
#include "config/cli/packet_of_capture.h"
#include "config/cli/policy_input.h"
#include "rules/classify/edit_search.h"
#include "rules/classify/request_verdict.h"
#include "rules/compile/explain.h"

namespace bulkhead::config::cli {

namespace {

int fail(const rules::TextProblem& problem) {
  std::fprintf(stderr, "error[%s]: %s\n", problem.code.c_str(), problem.message.c_str());
  if (!problem.hint.empty()) std::fprintf(stderr, "  hint: %s\n", problem.hint.c_str());
  return kExitBadInput;
}

void explain_one(const rules::PolicyTable& table, const rules::FlowQuery& query, bool with_edit) {
  const rules::Explanation why = rules::explain(table, query);
  std::fputs(why.to_string(table).c_str(), stdout);
  if (!with_edit || why.always_open) return;
  const char* other = why.action == rules::Action::kAllow ? "denies" : "allows";
  if (const auto edit = rules::smallest_edit(table, query)) {
    std::printf("smallest edit that %s it (compiled and judged):\n%s", other, edit->to_string().c_str());
  } else {
    std::printf("no edit of one rule or policy that %s it was found\n", other);
  }
}

int explain_packet(const rules::PolicyTable& table, const ExplainOptions& options) {
  const auto found = packet_of_capture(options.pcap_file, options.packet);
  if (!found) return kExitBadInput;
  const std::string name = "packet " + std::to_string(options.packet);
  if (!found->query) {
    std::printf("%s: %s\n", name.c_str(), found->why_none.c_str());
    return kExitFailed;
  }
  std::printf("%s: %s\n", name.c_str(), found->place.c_str());
  if (found->midstream)
    std::puts("  the capture does not have the beginning of this connection: either end may have opened it");
  explain_one(table, *found->query, !options.no_edit);
  return kExitFine;
}

}  // namespace

int cmd_explain(const ExplainOptions& options) {
  const auto files = policy_files(options.policies);
  if (!files) return kExitBadInput;
  const rules::InventoryPtr inventory = load_inventory_or_print(options.inventory, true);
  if (inventory == nullptr) return kExitBadInput;
  const rules::PolicyTablePtr table = compile_or_print(*files, inventory, true);
  if (table == nullptr) return kExitBadInput;
  if (!options.pcap_file.empty()) return explain_packet(*table, options);
  rules::FlowRequest request;
  request.from = options.from;
  request.to = options.to;
  const std::size_t slash = options.port.find('/');
  const std::string port = slash == std::string::npos ? "" : options.port.substr(slash + 1);
  if (const auto wrong = rules::read_flow_words(options.family, options.port.substr(0, slash), port, request)) {
    return fail(*wrong);
  }
  const auto judged = rules::judge_request(rules::Classifier(table), request);
  if (const auto* wrong = std::get_if<rules::TextProblem>(&judged)) return fail(*wrong);
  const auto& verdict = std::get<rules::RequestVerdict>(judged);
  if (verdict.queries.empty()) {
    return fail({0, 1, "flow.no_address", "one of the ends has no IPv" + options.family + " address", "--family"});
  }
  for (const rules::FlowQuery& query : verdict.queries) explain_one(*table, query, !options.no_edit);
  return kExitFine;
}

}  // namespace bulkhead::config::cli
