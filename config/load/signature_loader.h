// Signature files to a compiled database: read, parse, resolve, compile, with every error of every file.
//
// Thread   control thread (a reload runs beside the workers).
// In       SignatureSettings: rule files, classification, reference and threshold files, variables, order.
// Out      a database of the rules that load, and counts of those that do not, by reason.
// Errors   Diagnostics of the rule language. A rule with an error is left out; with failure_is_fatal the
//          result is then none. Files that cannot be read and threshold lines with errors count as such too.
// Tests    tests/unit/config/load/signature_loader_test.cpp, tests/golden/errors/
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "config/load/engine_settings.h"
#include "datapath/base/diagnostic.h"
#include "signatures/compile/signature_db.h"
#include "signatures/data/dataset_registry.h"
#include "signatures/language/classification.h"
#include "signatures/language/reference_config.h"

namespace bulkhead::config {

struct SignatureCounts {
  std::size_t files = 0;
  std::size_t rules = 0;     // read and not commented out: loaded + refused + replaced
  std::size_t disabled = 0;  // commented out
  std::size_t loaded = 0;
  std::size_t refused = 0;
  std::size_t replaced = 0;    // by a newer revision of the same sid
  std::size_t skipped = 0;     // they require what is not here
  std::size_t taken_over = 0;  // of the loaded ones: as they were before the reload
  // Refused rules by the code of their first error: signature.keyword.protocol, ...
  std::map<std::string, std::size_t> reasons;
  double seconds = 0;
};

struct LoadedSignatures {
  signatures::SignatureDbPtr db;  // never null
  SignatureCounts counts;
  // gid, sid of rules that are commented out and were wanted nevertheless.
  std::set<std::pair<std::uint32_t, std::uint32_t>> enabled;
};

// Another load comes later; what has not changed since `previous` (null: the first load) is held once.
struct SignatureReload {
  signatures::SignatureDbPtr previous;
};

// `wanted`: CVEs whose rules are loaded even where they are commented out; null: none.
// `datasets`: what earlier loads left; null: sets of this load alone. `reload` null: no other load follows.
[[nodiscard]] std::optional<LoadedSignatures> load_signatures(const SignatureSettings& settings,
                                                              Diagnostics& diagnostics,
                                                              SignatureCounts* counts = nullptr,
                                                              signatures::DatasetRegistry* datasets = nullptr,
                                                              const std::set<std::string>* wanted = nullptr,
                                                              const SignatureReload* reload = nullptr);

// The well-known classtypes and reference systems, for runs that name no file of their own.
[[nodiscard]] signatures::ClassificationTable built_in_classifications();
[[nodiscard]] signatures::ReferenceTable built_in_references();

}  // namespace bulkhead::config
