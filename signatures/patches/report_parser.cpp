#include "signatures/patches/report_parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "datapath/base/json_child.h"

namespace bulkhead::patches {

using Json = nlohmann::json;

namespace {

constexpr std::size_t kMostName = 256, kMostTitle = 240, kMostDescription = 800, kMostWeaknesses = 8;

// Cut between characters of UTF-8.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  text.resize(most);
  return text;
}

std::string text_of(const Json& object, const char* key, std::size_t most = kMostName) {
  const Json* value = child(object, key);
  return value != nullptr && value->is_string() ? cut(value->get<std::string>(), most) : std::string();
}

// Every element of a list; nothing where there is none.
template <typename Visit>
void each(const Json* list, Visit visit) {
  if (list == nullptr || !list->is_array()) return;
  for (const Json& entry : *list) visit(entry);
}

Grade grade_of(const std::string& word) {
  constexpr std::array<const char*, 5> kWords = {"UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"};
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  return found == kWords.end() ? Grade::kUnknown : static_cast<Grade>(found - kWords.begin());
}

double score_of(const Json* by_vendor) {
  double out = 0;
  if (by_vendor == nullptr || !by_vendor->is_object()) return out;
  for (const auto& [vendor, scores] : by_vendor->items()) {
    const Json* score = child(scores, "V3Score");
    if (score == nullptr) score = child(scores, "V2Score");
    if (score != nullptr && score->is_number()) out = std::max(out, score->get<double>());
  }
  return std::clamp(out, 0.0, 10.0);
}

std::optional<Vulnerability> vulnerability_of(const Json& json) {
  Vulnerability out;
  out.id = text_of(json, "VulnerabilityID", 64);
  if (out.id.empty()) return std::nullopt;
  out.package = text_of(json, "PkgName");
  out.installed = text_of(json, "InstalledVersion");
  out.fixed = text_of(json, "FixedVersion");
  out.path = text_of(json, "PkgPath");
  out.grade = grade_of(text_of(json, "Severity"));
  out.cvss = score_of(child(json, "CVSS"));
  each(child(json, "CweIDs"), [&](const Json& id) {
    if (id.is_string() && out.weaknesses.size() < kMostWeaknesses) {
      out.weaknesses.push_back(cut(id.get<std::string>(), 16));
    }
  });
  out.title = text_of(json, "Title", kMostTitle);
  out.description = text_of(json, "Description", kMostDescription);
  out.url = text_of(json, "PrimaryURL");
  return out;
}

void add_digest(ImageReport& report, std::string digest) {
  if (digest.empty() || std::find(report.digests.begin(), report.digests.end(), digest) != report.digests.end()) return;
  report.digests.push_back(std::move(digest));
}

// No object: the diagnostics say why.
Json read(const SourceFilePtr& file, const char* code, Diagnostics& diagnostics) {
  const SourceSpan where{file, 1, 1, 1};
  if (file->text().size() > kMostReportBytes) {
    diagnostics.warning(where, "patches.report.size", "the file is larger than 64 MB", "it is not read");
    return {};
  }
  Json out = Json::parse(file->text(), nullptr, false);
  if (out.is_object()) return out;
  diagnostics.warning(where, code, "no JSON object", "trivy image --format json writes one; was the file cut short?");
  return {};
}

}  // namespace

std::string digest_of(std::string_view reference) {
  constexpr std::string_view kPrefix = "sha256:";
  const std::size_t at = reference.rfind('@');
  if (at != std::string_view::npos) reference.remove_prefix(at + 1);
  if (!reference.starts_with(kPrefix) || reference.size() != kPrefix.size() + 64) return {};
  const std::string_view digits = reference.substr(kPrefix.size());
  const bool hex = std::all_of(digits.begin(), digits.end(), [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0 && std::isupper(static_cast<unsigned char>(c)) == 0;
  });
  return hex ? std::string(reference) : std::string();
}

std::optional<ImageReport> parse_report(const SourceFilePtr& file, Diagnostics& diagnostics, std::size_t& left_out) {
  const SourceSpan where{file, 1, 1, 1};
  const Json top = read(file, "patches.report.json", diagnostics);
  if (!top.is_object()) return std::nullopt;
  const Json* results = child(top, "Results");
  const Json* metadata = child(top, "Metadata");
  if (child(top, "SchemaVersion") == nullptr || (metadata == nullptr && results == nullptr)) {
    diagnostics.warning(where, "patches.report.kind", "no report of Trivy: keys SchemaVersion and Results are missing",
                        "trivy image --format json --output FILE IMAGE");
    return std::nullopt;
  }
  ImageReport out;
  out.name = text_of(top, "ArtifactName");
  if (metadata != nullptr) {
    add_digest(out, digest_of(text_of(*metadata, "ImageID")));
    each(child(*metadata, "RepoDigests"), [&](const Json& digest) {
      if (digest.is_string()) add_digest(out, digest_of(digest.get<std::string>()));
    });
    if (const Json* os = child(*metadata, "OS")) {
      out.system = text_of(*os, "Family", 64);
      const std::string version = text_of(*os, "Name", 64);
      if (!version.empty()) out.system += " " + version;
    }
  }
  if (out.digests.empty()) {
    diagnostics.warning(where, "patches.report.digest", "the report names no image: neither ImageID nor RepoDigests",
                        "reports of file systems and repositories cannot be told to belong to a container");
    return std::nullopt;
  }
  each(results, [&](const Json& result) {
    each(child(result, "Vulnerabilities"), [&](const Json& entry) {
      auto found = out.vulnerabilities.size() < kMostVulnerabilities ? vulnerability_of(entry) : std::nullopt;
      if (found) {
        out.vulnerabilities.push_back(std::move(*found));
      } else {
        ++left_out;
      }
    });
  });
  return out;
}

ExploitedCatalogue parse_exploited(const SourceFilePtr& file, Diagnostics& diagnostics) {
  ExploitedCatalogue out;
  const Json top = read(file, "patches.kev.json", diagnostics);
  if (!top.is_object()) return out;
  const Json* list = child(top, "vulnerabilities");
  if (list == nullptr || !list->is_array()) {
    diagnostics.warning({file, 1, 1, 1}, "patches.kev.json", "no catalogue: there is no list \"vulnerabilities\"",
                        "CISA's known_exploited_vulnerabilities.json has one");
    return out;
  }
  each(list, [&](const Json& entry) {
    std::string id = text_of(entry, "cveID", 64);
    if (id.empty() || out.size() >= kMostExploited) return;
    KnownExploited known;
    known.added = text_of(entry, "dateAdded", 32);
    known.due = text_of(entry, "dueDate", 32);
    known.name = text_of(entry, "vulnerabilityName");
    known.action = text_of(entry, "requiredAction", kMostTitle);
    known.ransomware = text_of(entry, "knownRansomwareCampaignUse") == "Known";
    out.insert_or_assign(std::move(id), std::move(known));
  });
  return out;
}

}  // namespace bulkhead::patches
