#include "config/load/signature_loader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <set>
#include <utility>
#include <vector>

#include "signatures/compile/compiler.h"
#include "signatures/compile/resolve.h"
#include "signatures/language/parser.h"
#include "signatures/language/threshold_file.h"
#include "signatures/patches/vulnerability.h"

namespace bulkhead::config {

namespace {

using signatures::RuleFile;

// In large pieces, also of what has no size: pipes, files under /proc.
void append_whole(std::istream& in, std::string& out) {
  constexpr std::size_t kPiece = std::size_t{1} << 16, kLargest = std::size_t{1} << 28;
  std::size_t piece = kPiece;
  if (in.seekg(0, std::ios::end)) piece = std::clamp(static_cast<std::size_t>(in.tellg()) + 1, kPiece, kLargest);
  in.clear();
  in.seekg(0);
  in.clear();
  while (in) {
    const std::size_t before = out.size();
    out.resize(before + piece);
    in.read(out.data() + before, static_cast<std::streamsize>(piece));
    out.resize(before + static_cast<std::size_t>(in.gcount()));
    piece = kPiece;
  }
}

SourceFilePtr read_source(const std::string& path, Diagnostics& diagnostics) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) append_whole(in, text);
  if (!in.is_open() || in.bad()) {
    diagnostics.error({std::make_shared<SourceFile>(path, ""), 0, 0, 0}, "signature.file.unreadable",
                      "cannot be read: " + std::string(std::strerror(errno)));
    return nullptr;
  }
  return std::make_shared<SourceFile>(path, std::move(text));
}

// First and last line of each parsed rule, so that errors of one rule are counted once.
class RuleLines {
 public:
  explicit RuleLines(const std::vector<RuleFile>& files) {
    for (const auto& file : files) {
      auto& rows = by_file_[file.lines->file().get()];
      for (const auto& rule : file.rules) {
        const std::uint32_t first = file.span(rule.text).line;
        const std::uint32_t last = file.span(rule.text.substr(rule.text.size() - 1)).line;
        if (last > first) rows.emplace_back(first, last);
      }
    }
  }
  [[nodiscard]] bool is_rule_file(const SourceFilePtr& file) const { return by_file_.contains(file.get()); }
  // The line that the rule around `line` starts on.
  [[nodiscard]] std::uint32_t start(const SourceFilePtr& file, std::uint32_t line) const {
    for (const auto& [first, last] : by_file_.at(file.get())) {
      if (first <= line && line <= last) return first;
    }
    return line;
  }

 private:
  std::map<const SourceFile*, std::vector<std::pair<std::uint32_t, std::uint32_t>>> by_file_;
};

// Rules by the code of their first error.
std::map<std::string, std::size_t> reasons_of(const Diagnostics& diagnostics, std::size_t from,
                                              const RuleLines& lines) {
  std::map<std::string, std::size_t> reasons;
  std::set<std::pair<const SourceFile*, std::uint32_t>> seen;
  for (std::size_t i = from; i < diagnostics.all().size(); ++i) {
    const Diagnostic& d = diagnostics.all()[i];
    if (d.severity != Severity::kError || !d.span.file || !lines.is_rule_file(d.span.file)) continue;
    if (seen.emplace(d.span.file.get(), lines.start(d.span.file, d.span.line)).second) ++reasons[d.code];
  }
  return reasons;
}

class Loader {
 public:
  Loader(const SignatureSettings& settings, Diagnostics& diagnostics, signatures::DatasetRegistry* datasets,
         const std::set<std::string>* wanted)
      : settings_(settings),
        diagnostics_(diagnostics),
        own_datasets_(settings.data_dir),
        datasets_(datasets != nullptr ? datasets : &own_datasets_),
        wanted_(wanted),
        first_diagnostic_(diagnostics.all().size()) {}

  std::optional<LoadedSignatures> run(SignatureCounts& counts) {
    const auto begin = std::chrono::steady_clock::now();
    read_tables();
    read_rules();
    signatures::ResolvedRules resolved = resolve();
    forget_rules();
    const std::size_t resolved_count = resolved.signatures.size();
    signatures::SignatureDbPtr db = compile(std::move(resolved.signatures), std::move(resolved.names));
    counts = count(resolved, resolved_count, db ? db->signatures.size() : 0);
    counts.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const bool failed = diagnostics_.error_count() > first_error_count_;
    if (!db || (settings_.failure_is_fatal && failed)) return std::nullopt;
    return LoadedSignatures{std::move(db), counts, std::move(resolved.enabled)};
  }

 private:
  void read_tables() {
    classifications_ = built_in_classifications();
    references_ = built_in_references();
    if (!settings_.classification_file.empty()) {
      if (auto file = read_source(settings_.classification_file, diagnostics_)) {
        classifications_ = signatures::parse_classifications(std::move(file), diagnostics_);
      }
    }
    if (!settings_.reference_file.empty()) {
      if (auto file = read_source(settings_.reference_file, diagnostics_)) {
        references_ = signatures::parse_references(std::move(file), diagnostics_);
      }
    }
  }

