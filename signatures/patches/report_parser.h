// Reads what scanners and catalogues write: a report of Trivy (JSON, schema 2) and CISA's catalogue (JSON).
//
//   Trivy    Metadata.ImageID and RepoDigests say which image; Results[].Vulnerabilities[] what is in it
//   CISA     vulnerabilities[]: cveID, dateAdded, dueDate, requiredAction, knownRansomwareCampaignUse
//
// Thread   pure. Limits  kMostReportBytes a file, kMostVulnerabilities a report, kMostExploited entries; texts are cut.
// Errors   never throws; patches.report.json, .kind, .size, .digest, patches.kev.json as diagnostics; entries without
//          an id are counted and left out.
// Source   Trivy's documentation "reporting", CISA's schema of the catalogue. Tests
// tests/unit/signatures/patches/report_parser_test.cpp, tests/fuzz/fuzz_patch_report.cpp
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "datapath/base/diagnostic.h"
#include "signatures/patches/vulnerability.h"

namespace bulkhead::patches {

inline constexpr std::size_t kMostReportBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMostVulnerabilities = 50'000, kMostExploited = 100'000;

// None: no report of an image; the diagnostics say why. `left_out`: entries without an id, or beyond the limit.
[[nodiscard]] std::optional<ImageReport> parse_report(const SourceFilePtr& file, Diagnostics& diagnostics,
                                                      std::size_t& left_out);

using ExploitedCatalogue = std::map<std::string, KnownExploited, std::less<>>;
[[nodiscard]] ExploitedCatalogue parse_exploited(const SourceFilePtr& file, Diagnostics& diagnostics);

// "sha256:" and 64 hex digits, behind whatever stands in front of an '@'; empty: none.
[[nodiscard]] std::string digest_of(std::string_view reference);

}  // namespace bulkhead::patches
