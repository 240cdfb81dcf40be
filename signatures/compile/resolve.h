// Syntax trees to Signatures: variables replaced, keywords applied, the whole rule checked.
//
// Thread   control thread only.
// In       rule files as parsed, in load order; disabled rules are passed over.
// Out      the rules that load, in file order, and the numbers that names of bits and variables got.
// Errors   diagnostics signature.*, each at the option or header field that is wrong; every problem of every
//          rule in one run. A rule with an error is left out and counted, never skipped silently.
// Same sid a rule with the gid and sid of an earlier one replaces it when its rev is newer, else it is an error.
// Source   what Suricata 7.0.10 -T accepts and refuses; differences are listed in signatures/DECISIONS.md.
// Tests    tests/unit/signatures/compile/resolve_test.cpp, tests/unit/signatures/keywords/
#pragma once

#include <functional>
#include <set>
#include <span>
#include <utility>

#include "datapath/base/diagnostic.h"
#include "signatures/compile/signature.h"
#include "signatures/compile/variables.h"
#include "signatures/data/dataset_registry.h"
#include "signatures/data/geo_database.h"
#include "signatures/data/reputation.h"
#include "signatures/keywords/variable_names.h"
#include "signatures/language/ast.h"
#include "signatures/language/classification.h"
#include "signatures/language/reference_config.h"
#include "signatures/language/threshold_file.h"

namespace bulkhead::signatures {

struct ResolveSettings {
  RuleVariables variables = RuleVariables::defaults();
  const ClassificationTable* classifications = nullptr;  // null: every class is unknown, without warning
  const ReferenceTable* references = nullptr;            // null: references are left out, without warning
  DatasetRegistry* datasets = nullptr;                   // null: every load has sets of its own
  ReputationTablePtr reputation;                         // null: no lists
  GeoDatabasePtr geo;                                    // null: no database
  // Rules that are commented out: true, load it nevertheless, without a word if it cannot be. Null: none.
  std::function<bool(const Rule& rule)> enable;
  bool keep_text = false;  // SignatureInfo::text: the rule as written
};

struct ResolvedRules {
  SignatureList signatures;
  VariableNames names;
  std::size_t refused = 0;   // rules with an error, those that did not parse not included
  std::size_t disabled = 0;  // commented out
  std::size_t replaced = 0;  // by a newer revision
  std::set<std::pair<std::uint32_t, std::uint32_t>> enabled;  // gid, sid of rules that ResolveSettings::enable chose
  std::size_t skipped = 0;  // ask for what is not here: `requires`, an event that the parser does not know
};

[[nodiscard]] ResolvedRules resolve_rules(std::span<const RuleFile* const> files, const ResolveSettings& settings,
                                          Diagnostics& out);
[[nodiscard]] ResolvedRules resolve_rules(const RuleFile& file, const ResolveSettings& settings, Diagnostics& out);
// The same, and gives back the options of each rule once it is resolved: trees and signatures of a large file together
// are half of what a reload takes at its worst.
[[nodiscard]] ResolvedRules resolve_and_free(std::vector<RuleFile>& files, const ResolveSettings& settings,
                                             Diagnostics& out);

// Adds the lines of a threshold file to the external_thresholds of the rules they name. A line that names a
// rule which is not loaded is a warning.
void apply_threshold_file(const ThresholdFile& file, const ResolveSettings& settings, SignatureList& signatures,
                          Diagnostics& out);

}  // namespace bulkhead::signatures
