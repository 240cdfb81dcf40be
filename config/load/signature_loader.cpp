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
#include "signatures/compile/sha256.h"
#include "signatures/language/threshold_file.h"
#include "signatures/patches/vulnerability.h"

namespace bulkhead::config {

namespace {

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

// First and last line of each rule that goes over several, so that errors of one rule are counted once.
class RuleLines {
 public:
  explicit RuleLines(const std::vector<signatures::SourceLinesPtr>& files) {
    for (const auto& file : files) {
      auto& rows = by_file_[file->file().get()];
      for (const auto& line : file->lines()) {
        const std::uint32_t first = file->span(line.text).line;
        const std::uint32_t last = file->span(line.text.substr(line.text.size() - 1)).line;
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
std::map<std::string, std::size_t> reasons_of(const Diagnostics& diagnostics, const RuleLines& lines) {
  std::map<std::string, std::size_t> reasons;
  std::set<std::pair<const SourceFile*, std::uint32_t>> seen;
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.severity != Severity::kError || !d.span.file || !lines.is_rule_file(d.span.file)) continue;
    if (seen.emplace(d.span.file.get(), lines.start(d.span.file, d.span.line)).second) ++reasons[d.code];
  }
  return reasons;
}

// Longer texts are not held for the few lines of them that messages show.
constexpr std::size_t kLongText = std::size_t{1} << 18;

// A file of the same name that has these lines of `file` in their places, and nothing else.
SourceFilePtr excerpt(const SourceFile& file, const std::set<std::uint32_t>& lines) {
  std::string text;
  std::uint32_t at = 1;
  for (const std::uint32_t line : lines) {
    for (; at < line; ++at) text += '\n';
    text += file.line(line);
  }
  return std::make_shared<SourceFile>(file.name(), std::move(text));
}

void add_with_excerpts(const Diagnostics& from, Diagnostics& to) {
  std::map<SourceFilePtr, std::set<std::uint32_t>> shown;
  for (const Diagnostic& d : from.all()) {
    if (d.span.file && d.span.file->text().size() > kLongText) shown[d.span.file].insert(d.span.line);
  }
  std::map<SourceFilePtr, SourceFilePtr> excerpts;
  for (const auto& [file, lines] : shown) excerpts.emplace(file, excerpt(*file, lines));
  for (Diagnostic d : from.all()) {
    if (const auto found = excerpts.find(d.span.file); found != excerpts.end()) d.span.file = found->second;
    to.add(std::move(d));
  }
}

class Loader {
 public:
  Loader(const SignatureSettings& settings, Diagnostics& diagnostics, signatures::DatasetRegistry* datasets,
         const std::set<std::string>* wanted, const SignatureReload* reload)
      : settings_(settings),
        diagnostics_(diagnostics),
        own_datasets_(settings.data_dir),
        datasets_(datasets != nullptr ? datasets : &own_datasets_),
        wanted_(wanted),
        reload_(reload) {}

  std::optional<LoadedSignatures> run(SignatureCounts& counts) {
    const auto begin = std::chrono::steady_clock::now();
    read_tables();
    signatures::ResolvedRules resolved = resolve();
    const std::size_t resolved_count = resolved.signatures.size();
    signatures::SignatureDbPtr db = compile(std::move(resolved.signatures), std::move(resolved.names));
    hand_over();
    counts = count(resolved, resolved_count, db ? db->signatures.size() : 0);
    counts.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (!db || (settings_.failure_is_fatal && errors_ != 0)) return std::nullopt;
    return LoadedSignatures{std::move(db), counts, std::move(resolved.enabled)};
  }

 private:
  void read_tables() {
    classifications_ = built_in_classifications();
    references_ = built_in_references();
    if (!settings_.classification_file.empty()) {
      if (auto file = read_source(settings_.classification_file, own_)) {
        surroundings_.add_piece(file->text());
        classifications_ = signatures::parse_classifications(std::move(file), own_);
      }
    }
    if (!settings_.reference_file.empty()) {
      if (auto file = read_source(settings_.reference_file, own_)) {
        surroundings_.add_piece(file->text());
        references_ = signatures::parse_references(std::move(file), own_);
      }
    }
  }

  std::vector<SourceFilePtr> read_rules() {
    std::vector<SourceFilePtr> out;
    for (const auto& path : settings_.files) {
      if (auto source = read_source(path, own_)) out.push_back(std::move(source));
    }
    return out;
  }

  // All that the meaning of a rule depends on besides its text.
  std::string surroundings() {
    for (const auto* group : {&settings_.addresses, &settings_.ports}) {
      surroundings_.add_number(group->size());
      for (const auto& variable : *group) {
        surroundings_.add_piece(variable.name);
        surroundings_.add_piece(variable.value);
      }
    }
    surroundings_.add_piece(settings_.classification_file);
    surroundings_.add_piece(settings_.reference_file);
    surroundings_.add_number(settings_.keep_text ? 1 : 0);
    return surroundings_.finish();
  }

  signatures::ReputationTablePtr read_reputation() {
    if (settings_.reputation_categories.empty()) return nullptr;
    auto table = std::make_shared<signatures::ReputationTable>();
    if (const auto file = read_source(settings_.reputation_categories, own_)) {
      table->load_categories(file, own_);
    }
    for (const auto& path : settings_.reputation_files) {
      if (const auto file = read_source(path, own_)) table->load_list(file, own_);
    }
    return table;
  }

  signatures::GeoDatabasePtr open_geo_database() {
    if (settings_.geoip_database.empty()) return nullptr;
    auto database = signatures::GeoDatabase::open(settings_.geoip_database);
    if (database) return *database;
    own_.error({std::make_shared<SourceFile>(settings_.geoip_database, ""), 0, 0, 0}, "signature.geoip.database",
               database.error().to_string());
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
    if (reload_ != nullptr) {
      to.context = context_ = surroundings();
      if (reload_->previous != nullptr && reload_->previous->context == context_) to.previous = reload_->previous.get();
    }
    std::optional<signatures::ThresholdFile> thresholds;
    Diagnostics of_thresholds;
    if (!settings_.threshold_file.empty()) {
      if (auto file = read_source(settings_.threshold_file, of_thresholds)) {
        thresholds = signatures::parse_thresholds(std::move(file), of_thresholds);
        to.changes = [&](const event::SignatureInfo& info) { return signatures::is_named(*thresholds, info); };
      }
    }
    signatures::ResolvedRules resolved = signatures::resolve_files(read_rules(), to, own_);
    own_.append(of_thresholds);
    if (thresholds) signatures::apply_threshold_file(*thresholds, to, resolved.signatures, own_);
    files_ = resolved.lines.size();
    lines_ = std::move(resolved.lines);
    return resolved;
  }

  signatures::SignatureDbPtr compile(signatures::SignatureList list, signatures::VariableNames names) {
    signatures::CompilerSettings to;
    std::copy_n(settings_.action_order.begin(), to.action_order.size(), to.action_order.begin());
    to.cache_directory = settings_.cache_dir;
    to.keep_source = settings_.keep_text;  // lint
    to.context = context_;
    to.before_databases = [this] { hand_over(); };
    auto db = signatures::compile_signatures(std::move(list), std::move(names), to, own_);
    if (db) return *db;
    own_.error({}, "signature.compile.failed", db.error().to_string());
    return nullptr;
  }

  [[nodiscard]] SignatureCounts count(const signatures::ResolvedRules& resolved, std::size_t resolved_count,
                                      std::size_t loaded) const {
    SignatureCounts counts;
    counts.files = files_;
    counts.loaded = loaded;
    counts.disabled = resolved.disabled;
    counts.replaced = resolved.replaced;
    counts.refused = resolved.refused + (resolved_count - std::min(loaded, resolved_count));
    counts.refused += resolved.rejected;
    counts.skipped = resolved.skipped;
    counts.rules = counts.loaded + counts.refused + counts.replaced + counts.skipped;
    counts.taken_over = resolved.taken_over;
    counts.reasons = reasons_;
    return counts;
  }

  // What has been said goes to the caller, and the texts of the rules go: databases take their room.
  void hand_over() {
    for (const auto& [reason, rules] : reasons_of(own_, RuleLines(lines_))) reasons_[reason] += rules;
    errors_ += own_.error_count();
    add_with_excerpts(own_, diagnostics_);
    own_ = Diagnostics();
    lines_.clear();
  }

  const SignatureSettings& settings_;
  Diagnostics& diagnostics_;  // of the caller
  Diagnostics own_;           // not handed over yet
  signatures::DatasetRegistry own_datasets_;
  signatures::DatasetRegistry* const datasets_;
  const std::set<std::string>* const wanted_;
  const SignatureReload* const reload_;
  signatures::ClassificationTable classifications_;
  signatures::ReferenceTable references_;
  signatures::Sha256 surroundings_;
  std::string context_;  // empty: no reload will come
  std::vector<signatures::SourceLinesPtr> lines_;
  std::size_t files_ = 0, errors_ = 0;
  std::map<std::string, std::size_t> reasons_;
};

}  // namespace

std::optional<LoadedSignatures> load_signatures(const SignatureSettings& settings, Diagnostics& diagnostics,
                                                SignatureCounts* counts, signatures::DatasetRegistry* datasets,
                                                const std::set<std::string>* wanted, const SignatureReload* reload) {
  SignatureCounts local;
  return Loader(settings, diagnostics, datasets, wanted, reload).run(counts != nullptr ? *counts : local);
}

}  // namespace bulkhead::config
