// Reports by the image they are about, and what is exploited in the wild: read once, then only looked up.
//
// Files    every regular file NAME.json of the directory is a report; of two about one image the newer file counts.
// Thread   built on the control thread, immutable afterwards.
// Limits   kMostReports files. Errors  what is wrong with single files is a warning, and the others count.
// Tests    tests/unit/signatures/patches/patch_book_test.cpp
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/patches/report_parser.h"

namespace bulkhead::patches {

struct PatchSettings {
  std::string reports;               // directory; empty: no virtual patches
  std::string exploited;             // CISA's catalogue; empty: none
  std::vector<std::string> protect;  // workloads whose attacks are dropped: "shop/api", "shop/*"
  Grade drop_from = Grade::kHigh;    // of the weakness; what is known to be exploited is dropped whatever its grade
  bool enable = true;                // rules that are commented out, where a running workload needs them
};

class PatchBook {
 public:
  static constexpr std::size_t kMostReports = 4096;

  // False: the image has one already, which stays.
  bool add(ImageReport report);
  void use(ExploitedCatalogue exploited) { exploited_ = std::move(exploited); }

  // Null: nobody has scanned it.
  [[nodiscard]] const ImageReport* report(std::string_view digest) const;
  [[nodiscard]] const KnownExploited* exploited(std::string_view cve) const;
  [[nodiscard]] const std::vector<std::shared_ptr<const ImageReport>>& reports() const { return reports_; }
  [[nodiscard]] std::size_t exploited_entries() const { return exploited_.size(); }

 private:
  std::vector<std::shared_ptr<const ImageReport>> reports_;
  std::map<std::string, std::size_t, std::less<>> by_digest_;
  ExploitedCatalogue exploited_;
};
using PatchBookPtr = std::shared_ptr<const PatchBook>;

[[nodiscard]] PatchBookPtr load_patch_book(const PatchSettings& settings, Diagnostics& diagnostics);

// What comes first for who has to update: exploited by ransomware, exploited, then by grade and score.
[[nodiscard]] bool is_graver(const PatchBook& book, const Vulnerability& a, const Vulnerability& b);

}  // namespace bulkhead::patches
