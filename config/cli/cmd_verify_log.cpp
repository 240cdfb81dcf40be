// bulkhead verify-log: whether the audit log is what the daemon wrote.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "config/audit/audit_verify.h"
#include "config/cli/cmd_verify_log.h"
#include "config/cli/commands.h"
#include "config/cli/terminal.h"

namespace bulkhead::config::cli {

namespace {

std::string first_word(const std::string& path) {
  std::ifstream file(path);
  std::string out;
  file >> out;
  return out;
}

std::string whole(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void print_json(const audit::AuditReport& report) {
  nlohmann::json out{{"records", report.records},         {"first", report.first},         {"last", report.last},
                     {"checkpoints", report.checkpoints}, {"signed_to", report.signed_to}, {"key", report.key},
                     {"good", !report.fault.has_value()}};
  if (report.fault) {
    out["fault"] = {{"file", report.fault->file},
                    {"line", report.fault->line},
                    {"record", report.fault->record},
                    {"problem", report.fault->problem}};
  }
  std::printf("%s\n", out.dump(2).c_str());
}

}  // namespace

int cmd_verify_log(const VerifyLogOptions& options) {
  const auto names = audit::audit_files(options.file);
  if (names.empty()) {
    std::fprintf(stderr, "error: %s: there is no such audit log\n", options.file.c_str());
    return kExitBadInput;
  }
  const std::string key = options.key.empty() ? first_word(options.file + ".pub") : first_word(options.key);
  if (key.size() != 64) {
    std::fprintf(stderr, "error: %s is no public key of 64 hex digits\n  hint: --key names the one that you kept\n",
                 (options.key.empty() ? options.file + ".pub" : options.key).c_str());
    return kExitBadInput;
  }
  std::vector<std::ifstream> files;
  files.reserve(names.size());
  std::vector<audit::AuditInput> inputs;
  for (const auto& name : names) {
    files.emplace_back(name);
    inputs.push_back({name, &files.back()});
  }
  const audit::AuditReport report = audit::verify_audit(inputs, key, whole(options.file + ".head"));
  if (options.json) {
    print_json(report);
  } else if (report.fault) {
    const audit::AuditFault& f = *report.fault;
    std::fprintf(stderr, "%s:%llu: record %llu is bad: %s\n  the %s records before it are good\n", f.file.c_str(),
                 static_cast<unsigned long long>(f.line), static_cast<unsigned long long>(f.record), f.problem.c_str(),
                 with_commas(report.records).c_str());
  } else {
    std::printf("%s record%s, %llu to %llu, in %zu file%s: whole; signed up to record %llu\n",
                with_commas(report.records).c_str(), report.records == 1 ? "" : "s",
                static_cast<unsigned long long>(report.first), static_cast<unsigned long long>(report.last),
                names.size(), names.size() == 1 ? "" : "s", static_cast<unsigned long long>(report.signed_to));
  }
  return report.fault ? kExitFailed : kExitFine;
}

}  // namespace bulkhead::config::cli
