// Syntax trees to Signatures: variables replaced, keywords applied, the whole rule checked.
//
// Thread   control thread only.
// In       rule files in load order, as parsed, or as text that is parsed a rule at a time; disabled rules are passed
//          over.
// Out      the rules that load, in file order, and the numbers that names of bits and variables got.
// Errors   diagnostics signature.*, each at the option or header field that is wrong; every problem of every
//          rule in one run. A rule with an error is left out and counted, never skipped silently.
// Same sid a rule with the gid and sid of an earlier one replaces it when its rev is newer, else it is an error.
// Reload   a rule of the load before whose text, place and surroundings are the same is taken over as it is.
// Source   what Suricata 7.0.10 -T accepts and refuses; differences are listed in signatures/DECISIONS.md.
// Tests    tests/unit/signatures/compile/resolve_test.cpp, tests/unit/signatures/keywords/
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

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

class SignatureDb;

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
  // What all of the above amounts to (see signature_loader.cpp); empty: no later load will ask for these rules.
  std::string context;
  const SignatureDb* previous = nullptr;  // of the same context; null: nothing is taken over
  // The caller is going to change this rule (apply_threshold_file): it is made anew. Null: none.
  std::function<bool(const event::SignatureInfo& info)> changes;
};

struct ResolvedRules {
  SignatureList signatures;
  VariableNames names;
  std::size_t refused = 0;   // rules with an error, those that did not parse not included
  std::size_t disabled = 0;  // commented out
  std::size_t replaced = 0;  // by a newer revision
  std::set<std::pair<std::uint32_t, std::uint32_t>> enabled;  // gid, sid of rules that ResolveSettings::enable chose
  std::size_t skipped = 0;  // ask for what is not here: `requires`, an event that the parser does not know
  // Of resolve_files():
  std::vector<SourceLinesPtr> lines;
  std::size_t rejected = 0;    // did not parse
  std::size_t taken_over = 0;  // from `previous`
};

[[nodiscard]] ResolvedRules resolve_rules(std::span<const RuleFile* const> files, const ResolveSettings& settings,
                                          Diagnostics& out);
[[nodiscard]] ResolvedRules resolve_rules(const RuleFile& file, const ResolveSettings& settings, Diagnostics& out);
// Parses and resolves a rule at a time: trees of all rules would take as much as what is made of them. What is wrong
// with the language of any file comes before what is wrong with the meaning of a rule.
[[nodiscard]] ResolvedRules resolve_files(std::vector<SourceFilePtr> files, const ResolveSettings& settings,
                                          Diagnostics& out);

// Adds the lines of a threshold file to the external_thresholds of the rules they name. A line that names a
// rule which is not loaded is a warning.
void apply_threshold_file(const ThresholdFile& file, const ResolveSettings& settings, SignatureList& signatures,
                          Diagnostics& out);
// Some line names the rule.
[[nodiscard]] bool is_named(const ThresholdFile& file, const event::SignatureInfo& info);

}  // namespace bulkhead::signatures