  void read_rules() {
    for (const auto& path : settings_.files) {
      if (auto source = read_source(path, diagnostics_)) {
        files_.push_back(signatures::parse_rules(std::move(source), diagnostics_));
      }
    }
  }

  // As parsed they are a third of the memory of a load, and nothing needs them any more but the places of errors.
  void forget_rules() {
    lines_.emplace(files_);
    for (RuleFile& file : files_) file.rules = std::vector<signatures::Rule>();
  }

  signatures::ReputationTablePtr read_reputation() {
    if (settings_.reputation_categories.empty()) return nullptr;
    auto table = std::make_shared<signatures::ReputationTable>();
    if (const auto file = read_source(settings_.reputation_categories, diagnostics_)) {
      table->load_categories(file, diagnostics_);
    }
    for (const auto& path : settings_.reputation_files) {
      if (const auto file = read_source(path, diagnostics_)) table->load_list(file, diagnostics_);
    }
    return table;
  }

  signatures::GeoDatabasePtr open_geo_database() {
    if (settings_.geoip_database.empty()) return nullptr;
    auto database = signatures::GeoDatabase::open(settings_.geoip_database);
    if (database) return *database;
    diagnostics_.error({std::make_shared<SourceFile>(settings_.geoip_database, ""), 0, 0, 0},
                       "signature.geoip.database", database.error().to_string());
    return nullptr;
  }

  signatures::ResolvedRules resolve() {
    signatures::ResolveSettings to;
    to.variables = {};
    for (const auto& v : settings_.addresses) to.variables.address_groups.insert_or_assign(v.name, v.value);
    for (const auto& v : settings_.ports) to.variables.port_groups.insert_or_assign(v.name, v.value);
    to.classifications = &classifications_;
    to.references = &references_;
    to.datasets = datasets_;
    to.keep_text = settings_.keep_text;
    if (wanted_ != nullptr && !wanted_->empty()) {
      to.enable = [this](const signatures::Rule& rule) {
        const auto cves = patches::cves_in(rule.text);
        return std::any_of(cves.begin(), cves.end(), [this](const std::string& cve) { return wanted_->contains(cve); });
      };
    }
    to.reputation = read_reputation();
    to.geo = open_geo_database();
    signatures::ResolvedRules resolved = signatures::resolve_and_free(files_, to, diagnostics_);
    if (!settings_.threshold_file.empty()) {
      if (auto file = read_source(settings_.threshold_file, diagnostics_)) {
        const auto thresholds = signatures::parse_thresholds(std::move(file), diagnostics_);
        signatures::apply_threshold_file(thresholds, to, resolved.signatures, diagnostics_);
      }
    }
    return resolved;
  }

  signatures::SignatureDbPtr compile(signatures::SignatureList list, signatures::VariableNames names) {
    signatures::CompilerSettings to;
    std::copy_n(settings_.action_order.begin(), to.action_order.size(), to.action_order.begin());
    to.cache_directory = settings_.cache_dir;
    auto db = signatures::compile_signatures(std::move(list), std::move(names), to, diagnostics_);
    if (db) return *db;
    diagnostics_.error({}, "signature.compile.failed", db.error().to_string());
    return nullptr;
  }

  [[nodiscard]] SignatureCounts count(const signatures::ResolvedRules& resolved, std::size_t resolved_count,
                                      std::size_t loaded) const {
    SignatureCounts counts;
    counts.files = files_.size();
    counts.loaded = loaded;
    counts.disabled = resolved.disabled;
    counts.replaced = resolved.replaced;
    counts.refused = resolved.refused + (resolved_count - std::min(loaded, resolved_count));
    for (const auto& file : files_) counts.refused += file.rejected;
    counts.skipped = resolved.skipped;
    counts.rules = counts.loaded + counts.refused + counts.replaced + counts.skipped;
    counts.reasons = reasons_of(diagnostics_, first_diagnostic_, *lines_);
    return counts;
  }

  const SignatureSettings& settings_;
  Diagnostics& diagnostics_;
  signatures::DatasetRegistry own_datasets_;
  signatures::DatasetRegistry* const datasets_;
  const std::set<std::string>* const wanted_;
  const std::size_t first_diagnostic_;
  const std::size_t first_error_count_ = diagnostics_.error_count();
  signatures::ClassificationTable classifications_;
  signatures::ReferenceTable references_;
  std::vector<RuleFile> files_;
  std::optional<RuleLines> lines_;
};

}  // namespace

std::optional<LoadedSignatures> load_signatures(const SignatureSettings& settings, Diagnostics& diagnostics,
                                                SignatureCounts* counts, signatures::DatasetRegistry* datasets,
                                                const std::set<std::string>* wanted) {
  SignatureCounts local;
  return Loader(settings, diagnostics, datasets, wanted).run(counts != nullptr ? *counts : local);
}

}  // namespace bulkhead::config
